"""A model to predict, simulate or export: that of a finished run, or that of a run at its initial weights."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch

from bench import mcu
from bench.data import Dataset, DatasetInfo, describe
from bench.deploy.base import KEPT, Model
from bench.deploy.saved import saved
from bench.deploy.text import TrainedText, UntrainedText, untrained_text
from bench.errors import RnnbenchError
from bench.mcu import Floats, Format
from bench.mcu.delta import counted, delta
from bench.record import noted_runs, read, runs_folder
from bench.search import Filler
from bench.spec import RunSpec, read_grid
from bench.train.classification.integer import integer_answers, program_of, scaled
from bench.train.classification.integer import read as read_by
from bench.train.classification.network import Network, restore
from bench.train.classification.size import compressed
from bench.train.language.model import restore as restore_text
from bench.train.task import task_of

_COUNTED = 128
"""Sequences on which applied columns are counted, at most."""


class Classifier(Model):
    """A classifier, and the code that is made of it.

    Args:
        spec: the run.
        info: its data set.
        network: for evaluation.
    """

    def __init__(self, spec: RunSpec, info: DatasetInfo, network: Network) -> None:
        super().__init__(spec, info)
        self.network = network.eval()

    @property
    def title(self) -> str:
        """The cell's title."""
        return self.network.cell.title

    @property
    def formats(self) -> tuple[Format, ...]:
        """Of the numbers of its code."""
        return super().formats if self.info.vocabulary is None else ("int8",)

    @cached_property
    def graph(self) -> mcu.Graph:
        """The cell and classifier in float32; a :class:`RnnbenchError` when the cell is no formula."""
        return mcu.lower(self.network.cell, self.network.head)

    @abstractmethod
    def _sequences(self, count: int) -> list[Floats]:
        """The first sequences to try the model on, each [T, D], or words [T]."""

    def sequences(self, kind: Format, count: int, steps: int) -> list[mcu.Samples]:
        """The first sequences in a format of numbers, or of words, cut after ``steps``; 8 at most."""
        cut = [x[:steps] for x in self._sequences(min(count, KEPT))]
        if self.info.vocabulary is not None:
            return cut
        return [mcu.quantise_input(self.program, x) if kind == "int8" else x.astype(np.float32) for x in cut]


class Trained(Classifier):
    """The model of a finished run; its integers have their scales from the run's training data.

    Attributes:
        threshold: of delta execution, as :func:`bench.mcu.delta.delta`; ``None`` for the program as it is.
    """

    trained = True
    metric = "accuracy"
    threshold: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the classes."""
        return self.dataset.class_names

    @property
    def words(self) -> tuple[str, ...]:
        """By number; none where the model reads numbers.

        Raises:
            RnnbenchError: when they are not known.
        """
        name, words = self.info.name, self.dataset.words
        if self.info.vocabulary is not None and words is None:
            raise RnnbenchError(
                f"the prepared data set {name} does not name its words: an earlier version prepared it; "
                f"`rnnbench data prepare {name} --again`, then export again"
            )
        return words or ()

    @cached_property
    def dataset(self) -> Dataset:
        """The data set that the network was trained on."""
        data = task_of(self.spec).open(self.spec)
        assert isinstance(data, Dataset)  # noqa: S101
        return data

    @cached_property
    def program(self) -> mcu.Program:
        """The cell and classifier in integers."""
        return self.plain if self.threshold is None else self._skipping(delta(self.plain, self.threshold))

    @cached_property
    def plain(self) -> mcu.Program:
        """The program without delta execution."""
        return program_of(self.network, self.dataset.train)

    def _skipping(self, program: mcu.Program) -> mcu.Program:
        """The program with how often its columns are applied, on sequences from all over the test set."""
        test = self.dataset.test
        some = slice(None, None, -(-len(test) // _COUNTED))
        return counted(program, read_by(program, test.x[some]), test.lengths[some].numpy())

    def raw(self, kind: Format) -> mcu.RawInput | mcu.Normalised | None:
        """How the code normalises a sensor's numbers; ``None`` where the data set does not say."""
        known = self.dataset.normalisation
        if known is None:
            return None
        if kind == "float32":
            return mcu.Normalised(np.array(known.mean, np.float32), np.array(known.deviation, np.float32))
        largest = np.abs(self._in_units(self.dataset.train.x.double().numpy())).max((0, 1))
        return mcu.raw_input(self.program, known.mean, known.deviation, largest.tolist())

    def _in_units(self, x: Floats) -> Floats:
        """Samples [..., D] as the sensor gave them; padding is the mean."""
        known = self.dataset.normalisation
        return x if known is None else x * np.array(known.deviation) + np.array(known.mean)

    def example(self, kind: Format, steps: int) -> mcu.Samples:
        """The first sequence of the test set [T, D] as the code takes it, cut after ``steps``."""
        raw = self.raw(kind)
        if raw is None:
            return self.sequences(kind, 1, steps)[0]
        return raw.quantise(self._in_units(self._sequences(1)[0][:steps]))

    def measured(self) -> tuple[float, float]:
        """Accuracy over the test set: of the network in float32, and of the integers, from the sensor's numbers on."""
        test = self.dataset.test
        with torch.no_grad():
            answers = self.network(test.x.transpose(0, 1), test.lengths).argmax(1)
        raw = self.raw("int8")
        if raw is None:
            integers = integer_answers(self.program, test).numpy()
        else:
            x = raw.normalise(raw.quantise(self._in_units(test.x.double().numpy())))
            integers = mcu.run(self.program, x, test.lengths.numpy()).argmax(1)
        right = (float((np.asarray(found) == test.y.numpy()).mean()) for found in (answers, integers))
        return next(right), next(right)

    def _sequences(self, count: int) -> list[Floats]:
        test = self.dataset.test
        x, lengths = test.x[:count], test.lengths[:count].tolist()
        kind = np.float64 if self.info.vocabulary is None else np.int64
        return [sequence[:length] for sequence, length in zip(x.numpy().astype(kind), lengths, strict=True)]


class Untrained(Classifier):
    """A run's model at its initial weights, for its cycles alone: they depend on sizes, and hardly on values."""

    trained = False

    @cached_property
    def program(self) -> mcu.Program:
        """The cell and classifier in integers, their scales from random sequences."""
        x = self._random(0, 8, min(self.info.steps, 32))
        return scaled(self.network, torch.from_numpy(x), torch.full((len(x),), x.shape[1]))

    def _sequences(self, count: int) -> list[Floats]:
        return list(self._random(1, KEPT, self.info.steps))[:count]

    def _random(self, seed: int, count: int, steps: int) -> mcu.Samples:
        """Sequences of normal numbers [N, T, D], or of words [N, T]."""
        rng, words = np.random.default_rng(seed), self.info.vocabulary
        if words is not None:
            return rng.integers(1, words + 1, (count, steps))
        return rng.normal(size=(count, steps, self.info.features))


def models(what: Path) -> dict[str, Callable[[], Model]]:
    """Returns how to load each model of a run's folder, of a results folder, or of a grid in YAML, by id of the run.

    Args:
        what: models of a grid are not trained.

    Raises:
        RnnbenchError: when it is none of these.
    """
    if what.is_file():
        return {spec.id: partial(untrained, spec) for spec in Filler(read_grid(what)).runs()}
    if not runs_folder(what).is_dir():
        return {what.name: partial(load, what)}
    noted = noted_runs(what)
    folders = [path.parent for path in sorted(runs_folder(what).glob("*/model.pt"))]
    folders = [folder for folder in folders if (noted is None or folder.name in noted) and not _is_trial(folder)]
    if not folders:
        raise RnnbenchError(f"{what} holds no trained model (runs/*/model.pt); `rnnbench run` its grid first")
    return {folder.name: partial(load, folder) for folder in folders}


def _is_trial(folder: Path) -> bool:
    return (folder / "record.json").is_file() and bool(read(folder).spec.get("sealed"))


def load(folder: Path, threshold: float | None = None) -> Trained | TrainedText:
    """Returns the model of a run.

    Args:
        folder: of the run.
        threshold: of delta execution; ``None`` for the program as it is.

    Raises:
        RnnbenchError: when there is no finished model, or it is damaged.
    """
    spec, weights = saved(folder)
    if spec.sealed:
        raise RnnbenchError(f"{folder} is a trial of a search, whose test figures are sealed: name a final run")
    info = describe(spec.data.name, spec.data.options)
    if info.task != "classification":
        if threshold is not None:
            raise RnnbenchError(
                f"{folder} holds a language model, for which there is no delta execution: leave --delta away"
            )
        return TrainedText(spec, info, restore_text(spec, info.classes, weights))
    model = Trained(spec, info, restore(spec, info, weights))
    model.threshold = threshold
    return model


def untrained(spec: RunSpec) -> Untrained | UntrainedText:
    """Returns the model of a run at its initial weights; it is as sparse as the trained one will be."""
    info = describe(spec.data.name, spec.data.options)
    if info.task != "classification":
        return untrained_text(spec, info)
    return Untrained(spec, info, compressed(spec, info))
