"""Models to predict: of a run that is trained, or is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from commands import Command
from torch import Tensor

from bench import mcu
from bench.deploy.model import load, untrained
from bench.errors import RnnbenchError
from bench.spec import RunSpec, parse
from bench.train.classification.network import build
from cells import Cell, State, Weight
from cells.registry import _REGISTRY

SPARSE: dict[str, Any] = {"keep": {"W": 0.25, "U": 0.25}}


def spec(**changes: Any) -> RunSpec:
    return parse(RunSpec, {"data": "watch7", "cell": {"name": "fastgrnn", "hidden_size": 40}, **changes}, "test")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run with a small GRU, at its initial weights."""
    folder, small = tmp_path / "runs" / "gru", spec(cell={"name": "gru", "hidden_size": 4})
    folder.mkdir(parents=True)
    state = build(small, 6, 7).state_dict()
    torch.save({"spec": small.model_dump(mode="json"), "state": state}, folder / "model.pt")
    return folder


@pytest.mark.parametrize("board", ["uno", "mkr1000", "due", "nano33ble"])
def test_a_sparse_model_is_as_sparse_before_it_is_trained(board: str) -> None:
    dense, sparse = (
        mcu.predict(untrained(spec(compress=each)).program, mcu.board(board), steps=16) for each in ({}, SPARSE)
    )
    assert dense.products == 40 * (40 + 6)
    assert sparse.cycles_per_step <= dense.cycles_per_step  # where zeros are not slower to skip than to multiply by
    assert sparse.flash_bytes <= dense.flash_bytes
    if board == "uno":  # a weight that rounds to 0 takes no product either
        assert 0.9 * 0.25 * 40 * (40 + 6) <= sparse.products <= 0.25 * 40 * (40 + 6)


def test_sequences_are_cut_in_number_and_length_and_equal_in_both_formats() -> None:
    model = untrained(spec())
    real, whole = model.sequences("float32", 3, 5), model.sequences("int8", 3, 5)
    assert [x.shape for x in real] == [x.shape for x in whole] == [(5, 6)] * 3
    assert len(model.sequences("float32", 20, 5)) == 8
    scale = 2.0 ** -model.program.buffers[0].fraction
    for floats, integers in zip(real, whole, strict=True):
        assert abs(floats - integers * scale).max() <= scale / 2 * 1.001


class _Normed(Cell):
    """A cell that is no formula: a mean over the state."""

    name, title, citation = "normed", "Normed", ""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(hidden_size, input_size)

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (self.tanh(pre_BG + torch.layer_norm(state[0], state[0].shape[1:])),)


def test_a_cell_without_latency_stops_no_other(
    rnnbench: Command, run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(_REGISTRY, "normed", _Normed)
    normed = spec(cell={"name": "normed", "hidden_size": 4})
    folder = run.parent / "normed"
    folder.mkdir()
    saved = {"spec": normed.model_dump(mode="json"), "state": build(normed, 6, 7).state_dict()}
    torch.save(saved, folder / "model.pt")
    said = rnnbench("latency", run.parents[1], "--json")
    assert said.code == 0
    assert {row["cell"] for row in json.loads(said.out)} == {"gru"}
    assert re.search(r"left out: normed: cell 'normed' is no formula: .*layer_norm", said.err)
    (run / "model.pt").write_bytes(b"")
    alone = rnnbench("latency", folder)
    assert (alone.code, alone.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda saved: {**saved, "spec": {**saved["spec"], "data": "ptb"}}, "another version of cell 'gru'"),
        (lambda saved: {**saved, "state": {}}, "another version of cell 'gru'"),
        (lambda saved: {"state": saved["state"]}, "is damaged .*; delete the run's folder and run its grid again"),
        (lambda saved: {**saved, "spec": {"data": "watch7"}}, "is damaged"),
        (lambda saved: {**saved, "state": 7}, "is damaged"),
        (lambda saved: {**saved, "state": {"cell.b": 7}}, "is damaged"),
        (
            lambda saved: {
                "spec": {**saved["spec"], "compress": {"quantise": "table"}},
                "state": {name: weight * float("nan") for name, weight in saved["state"].items()},
            },
            r"model\.pt has a weight that is not finite; delete the run's folder and run its grid again",
        ),
    ],
)
def test_what_is_no_model(run: Path, spoil: Any, says: str) -> None:
    saved = torch.load(run / "model.pt", weights_only=True)
    torch.save(spoil(saved), run / "model.pt")
    with pytest.raises(RnnbenchError, match=says):
        load(run)
