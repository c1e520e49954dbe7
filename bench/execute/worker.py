"""What a worker process does: one run, its output in ``log.txt``, its progress down a pipe.

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
from multiprocessing.connection import Connection
from types import FrameType

import filelock
import wandb  # noqa: F401  (imported here so that forked workers need not)

from bench import record
from bench.train import Interrupted, Job, run

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_stopping = threading.Event()
_LOCK_PATIENCE_S = 5.0
"""Longer than a planner holds a lock to see whether it is held."""


def work(job: Job, progress: Connection) -> None:
    """Does one run; the body of a process.

    Args:
        job: the run. Nothing happens when another process holds its lock.
        progress: is sent the number of each finished epoch.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with record.lock(job.folder).acquire(timeout=_LOCK_PATIENCE_S):
            _redirect(job)

            def tell(epoch: int) -> None:
                with contextlib.suppress(OSError):  # whoever started us may be gone; the run goes on
                    progress.send(epoch)

            run(job, tell)
    except filelock.Timeout:
        return
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raises once: a terminal's Ctrl-C and the parent's word both arrive, and must not break the record's writing.

    A flag, not SIG_IGN: Lightning puts back the handlers that it found when training began.
    """
    if not _stopping.is_set():
        _stopping.set()
        raise Interrupted


def _redirect(job: Job) -> None:
    """Sends everything that is printed or logged to the run's ``log.txt``, after what earlier tries left there."""
    handle = os.open(job.folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    logging.getLogger(__name__).info("run %s, process %d", job.spec.id, os.getpid())
