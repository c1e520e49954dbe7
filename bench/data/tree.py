"""Reads the files of a folder or an archive by name.

Names are relative to the root and have slashes. Archives are read in place: nothing is unpacked.
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

_DAMAGE = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, ValueError),
    RuntimeError,  # a zip file is encrypted, or packed in a way that is not known
)
_MOST = 4 * 2**30
"""Bytes of a file in an archive, at most: it is held in memory."""
_DEEPEST = 3
"""Archives within archives."""
_ARCHIVES = (".zip", ".whl", ".tar", ".tgz", ".tar.gz", ".tar.xz")


class Tree(ABC):
    """The files of a data set in a folder or an archive.

    Attributes:
        where: the name of the folder or archive in messages.
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
        """The names in the order in which they are read fastest."""
        return list(self._members.values())

    @property
    def names(self) -> list[str]:
        """The names of all files, in order."""
        return list(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            RnnbenchError: when the file is missing or damaged.
        """
        if name not in self._members:
            raise RnnbenchError(f"{self.where} has no {name}: it is incomplete, or not the published data")
        with _damage(f"{name} in {self.where}"):
            return self._read(self._members[name])

    def text(self, name: str, encoding: str = "utf-8") -> str:
        """The text of a file.

        Raises:
            RnnbenchError: as :meth:`read`, and when the file does not have the encoding.
        """
        return decode(self.read(name), f"{name} in {self.where}", encoding)

    def items(self, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """Yields the names and bytes of the wanted files in the order of the archive, which is read only once.

        Raises:
            RnnbenchError: when a file is damaged.
        """
        named = {member: name for name, member in self._members.items() if wanted(name)}
        for member in self._stored():
            if member in named:
                with _damage(f"{named[member]} in {self.where}"):
                    data = self._read(member)
                yield named[member], data

    def at(self, marker: str, depth: int = 0) -> Tree:
        """The tree below the folder that holds ``marker``, also when that folder is in an archive of this tree.

        Args:
            marker: the name of a file, relative to the wanted root.
            depth: how many archives this tree lies in.

        Raises:
            RnnbenchError: when no folder holds it; names it.
        """
        roots = sorted((n[: -len(marker)] for n in self._members if f"/{n}".endswith(f"/{marker}")), key=len)
        if roots:
            root = roots[0]
            self._members = {n[len(root) :]: m for n, m in self._members.items() if n.startswith(root)}
            return self
        for name in [name for name in self.names if name.endswith(_ARCHIVES) and depth < _DEEPEST]:
            inner = _open(io.BytesIO(self.read(name)), name, f"{name} in {self.where}")
            with contextlib.suppress(_NoSuchRootError):
                return inner.at(marker, depth + 1)
        raise _NoSuchRootError(f"{self.where} has no {marker}: it is not the published layout")


class _NoSuchRootError(RnnbenchError):
    """No folder of a tree holds the wanted file."""


class _Folder(Tree):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(str(path))

    def _list(self) -> list[str]:
        with _damage(str(self.path)):
            return [file.relative_to(self.path).as_posix() for file in self.path.rglob("*") if file.is_file()]

    def _read(self, member: str) -> bytes:
        return (self.path / member).read_bytes()


class _Zip(Tree):
    def __init__(self, file: Path | IO[bytes], where: str) -> None:
        with _damage(where):
            self.archive = zipfile.ZipFile(file)
        super().__init__(where)

    def _list(self) -> list[str]:
        return [member.filename for member in self.archive.infolist() if not member.is_dir()]

    def _read(self, member: str) -> bytes:
        _check_size(member, self.archive.getinfo(member).file_size)
        return self.archive.read(member)


class _Tar(Tree):
    def __init__(self, file: IO[bytes], where: str) -> None:
        with _damage(where):
            self.archive = tarfile.open(fileobj=file)  # noqa: SIM115 (lives as long as the tree)
            self.stored = {}
            for member in self.archive:
                _check_size(member.name, member.size)  # else the rest of a bomb is unpacked on the way to the next
                if member.isfile():
                    self.stored[member.name.removeprefix("./")] = member
        super().__init__(where)

    def _list(self) -> list[str]:
        return list(self.stored)

    def _stored(self) -> list[str]:
        return list(self.stored)  # in any other order, a compressed archive is unpacked again for every file

    def _read(self, member: str) -> bytes:
        file = self.archive.extractfile(self.stored[member])
        assert file is not None  # noqa: S101
        return file.read()


def open_tree(path: Path) -> Tree:
    """Opens a folder, or a .zip, .whl, .tar, .tgz, .tar.gz or .tar.xz archive.

    Raises:
        RnnbenchError: when the path is neither, or damaged; names it.
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


def _check_size(name: str, size: int) -> None:
    if size > _MOST:
        raise ValueError(f"{name} would have {size / 2**30:.0f} GiB")


def _is_clutter(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[:1] in ((), ("__MACOSX",)) or path.name.startswith("._") or path.name == ".DS_Store"


def decode(data: bytes, where: str, encoding: str = "utf-8") -> str:
    """The text in the bytes of a file.

    Raises:
        RnnbenchError: when the bytes do not have the encoding; names the file and the line.
    """
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RnnbenchError(f"{where}, line {line}: not {encoding.upper()} text ({error.reason})") from error


def numbers(data: bytes, columns: int, where: str) -> Floats:
    """Reads a table of numbers separated by blanks or commas, a row per line.

    Returns:
        [rows, columns] float64.

    Raises:
        RnnbenchError: when the table holds anything else, or rows of another length; names the file.
    """
    text = data.replace(b",", b" ")
    lines = [line for line in text.split(b"\n") if line.strip()]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # numpy warns when it stops at a word
        try:
            values = np.fromstring(text.decode("ascii"), sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise RnnbenchError(f"{where} holds something that is not a number; get it again") from error
    if values.size != len(lines) * columns or (lines and len(lines[-1].split()) != columns):
        raise RnnbenchError(f"{where}: {values.size} numbers in {len(lines)} lines, not {columns} a line; get it again")
    return values.reshape(-1, columns)
