"""What a worker process does: one run or a pack, its output in ``log.txt``, its progress down a pipe.

The fork server imports this module once, and with it what is slow to import.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection
from types import FrameType

import filelock

from bench import record
from bench.status import Status
from bench.train import Interrupted, Job, run, run_pack

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_stopping = threading.Event()
_LOCK_PATIENCE_S = 5.0
"""Longer than a planner holds a lock to see whether it is held."""


def work(jobs: Sequence[Job], progress: Connection) -> None:
    """Does one run, or several together; the body of a process.

    Args:
        jobs: the runs. One that another process works on, or has done, is left out.
        progress: is sent the place in ``jobs`` and the number of each finished epoch.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with contextlib.ExitStack() as held:
            mine = [number for number, job in enumerate(jobs) if _taken(held, job)]
            if not mine:
                return
            _redirect([jobs[number] for number in mine])

            def tell(number: int, epoch: int) -> None:
                with contextlib.suppress(OSError):  # whoever started us may be gone; the run goes on
                    progress.send((mine[number], epoch))

            if len(mine) == 1:
                run(jobs[mine[0]], partial(tell, 0))
            else:
                run_pack([jobs[number] for number in mine], tell)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _taken(held: contextlib.ExitStack, job: Job) -> bool:
    """Takes a run's lock, unless another process has it, or has done the run since it was planned."""
    lock = record.lock(job.folder)
    try:
        lock.acquire(timeout=_LOCK_PATIENCE_S)
    except filelock.Timeout:
        return False
    if (job.folder / "record.json").exists() and record.read(job.folder).status is Status.DONE:
        lock.release()
        return False
    held.enter_context(lock)
    lock.release()  # entering took it once more
    return True


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raises once: a terminal's Ctrl-C and the parent's word both arrive, and must not break the record's writing.

    A flag, not SIG_IGN: Lightning puts back the handlers that it found when training began.
    """
    if not _stopping.is_set():
        _stopping.set()
        raise Interrupted


def _redirect(jobs: Sequence[Job]) -> None:
    """Sends everything that is logged to each run's ``log.txt``, after what earlier tries left there.

    What is printed has one way out of a process: that of a pack is in the first run's.
    """
    first, *others = [job.folder / "log.txt" for job in jobs]
    handle = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr), *map(logging.FileHandler, others)]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=handlers, force=True
    )
    log = logging.getLogger(__name__)
    log.info("run %s, process %d", ", ".join(job.spec.id for job in jobs), os.getpid())
    if others:
        log.info("trained together; what they print, if anything, is in %s", first)
