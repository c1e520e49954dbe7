"""The job that a run is given: its specification, its task's metric, and who hears of its epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.record import Chosen
from bench.spec import RunSpec


@dataclass(frozen=True)
class Job:
    """A run to be done, and where.

    Attributes:
        spec: what to do.
        folder: the run's own folder, which exists.
        grid: the name of the grid it is run for.
        wandb: a mode of :data:`bench.track.MODES`.
        chosen: of a final run, the search that its settings come from.
    """

    spec: RunSpec
    folder: Path
    grid: str
    wandb: str = "offline"
    chosen: Chosen | None = None


class Metric(NamedTuple):
    """The metric by which a task's runs are compared, and which way is better."""

    name: str
    higher_is_better: bool


Listener = Callable[[Mapping[str, Any]], None]
"""Is called with the figures of an epoch, by column of ``metrics.csv``."""
