"""A cell's learnt numbers and the norm of the gradient: what is told of them, and that telling changes nothing."""

import csv
import math
from pathlib import Path

import pytest
import torch
from tiny_runs import RunTiny
from torch import nn

from bench import record
from bench.data import Dataset
from bench.spec import RunSpec, parse
from bench.train.classification.network import build
from bench.train.epochs import EpochEnd
from bench.train.module import Training
from cells import Cell, State, Weight
from cells.registry import _REGISTRY

pytestmark = pytest.mark.long

FASTGRNN = {"name": "fastgrnn", "hidden_size": 6}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(folder / "model.pt", weights_only=True)["state"]
    return state


def test_zeta_and_nu_are_told_as_the_formula_has_them_each_epoch_and_of_the_kept_one(run_tiny: RunTiny) -> None:
    left, folder = run_tiny(cell=FASTGRNN)
    kept = weights(folder)
    assert left.result is not None
    raw = {name: float(kept[f"cell.raw_{name}"]) for name in ("zeta", "nu")}
    wanted = {name: 1 / (1 + math.exp(-value)) for name, value in raw.items()}
    assert left.result.learnt == pytest.approx(wanted, rel=1e-6)
    told = rows(folder)[left.result.best_epoch - 1]
    assert {name: float(told[f"learnt/{name}"]) for name in wanted} == pytest.approx(wanted, rel=1e-5)
    assert len({row["learnt/zeta"] for row in rows(folder)}) == len(rows(folder)), "it is learnt"
    assert record.read(folder).result == left.result


class _Leaky(Cell):
    """h' = h + leak (tanh(W x + v * h) - h), with one number that is used as it is and a vector that is none."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(hidden_size, input_size)
        self.v = nn.Parameter(torch.zeros(hidden_size))
        self.leak = nn.Parameter(torch.tensor(0.3))
        self.raw_gain = nn.Parameter(torch.tensor(1.0))

    def project(self, x_TBD: torch.Tensor) -> torch.Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: torch.Tensor, state: State) -> State:
        return (state[0] + self.leak * (self.raw_gain * self.tanh(pre_BG + self.v * state[0]) - state[0]),)


def test_the_numbers_of_anyones_cell_are_told_and_its_vectors_are_not(
    run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_REGISTRY, "leaky", _Leaky)
    for key, value in {"name": "leaky", "title": "Leaky"}.items():
        monkeypatch.setattr(_Leaky, key, value, raising=False)
    left, folder = run_tiny(cell={"name": "leaky", "hidden_size": 6})
    kept = weights(folder)
    assert left.result is not None
    assert left.result.learnt == {"leak": float(kept["cell.leak"]), "raw_gain": float(kept["cell.raw_gain"])}


def test_a_cell_without_any_tells_nothing(run_tiny: RunTiny) -> None:
    left, folder = run_tiny()
    assert left.result is not None
    assert left.result.learnt is None
    assert "learnt" not in (folder / "record.json").read_text()
    assert not [column for column in rows(folder)[0] if column.startswith("learnt")]


def test_the_norm_is_that_of_the_gradient_before_clipping(run_tiny: RunTiny, tiny: Dataset) -> None:
    """One step of plain gradient descent over all data moves the weights by the rate times the gradient."""
    rate, size = 0.1, len(tiny.train)
    train = {"epochs": 1, "batch_size": size, "optimizer": "plain-sgd", "learning_rate": rate, "schedule": "constant"}
    left, folder = run_tiny(cell=FASTGRNN, train={**train, "gradient_clip": None})
    first = build(parse(RunSpec, left.spec, "record"), tiny.info.features, tiny.info.classes).state_dict()
    moved = torch.cat([(value - first[name]).flatten() for name, value in weights(folder).items()]).norm() / rate
    norm = float(rows(folder)[0]["gradient_norm"])
    assert norm == pytest.approx(float(moved), rel=1e-3)
    _, clipped = run_tiny(cell=FASTGRNN, train={**train, "gradient_clip": norm / 7})
    assert float(rows(clipped)[0]["gradient_norm"]) == pytest.approx(norm, rel=1e-5)


@pytest.mark.parametrize("clip", [None, 0.5])
def test_training_has_the_same_bits_whether_anybody_looks_or_not(
    run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch, clip: float | None
) -> None:
    _, watched = run_tiny(cell=FASTGRNN, train={"gradient_clip": clip})
    monkeypatch.setattr(EpochEnd, "_further", lambda self: {})
    monkeypatch.setattr(Training, "note_norms", lambda self, norms: None)
    monkeypatch.setattr(Training, "gradient_norm", lambda self: 0.0)
    _, alone = run_tiny(cell=FASTGRNN, train={"gradient_clip": clip})
    assert all(torch.equal(value, weights(alone)[name]) for name, value in weights(watched).items())
