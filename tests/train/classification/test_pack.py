"""Runs trained together: the numbers of each alone to rounding, each with its own end, and none harmed by another."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from tiny_runs import stand_in

from bench import record, zoo
from bench.data import Dataset
from bench.record import Record
from bench.spec import RunSpec, TrainPart, parse
from bench.status import Status
from bench.train import Interrupted, Job, pack, run, run_pack
from bench.train.classification import session
from bench.train.epochs import EpochEnd
from bench.zoo import all_cells
from cells import registry, scan

pytestmark = pytest.mark.long

CELL = {"name": "gru", "hidden_size": 6}
Changes = list[dict[str, Any]]


def specs(changes: Changes, cell: Any = None, **train: Any) -> list[RunSpec]:
    raw = {"data": "tiny", "cell": cell or CELL}
    usual = {"epochs": 3, "batch_size": 16, **train}
    return [parse(RunSpec, {**raw, "seed": n, "train": {**usual, **each}}, "test") for n, each in enumerate(changes)]


@pytest.fixture
def jobs_of(tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Job]]:
    """Jobs on the tiny set, in fresh folders."""
    stand_in(monkeypatch, tiny)
    count = iter(range(100))

    def make(runs: list[RunSpec], wandb: str = "disabled") -> list[Job]:
        base = tmp_path / str(next(count)) / "runs"
        for each in runs:
            (base / each.id).mkdir(parents=True)
        return [Job(each, base / each.id, "tests", wandb) for each in runs]

    return make


def weights(job: Job) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(job.folder / "model.pt", weights_only=True)["state"]
    return state


def rows(job: Job) -> list[dict[str, float]]:
    with (job.folder / "metrics.csv").open(newline="") as file:
        return [{key: float(row[key]) for key in row if key != "stage"} for row in csv.DictReader(file)]


def same(together: Job, alone: Job, left: Record, right: Record, near: float = 2e-5) -> None:
    """To rounding, in everything that a run leaves; weights to a thousandth or ``near``."""
    assert (left.status, left.reason) == (right.status, right.reason) == (Status.DONE, "")
    for one, other in zip(rows(together), rows(alone), strict=True):
        one.pop("seconds"), other.pop("seconds")
        assert one == pytest.approx(other, rel=1e-4, abs=1e-6)
    for key, value in weights(alone).items():
        torch.testing.assert_close(weights(together)[key], value, rtol=1e-3, atol=near)
    assert left.result is not None
    assert right.result is not None
    assert left.result.model_dump(exclude={"learnt"}) == pytest.approx(
        right.result.model_dump(exclude={"learnt"}), rel=1e-4
    )
    assert (left.result.learnt or {}) == pytest.approx(right.result.learnt or {}, rel=1e-4)
    assert (left.size, left.latency, left.data) == (right.size, right.latency, right.data)


@pytest.mark.parametrize("mode", ["auto", "off"])
@pytest.mark.parametrize("cell", all_cells())
def test_every_cell_is_trained_together_as_alone(
    cell: str, mode: str, jobs_of: Callable[..., list[Job]], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan.use(mode)
    if mode == "auto" and scan.why_not(all_cells()[cell](2, 3)):
        pytest.skip("there is no C++ compiler")
    monkeypatch.setenv("RNNBENCH_KERNELS", mode)
    monkeypatch.setattr(pack, "_one_by_one", None)  # nothing falls back
    runs = specs([{}, {"learning_rate": 0.002}, {"schedule": "step"}], cell={"name": cell, "hidden_size": 6})
    together, alone = jobs_of(runs), jobs_of(runs)
    left = run_pack(together)
    for n, job in enumerate(alone):
        # Of sLSTM's input gates only differences count: else their gradient is rounding, which Adam makes a step.
        same(together[n], job, left[n], run(job), near=5e-3 if cell == "slstm" else 2e-5)
        assert left[n].provenance["pack"] == 3


@pytest.mark.parametrize("optimizer", get_args(TrainPart.model_fields["optimizer"].annotation))
def test_each_has_its_own_rate_schedule_clipping_decay(optimizer: str, jobs_of: Callable[..., list[Job]]) -> None:
    runs = specs(
        [
            {"learning_rate": 0.01, "schedule": "constant", "gradient_clip": 0.05},
            {"learning_rate": 0.003, "schedule": "cosine", "weight_decay": 0.1},
            {"learning_rate": 0.02, "schedule": "step", "gradient_clip": None},
        ],
        optimizer=optimizer,
    )
    together, alone = jobs_of(runs), jobs_of(runs)
    left = run_pack(together)
    for n, job in enumerate(alone):
        same(together[n], job, left[n], run(job))


def test_options_of_a_cell_hold_for_a_pack(jobs_of: Callable[..., list[Job]]) -> None:
    for cell in (
        {"name": "qrnn", "hidden_size": 5, "window": 3, "pooling": "ifo"},
        {"name": "fastgrnn", "hidden_size": 7, "rank": {"U": 2, "W": 1}},
        {"name": "lstm", "hidden_size": 4},
    ):
        # SGD: where a gradient is little but rounding, Adam makes a whole step of it.
        runs = specs([{}, {}], cell=cell, optimizer="sgd")
        together, alone = jobs_of(runs), jobs_of(runs)
        left = run_pack(together)
        for n, job in enumerate(alone):
            same(together[n], job, left[n], run(job))


MINE = """
import torch
from cells import Cell, Weight, register

@register("mine", title="Mine", citation="")
class Mine(Cell):
    states = 2

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W, self.V = Weight(2 * hidden_size, input_size), Weight(hidden_size, hidden_size)
        self.V_z = Weight(hidden_size, hidden_size)

    def project(self, x_TBD):
        return self.W(x_TBD)

    def step(self, pre_BG, state):
        y, z = state
        to_y, to_z = pre_BG.chunk(2, dim=-1)
        z = z + 0.3 * self.tanh(self.V(y, add=to_z) - z)
        return torch.lerp(y, self.tanh(self.V_z(z, add=to_y)), self.sigmoid(to_z)), z
"""
"""Two states, two products in sequence: like no cell here."""


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """A cell file of somebody else's."""
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    yield path
    for module in zoo._loaded.values():
        registry.forget(module)
    zoo._loaded.clear()


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_a_strangers_cell_is_trained_together_as_alone(
    mode: str, mine: Path, jobs_of: Callable[..., list[Job]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one call of its kernel, or without one all at once."""
    monkeypatch.setenv("RNNBENCH_KERNELS", mode)
    monkeypatch.setattr(pack, "_one_by_one", None)
    models: list[int] = []
    last_of_each = scan.last_of_each

    def counted(kernel: Any, made: Any, H: int, x_MTBD: torch.Tensor, lengths_MB: torch.Tensor) -> torch.Tensor:
        models.append(len(x_MTBD))
        return last_of_each(kernel, made, H, x_MTBD, lengths_MB)

    monkeypatch.setattr(scan, "last_of_each", counted)
    runs = specs([{}, {"learning_rate": 0.002}, {}], cell={"file": str(mine), "hidden_size": 6})
    together, alone = jobs_of(runs), jobs_of(runs)
    left = run_pack(together)
    assert set(models) == ({3} if mode == "auto" and scan.lanes() else set())
    for n, job in enumerate(alone):
        same(together[n], job, left[n], run(job))
        assert left[n].provenance["pack"] == 3


def test_runs_whose_kernel_is_given_pre_activations_are_done_one_by_one(
    mine: Path, jobs_of: Callable[..., list[Job]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``project`` is no formula, so that torch computes it: together that takes longer."""
    monkeypatch.setenv("RNNBENCH_KERNELS", "auto")
    mine.write_text(MINE.replace("self.W(x_TBD)", "self.W(x_TBD - x_TBD.mean(dim=-1, keepdim=True))"))
    runs = specs([{}, {"learning_rate": 0.01}], cell={"file": str(mine), "hidden_size": 6})
    together, alone = jobs_of(runs), jobs_of(runs)
    scan.use("auto")
    if not scan.lanes():
        pytest.skip("there is no C++ compiler")
    for n, left in enumerate(run_pack(together)):
        wanted = run(alone[n])
        assert left.result == wanted.result
        assert left.provenance["pack"] == 1
        assert all(torch.equal(one, weights(alone[n])[key]) for key, one in weights(together[n]).items())


def test_one_stops_early_and_the_others_go_on(jobs_of: Callable[..., list[Job]]) -> None:
    # Nothing moves, so that the losses of all epochs are equal to the bit and the first is the best.
    stopping = {"learning_rate": 1e-30, "patience": 2, "schedule": "constant"}
    runs = specs([{}, stopping, {}, stopping], epochs=9)
    together, alone = jobs_of(runs), jobs_of(runs)
    told: list[tuple[int, int]] = []
    left = run_pack(together, lambda number, epoch: told.append((number, epoch)))
    assert left[1].result is not None
    assert left[1].result.epochs < 9
    for n, job in enumerate(alone):
        same(together[n], job, left[n], run(job))
    ends = {number: max(epoch for at, epoch in told if at == number) for number in range(4)}
    assert ends == {n: each.result.epochs for n, each in enumerate(left) if each.result is not None}


def test_one_diverges_alone(jobs_of: Callable[..., list[Job]]) -> None:
    wild = {"learning_rate": 1000, "gradient_clip": None, "schedule": "constant"}
    cell = {"name": "fastrnn", "hidden_size": 6, "activation": "relu"}
    runs = specs([{"learning_rate": 0.001}, wild, {"learning_rate": 0.002}], cell=cell, optimizer="sgd")
    together, alone = jobs_of(runs), jobs_of(runs)
    left, right = run_pack(together), [run(job) for job in alone]
    assert [each.status for each in left] == [Status.DONE, Status.FAILED, Status.DONE]
    assert left[1].reason.partition(" in epoch")[2] == right[1].reason.partition(" in epoch")[2]
    assert record.read(together[1].folder) == left[1].model_copy(update={"folder": together[1].folder})
    for n in (0, 2):
        same(together[n], alone[n], left[n], right[n])


@pytest.mark.parametrize("where", ["open", "epoch", "measure"])
def test_what_one_run_breaks_is_its_own(
    where: str, jobs_of: Callable[..., list[Job]], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = jobs_of(specs([{}, {}, {}]))
    bad = jobs[1].spec.id

    def broken(real: Callable[..., Any], key: Callable[[Any], str]) -> Callable[..., Any]:
        def call(first: Any, *arguments: Any) -> Any:
            if key(first) == bad:
                raise OSError("no space left")
            return real(first, *arguments)

        return call

    if where == "open":
        monkeypatch.setattr(session, "build", broken(session.build, lambda spec: spec.id))
    elif where == "measure":
        measure = session.ClassificationSession.measure
        monkeypatch.setattr(session.ClassificationSession, "measure", broken(measure, lambda run: run.spec.id))
    else:
        end_epoch = EpochEnd.end_epoch
        monkeypatch.setattr(EpochEnd, "end_epoch", broken(end_epoch, lambda end: end.metrics.parent.name))
    left = run_pack(jobs)
    assert [each.status for each in left] == [Status.DONE, Status.FAILED, Status.DONE]
    assert left[1].reason.startswith("OSError: no space left")


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_runs_that_cannot_be_trained_together_are_trained_alone(
    mode: str, jobs_of: Callable[..., list[Job]], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zoneout draws at random, from one stream for the process: neither a kernel nor vmap does that for several."""
    monkeypatch.setenv("RNNBENCH_KERNELS", mode)
    runs = specs([{}, {}], cell={"name": "qrnn", "hidden_size": 6, "zoneout": 0.2})
    together, alone = jobs_of(runs), jobs_of(runs)
    left = run_pack(together)
    assert ("each goes on alone" in caplog.text) == (mode == "off" or not scan.lanes())
    for n, job in enumerate(alone):
        assert left[n].result == run(job).result
        assert len(rows(together[n])) == 3


def test_a_signal_interrupts_all(jobs_of: Callable[..., list[Job]]) -> None:
    jobs = jobs_of(specs([{}, {"patience": 1, "learning_rate": 1e-30}, {}], epochs=50))

    def stop(number: int, epoch: int) -> None:
        if epoch == 20:
            raise Interrupted

    left = run_pack(jobs, stop)
    assert [each.status for each in left] == [Status.INTERRUPTED, Status.DONE, Status.INTERRUPTED]
    assert [record.read(job.folder) for job in jobs] == left


def test_several_wandb_runs_at_once(jobs_of: Callable[..., list[Job]]) -> None:
    jobs = jobs_of(specs([{}, {}], epochs=2), wandb="offline")
    assert all(each.status is Status.DONE for each in run_pack(jobs))
    for job in jobs:
        (log,) = job.folder.glob("wandb/offline-run-*/run-*.wandb")
        text, until = b"", time.monotonic() + 30
        while job.spec.id.encode() not in text and time.monotonic() < until:  # W&B's service writes on after the end
            time.sleep(0.1)
            text = log.read_bytes()
        assert job.spec.id.encode() in text
        assert b"learning_rate" in text or b"validation" in text  # a word may lie across two blocks of the log
