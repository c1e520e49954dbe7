"""What is to be run, and what can be trained together: for who plans, without what trains."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bench.data import describe
from bench.spec import RunSpec, TrainPart

_ITS_OWN = ("learning_rate", "schedule", "gradient_clip", "weight_decay", "patience")
"""Keys of ``train`` in which the runs of a pack may differ."""
_SHARED = ("epochs", "batch_size", "optimizer")


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
    """Equal for runs that can be trained together; ``None`` for one that cannot, with any."""
    body = spec.model_dump(mode="json")
    train = TrainPart().model_dump(mode="json") | body["train"]
    rest = {key: value for key, value in train.items() if key not in (*_ITS_OWN, *_SHARED)}
    usual = TrainPart().model_dump(mode="json")
    if body.keys() - {"data", "cell", "train", "seed", "boards"} or any(usual[key] != rest[key] for key in rest):
        return None
    info = describe(spec.data.name, spec.data.options)
    if info.task != "classification" or info.vocabulary is not None:
        return None
    return json.dumps([body["data"], body["cell"], *(train[key] for key in _SHARED)], sort_keys=True)
