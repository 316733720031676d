"""A name that a registry chose stays in the folder that the user chose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocibroker.errors import IntegrityError
from ocibroker.oci.filename import LONGEST, RESERVED, checked
from tests.oci.shop import Shop
from tests.oci.stock import Blob, artifact

REFUSED = [
    "",
    ".",
    "..",
    "/",
    "/etc/passwd",
    "../x",
    "x/../../y",
    "folder/file",
    "file/",
    "..\\x",
    "C:\\x",
    "folder\\file",
    "nul\0",
    "line\nbreak",
    "\x1b[2Jcleared",
    "\x9b2J",
    "lone \ud800 surrogate",
    RESERVED,
    RESERVED.upper(),
    "x" * (LONGEST + 1),
    "é" * LONGEST,
]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(IntegrityError, match="names a file") as caught:
        checked(name, culprit="registry.test/app:1")
    assert (caught.value.culprit, "\x1b" in str(caught.value)) == ("registry.test/app:1", False)


@pytest.mark.parametrize("name", ["a", ".hidden", "...", "a b", "Größe.txt", "~", "-rf", "x" * LONGEST, "日本語"])
def test_a_plain_name_is_taken_as_it_is(name: str) -> None:
    assert checked(name, culprit="x") == name


@given(
    st.text(st.characters(exclude_categories=[]))
    | st.lists(st.sampled_from(["..", ".", "/", "\\", "a", "\0"])).map("".join)
)
@example("..")
def test_an_accepted_name_stays_directly_in_the_folder(name: str) -> None:
    try:
        accepted = checked(name, culprit="x")
    except IntegrityError:
        return
    place = Path(os.path.normpath(f"/folder/{accepted}"))
    assert (place.parent, place.name, Path("/folder", accepted)) == (Path("/folder"), accepted, place)


@pytest.mark.parametrize("title", ["../../x", "/etc/x", "", "..", "a/b", RESERVED, "\x1b]0;x\x07"])
def test_a_bad_title_refuses_all_of_the_artifact_before_a_blob_is_fetched(shop: Shop, title: str) -> None:
    good = Blob(b"good", "good")
    with pytest.raises(IntegrityError, match="names a file"):
        shop.pull(shop.push(artifact(good, Blob(b"bad", title))))
    assert (shop.everything, shop.ranges(good.content)) == ({}, [])


def test_the_same_title_for_two_contents_is_refused(shop: Shop) -> None:
    with pytest.raises(IntegrityError, match="two files 'same'"):
        shop.pull(shop.push(artifact(Blob(b"one", "same"), Blob(b"two", "same"))))
    assert shop.everything == {}


def test_the_same_file_named_twice_is_one_file(shop: Shop) -> None:
    pulled = shop.pull(shop.push(artifact(Blob(b"one", "same"), Blob(b"one", "same"))))
    assert (shop.everything, len(pulled.files)) == ({"same": b"one"}, 1)
