"""Where a secret is kept: named, never shown, read when it is needed."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.deadline import Deadline
from ocibroker.errors import ConfigurationError, CredentialUnavailable, InvalidValue, OcibrokerError
from ocibroker.reference import SecretRef, TextRef, absolute, read_secret
from ocibroker.secret import LONGEST, Secret

CANARY = "c4n4ry-hunter2"


def read(reference: SecretRef, environ: dict[str, str] | None = None) -> str:
    return read_secret(reference, environ=environ or {}, deadline=Deadline.after(30)).reveal()


def places(reference: SecretRef) -> tuple[object, ...]:
    return reference.file, reference.env, reference.exec, reference.literal, reference.kept


@pytest.mark.parametrize("kind", [SecretRef, TextRef], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("text", SecretRef(literal=Secret("text"))),
        ({"file": "/run/x"}, SecretRef(file=Path("/run/x"))),
        ({"env": "NAME"}, SecretRef(env="NAME")),
        ({"exec": ["/bin/x", "y"]}, SecretRef(exec=("/bin/x", "y"))),
    ],
    ids=["literal", "file", "env", "exec"],
)
def test_a_configuration_value_names_one_place(kind: type[SecretRef], value: object, reference: SecretRef) -> None:
    decoded = kind.decode(value)
    assert (type(decoded), places(decoded)) == (kind, places(reference))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a\nb",
        None,
        7,
        True,
        [],
        ["/bin/x"],
        {},
        {"file": ""},
        {"file": 7},
        {"env": ""},
        {"env": None},
        {"exec": []},
        {"exec": "x"},
        {"exec": ["/bin/x", 7]},
        {"exec": [7]},
        {"vault": "x"},
        {"file": "/x", "env": "X"},
        {"file": "/x", "mode": 1},
        {"env": "X", "default": CANARY},
        {"exec": ["/bin/x"], "stdin": CANARY},
    ],
    ids=repr,
)
def test_any_other_value_is_refused_and_not_shown(value: object) -> None:
    with pytest.raises(InvalidValue) as caught:
        SecretRef.decode(value)
    assert CANARY not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["file", "env", "exec", "x"]), inner),
    )
)
def test_any_value_is_a_reference_or_refused(value: object) -> None:
    try:
        reference = SecretRef.decode(value)
    except InvalidValue:
        return
    assert len([place for place in places(reference) if place not in (None, ())]) == 1


@pytest.mark.parametrize(
    "parts",
    [{}, {"file": Path("/x"), "env": "X"}, {"literal": Secret("x"), "exec": ("/x",)}],
    ids=["none", "two", "2"],
)
def test_a_reference_has_exactly_one_place(parts: dict[str, object]) -> None:
    with pytest.raises(InvalidValue, match="exactly one source"):
        SecretRef(**parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (SecretRef(file=Path("/run/x")), "file /run/x"),
        (SecretRef(env="NAME"), "NAME"),
        (SecretRef.decode({"vault": {"token": CANARY}}), "vault"),
        (SecretRef(exec=("/bin/x", "y")), "exec /bin/x y"),
        (SecretRef(literal=Secret(CANARY)), "a value in the configuration"),
    ],
    ids=["file", "env", "store", "exec", "literal"],
)
def test_a_reference_describes_its_place_and_never_the_value(reference: SecretRef, text: str) -> None:
    assert text in str(reference)
    assert CANARY not in f"{reference} {reference!r}"


@pytest.mark.acceptance(33)
@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b" hunter2 \n", " hunter2 "),
        ("é".encode(), "é"),
        (b"x" * LONGEST + b"\r\n", "x" * LONGEST),
        ("\U0001f511".encode() * LONGEST + b"\r\n", "\U0001f511" * LONGEST),
    ],
    ids=["bare", "line", "dos-line", "blanks", "accent", "longest", "longest-in-bytes"],
)
def test_a_file_holds_the_secret_and_perhaps_one_line_break(tmp_path: Path, content: bytes, secret: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert read(SecretRef(file=path)) == secret


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"a\nb", "control character"),
        (b"a\n\n", "control character"),
        (b"a\x00", "control character"),
        (b"\xff", "not UTF-8"),
        (b"x" * (LONGEST + 1), "longer than"),
        (b"x" * LONGEST * 5, "longer than"),
        ("é".encode() * (LONGEST + 1), "longer than"),
        ("\U0001f511".encode() * LONGEST + b"\r\nx", "longer than|control"),
    ],
    ids=["empty", "blank", "two-lines", "two-ends", "nul", "latin", "too-long", "far-too-long", "accents", "keys"],
)
def test_a_file_that_holds_no_secret_is_named_and_never_cut_short(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(CredentialUnavailable, match=why) as caught:
        read(SecretRef(file=path))
    assert caught.value.culprit == f"file {path}"


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing", "No such file"), (".", "directory"), ("a\x00b", "NUL"), ("a\ud800", "Unicode")],
    ids=["missing", "folder", "nul", "surrogate"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(CredentialUnavailable, match=why) as caught:
        read(SecretRef(file=tmp_path / name))
    assert caught.value.culprit == f"file {tmp_path / name}"


@pytest.mark.acceptance(33)
def test_a_rotated_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("first\n")
    read(SecretRef(file=path))
    path.write_text("second\n")
    assert read(SecretRef(file=path)) == "second"


def test_a_variable_holds_the_secret() -> None:
    assert read(SecretRef(env="NAME"), {"NAME": "hunter2"}) == "hunter2"


@pytest.mark.parametrize(("environ", "why"), [({}, "is not set"), ({"NAME": ""}, "empty")], ids=["unset", "empty"])
def test_a_variable_without_a_secret_is_named(environ: dict[str, str], why: str) -> None:
    with pytest.raises(CredentialUnavailable, match=why) as caught:
        read(SecretRef(env="NAME"), environ)
    assert "NAME" in caught.value.culprit


def test_a_program_writes_the_secret() -> None:
    assert read(SecretRef(exec=("/bin/sh", "-c", "echo hunter2"))) == "hunter2"


@pytest.mark.parametrize(
    ("argv", "error", "why"),
    [
        (("/bin/sh", "-c", f"echo {CANARY[:6]}''; exit 3"), CredentialUnavailable, "ended with status 3"),
        (("/bin/sh", "-c", ":"), CredentialUnavailable, "empty"),
        (("/bin/sh", "-c", r"printf '\377'"), CredentialUnavailable, "not UTF-8"),
        (("sh",), ConfigurationError, "absolute"),
    ],
    ids=["fails", "silent", "latin", "relative"],
)
def test_a_program_without_a_secret_is_named(argv: tuple[str, ...], error: type[OcibrokerError], why: str) -> None:
    with pytest.raises(error, match=why) as caught:
        read(SecretRef(exec=argv))
    assert argv[0] in caught.value.culprit


def test_a_literal_is_the_secret_itself() -> None:
    assert read(SecretRef(literal=Secret("hunter2"))) == "hunter2"


@pytest.mark.parametrize("source", ["file", "exec"])
def test_a_traceback_with_local_variables_does_not_show_what_was_refused(tmp_path: Path, source: str) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{CANARY}\nmore")
    reference = SecretRef(file=path) if source == "file" else SecretRef(exec=("/bin/cat", str(path)))
    with pytest.raises(CredentialUnavailable) as caught:
        read(reference)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert CANARY not in shown


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("/run/x", "/run/x"),
        ("x", "/conf/x"),
        ("../x", "/conf/../x"),
        ("~/x", "/home/alice/x"),
        ("~", "/home/alice"),
        ("~bob/x", "/conf/~bob/x"),
        ("a/~/x", "/conf/a/~/x"),
    ],
)
def test_a_path_is_made_absolute(path: str, made: str) -> None:
    assert absolute(Path(path), Path("/conf"), Path("/home/alice")) == Path(made)


@pytest.mark.parametrize(
    ("reference", "below"),
    [
        (SecretRef(file=Path("x")), SecretRef(file=Path("/conf/x"))),
        (TextRef(file=Path("x")), TextRef(file=Path("/conf/x"))),
        (SecretRef(env="X"), SecretRef(env="X")),
    ],
    ids=["file", "text-file", "env"],
)
def test_only_a_file_is_taken_from_a_folder(reference: SecretRef, below: SecretRef) -> None:
    found = reference.below(Path("/conf"), Path("/home/alice"))
    assert (type(found), places(found)) == (type(below), places(below))


@pytest.mark.parametrize(
    ("reference", "watched"),
    [(SecretRef(file=Path("/x")), (Path("/x"),)), (SecretRef(env="X"), ())],
    ids=["file", "env"],
)
def test_only_a_file_is_watched(reference: SecretRef, watched: tuple[Path, ...]) -> None:
    assert reference.watch == watched
