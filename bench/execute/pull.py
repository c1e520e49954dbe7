"""Claims the runs of a launch, one pack after another, until none is left that nobody else works on.

Nothing else decides who does what. Any number of workers share the runs of a results folder through
:mod:`bench.claims` and ``record.json``: those of one launcher, of two, of a cluster.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from bench import claims
from bench.errors import RnnbenchError
from bench.execute.estimate import Estimate
from bench.execute.launch import ClaimedRun, Launch, asked, is_over
from bench.execute.packing import packs
from bench.train import Job


class Pull:
    """The queue from which a worker claims its next run.

    Args:
        launch: the runs.

    Attributes:
        tried: ids of the runs that it has claimed so far.
        late: ids of those that it leaves to others, as the time left is short of what they would take.
    """

    def __init__(self, launch: Launch) -> None:
        self._since = sys.maxsize if launch.again else asked(launch.results)
        self._jobs = launch.jobs()
        self._until, self._began = launch.until, time.time()
        self._estimate = Estimate(self._jobs)
        self.tried: set[str] = set()
        self.late: set[str] = set()
        self._waiting = deque(packs(self._free(), launch.most, launch.among or launch.workers))

    @property
    def packs(self) -> list[tuple[Job, ...]]:
        """The packs that are still to be claimed, as far as is known."""
        return list(self._waiting)

    def claim(self) -> list[ClaimedRun]:
        """Claims the next run or pack; none when all are over, tried already, or in others' hands.

        Raises:
            RnnbenchError: when the results folder cannot be written.
        """
        while self._waiting or self._left_undone():
            pack = self._waiting.popleft()
            if self._is_late(pack):
                self.late |= {job.spec.id for job in pack}
            elif claimed := list(self._claimed(pack)):
                self.tried |= {run.job.spec.id for run in claimed}
                return claimed
        return []

    def again(self, jobs: Iterable[Job]) -> None:
        """Puts runs back, each to be tried by itself."""
        self._waiting.extend((job,) for job in jobs)

    def _left_undone(self) -> bool:
        """Puts in the runs that others had claimed and left undone; whether there are any."""
        self.again(self._free())
        return bool(self._waiting)

    def _is_late(self, pack: Sequence[Job]) -> bool:
        """Whether the time left is short of what a pack will take; not if all of the worker's time would be."""
        if self._until is None:
            return False
        left, span = self._until - time.time(), self._until - self._began
        return left <= 0 or left < self._estimate.seconds(pack) <= span

    def _free(self) -> list[Job]:
        """The runs that nobody works on, that this worker has not tried or left, and that are not over."""
        mine = self.tried | self.late
        untried = [job for job in self._jobs if job.spec.id not in mine]
        free = [job for job in untried if not claims.is_held(job.folder)]
        return [job for job in free if not is_over(job.folder, self._since)]

    def _claimed(self, jobs: Sequence[Job]) -> Iterator[ClaimedRun]:
        """Claims those of some runs that are free and not over."""
        for job in jobs:
            if is_over(job.folder, self._since):
                continue
            try:
                job.folder.mkdir(parents=True, exist_ok=True)
                claim = claims.claim(job.folder)
            except OSError as error:
                raise RnnbenchError(
                    f"cannot write to {job.folder}: {error.strerror}; choose another results folder"
                ) from None
            if claim is None:
                continue
            if is_over(job.folder, self._since):  # another worker was done with it in between
                claim.release()
            else:
                yield ClaimedRun(job, claim)
