"""Reads a published tree of files, unpacked or in an archive, in one way.

A tree has names, relative to its root and with slashes, and bytes. Archives are read in place: nothing is unpacked.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import tarfile
import warnings
import weakref
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from bench.data.normalise import Floats
from bench.errors import RnnbenchError

_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError)
_ARCHIVES = (".zip", ".whl", ".tar", ".tgz", ".tar.gz", ".tar.xz")


class Tree(ABC):
    """Files of a data set, wherever they lie.

    Attributes:
        where: for messages: the folder or archive, and the folder in it.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self._members = {name: name for name in sorted(self._list()) if not _is_clutter(name)}

    @abstractmethod
    def _list(self) -> list[str]:
        """The names of all files."""

    @abstractmethod
    def _read(self, member: str) -> bytes:
        """The bytes of a file."""

    def _stored(self) -> list[str]:
        """The names in the order in which reading them is quick."""
        return list(self._members.values())

    @property
    def names(self) -> list[str]:
        """All files, in order of name."""
        return list(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """One file.

        Raises:
            RnnbenchError: when it is missing or damaged.
        """
        if name not in self._members:
            raise RnnbenchError(f"{self.where} has no {name}: it is incomplete, or not the published data")
        with _damage(f"{name} in {self.where}"):
            return self._read(self._members[name])

    def text(self, name: str, encoding: str = "utf-8") -> str:
        """One text file.

        Raises:
            RnnbenchError: as :meth:`read`, and when it is not in the encoding.
        """
        return decode(self.read(name), f"{name} in {self.where}", encoding)

    def items(self, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """The files whose names are wanted, in the order of the archive, which is read once.

        Raises:
            RnnbenchError: when one is damaged.
        """
        named = {member: name for name, member in self._members.items() if wanted(name)}
        for member in self._stored():
            if member in named:
                with _damage(f"{named[member]} in {self.where}"):
                    data = self._read(member)
                yield named[member], data

    def at(self, marker: str) -> Tree:
        """This tree, with the folder that holds ``marker`` as its root; looks into archives within, too.

        Args:
            marker: a name, relative to the wanted root.

        Raises:
            RnnbenchError: when there is none; names it.
        """
        roots = sorted((n[: -len(marker)] for n in self._members if f"/{n}".endswith(f"/{marker}")), key=len)
        if roots:
            root = roots[0]
            self._members = {n[len(root) :]: m for n, m in self._members.items() if n.startswith(root)}
            return self
        for name in [name for name in self.names if name.endswith(_ARCHIVES)]:
            inner = _open(io.BytesIO(self.read(name)), name, f"{name} in {self.where}")
            with contextlib.suppress(_NoSuchRootError):
                return inner.at(marker)
        raise _NoSuchRootError(f"{self.where} has no {marker}: it is not the published layout")


class _NoSuchRootError(RnnbenchError):
    """No folder of a tree holds the wanted file."""


class _Folder(Tree):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(str(path))

    def _list(self) -> list[str]:
        with _damage(str(self.path)):
            return [each.relative_to(self.path).as_posix() for each in self.path.rglob("*") if each.is_file()]

    def _read(self, member: str) -> bytes:
        return (self.path / member).read_bytes()


class _Zip(Tree):
    def __init__(self, file: Path | IO[bytes], where: str) -> None:
        with _damage(where):
            self.archive = zipfile.ZipFile(file)
        super().__init__(where)

    def _list(self) -> list[str]:
        return [each.filename for each in self.archive.infolist() if not each.is_dir()]

    def _read(self, member: str) -> bytes:
        return self.archive.read(member)


class _Tar(Tree):
    def __init__(self, file: IO[bytes], where: str) -> None:
        with _damage(where):
            self.archive = tarfile.open(fileobj=file)  # noqa: SIM115 (lives as long as the tree)
            self.found = {each.name.removeprefix("./"): each for each in self.archive if each.isfile()}
        super().__init__(where)

    def _list(self) -> list[str]:
        return list(self.found)

    def _stored(self) -> list[str]:
        return list(self.found)  # out of order, a compressed archive is unpacked again for each file

    def _read(self, member: str) -> bytes:
        file = self.archive.extractfile(self.found[member])
        assert file is not None  # noqa: S101
        return file.read()


def open_tree(path: Path) -> Tree:
    """A folder, or a .zip, .whl, .tar, .tgz, .tar.gz or .tar.xz archive.

    Raises:
        RnnbenchError: when it is neither, or damaged; names it.
    """
    if path.is_dir():
        return _Folder(path)
    with _damage(str(path)):
        file = path.open("rb")
        try:
            tree = _open(file, path.name, str(path))
        except BaseException:
            file.close()
            raise
    weakref.finalize(tree, file.close)
    return tree


def _open(file: IO[bytes], name: str, where: str) -> Tree:
    if name.endswith((".zip", ".whl")):
        return _Zip(file, where)
    if name.endswith(_ARCHIVES):
        return _Tar(file, where)
    raise RnnbenchError(f"{where} is neither a folder nor one of {', '.join(_ARCHIVES)}")


@contextlib.contextmanager
def _damage(where: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise RnnbenchError(f"{where} cannot be read ({error}); it is damaged or incomplete: get it again") from error


def _is_clutter(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[0] == "__MACOSX" or path.name.startswith("._") or path.name == ".DS_Store"


def decode(data: bytes, where: str, encoding: str = "utf-8") -> str:
    """Text from bytes.

    Raises:
        RnnbenchError: when the bytes are not in the encoding; names the file and the place.
    """
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RnnbenchError(f"{where}, line {line}: not {encoding.upper()} text ({error.reason})") from error


def numbers(data: bytes, columns: int, where: str) -> Floats:
    """A table of numbers, separated by blanks or commas, a row a line.

    Returns:
        [rows, columns] float64.

    Raises:
        RnnbenchError: when it holds anything else, or rows of another length; names the file.
    """
    text = data.replace(b",", b" ")
    lines = [line for line in text.split(b"\n") if line.strip()]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # how numpy says that it stopped at a word
        try:
            values = np.fromstring(text.decode("ascii"), sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise RnnbenchError(f"{where} holds something that is not a number; get it again") from error
    if values.size != len(lines) * columns or (lines and len(lines[-1].split()) != columns):
        raise RnnbenchError(f"{where}: {values.size} numbers in {len(lines)} lines, not {columns} a line; get it again")
    return values.reshape(-1, columns)
