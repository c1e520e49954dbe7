"""A run from specification to record: deterministic, honest about its end, nothing chosen on the test set."""

import csv
import math
import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_runs import RunTiny

from bench import record
from bench.data import Dataset
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Interrupted
from bench.train.classification import module, session
from bench.train.classification.module import Batches, ClassificationModule
from bench.train.classification.network import Network, build

pytestmark = pytest.mark.long


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def restored(folder: Path, tiny: Dataset) -> Network:
    saved = torch.load(folder / "model.pt", weights_only=True)
    spec = parse(RunSpec, saved["spec"], "model.pt")
    network = build(spec, tiny.info.features, tiny.info.classes)
    network.load_state_dict(saved["state"])
    return network


def score(network: Network, tiny: Dataset, split: str) -> tuple[float, float]:
    spec = parse(RunSpec, {"data": "tiny", "cell": "rnn"}, "test")
    module = ClassificationModule(network, spec.train, tiny.info.classes, 1)
    for batch in Batches(getattr(tiny, split), 512):
        module._score(split, batch)
    return module.summary(split)


def test_same_specification_same_bits(run_tiny: RunTiny) -> None:
    (a, first), (b, second) = (run_tiny(cell={"name": "qrnn", "hidden_size": 6, "zoneout": 0.2}) for _ in range(2))
    assert a.result == b.result
    one, two = (torch.load(folder / "model.pt", weights_only=True)["state"] for folder in (first, second))
    assert all(torch.equal(one[key], two[key]) for key in one)
    for row, other in zip(rows(first), rows(second), strict=True):
        assert {**row, "seconds": ""} == {**other, "seconds": ""}


@pytest.mark.parametrize("variables", [{}, {"SLURM_NTASKS": "1", "SLURM_JOB_NAME": "sweep", "SLURM_JOB_ID": "7"}])
def test_slurm_around_a_run_changes_nothing(
    run_tiny: RunTiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """Lightning would warn of an `srun` that is there unused, and in a job go on from a checkpoint of its own name."""
    alone, _ = run_tiny()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "srun").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "srun").chmod(0o755)
    (tmp_path / "hpc_ckpt_1.ckpt").write_text("no checkpoint of ours")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    there, _ = run_tiny()
    assert (there.status, there.reason, there.result) == (Status.DONE, "", alone.result)


def test_callbacks_of_other_packages_are_left_out(
    run_tiny: RunTiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lightning adds those that any installed package offers; no record would name them."""
    facts = tmp_path / "offering-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[lightning.pytorch.callbacks_factory]\nthem = offering:them\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert [*entry_points(group="lightning.pytorch.callbacks_factory")]
    left, _ = run_tiny()
    assert (left.status, left.reason) == (Status.DONE, ""), "the module is not even there"


def test_another_seed_is_another_run(run_tiny: RunTiny) -> None:
    (a, _), (b, _) = run_tiny(seed=0), run_tiny(seed=1)
    assert a.result != b.result


def test_it_learns_what_can_be_learnt(run_tiny: RunTiny) -> None:
    left, _ = run_tiny(train={"epochs": 20, "learning_rate": 0.02})
    assert left.data is not None
    assert left.result is not None
    assert left.result.test_accuracy > left.data.majority + 0.3


def test_the_record_is_of_the_best_epoch_on_validation(run_tiny: RunTiny, tiny: Dataset) -> None:
    left, folder = run_tiny(train={"epochs": 25, "learning_rate": 0.1, "schedule": "constant"})
    assert left.status is Status.DONE, left.reason
    assert left.result is not None
    history = [(float(row["validation_accuracy"]), -float(row["validation_loss"])) for row in rows(folder)]
    assert left.result.best_epoch == 1 + history.index(max(history))
    assert left.result.best_epoch < left.result.epochs, "the case must have a best epoch before the last"
    network = restored(folder, tiny)
    loss, accuracy = score(network, tiny, "validation")
    assert (accuracy, loss) == pytest.approx((left.result.validation_accuracy, left.result.validation_loss))
    loss, accuracy = score(network, tiny, "test")
    assert (accuracy, loss) == pytest.approx((left.result.test_accuracy, left.result.test_loss))


def test_the_test_set_is_read_once_and_last(run_tiny: RunTiny, tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    names = {id(tiny.train): "train", id(tiny.validation): "validation", id(tiny.test): "test"}
    real = Batches.__iter__

    def spy(self: Batches) -> Iterator[object]:
        read.append(names[id(self.split)])  # a generator: not before somebody asks for the first batch
        yield from real(self)

    monkeypatch.setattr(Batches, "__iter__", spy)
    run_tiny(train={"epochs": 3})
    assert read == ["train", "validation"] * 3 + ["test"]


def test_training_stops_when_the_best_epoch_is_long_ago(run_tiny: RunTiny) -> None:
    left, folder = run_tiny(train={"epochs": 50, "learning_rate": 1e-9, "patience": 2, "schedule": "constant"})
    assert left.result is not None
    assert left.result.epochs == left.result.best_epoch + 2 < 50
    assert len(rows(folder)) == left.result.epochs


@pytest.mark.parametrize("clip", [None, 1.0])
def test_a_rate_that_is_far_too_high_ends_as_failed_with_the_reason(run_tiny: RunTiny, clip: float | None) -> None:
    train = {"learning_rate": 1000, "optimizer": "sgd", "gradient_clip": clip, "schedule": "constant"}
    left, folder = run_tiny(cell={"name": "fastrnn", "hidden_size": 6, "activation": "relu"}, train=train)
    assert left.status is Status.FAILED
    assert "try a train.learning_rate below 1000" in left.reason
    assert left.result is None
    assert not (folder / "model.pt").exists()
    assert record.read(folder) == left.model_copy(update={"folder": folder})


def test_what_a_run_is_told_reaches_its_training(
    run_tiny: RunTiny, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Schedule over all epochs, a new order for each, clipping, and the facts of the right splits."""
    orders: list[list[int]] = []
    clipped: list[float] = []
    real, clip = Batches.__iter__, module.clip_gradients

    def spy(self: Batches) -> Iterator[Any]:
        batches = list(real(self))
        if self.split is tiny.train:
            orders.append([int(y) for batch in batches for y in batch[2]])
        yield from batches

    def noted(parameters: Any, norm: float) -> torch.Tensor:
        clipped.append(norm)
        return clip(parameters, norm)

    monkeypatch.setattr(Batches, "__iter__", spy)
    monkeypatch.setattr(module, "clip_gradients", noted)
    epochs, rate = 4, 0.01
    left, folder = run_tiny(train={"epochs": epochs, "learning_rate": rate, "gradient_clip": 0.25})
    got = [float(row["learning_rate"]) for row in rows(folder)]
    assert got == pytest.approx(
        [rate * 0.5 * (1 + math.cos(math.pi * e / epochs)) for e in range(1, epochs + 1)], abs=1e-8
    )
    assert len({tuple(order) for order in orders}) == epochs
    assert clipped == [0.25] * (epochs * math.ceil(60 / 16))
    assert left.data is not None
    assert (left.data.train, left.data.validation, left.data.test) == (60, 30, 33)
    uno = left.latency[0]
    head = uno.cycles - tiny.info.steps * uno.cycles_per_step
    assert 0 < head < uno.cycles_per_step
    assert torch.are_deterministic_algorithms_enabled()


def test_weights_that_became_nan_in_the_last_step_are_a_failed_run(run_tiny: RunTiny, tiny: Dataset) -> None:
    """The training loss is read before the step, so only validation can tell."""
    train = {"epochs": 1, "batch_size": 60, "learning_rate": 1000, "optimizer": "sgd", "gradient_clip": None}
    left, _ = run_tiny(cell={"name": "fastrnn", "hidden_size": 6, "activation": "relu"}, train=train)
    assert left.status is Status.FAILED
    assert "mean validation loss of epoch 1" in left.reason


def test_nan_in_the_loss_is_named(run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Network.forward
    calls = iter(range(1000))

    def poisoned(self: Network, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return real(self, x, lengths) * (float("nan") if next(calls) == 2 else 1.0)

    monkeypatch.setattr(Network, "forward", poisoned)
    left, _ = run_tiny()
    assert left.status is Status.FAILED
    assert left.reason.startswith("loss became nan in epoch 1, batch 3")


def test_an_interrupt_is_recorded_and_the_figures_so_far_are_kept(run_tiny: RunTiny) -> None:
    def stop(epoch: int) -> None:
        if epoch == 2:
            raise Interrupted

    left, folder = run_tiny(stop, train={"epochs": 9})
    assert left.status is Status.INTERRUPTED
    assert left.result is None
    assert len(rows(folder)) == 2
    assert record.read(folder).status is Status.INTERRUPTED


def test_a_defect_of_a_cell_is_a_failed_run_with_its_error(run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a cell's own bug\nwith a second line")

    monkeypatch.setattr(session, "build", broken)
    left, _ = run_tiny()
    assert (left.status, left.reason) == (Status.FAILED, "ZeroDivisionError: a cell's own bug")
