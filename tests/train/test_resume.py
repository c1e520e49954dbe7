"""What Lightning offers holds for the loop in chunks: checkpoints, early stopping; and a killed run goes on."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import tiny_texts
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from tiny_runs import stand_in

from bench import record
from bench.data import Dataset
from bench.record import Record
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Interrupted, Job, resume, run, settings, sources
from bench.train import trainer as training
from bench.train.chunks import Chunks
from bench.train.classification.module import Batches, ClassificationModule
from bench.train.classification.network import build
from bench.train.classification.session import ClassificationSession
from bench.train.trainer import trainer as _trainer

pytestmark = pytest.mark.long

NOISY = {"name": "qrnn", "hidden_size": 6, "zoneout": 0.3}
"""Draws at random at every step: what a checkpoint must go on with, too."""


def spec(compress: dict[str, Any] | None = None, **train: Any) -> RunSpec:
    raw = {"data": "tiny", "cell": NOISY, "train": {"epochs": 6, "batch_size": 16, **train}}
    raw["compress"] = compress or {}
    made = parse(RunSpec, raw, "test")
    return made


def fitted(tiny: Dataset, ckpt: Path | None, *callbacks: pl.Callback, **train: Any) -> ClassificationModule:
    """Trained with Lightning's own means alone."""
    part = spec(**train)
    network = build(part, tiny.info.features, tiny.info.classes)
    module = ClassificationModule(network, part.train, tiny.info.classes, steps=24)
    torch.manual_seed(4)
    batches = Batches(tiny.train, 16, seed=1)
    module.order, chunks = batches.generator, Chunks(batches, 3)
    trainer = _trainer(max_epochs=6, callbacks=[_Read(), *callbacks])
    trainer.fit(module, chunks, Batches(tiny.validation, 60), ckpt_path=ckpt, weights_only=True)
    return module


class _Read(pl.Callback):
    """Reads the figures of an epoch, as the harness's own callback does."""

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, ClassificationModule)
        pl_module.summary("train"), pl_module.summary("validation")


class _Stop(pl.Callback):
    """Ends a training after an epoch."""

    def __init__(self, after: int) -> None:
        self.after = after

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        trainer.should_stop = trainer.current_epoch + 1 >= self.after


@pytest.mark.filterwarnings("ignore:.*callbacks used to create the checkpoint.*:UserWarning")
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("after", [1, 4])
def test_lightnings_checkpoint_goes_on_with_equal_bits(
    optimizer: str, after: int, tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = training._Trainer

    def trainer(**options: Any) -> pl.Trainer:
        keeps = any(isinstance(each, ModelCheckpoint) for each in options["callbacks"])
        return real(**{**options, "enable_checkpointing": keeps})

    monkeypatch.setattr(training, "_Trainer", trainer)
    straight = fitted(tiny, None, optimizer=optimizer)
    kept = ModelCheckpoint(dirpath=tmp_path, save_on_train_epoch_end=True, save_last=True, save_top_k=-1)
    fitted(tiny, None, kept, _Stop(after), optimizer=optimizer)
    gone_on = fitted(tiny, tmp_path / "last.ckpt", optimizer=optimizer)
    for name, value in straight.state_dict().items():
        assert torch.equal(gone_on.state_dict()[name], value), name


Go = Callable[..., tuple[Record, Path]]


@pytest.fixture
def go(tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """A run that keeps every epoch, in a named folder; of a classifier, or of a language model."""
    text = tiny_texts.tiny_text()
    stand_in(monkeypatch, tiny, text)
    monkeypatch.setattr(resume, "_EVERY_S", 0.0)
    monkeypatch.setattr(settings, "_current", settings.current())  # put back after a run that has others

    def start(name: str, stop: int | None = None, modelling: bool = False, **changes: Any) -> tuple[Record, Path]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)

        def listen(epoch: int) -> None:
            if epoch == stop:
                raise Interrupted

        asked = tiny_texts.spec(**changes) if modelling else spec(**changes)
        return run(Job(asked, folder, "tests", "disabled"), listen), folder

    return start


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


AWD = {"dropout_input": 0.3, "weight_drop": 0.3, "variable_bptt": True}
SHORT = {"epochs": 6, "batch_size": 8, "optimizer": "plain-sgd", "learning_rate": 2.0}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"patience": 2, "learning_rate": 1e-9, "schedule": "constant", "epochs": 30},
        {"compress": {"keep": {"W": 0.4}, "threshold_every": 2, "stage_epochs": [1, 2, 3]}},
        {"compress": {"keep": {"W": 0.4}, "quantise": "table", "stage_epochs": [1, 1, 1, 3]}},
        {"modelling": True, "train": {"epochs": 5, "batch_size": 8}, "cell": {"name": "lstm", "hidden_size": 6}},
        {"modelling": True, "train": SHORT, "awd": {**AWD, "nt_asgd": 1}},
        {"modelling": True, "train": {**SHORT, "epochs": 2}, "awd": {**AWD, "finetune": 4}},
    ],
)
def test_a_run_that_was_stopped_goes_on_where_it_was(changes: dict[str, Any], go: Go) -> None:
    whole, there = go("whole", **changes)
    left, folder = go("parts", stop=3, **changes)
    assert left.status is Status.INTERRUPTED
    assert (folder / resume.FILE).exists()
    done, _ = go("parts", **changes)
    assert done.result == whole.result
    assert done.provenance["continued_after_epoch"] == 2
    assert rows(folder) == rows(there)
    one, other = (torch.load(each / "model.pt", weights_only=True)["state"] for each in (there, folder))
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert not (folder / resume.FILE).exists()
    assert "continued_after_epoch" not in whole.provenance


@pytest.mark.parametrize("quantise", [None, "table"])
def test_a_run_that_was_stopped_after_its_last_epoch_ends_as_it_would_have(
    quantise: str | None, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No epoch begins any more, and with it no stage: an int8 model was measured with weights that were not rounded."""
    changes = {"compress": {"keep": {"W": 0.4}, "quantise": quantise}}
    whole, there = go("whole", **changes)

    def stopped(self: object) -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(ClassificationSession, "measure", stopped)
        go("parts", **changes)
    done, folder = go("parts", **changes)
    assert done.provenance["continued_after_epoch"] == whole.result.epochs  # type: ignore[union-attr]
    assert (done.result, done.size) == (whole.result, whole.size)
    one, other = (torch.load(each / "model.pt", weights_only=True)["state"] for each in (there, folder))
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_how_often_a_checkpoint_is_kept_can_be_chosen(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNNBENCH_CHECKPOINT_S", "3600")
    _, folder = go("rare", stop=3)
    assert not (folder / resume.FILE).exists()
    monkeypatch.setenv("RNNBENCH_CHECKPOINT_S", "often")
    left, _ = go("rare")
    assert (left.status, "whole number above 0, not 'often'" in left.reason) == (Status.FAILED, True)


@pytest.mark.parametrize("change", ["damaged", "cut short", "other sources", "other settings"])
def test_what_is_not_the_same_run_starts_again(change: str, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    _, folder = go("parts", stop=3)
    path = folder / resume.FILE
    if change == "damaged":
        path.write_bytes(b"not a checkpoint")
    elif change == "cut short":
        path.write_bytes(path.read_bytes()[:1000])
    elif change == "other settings":
        monkeypatch.setenv("RNNBENCH_FUSED_OPTIMIZER", "off")
    else:
        monkeypatch.setattr(sources, "digest", lambda cell: "other")
    done, _ = go("parts")
    assert done.status is Status.DONE
    assert "continued_after_epoch" not in done.provenance
    assert len(rows(folder)) == 6
    assert record.read(folder) == done
