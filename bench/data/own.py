"""Sources of files: those that the user brings, and combinations of sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from bench.data.fetch import digest, unusable
from bench.errors import RnnbenchError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


class Source(Protocol[T_co]):
    """A source of the files of a data set."""

    def here(self, folder: Path) -> bool:
        """Whether the files are in the data folder; opens nothing."""

    def absent(self, folder: Path) -> str:
        """Says why the files need the user's help, and what to do; empty when they do not."""

    def obtain(self, folder: Path) -> T_co:
        """The files, fetched if possible, and checked against their sums where these are known."""


@dataclass(frozen=True)
class Own:
    """A published tree or archive that the user puts into the data folder.

    Attributes:
        title: its name in messages.
        places: paths below the data folder, best first: folders, archives.
        url: where it is published.
        how: a command that brings it, to be run in the data folder.
        sums: for archives with a known sum, (file name, md5 or sha256 in hexadecimal).
        unlike: a file that marks a tree as another one than the published.
    """

    title: str
    places: tuple[str, ...]
    url: str
    how: str
    sums: tuple[tuple[str, str], ...] = ()
    unlike: str = ""

    def here(self, folder: Path) -> bool:
        """Whether a tree or archive is at one of the places."""
        return self._find(folder) is not None

    def absent(self, folder: Path) -> str:
        """Gives the address, the sum where it is known, and the command."""
        if self.here(folder):
            return ""
        sums = ", ".join(f"{name} has {_kind(value)} {value}" for name, value in self.sums)
        places = " or ".join(self.places)
        return (
            f"{self.title} is not here: get it from {self.url} ({sums or 'no sum is published'}) and put it as "
            f"{places} into {folder}, for instance: mkdir -p '{folder}' && cd '{folder}' && {self.how}"
        )

    def obtain(self, folder: Path) -> Path:
        """The path of the tree or archive.

        Raises:
            RnnbenchError: when it is not there, and says what to do; when an archive is not the published one.
        """
        path = self._find(folder)
        if path is None:
            raise RnnbenchError(self.absent(folder))
        for name, expected in self.sums:
            if path.name == name and path.is_file():
                try:
                    total = digest(path, _kind(expected))
                except OSError as error:
                    raise unusable(folder, error) from error
                if total != expected:
                    raise RnnbenchError(
                        f"{path} is not the published file: {_kind(expected)} {total}, expected {expected}; get it "
                        f"again from {self.url}"
                    )
        return path

    def _find(self, folder: Path) -> Path | None:
        for place in self.places:
            path = folder / place
            if path.exists() and not (self.unlike and (path / self.unlike).exists()):
                return path
        return None


@dataclass(frozen=True)
class FirstOf(Generic[T]):
    """Takes the user's own files when they are there, else those of a package.

    Attributes:
        own: the user's files.
        package: the package to fetch otherwise.
    """

    own: Source[T]
    package: Source[T]

    def here(self, folder: Path) -> bool:
        """Whether the files of either source are there."""
        return self.own.here(folder) or self.package.here(folder)

    def absent(self, folder: Path) -> str:
        """Says why both sources need the user's help."""
        if self.own.here(folder):
            return ""
        why = self.package.absent(folder)
        return f"{why}; or {self.own.absent(folder)}" if why else ""

    def obtain(self, folder: Path) -> T:
        """The user's files when they are there, else the package's."""
        return (self.own if self.own.here(folder) else self.package).obtain(folder)


@dataclass(frozen=True)
class Both(Generic[T, U]):
    """Needs the files of two sources."""

    first: Source[T]
    second: Source[U]

    def here(self, folder: Path) -> bool:
        """Whether the files of both sources are there."""
        return self.first.here(folder) and self.second.here(folder)

    def absent(self, folder: Path) -> str:
        """Says which of the two sources need the user's help."""
        return "; ".join(filter(None, (self.first.absent(folder), self.second.absent(folder))))

    def obtain(self, folder: Path) -> tuple[T, U]:
        """The files of both sources."""
        return self.first.obtain(folder), self.second.obtain(folder)


def _kind(value: str) -> str:
    return "md5" if len(value) == 32 else "sha256"
