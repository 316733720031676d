"""The scope of a Distribution token: ``type:name:actions`` (distribution, spec/auth/scope.md)."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Scope:
    """What may be done with one resource."""

    type: str
    name: str
    actions: list[str]

    @classmethod
    def parse(cls, text: str) -> "Scope":
        # A name may hold a port, so the colons that count are the outermost.
        kind, _, rest = text.partition(":")
        name, _, actions = rest.rpartition(":")
        return cls(kind, name, actions.split(","))

    @property
    def claim(self) -> dict[str, object]:
        """An entry of the token's ``access`` claim."""
        return asdict(self)
