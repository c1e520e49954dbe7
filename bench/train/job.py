"""What is to be run, and what can be trained together: for who plans, without what trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.data import describe
from bench.spec import RunSpec, TrainPart

_ITS_OWN = {"learning_rate", "schedule", "gradient_clip", "weight_decay", "patience"}
"""Keys of ``train`` in which the runs of a pack may differ."""
_SHARED = {"epochs", "batch_size", "optimizer"}
"""The others that a pack knows."""


@dataclass(frozen=True)
class Job:
    """A run to be done, and where.

    Attributes:
        spec: what to do.
        folder: the run's own folder, which exists.
        grid: the name of the grid it is run for.
        wandb: a mode of :data:`bench.track.MODES`.
    """

    spec: RunSpec
    folder: Path
    grid: str
    wandb: str = "offline"


def shape_of(spec: RunSpec) -> str | None:
    """Returns what runs have in common that can be trained together; ``None`` for a run that cannot, with any."""
    train = spec.train.model_copy(update={key: getattr(TrainPart(), key) for key in _ITS_OWN})
    shared = spec.model_copy(update={"train": train, "seed": 0})
    given = shared.model_dump(exclude_defaults=True)
    unknown = given.keys() - {"data", "cell", "train"} or given.get("train", {}).keys() - _SHARED
    info = describe(spec.data.name, spec.data.options)
    if unknown or info.task != "classification" or info.vocabulary is not None:
        return None
    return shared.canonical()
