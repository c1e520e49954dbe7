"""Says which process works on a run. Needs no lock server and no flock, so it holds on a shared file system (NFS) too.

A claim is a folder ``claim`` in the run's folder. The one empty file in it names its holder: host, place, process and a
token. Whatever two processes could both want is a rename, which one of them wins:

- To claim, a process makes a private folder with its file in it and renames that to ``claim``. The rename fails while a
  holder's file is there; an empty ``claim``, left by a process that was killed while it released, is replaced.
- To take over a dead claim, or one that was handed over, a process renames the holder's file to its own name. No name
  comes again, so a process that is late finds nothing to rename, and cannot take the claim of the one that was quicker.
- To release, the holder removes its file, then the folder.

On the holder's own machine its process says whether a claim is dead. On another machine the heartbeat does: the holder
touches its file every ``HEARTBEAT_S`` seconds, and a claim that was not touched for ``STALE_S`` is dead.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HEARTBEAT_S = 20.0
STALE_S = 9 * HEARTBEAT_S
"""A client of NFS may show a time that is a minute old."""
_FOLDER = "claim"


@dataclass(frozen=True)
class Holder:
    """A process that holds a claim; its text is the name of its file.

    Attributes:
        host: name of the machine, for people.
        place: one boot of one machine, and the namespace of its process ids.
        pid: process id there.
        begun: when that process began, since its id may come again.
        token: random, since a process may claim a run twice.
    """

    host: str
    place: str
    pid: int
    begun: str
    token: str

    @classmethod
    def me(cls) -> Holder:
        """This process, with a new token."""
        pid = os.getpid()
        return cls(*_here(), pid, _begun(pid) or "0", secrets.token_hex(4))

    @classmethod
    def parse(cls, text: str) -> Holder:
        """The holder that a file is named after.

        Raises:
            ValueError: when it is named after none.
        """
        host, place, pid, begun, token = text.split(".")
        return cls(host, place, int(pid), begun, token)

    def __str__(self) -> str:
        return ".".join((self.host, self.place, str(self.pid), self.begun, self.token))


class LostError(Exception):
    """Another process has taken a claim over."""


@dataclass(frozen=True)
class Claim:
    """A claim of this process, or one that is handed to it.

    Attributes:
        folder: the run's.
        name: of the holder's file.
    """

    folder: Path
    name: str

    @property
    def _path(self) -> Path:
        return self.folder / _FOLDER / self.name

    def adopt(self) -> Claim:
        """Makes a claim that another process handed over this process's own.

        Raises:
            LostError: when a third process has it.
        """
        mine = Claim(self.folder, str(Holder.me()))
        self.touch()  # the time stays with the file: without this a third process could take the new holder for dead
        try:
            self._path.rename(mine._path)
        except FileNotFoundError:
            raise LostError(f"{self.folder} was taken over") from None
        return mine

    def touch(self) -> None:
        """Says that the holder is alive.

        Raises:
            LostError: when another process has taken the claim over.
        """
        try:
            os.utime(self._path)
        except FileNotFoundError:
            raise LostError(f"{self.folder} was taken over") from None

    def release(self) -> None:
        """Lets others claim the run; does nothing to a claim that is lost."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            self._path.parent.rmdir()


def claim(folder: Path) -> Claim | None:
    """Claims a run, or takes over a claim whose holder is dead; ``None`` when a living process has it.

    Raises:
        OSError: when the folder cannot be written.
    """
    mine = str(Holder.me())
    private = folder / f".{_FOLDER}.{mine}"
    private.mkdir()
    try:
        file = private / mine
        file.touch()
        now = file.stat().st_mtime  # by the clock of the file system, as the heartbeats are
        for _ in range(3):  # again when the holder released it meanwhile
            try:
                private.rename(folder / _FOLDER)
                return Claim(folder, mine)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            found = _found(folder)
            if found is not None:
                return _take_over(folder, found, now)
        return None
    finally:
        with contextlib.suppress(OSError):
            (private / mine).unlink()
            private.rmdir()


def holder(folder: Path, now: float | None = None) -> Holder | None:
    """The living process that works on a run, or ``None``. Writes nothing."""
    found = _found(folder)
    if found is None or _is_dead(*found, time.time() if now is None else now):
        return None
    return found[0]


def is_held(folder: Path) -> bool:
    """Whether a living process works on a run."""
    return holder(folder) is not None


@contextlib.contextmanager
def beating(held: Sequence[Claim], lost: Callable[[LostError], None] = lambda error: None) -> Iterator[None]:
    """Touches claims now and then while its block runs, and releases them at its end.

    Args:
        held: claims of this process.
        lost: called, in another thread, when one of them was taken over.
    """
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_S):
            for mine in held:
                try:
                    mine.touch()
                except LostError as error:
                    lost(error)
                except OSError:  # the file system is away for a while: others cannot take the claim over either
                    continue

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for mine in held:
            mine.release()


def _found(folder: Path) -> tuple[Holder, float] | None:
    """The holder that a run's claim names, and when it last said that it lives."""
    with contextlib.suppress(OSError, ValueError):
        for name in os.listdir(folder / _FOLDER):
            return Holder.parse(name), (folder / _FOLDER / name).stat().st_mtime
    return None


def _take_over(folder: Path, found: tuple[Holder, float], now: float) -> Claim | None:
    if not _is_dead(*found, now):
        return None
    with contextlib.suppress(LostError):
        return Claim(folder, str(found[0])).adopt()
    return None


def _is_dead(who: Holder, touched: float, now: float) -> bool:
    if who.place == _here()[1]:
        return _begun(who.pid) != who.begun
    return now - touched > STALE_S


@cache
def _here() -> tuple[str, str]:
    """The host's name as part of a file's name, and a hash of all that makes process ids comparable."""
    host = socket.gethostname()
    parts = [host]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        parts.append(os.readlink("/proc/self/ns/pid"))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return re.sub("[^A-Za-z0-9-]", "-", host)[:64], digest


def _begun(pid: int) -> str | None:
    """When a process of this machine began, in ticks (``"0"`` where that is not told); ``None`` when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "0"
