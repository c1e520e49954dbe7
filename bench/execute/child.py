"""The body of a process that trains one run or a pack; its output goes to ``log.txt``.

The fork server imports this module once, and with it what is slow to import.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import claims
from bench.claims import LostError
from bench.execute.launch import ClaimedRun
from bench.record import Record
from bench.train import Job, provenance, run, run_pack, signals, sources
from bench.train.task import tasks

_log = logging.getLogger(__name__)
tasks(), sources.git_state(), provenance.provenance()  # kept: every run needs them


def train(runs: Sequence[ClaimedRun]) -> None:
    """Trains runs and records them; a run that another worker has taken over meanwhile is left out.

    Args:
        runs: claimed by this process's parent.
    """
    try:
        signals.hear()
        signals.end_with_parent()
        mine = _adopted(runs)
        jobs = [given.job for given in mine]
        if not jobs:
            return
        with claims.beating([given.claim for given in mine], _leave), logging_to(jobs):
            _print_to(jobs[0].folder / "log.txt", packed=len(jobs) > 1)
            train_here(jobs)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def train_here(jobs: Sequence[Job]) -> list[Record]:
    """Trains runs in this process: one by itself, several together. Returns their records, as written."""
    return [run(jobs[0])] if len(jobs) == 1 else run_pack(jobs)


class _RunLog(logging.FileHandler):
    """A run's log; on a disk that is full it says so in one line, once, not with a traceback for every record."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Logging's own hook, called where a record could not be written."""
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._told:
            self._told = True
            with contextlib.suppress(OSError):  # stderr may be on that disk, too
                sys.stderr.write(f"error: cannot write {self.baseFilename}: {error.strerror}\n")


@contextlib.contextmanager
def logging_to(jobs: Sequence[Job]) -> Iterator[None]:
    """Writes what is logged in its block to the ``log.txt`` of every run, after what earlier tries left there."""
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = [_RunLog(job.folder / "log.txt") for job in jobs]
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    _log.info("run %s, process %d", ", ".join(job.spec.id for job in jobs), os.getpid())
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            with contextlib.suppress(OSError):  # of what a full disk did not take, which was told
                handler.close()


def _print_to(first: Path, packed: bool) -> None:
    """Sends what this process prints to a file; it has one way out, so that of a pack is in its first run's log."""
    handle = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    if packed:
        _log.info("trained together; what they print, if anything, is in %s", first)


def _adopted(runs: Sequence[ClaimedRun]) -> list[ClaimedRun]:
    mine = []
    for given in runs:
        with contextlib.suppress(LostError):
            mine.append(ClaimedRun(given.job, given.claim.adopt()))
    return mine


def _leave(error: LostError) -> None:
    """Ends the process at once: what it would write now belongs to another."""
    _log.error("%s by another worker, since this one was not heard of: it ends", error)
    os._exit(1)
