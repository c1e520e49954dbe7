"""Training in stages: what is promised of the model that is kept."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_runs import RunTiny
from torch import nn

from bench.data import Dataset
from bench.deploy import model as models
from bench.errors import RnnbenchError
from bench.spec import CellPart, CompressPart, RunSpec
from bench.status import Status
from bench.train.cell import build_cell
from bench.train.classification.network import build
from bench.train.stages import Compression
from bench.train.task import tasks
from cells import Cell, Weight

pytestmark = pytest.mark.long

LSQ: dict[str, Any] = {"keep": {"W": 0.5, "U": 0.25}, "threshold_every": 3, "quantise": "piecewise"}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def network_of(folder: Path) -> Any:
    saved = torch.load(folder / "model.pt", weights_only=True)
    network = build(RunSpec.model_validate(saved["spec"]), features=2, classes=3)
    network.load_state_dict(saved["state"])
    return network


@pytest.mark.parametrize("cell", ["fastgrnn", "gru", "lstm", "qrnn", "ugrnn", "fastrnn", "rnn"])
@pytest.mark.parametrize("rank", [{}, {"U": 2}])
def test_the_model_that_is_kept_has_the_promised_nonzeros(run_tiny: RunTiny, cell: str, rank: dict[str, int]) -> None:
    if cell == "qrnn" and rank:
        rank = {"W": 2}
    keep = {"W": 0.4} if cell == "qrnn" else {"W": 0.4, "U": 0.25}
    done, folder = run_tiny(
        cell={"name": cell, "hidden_size": 6, "rank": rank}, train={"epochs": 6}, compress={"keep": keep}
    )
    assert done.status is Status.DONE, done.reason
    for name, weight in network_of(folder).cell.weights().items():
        for factor in weight.factors():
            assert int(torch.count_nonzero(factor)) == math.ceil(round(keep[name] * factor.numel(), 6))
    assert done.result is not None
    assert done.result.best_epoch >= 5
    assert [row["stage"] for row in rows(folder)] == ["dense"] * 2 + ["thresholding"] * 2 + ["fixed support"] * 2


def test_the_stages_of_a_quantised_run_and_its_record(run_tiny: RunTiny) -> None:
    done, folder = run_tiny(train={"epochs": 8}, compress=LSQ)
    assert done.status is Status.DONE, done.reason
    assert done.result is not None
    assert done.size is not None
    stages = [row["stage"] for row in rows(folder)]
    assert stages == [name for name in ("dense", "thresholding", "fixed support", "quantised") for _ in range(2)]
    assert done.result.best_epoch in (7, 8)
    assert done.result.integer_accuracy is not None
    assert [(each.board, each.format) for each in done.latency] == [
        (board, "int8") for board in ("uno", "mkr1000", "due", "nano33ble")
    ]
    # A byte a number, and one for its place where less than half of a matrix is there: W, U, biases, classifier.
    assert done.size.kb == (18 * 2 + 2 * 27 + 18 + 18 + 3) / 1024


def test_the_accuracy_of_record_is_the_integer_programs(
    run_tiny: RunTiny, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, folder = run_tiny(train={"epochs": 8}, compress=LSQ)
    monkeypatch.setattr(models, "task_of", lambda spec: tasks()["classification"])
    monkeypatch.setattr(models, "describe", lambda name, options: tiny.info)
    model = models.load(folder)
    assert done.result is not None
    assert model.measured() == (done.result.test_accuracy, done.result.integer_accuracy)
    functions = {type(kernel).__name__ for kernel in model.program.kernels}
    assert "Table" not in functions, "piecewise gates need no table"


def test_weights_that_training_rounded_lose_nothing_in_the_program(
    run_tiny: RunTiny, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = run_tiny(train={"epochs": 8}, compress={**LSQ, "quantise": "table"})
    monkeypatch.setattr(models, "task_of", lambda spec: tasks()["classification"])
    monkeypatch.setattr(models, "describe", lambda name, options: tiny.info)
    model = models.load(folder)
    wanted = {tuple(each.matrix().shape): each.matrix() for each in model.network.cell.weights().values()}
    for kernel in model.program.step:
        if type(kernel).__name__ == "MatVec":
            real = wanted[kernel.weight.shape]  # type: ignore[union-attr]
            scale = (real[real != 0] / torch.from_numpy(kernel.weight)[real != 0]).detach()  # type: ignore[union-attr]
            assert torch.equal(scale, scale[:1].expand_as(scale))


def test_patience_waits_for_the_last_stage(run_tiny: RunTiny) -> None:
    done, folder = run_tiny(
        train={"epochs": 12, "patience": 1, "learning_rate": 1e-12, "schedule": "constant"},
        compress={"keep": {"U": 1.0}},
    )
    assert done.result is not None
    assert done.result.epochs == 10, "epoch 9 opens the last stage, and 10 is no better"
    assert rows(folder)[-1]["stage"] == "fixed support"


def test_stage_epochs_are_kept_to(run_tiny: RunTiny) -> None:
    _, folder = run_tiny(train={"epochs": 6}, compress={"keep": {"U": 0.5}, "stage_epochs": [1, 3, 2]})
    assert [row["stage"][0] for row in rows(folder)] == list("dtttff")


def test_the_history_tells_of_stages_and_of_what_is_not_zero(run_tiny: RunTiny) -> None:
    """Two epochs of each stage: at first nothing is zero, then a quarter of 8 x 8 entries stays."""
    cell = {"name": "rnn", "hidden_size": 8}
    done, folder = run_tiny(cell=cell, train={"epochs": 6}, compress={"keep": {"U": 0.25}})
    assert done.status is Status.DONE
    assert [float(row["stage/number"]) for row in rows(folder)] == [1, 1, 2, 2, 3, 3]
    assert [float(row["stage/nonzero"]) for row in rows(folder)] == [1, 1, 0.25, 0.25, 0.25, 0.25]


def test_a_run_of_one_stage_has_nothing_to_tell_of_stages(run_tiny: RunTiny) -> None:
    _, folder = run_tiny(train={"epochs": 2})
    assert not [name for name in rows(folder)[0] if name.startswith("stage/")]


def test_the_support_is_chosen_every_third_batch_and_held_between(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = RunSpec.model_validate({"data": "tiny", "cell": {"name": "rnn", "hidden_size": 5}, "train": {"epochs": 3}})
    network = build(spec, features=2, classes=3)
    callback = Compression(network, [network.cell], CompressPart(keep={"U": 0.3}, threshold_every=3), epochs=3)
    done: list[str] = []
    (sparsity,) = callback.sparsity
    monkeypatch.setattr(sparsity, "threshold", lambda: done.append("choose"))
    monkeypatch.setattr(sparsity, "hold", lambda: done.append("hold"))
    callback.after_step()
    assert done == [], "dense"
    callback.enter("thresholding", 1)
    for _ in range(7):
        callback.after_step()
    assert done == ["choose", "hold", "hold", "choose", "hold", "hold", "choose"]
    done.clear()
    callback.enter("fixed support", 2)
    for _ in range(4):
        callback.after_step()
    assert done == ["hold"] * 4


def test_a_checkpoint_holds_the_support() -> None:
    spec = RunSpec.model_validate({"data": "tiny", "cell": {"name": "rnn", "hidden_size": 5}, "train": {"epochs": 3}})
    part = CompressPart(keep={"U": 0.3}, threshold_every=3)
    networks = [build(spec, features=2, classes=3) for _ in range(2)]
    first, second = (Compression(each, [each.cell], part, epochs=3) for each in networks)
    first.enter("thresholding", 1)
    first.after_step()
    second.load_state_dict(first.state_dict())
    second.enter("fixed support", 2)
    second.after_step()
    live = [each.cell.weights()["U"].factors()[0] != 0 for each in networks]
    assert torch.equal(*live)


def test_a_run_that_diverges_fails_before_it_is_quantised(run_tiny: RunTiny) -> None:
    done, _ = run_tiny(
        train={"epochs": 8, "learning_rate": 900, "gradient_clip": None, "optimizer": "sgd"}, compress=LSQ
    )
    assert done.status is Status.FAILED
    assert "learning_rate" in done.reason


def test_a_kept_fraction_of_no_matrix_is_named(run_tiny: RunTiny) -> None:
    done, _ = run_tiny(compress={"keep": {"V": 0.5}})
    assert done.status is Status.FAILED
    assert "no matrix 'V'; it has W, U" in done.reason


def test_an_untrained_model_is_not_quantised(run_tiny: RunTiny) -> None:
    done, folder = run_tiny(
        train={"epochs": 4, "learning_rate": 1e-12}, compress={"quantise": "table"}, cell={"name": "fastrnn"}
    )
    assert done.status is Status.FAILED
    assert done.reason.startswith("nothing to quantise: after epoch 3")
    assert not (folder / "model.pt").exists()


class _Bare(Cell):
    """A cell whose recurrent matrix is not a Weight."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(hidden_size, input_size)
        self.R = nn.Parameter(torch.zeros(hidden_size, hidden_size))


def test_a_matrix_that_cannot_be_rounded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CellPart, "cell_class", property(lambda _: _Bare))
    with pytest.raises(RnnbenchError, match="its matrix 'R' is no Weight"):
        build_cell(CellPart(name="gru", hidden_size=4, options={}), 3, CompressPart(quantise="table"))
