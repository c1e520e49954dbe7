"""One tree in every form that it may come in, and every way in which it may be damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from published import tgz, write, zipped

from bench.data import tree
from bench.data.tree import numbers, open_tree
from bench.errors import RnnbenchError

FILES = {"Set/a.txt": b"1", "Set/deep/b.txt": "ü".encode(), "Set/deep/c.bin": b"\xff\xfe", "README": b"r"}
CLUTTER = {"__MACOSX/Set/._a.txt": b"?", "Set/.DS_Store": b"?", "Set/._a.txt": b"?"}


def forms(folder: Path) -> list[Path]:
    tree = write(folder / "tree", FILES | CLUTTER)
    (folder / "a.zip").write_bytes(zipped(FILES | CLUTTER))
    (folder / "nested.zip").write_bytes(zipped({"other.txt": b"", "inner.zip": zipped(FILES | CLUTTER)}))
    return [tree, folder / "a.zip", tgz(folder / "a.tar.gz", FILES | CLUTTER), folder / "nested.zip"]


def test_every_form_gives_the_same(tmp_path: Path) -> None:
    for path in forms(tmp_path):
        found = open_tree(path).at("deep/b.txt")
        assert found.names == ["a.txt", "deep/b.txt", "deep/c.bin"], path
        assert found.read("a.txt") == b"1"
        assert found.text("deep/b.txt") == "ü"
        assert dict(found.items(lambda name: name.startswith("deep"))) == {
            "deep/b.txt": "ü".encode(),
            "deep/c.bin": b"\xff\xfe",
        }


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    for path in forms(tmp_path):
        with pytest.raises(RnnbenchError, match=r"no/such\.txt"):
            open_tree(path).at("no/such.txt")
        with pytest.raises(RnnbenchError, match=r"deep/d\.txt"):
            open_tree(path).at("a.txt").read("deep/d.txt")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_cut_archive_is_named(tmp_path: Path, name: str) -> None:
    forms(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(RnnbenchError) as error:
        dict(open_tree(path).items(lambda _: True))
    assert name in str(error.value)
    assert "damaged" in str(error.value)


def test_a_changed_byte_in_an_archive_is_found(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.txt": b"x" * 1000}))
    data[500] ^= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(RnnbenchError, match=r"a\.txt in .*a\.zip cannot be read"):
        open_tree(tmp_path / "a.zip").read("a.txt")


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.txt": b"x"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags in the local and the central header
        data[data.index(mark) + place] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(RnnbenchError, match=r"a\.txt in .*a\.zip cannot be read .*encrypted"):
        open_tree(tmp_path / "a.zip").read("a.txt")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_file_that_would_not_fit_into_memory_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(tree, "_MOST", 10_000)
    files = {"bomb.txt": bytes(10_001), "a.txt": bytes(10_000)}
    (tmp_path / "a.zip").write_bytes(zipped(files))
    tgz(tmp_path / "a.tar.gz", files)
    with pytest.raises(RnnbenchError, match=r"bomb\.txt would have 0 GiB"):
        open_tree(tmp_path / name).read("bomb.txt")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_member_that_names_no_file_is_left_out(tmp_path: Path, name: str) -> None:
    files = {".": b"?", "a.txt": b"1"}
    (tmp_path / "a.zip").write_bytes(zipped(files))
    tgz(tmp_path / "a.tar.gz", files)
    assert open_tree(tmp_path / name).names == ["a.txt"]


def test_archives_are_opened_within_archives_three_deep(tmp_path: Path) -> None:
    """A file may hold itself, packed: there is an end to that."""
    data = zipped({"a.txt": b"1"})
    for depth in range(1, 5):
        data = zipped({"inner.zip": data})
        (tmp_path / f"{depth}.zip").write_bytes(data)
    assert open_tree(tmp_path / "3.zip").at("a.txt").read("a.txt") == b"1"
    with pytest.raises(RnnbenchError, match=r"has no a\.txt"):
        open_tree(tmp_path / "4.zip").at("a.txt")


def test_neither_folder_nor_archive(tmp_path: Path) -> None:
    (tmp_path / "a.rar").write_bytes(b"")
    for name in ("a.rar", "absent.zip"):
        with pytest.raises(RnnbenchError, match=name.replace(".", r"\.")):
            open_tree(tmp_path / name)


def test_text_that_is_not_utf8_names_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": b"one\ntwo \xe4\n"})
    with pytest.raises(RnnbenchError, match=r"a\.txt in .*, line 2: not UTF-8"):
        open_tree(tmp_path).text("a.txt")


def test_numbers() -> None:
    np.testing.assert_array_equal(numbers(b" 1 -2.5e1\n3  4\n\n", 2, "x"), [[1, -25], [3, 4]])
    np.testing.assert_array_equal(numbers(b"1,2\r\n3,4\r\n", 2, "x"), [[1, 2], [3, 4]])
    assert numbers(b"", 3, "x").shape == (0, 3)


@pytest.mark.parametrize("text", [b"1 2\n3 x\n", b"1 2\n3\n", b"1 2 3\n4 5\n6\n", b"1 2\n3 4 5 6\n", b"1 2\n3 \xff\n"])
def test_numbers_that_are_not_such_a_table(text: bytes) -> None:
    with pytest.raises(RnnbenchError, match=r"^a\.txt"):
        numbers(text, 2, "a.txt")
