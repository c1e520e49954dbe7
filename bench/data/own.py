"""Files that the user brings, and sources made of several."""

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
    """Where the files of a data set come from."""

    def here(self, folder: Path) -> bool:
        """Whether they are in the data folder; opens nothing."""

    def absent(self, folder: Path) -> str:
        """Why they cannot be had without the user's help, and what to do; empty when they can."""

    def obtain(self, folder: Path) -> T_co:
        """The files, checked against their sums where these are known; fetched first where they can be."""


@dataclass(frozen=True)
class Own:
    """A published tree or archive that the user unpacks or puts below the data folder.

    Attributes:
        title: what it is.
        places: where it may lie below the data folder, best first: folders, archives.
        url: where it is published.
        how: a command that brings it, to be run in the data folder.
        sums: of archives whose sum is known: (file name, md5 or sha256 in hexadecimal).
        unlike: a file that marks a tree as something else than the published one.
    """

    title: str
    places: tuple[str, ...]
    url: str
    how: str
    sums: tuple[tuple[str, str], ...] = ()
    unlike: str = ""

    def here(self, folder: Path) -> bool:
        """Whether one of the places is filled."""
        return self._find(folder) is not None

    def absent(self, folder: Path) -> str:
        """The address, the sum where one is known, and the command."""
        if self.here(folder):
            return ""
        sums = ", ".join(f"{name} has {_kind(value)} {value}" for name, value in self.sums)
        places = " or ".join(self.places)
        return (
            f"{self.title} is not here: get it from {self.url} ({sums or 'no sum is published'}) and put it as "
            f"{places} into {folder}, for instance: mkdir -p '{folder}' && cd '{folder}' && {self.how}"
        )

    def obtain(self, folder: Path) -> Path:
        """The tree or archive.

        Raises:
            RnnbenchError: when it is not there; says what to do. When an archive is not the published one.
        """
        path = self._find(folder)
        if path is None:
            raise RnnbenchError(self.absent(folder))
        for name, expected in self.sums:
            if path.name == name and path.is_file():
                try:
                    found = digest(path, _kind(expected))
                except OSError as error:
                    raise unusable(folder, error) from error
                if found != expected:
                    raise RnnbenchError(
                        f"{path} is not the published file: {_kind(expected)} {found}, expected {expected}; get it "
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
    """The user's own files when they are there, else those of a package.

    Attributes:
        own: has the say.
        package: is fetched otherwise.
    """

    own: Source[T]
    package: Source[T]

    def here(self, folder: Path) -> bool:
        """Whether either is there."""
        return self.own.here(folder) or self.package.here(folder)

    def absent(self, folder: Path) -> str:
        """Why neither can be had."""
        if self.own.here(folder):
            return ""
        why = self.package.absent(folder)
        return f"{why}; or {self.own.absent(folder)}" if why else ""

    def obtain(self, folder: Path) -> T:
        """The files of the first that is there, else the package's."""
        return (self.own if self.own.here(folder) else self.package).obtain(folder)


@dataclass(frozen=True)
class Both(Generic[T, U]):
    """Two sources, both needed."""

    first: Source[T]
    second: Source[U]

    def here(self, folder: Path) -> bool:
        """Whether both are there."""
        return self.first.here(folder) and self.second.here(folder)

    def absent(self, folder: Path) -> str:
        """What cannot be had of the two."""
        return "; ".join(filter(None, (self.first.absent(folder), self.second.absent(folder))))

    def obtain(self, folder: Path) -> tuple[T, U]:
        """The files of both."""
        return self.first.obtain(folder), self.second.obtain(folder)


def _kind(value: str) -> str:
    return "md5" if len(value) == 32 else "sha256"
