"""Where a secret is kept: the configuration names the place, and the value is read when it is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ocibroker.deadline import Deadline
from ocibroker.errors import CredentialUnavailable, InvalidValue
from ocibroker.secret import LONGEST, Secret
from ocibroker.ssh_key import PrivateKey

if TYPE_CHECKING:
    from ocibroker.kept import Kept

KEYS: Final = ("file", "env", "exec")
ENOUGH: Final = 4 * LONGEST + 3
"""Bytes: what is cut off here is too long in any case, be each character four bytes and the end CR LF."""
STORE: Final = "[a-z][a-z0-9_]*"
"""How a source of secrets is called. Not compiled, since few secrets lie in a store."""
_WAYS: Final = "write { file = … }, { env = … } or { exec = […] }, or name a store: see docs/secrets.md"
_HERE: Final = "keep it where nobody has to be asked: write { file = … }, { env = … } or { exec = […] }"


class SecretRef:
    """Exactly one of a file, a variable, a program's output, a place in a store, or the value itself.

    No dataclass: msgspec would read one by its fields, and a configuration has other spellings for it.
    Raises :class:`~ocibroker.errors.InvalidValue`.
    """

    __slots__ = ("env", "exec", "file", "kept", "literal")
    kind: ClassVar[type[Secret]] = Secret
    """What is kept there."""

    def __init__(
        self,
        *,
        file: Path | None = None,
        env: str | None = None,
        exec: tuple[str, ...] = (),  # noqa: A002  # the configuration's word
        literal: Secret | None = None,
        kept: Kept | None = None,
    ) -> None:
        given = sum(part is not None for part in (file, env, literal, kept)) + bool(exec)
        if given != 1:
            raise InvalidValue("a secret needs exactly one source", hint=_WAYS)
        self.file, self.env, self.exec, self.literal, self.kept = file, env, exec, literal, kept

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    @classmethod
    def decode(cls, value: Any) -> Self:  # noqa: ANN401  # whatever stands in the configuration
        """Return the reference that a configuration value is: text, or a table with one key.

        Raises :class:`~ocibroker.errors.InvalidValue`, which never shows the value.
        """
        match value:
            case str():
                return cls(literal=cls.kind(value))
            case {"file": str(path), **rest} if not rest and path:
                return cls(file=Path(path))
            case {"env": str(name), **rest} if not rest and name:
                return cls(env=name)
            case {"exec": [str(), *_] as argv, **rest} if not rest and all(isinstance(arg, str) for arg in argv):
                return cls(exec=tuple(argv))
            case dict() if len(value) > 1 and set(KEYS).issuperset(value):
                raise InvalidValue("needs exactly one source", hint=_WAYS)
            case dict() if len(value) == 1:
                return cls._stored(*next(iter(value.items())))
        raise InvalidValue("is neither text nor a reference to a secret", hint=_WAYS)

    @classmethod
    def _stored(cls, source: object, table: object) -> Self:
        named = isinstance(source, str) and source not in KEYS and re.fullmatch(STORE, source, re.ASCII)
        if named and isinstance(table, dict):
            from ocibroker.kept import StoreTable  # here, since few secrets lie in a store

            return cls(kept=StoreTable(str(source), table))
        raise InvalidValue("is neither text nor a reference to a secret", hint=_WAYS)

    @property
    def watch(self) -> tuple[Path, ...]:
        """The files whose change changes the secret."""
        if self.kept:
            return self.kept.watch
        return (self.file,) if self.file else ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables whose values decide what is read."""
        if self.kept:
            return self.kept.variables
        return (self.env,) if self.env else ()

    def below(self, folder: Path, home: Path) -> Self:
        """Return the same reference with its path made absolute: ``~`` is ``home``, the rest below ``folder``."""
        return type(self)(file=absolute(self.file, folder, home)) if self.file else self

    def __str__(self) -> str:
        """Describe the place, never the value."""
        if self.file:
            return f"file {self.file}"
        if self.env:
            return f"env {self.env}"
        if self.exec:
            return f"exec {' '.join(self.exec)}"
        if self.kept:
            return str(self.kept)
        return "a value in the configuration"


class TextRef(SecretRef):
    """The same for what is no secret, such as a user name: it may stand in a file that others can read."""

    __slots__ = ()


class KeyRef(SecretRef):
    """The same for a private key, which has lines."""

    __slots__ = ()
    kind = PrivateKey


class LocalRef(SecretRef):
    """The same for what is needed before anybody can be asked, such as the password of a key: no store has it."""

    __slots__ = ()

    @classmethod
    def _stored(cls, source: object, table: object) -> Self:
        read = super()._stored(source, table)
        raise InvalidValue(f"cannot be kept in a store ({read})", hint=_HERE)


def absolute(path: Path, folder: Path, home: Path) -> Path:
    """Return ``path`` with a leading ``~`` read as ``home``, and a relative one taken from ``folder``."""
    if path.parts[:1] == ("~",):
        return home.joinpath(*path.parts[1:])
    return folder / path


def read_secret(reference: SecretRef, *, environ: Mapping[str, str], deadline: Deadline) -> Secret:
    """Return the secret; one line break at the end of a file or an output does not belong to it.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` that names the place, and what
    :func:`ocibroker.child.run` raises.
    """
    try:
        return _read(reference, environ, deadline)
    except InvalidValue as error:
        failure = CredentialUnavailable(error.message, culprit=str(reference), hint="correct what is kept there")
    raise failure


def _read(reference: SecretRef, environ: Mapping[str, str], deadline: Deadline) -> Secret:
    if reference.file:
        return reference.kind(_content(reference.file))
    if reference.env:
        if reference.env not in environ:
            raise CredentialUnavailable(
                "is not set", culprit=f"variable {reference.env}", hint="set it, or use { file = … }"
            )
        return reference.kind(environ[reference.env])
    if reference.exec:
        return reference.kind(_output(reference.exec, environ, deadline))
    if reference.literal is None:  # __post_init__ has seen to it
        raise InvalidValue("a secret needs exactly one source")
    return reference.literal


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return text_of(file.read(ENOUGH))
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except ValueError:
        why = "cannot be read: it holds a NUL or invalid Unicode"
    raise CredentialUnavailable(why, culprit=f"file {path}", hint="correct the path, the owner or the mode")


def _output(argv: tuple[str, ...], environ: Mapping[str, str], deadline: Deadline) -> str:
    from ocibroker.child import run  # slow to import, and few secrets come from a program

    done = run(argv, environ=environ, deadline=deadline)
    if done.status:
        raise CredentialUnavailable(f"ended with status {done.status}", culprit=argv[0], hint="run it by hand")
    return text_of(done.stdout)


def text_of(data: bytes) -> str:
    """Return the text of a file or an output, without the one line break at its end.

    Raises :class:`~ocibroker.errors.InvalidValue`.
    """
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        pass
    raise InvalidValue("is not UTF-8 text")
