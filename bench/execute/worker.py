"""A worker: claims runs and trains them, each run or pack in a process of its own: a crash is one failed run."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import wait

from bench import claims, record
from bench.claims import Claim
from bench.errors import RnnbenchError
from bench.execute import memory
from bench.execute.launch import ClaimedRun, Launch, stamp
from bench.execute.pull import Pull
from bench.execute.server import fork_server
from bench.status import Status
from bench.train import Job
from bench.train.facts import begun
from bench.train.task import task_of

_PATIENCE_S = 20.0
_log = logging.getLogger(__name__)


class Worker:
    """Does runs of a launch, as many at once as it has workers, until none is left that nobody else works on.

    A process that dies leaves a ``failed`` record with its exit code. When it had several runs, those that were not
    over are tried once more, each by itself. It runs fewer at once where memory would not do for all.

    Args:
        launch: the runs.
    """

    def __init__(self, launch: Launch) -> None:
        self._pull = Pull(launch)
        self._most, remark = memory.affordable(self._pull.packs, launch.workers)
        if remark:
            _log.warning(remark)
        self._running: list[_Training] = []
        self._fault: RnnbenchError | None = None

    @property
    def tried(self) -> int:
        """How many runs it has claimed so far."""
        return len(self._pull.tried)

    @property
    def late(self) -> int:
        """How many runs it has left, since its time is short."""
        return len(self._pull.late)

    def wait(self, timeout_s: float) -> bool:
        """Goes on for at most so long; whether all is done.

        Raises:
            RnnbenchError: when the results folder cannot be written, or a record of it be read; what was running has
                come to its end by then.
        """
        end = time.monotonic() + timeout_s
        while True:
            while len(self._running) < self._most and (runs := self._claim()):
                training = _Training(runs)
                self._running.append(training)
                training.process.start()
            left = end - time.monotonic()
            if not self._running and self._fault is not None:
                raise self._fault
            if not self._running or left <= 0:
                return not self._running
            wait([training.process.sentinel for training in self._running], left)
            for training in [one for one in self._running if not one.process.is_alive()]:
                self._running.remove(training)
                try:
                    self._pull.again(training.close())
                except OSError as error:
                    self._fault = RnnbenchError(
                        f"cannot record how {training.process.name} ended: {error.strerror}; mend that and run again"
                    )
                except RnnbenchError as error:  # a record is damaged, which the runs under way need not end for
                    self._fault = error

    def _claim(self) -> list[ClaimedRun]:
        """The next run or pack; none once something is wrong that the runs under way need not end for."""
        try:
            return [] if self._fault else self._pull.claim()
        except RnnbenchError as error:
            self._fault = error
            return []

    def stop(self) -> None:
        """Stops what is running, which records ``interrupted``."""
        for training in self._running:
            with suppress(ValueError, OSError, AttributeError):  # not started, or gone
                training.process.terminate()
        for training in self._running:
            if training.process.pid is not None:
                training.process.join(_PATIENCE_S)
                if training.process.is_alive():
                    training.process.kill()
                    training.process.join()
        self._running.clear()


class _Training:
    """Claimed runs, and the process that trains them."""

    def __init__(self, runs: Sequence[ClaimedRun]) -> None:
        self._runs = runs
        self._short = memory.oom_kills()
        self._stamps = [stamp(run.job.folder) for run in runs]
        self.process = fork_server().Process(target=_train, args=(runs,), name=runs[0].job.spec.id)

    def close(self) -> list[Job]:
        """Records the runs whose process died before it could, or returns them when it had several."""
        self.process.join()
        again = []
        for run, before in zip(self._runs, self._stamps, strict=True):
            claim = _take_back(run.claim) if _is_dead(run.job, before) else None
            if claim is None:
                continue
            try:
                if _is_dead(run.job, before):  # still: no other worker noticed, and went on with it
                    if len(self._runs) > 1:
                        again.append(run.job)
                    else:
                        _record_death(run.job, self.process.exitcode, memory.oom_kills() > self._short)
            finally:
                claim.release()
        return again


def _train(runs: Sequence[ClaimedRun]) -> None:
    """The body of the process; what it imports is there already, in the server that it was forked from."""
    from bench.execute.child import train

    train(runs)


def _is_dead(job: Job, before: int | None) -> bool:
    """Whether a process that has ended left a run of its without saying how it ended."""
    after = stamp(job.folder)
    return after == before or (after is not None and record.read(job.folder).status is Status.RUNNING)


def _take_back(given: Claim) -> Claim | None:
    """The claim on a run whose process has died, whether or not it had adopted it; ``None`` when another has it."""
    with suppress(claims.LostError):
        given.touch()
        return given
    return claims.claim(given.folder)


def _record_death(job: Job, code: int | None, short: bool) -> None:
    """Records a run as failed.

    Args:
        job: the run.
        code: exit code of its process.
        short: whether the system has killed a process meanwhile for want of memory.
    """
    how = f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    if code == -signal.SIGKILL:
        how += ": memory was short, and the system killed it" if short else ", by somebody or for want of memory"
    if stamp(job.folder) is None:
        left = begun(job, task_of(job.spec).name, {})
    else:
        left = record.read(job.folder)
    reason = f"the process died ({how})"
    end = {"status": Status.FAILED, "reason": reason, "failure": record.failure(job.folder)}
    record.write(job.folder, left.model_copy(update=end))
