"""A finished run as an integer program: its weights read back, its scales from its own training data."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bench import mcu
from bench.data import Dataset, open_dataset
from bench.errors import RnnbenchError
from bench.record import CELL_FILE
from bench.spec import RunSpec
from bench.train.classification.integer import accuracy, program_of
from bench.train.classification.network import Network, build, restore
from cells.compress import HardThreshold, quantise_weights


@dataclass(frozen=True)
class Model:
    """A trained network and its integer program.

    Attributes:
        spec: the run.
        network: with its trained weights, for evaluation.
        dataset: what it was trained on.
        program: quantised after training.
    """

    spec: RunSpec
    network: Network
    dataset: Dataset
    program: mcu.Program

    def accuracy(self) -> tuple[float, float]:
        """Over the whole test set: of the network in float32, and of the integer program."""
        test = self.dataset.test
        with torch.no_grad():
            answers = self.network(test.x.transpose(0, 1), test.lengths).argmax(1)
        return float((answers == test.y).double().mean()), accuracy(self.program, self.network, test)

    def sequences(self, count: int, steps: int | None = None) -> list[mcu.Int16]:
        """The first test sequences in the program's format, cut after ``steps``."""
        test = self.dataset.test
        quantised = mcu.quantise_input(self.program, test.x[:count].double().numpy())
        lengths = test.lengths[:count].tolist()
        return [each[: min(length, steps or length)] for each, length in zip(quantised, lengths, strict=True)]


def saved(folder: Path) -> tuple[RunSpec, dict[str, Tensor]]:
    """Returns the specification and the weights of a run.

    Args:
        folder: of the run, with ``model.pt``: ``results/<grid>/runs/<id>``.

    Raises:
        RnnbenchError: when there is no finished model, or it is damaged.
    """
    path = folder / "model.pt"
    if not path.is_file():
        raise RnnbenchError(f"{folder} holds no trained model (model.pt); give the folder of a run that is done")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        given = found["spec"]
        if given["cell"].get("source"):
            given = {**given, "cell": {**given["cell"], "file": folder / CELL_FILE}}
        return RunSpec.model_validate(given), found["state"]
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise RnnbenchError(f"{path} is damaged ({type(error).__name__}); run its grid again") from None


def load(folder: Path) -> Model:
    """Returns the model of a run.

    Args:
        folder: of the run.

    Raises:
        RnnbenchError: when there is no finished model, it is damaged, or the cell cannot be lowered.
    """
    spec, weights = saved(folder)
    dataset = open_dataset(spec.data.name, options=spec.data.options)
    if dataset.info.vocabulary is not None:
        raise RnnbenchError(f"data set {spec.data.name!r} gives words: a program of their embedding is not written yet")
    network = restore(spec, dataset.info, weights)
    return Model(spec, network, dataset, program_of(network, dataset.train))


def untrained(spec: RunSpec, features: int, classes: int, steps: int) -> tuple[Network, mcu.Program]:
    """A run's network at its initial weights, for its cycles alone, which depend on sizes and hardly on values.

    It is as sparse as the run will be: the products that are left out are most of what sparsity saves.
    """
    network = build(spec, features, classes).eval()
    HardThreshold(network.cell, spec.compress.keep).threshold()
    if spec.compress.quantise:
        quantise_weights(network)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, min(steps, 32), features))
    return network, mcu.quantise(mcu.lower(network.cell, network.head), x)
