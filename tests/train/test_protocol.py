"""Which epoch is kept, on what is trained, and what a sealed run does not open."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_runs import RunTiny, stand_in

from bench import record
from bench.data import Dataset
from bench.data.resplit import joined
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job, run, run_pack
from bench.train.classification.module import Batches
from bench.train.classification.session import f1

ROUGH = {"epochs": 12, "learning_rate": 0.1, "schedule": "constant"}
"""A rate at which epochs differ, so that the best is not the last."""


def column(folder: Path, name: str) -> list[float]:
    with (folder / "metrics.csv").open(newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(folder / "model.pt", weights_only=True)["state"]
    return state


def test_the_last_epoch_is_kept_where_it_is_asked_for(run_tiny: RunTiny) -> None:
    """It is that of a run which ends there; the best is another one."""
    (best, _), (last, folder) = (run_tiny(train={**ROUGH, "select": select}) for select in ("best", "last"))
    assert best.result is not None
    assert last.result is not None
    assert best.result.best_epoch < 12 == last.result.best_epoch
    assert last.result.validation_accuracy == pytest.approx(column(folder, "validation_accuracy")[-1], rel=1e-5)


def test_a_stop_leaves_the_weights_that_the_longer_run_had_there(run_tiny: RunTiny) -> None:
    """The schedule goes on as if nothing stopped: the same weights as those of the run that goes to its end."""
    train = {"epochs": 6, "schedule": "cosine", "select": "last"}
    stopped, short = run_tiny(train={**train, "stop_after": 4})
    _, long = run_tiny(train={**train, "select": "best"})
    assert stopped.result is not None
    assert (stopped.result.epochs, stopped.result.best_epoch) == (4, 4)
    assert column(short, "train_loss") == column(long, "train_loss")[:4]
    assert column(short, "learning_rate") == column(long, "learning_rate")[:4]


def test_what_selection_on_the_test_set_gives_is_the_best_of_its_epochs_and_said_so(run_tiny: RunTiny) -> None:
    left, folder = run_tiny(train={**ROUGH, "select": "test-epoch"})
    assert left.result is not None
    assert left.result.test_accuracy == pytest.approx(max(column(folder, "test_accuracy")), rel=1e-5)
    assert left.result.validation_accuracy is None


def spied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes how many sequences every split has that is read."""
    read: list[int] = []
    real = Batches.__iter__

    def spy(self: Batches) -> Iterator[object]:
        read.append(len(self.split))
        yield from real(self)

    monkeypatch.setattr(Batches, "__iter__", spy)
    return read


def test_all_data_are_trained_on_and_judge_nothing(
    run_tiny: RunTiny, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, joined(tiny))
    read = spied(monkeypatch)
    left, folder = run_tiny(train={"epochs": 3, "select": "last"}, split={"train_on": "train+validation"})
    assert (left.status, left.reason) == (Status.DONE, "")
    assert left.result is not None
    assert (left.result.validation_accuracy, left.result.validation_loss) == (None, None)
    assert left.result.test_accuracy is not None
    assert read == [90, 90, 90, 33]  # 60 and 30 train; 33 test
    with (folder / "metrics.csv").open(newline="") as file:
        assert {row["validation_accuracy"] for row in csv.DictReader(file)} == {""}


def test_a_sealed_run_does_not_read_the_test_set(run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch) -> None:
    read = spied(monkeypatch)
    left, folder = run_tiny(sealed=True, compress={"quantise": "piecewise"}, train={"epochs": 4})
    assert left.status is Status.DONE, left.reason
    assert 33 not in read
    assert left.result is not None
    assert (left.result.test_accuracy, left.result.integer_accuracy, left.result.test_loss) == (None, None, None)
    assert record.items.read(folder) is None


def test_f1_by_hand() -> None:
    """Two of three found, one false alarm: precision and recall are both 2/3."""
    y = torch.tensor([1, 1, 1, 0, 0, 0])
    assert f1(torch.tensor([1, 1, 0, 1, 0, 0]), y) == pytest.approx(2 / 3)
    assert f1(torch.tensor([1, 0, 0, 0, 0, 0]), y) == pytest.approx(0.5)  # 1 and 1/3: 2 / (1 + 3)
    assert f1(torch.zeros(6), y) == 0
    assert f1(torch.zeros(2), torch.zeros(2)) == 0


def test_a_data_set_that_reports_f1_has_it_of_the_answers_of_its_accuracy(
    run_tiny: RunTiny, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, replace(tiny, info=replace(tiny.info, metric="f1")))
    left, folder = run_tiny(compress={"quantise": "piecewise"}, train={"epochs": 4})
    items = record.items.read(folder)
    assert items is not None
    assert left.result is not None
    assert left.data is not None
    assert (left.data.metric, left.data.reported) == ("accuracy", "f1")
    right = int((items.correct & (tiny.test.y.numpy() == 1)).sum())
    wrong = int((~items.correct).sum())  # every wrong answer is a miss, a false alarm, or neither, of class 1
    assert left.result.test_f1 is not None
    assert 2 * right / (2 * right + wrong) - 1e-9 <= left.result.test_f1 <= 2 * right / (right + 11) + 1e-9


def test_the_answers_beside_a_record_are_those_of_its_accuracy(run_tiny: RunTiny, tiny: Dataset) -> None:
    left, folder = run_tiny(compress={"quantise": "piecewise"}, train={"epochs": 8})
    items = record.items.read(folder)
    assert items is not None
    assert left.result is not None
    assert items.correct.mean() == pytest.approx(left.result.integer_accuracy)
    assert items.group.tolist() == tiny.test.group.tolist()


@pytest.mark.parametrize(
    ("train", "more"),
    [
        ({"select": "last", "stop_after": 2}, {}),
        ({"select": "last"}, {"split": {"train_on": "train+validation"}}),
        ({"select": "test-epoch"}, {}),
        ({}, {"sealed": True}),
    ],
)
def test_a_pack_goes_by_the_same_protocol(
    train: dict[str, Any], more: dict[str, Any], tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, joined(tiny) if "split" in more else tiny)
    raw = {"data": "tiny", "cell": {"name": "gru", "hidden_size": 6}, "train": {"epochs": 3, **train}, **more}
    jobs = []
    for where in ("alone", "packed"):
        for seed in (0, 1):
            spec = parse(RunSpec, {**raw, "seed": seed}, "test")
            (folder := tmp_path / where / "runs" / spec.id).mkdir(parents=True)
            jobs.append(Job(spec, folder, "tests", "disabled"))
    alone, packed = [run(job) for job in jobs[:2]], run_pack(jobs[2:])
    for one, other in zip(alone, packed, strict=True):
        assert one.result is not None
        assert other.result is not None
        assert other.provenance["pack"] == 2
        assert one.result.model_dump().keys() == other.result.model_dump().keys()
        assert (one.result.best_epoch, one.result.epochs) == (other.result.best_epoch, other.result.epochs)
    for single, together in zip(jobs[:2], jobs[2:], strict=True):
        for name, value in weights(single.folder).items():
            torch.testing.assert_close(weights(together.folder)[name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"split": {"train_on": "train+validation"}}, "leaves nothing to choose on: set train.select to last"),
        (
            {"split": {"train_on": "train+validation"}, "train": {"select": "last", "patience": 3}},
            "leaves nothing to stop by",
        ),
        ({"split": {"fold": 4}}, "fold 4 is none of 4"),
        ({"train": {"epochs": 8, "stop_after": 4}, "compress": {"quantise": "piecewise"}}, "must be above 6"),
    ],
)
def test_a_protocol_that_contradicts_itself_is_one_line(more: dict[str, Any], says: str) -> None:
    with pytest.raises(Exception, match=says):
        parse(RunSpec, {"data": "tiny", "cell": "gru", **more}, "test")


def test_a_text_has_no_folds(tmp_path: Path) -> None:
    from bench.data import describe
    from bench.train.task import tasks

    info = replace(describe("watch7", {}), task="language-modelling")
    spec = parse(RunSpec, {"data": "ptb", "cell": "gru", "split": {"fold": 1}}, "test")
    with pytest.raises(Exception, match=r"leave split and train\.select: test-epoch out"):
        tasks()["language-modelling"].cells(spec, info)
