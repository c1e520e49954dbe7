"""Sequence classification as a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from bench.data import Dataset, DatasetInfo, open_dataset
from bench.data.resplit import folded, joined
from bench.record import Latency
from bench.spec import RunSpec, TrainPart
from bench.train.cell import build_cell
from bench.train.classification.integer import latency_of, program_of
from bench.train.classification.network import restore
from bench.train.classification.size import planned_kb
from bench.train.job import Job, Listener, Metric
from bench.train.task import Task
from cells import Cell

if TYPE_CHECKING:
    from bench.train.session import Session

_ITS_OWN = {"learning_rate", "schedule", "gradient_clip", "weight_decay", "patience"}
"""Keys of ``train`` in which the runs of a pack may differ."""
_SHARED = {"epochs", "batch_size", "optimizer", "stop_after", "select"}
"""The others that a pack knows."""


class Classification(Task[Dataset]):
    """A class for every sequence, read from the state after its last step."""

    name = "classification"
    metric = Metric("accuracy", higher_is_better=True)

    def cells(self, spec: RunSpec, info: DatasetInfo) -> list[Cell]:
        """Builds the one cell."""
        return [build_cell(spec.cell, info.features, spec.compress)]

    def kb(self, spec: RunSpec, info: DatasetInfo) -> float:
        """Returns the size of cell and classifier."""
        return planned_kb(spec, info)

    def shape(self, spec: RunSpec, info: DatasetInfo) -> str | None:
        """Returns the specification but for seed and what each run of a pack has for itself."""
        train = spec.train.model_copy(update={key: getattr(TrainPart(), key) for key in _ITS_OWN})
        shared = spec.model_copy(update={"train": train, "seed": 0})
        given = shared.model_dump(exclude_defaults=True)
        unknown = given.keys() - {"data", "cell", "train", "split", "sealed"} or given.get("train", {}).keys() - _SHARED
        alone = unknown or spec.cell.hold or info.vocabulary is not None
        return None if alone else shared.canonical()

    def open(self, spec: RunSpec) -> Dataset:
        """Opens the data set, dealt as the run says."""
        data, split = open_dataset(spec.data.name, options=spec.data.options), spec.split
        if split.fold is not None:
            return folded(data, split.fold, split.folds)
        return joined(data) if split.train_on == "train+validation" else data

    def session(self, job: Job, data: Dataset, listeners: Sequence[Listener]) -> Session:
        """Returns the run before its first step."""
        from bench.train.classification.session import ClassificationSession

        return ClassificationSession(job, data, self.metric, listeners)

    def train_together(self, sessions: Sequence[Session]) -> Iterator[tuple[int, Exception | None]] | None:
        """Trains small networks of one shape as one."""
        from bench.train.classification import together

        return together.train(sessions)

    def latency(self, spec: RunSpec, info: DatasetInfo, weights: dict[str, Tensor]) -> Latency:
        """Predicts the latency of the exported code; a quantised model is calibrated on its training data again."""
        network = restore(spec, info, weights)
        program = program_of(network, self.open(spec).train) if spec.compress.quantise else None
        return latency_of(network, info.steps, program)
