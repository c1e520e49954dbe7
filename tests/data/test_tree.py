"""One tree in every form that it may come in, and every way in which it may be damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from published import tgz, write, zipped

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
        tree = open_tree(path).at("deep/b.txt")
        assert tree.names == ["a.txt", "deep/b.txt", "deep/c.bin"], path
        assert tree.read("a.txt") == b"1"
        assert tree.text("deep/b.txt") == "ü"
        assert dict(tree.items(lambda name: name.startswith("deep"))) == {
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
