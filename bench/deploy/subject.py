"""What the commands about microcontrollers work on: trained runs, or the runs of a grid at their initial weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import mcu
from bench.data import DatasetInfo, describe
from bench.deploy import model as models
from bench.errors import RnnbenchError
from bench.mcu import Floats, Format
from bench.record import noted_runs, runs_folder
from bench.spec import RunSpec, read_grid

UNTRAINED = "untrained weights: cycles of integers hardly depend on values"
_KEPT = 8  # sequences of a subject


@dataclass(frozen=True)
class Subject:
    """A model to predict or simulate.

    Attributes:
        spec: its run.
        title: the cell's.
        info: of its data set.
        graph: the cell and classifier in real numbers.
        program: in integers.
        x: a few sequences, each [T, D]: of the test set, or random.
        trained: whether the weights are a finished run's.
    """

    spec: RunSpec
    title: str
    info: DatasetInfo
    graph: mcu.Graph
    program: mcu.Program
    x: tuple[Floats, ...]
    trained: bool

    def model(self, kind: Format) -> mcu.Program | mcu.Graph:
        """The model in a format."""
        return self.program if kind == "int8" else self.graph

    def sequences(self, kind: Format, count: int, steps: int) -> list[mcu.Samples]:
        """The first sequences in a format, cut after so many steps."""
        cut = [each[:steps] for each in self.x[:count]]
        if kind == "int8":
            return [mcu.quantise_input(self.program, each) for each in cut]
        return [each.astype(np.float32) for each in cut]


def subjects(what: Path) -> Iterator[Subject]:
    """The models of a run's folder, of a results folder, or of a grid in YAML, which are not trained.

    Raises:
        RnnbenchError: when it is none of these, or a model cannot be read or lowered.
    """
    if what.is_file():
        yield from map(_untrained, read_grid(what).runs())
        return
    if not runs_folder(what).is_dir():
        yield of_run(what)
        return
    noted = noted_runs(what)
    folders = [each.parent for each in sorted(runs_folder(what).glob("*/model.pt"))]
    folders = [each for each in folders if noted is None or each.name in noted]
    if not folders:
        raise RnnbenchError(f"{what} holds no trained model (runs/*/model.pt); `rnnbench run` its grid first")
    yield from map(of_run, folders)


def of_run(folder: Path) -> Subject:
    """A finished run.

    Raises:
        RnnbenchError: as :func:`bench.deploy.model.load`.
    """
    return of_model(models.load(folder))


def of_model(model: models.Model) -> Subject:
    """A trained model."""
    cell, test = model.network.cell, model.dataset.test
    lengths = test.lengths[:_KEPT].tolist()
    x = [each[:length] for each, length in zip(test.x[:_KEPT].double().numpy(), lengths, strict=True)]
    graph = mcu.lower(cell, model.network.head)
    return Subject(model.spec, cell.title, model.dataset.info, graph, model.program, tuple(x), trained=True)


def _untrained(spec: RunSpec) -> Subject:
    info = describe(spec.data.name, spec.data.options)
    network, program = models.untrained(spec, info.features, info.classes, info.steps)
    x = np.random.default_rng(1).normal(size=(_KEPT, info.steps, info.features))
    graph = mcu.lower(network.cell, network.head)
    return Subject(spec, network.cell.title, info, graph, program, tuple(x), trained=False)
