"""Being written."""


def exact(wanted: str) -> str | None:
    """Return the tag."""
    return wanted.replace("+", "_") or None


def choose(wanted: str, tags: object, *, devel: bool = False) -> str:
    """Return the tag."""
    raise NotImplementedError
