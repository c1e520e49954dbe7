"""How long a run will take, from the records of the same run with other seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cached_property

from bench import record
from bench.errors import RnnbenchError
from bench.execute.launch import stamp
from bench.spec import RunSpec
from bench.status import Status
from bench.train import Job

_MARGIN = 1.5


class Estimate:
    """Estimates by what is recorded when it is asked.

    Args:
        jobs: all that might tell something of each other.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = jobs
        self._known: dict[str, float] = {}

    def seconds(self, pack: Sequence[Job]) -> float:
        """Returns how long some runs that are trained together may take; 0 where no record tells."""
        return max(map(self._one, pack))

    def _one(self, job: Job) -> float:
        kind = _kind(job.spec)
        if kind not in self._known:
            took = (_took_s(other) for other in self._alike.get(kind, ()))
            if found := next((seconds for seconds in took if seconds), None):
                self._known[kind] = _MARGIN * found
        return self._known.get(kind, 0.0)

    @cached_property
    def _alike(self) -> dict[str, list[Job]]:
        found: dict[str, list[Job]] = {}
        for job in self._jobs:
            found.setdefault(_kind(job.spec), []).append(job)
        return found


def _kind(spec: RunSpec) -> str:
    return spec.model_copy(update={"seed": 0}).canonical()


def _took_s(job: Job) -> float | None:
    """Seconds that a run took which is done, those of earlier tries included."""
    if stamp(job.folder) is not None:
        with suppress(RnnbenchError):
            left = record.read(job.folder)
            if left.status is Status.DONE:
                return max(left.times.wall_s or 0.0, left.times.train_s or 0.0)
    return None
