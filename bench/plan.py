"""Which runs of a grid are done and which are missing. Pure: no clock, nothing written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.spec import RunSpec
from bench.status import Status


@dataclass(frozen=True)
class Planned:
    """A run and where it stands."""

    spec: RunSpec
    status: Status
    reason: str = ""

    @property
    def missing(self) -> bool:
        """Whether running the grid would run it."""
        return self.status not in (Status.DONE, Status.RUNNING, Status.SKIPPED)


def plan(runs: Iterable[RunSpec], found: Mapping[str, tuple[Status, str]]) -> list[Planned]:
    """Sets runs against what is there.

    Args:
        runs: of a grid.
        found: status and reason by run id, from the records; a run not in it is planned.
    """
    return [Planned(spec, *found.get(spec.id, (Status.PLANNED, ""))) for spec in runs]
