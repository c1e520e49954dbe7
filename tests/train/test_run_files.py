"""What a run leaves: the order in which it is written, and what a reader finds in it."""

import csv
import json
import os
from pathlib import Path

import pytest
import torch
import yaml
from tiny_runs import RunTiny
from torch import nn

from bench import record, track
from bench.record import Record
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Interrupted
from bench.train.epochs import columns
from bench.zoo import cell_class
from cells import Cell, State, Weight, scan
from cells.registry import _REGISTRY

pytestmark = pytest.mark.long


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_done_is_written_last(run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, bool]] = []
    real = record.write

    def spy(folder: Path, each: record.Record) -> None:
        written.append((each.status, (folder / "model.pt").exists()))
        real(folder, each)

    monkeypatch.setattr(record, "write", spy)
    _, folder = run_tiny()
    assert written == [("running", False), ("done", True)]
    left = {path.name for path in folder.iterdir()}
    assert left == {"spec.yaml", "record.json", "latency.json", "metrics.csv", "model.pt", "items.npz"}


def test_the_model_is_on_the_disk_before_the_record_names_it(
    run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut can leave a run that is done, and a model of zeros."""
    done: list[str] = []
    sync, write = os.fsync, record.write

    def fsync(handle: int) -> None:
        done.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        sync(handle)

    def noted(folder: Path, left: Record) -> None:
        done.append(left.status)
        write(folder, left)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(record, "write", noted)
    run_tiny()
    assert ".model.pt.partial" in done[done.index(Status.RUNNING) : done.index(Status.DONE)]


def test_a_stop_while_wandb_closes_does_not_cost_the_record(
    run_tiny: RunTiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise Interrupted

    monkeypatch.setattr(track.NoTracker, "finish", stopped)
    with pytest.raises(Interrupted):
        run_tiny()
    (path,) = tmp_path.rglob("record.json")
    assert record.read(path.parent).status is Status.DONE


def test_the_folder_holds_what_a_reader_asks_later(run_tiny: RunTiny) -> None:
    left, folder = run_tiny(cell={"name": "lstm", "hidden_size": 5})
    spec = parse(RunSpec, yaml.safe_load((folder / "spec.yaml").read_text()), "spec.yaml")
    assert spec.id == left.id == json.loads((folder / "record.json").read_text())["id"]
    assert list(rows(folder)[0]) == list(columns("accuracy"))
    assert left.size is not None
    parameters = 4 * (5 * 2 + 5 * 5 + 5) + 5 * 3 + 3
    assert (left.size.parameters, left.size.kb) == (parameters, parameters * 4 / 1024)
    assert {"python", "cpu", "host", "packages", "git", "threads", "peak_memory_mb"} <= set(left.provenance)
    assert left.provenance["threads"] == torch.get_num_threads() == 1
    assert left.provenance["packages"]["torch"] == torch.__version__
    assert left.times.wall_s is not None
    assert left.times.train_s is not None
    assert 0 < left.times.train_s <= left.times.wall_s


def test_what_scanned_the_sequences_is_recorded_whatever_was_wished_for(
    run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := scan.why_not(cell_class("gru")(2, 6)):
        pytest.skip(why)
    left, _ = run_tiny()
    assert left.provenance["scan"] == f"compiled, {scan.lanes()} lanes"
    monkeypatch.setattr(scan, "_made", lambda cell: "no compiler")  # as where none is installed
    scan.use("auto")  # forgets the kernel of the first run
    left, _ = run_tiny()
    assert (left.provenance["kernels"], left.provenance["scan"]) == ("auto", "step by step")


class _Normed(Cell):
    """A cell that cannot be exported: it normalises its state."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(hidden_size, input_size)
        self.norm = nn.LayerNorm(hidden_size)

    def project(self, x_TBD: torch.Tensor) -> torch.Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: torch.Tensor, state: State) -> State:
        return (self.norm(state[0] + pre_BG),)


def test_a_cell_that_cannot_be_exported_is_trained_and_says_why_it_has_no_latency(
    run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_REGISTRY, "normed", _Normed)
    for key, value in {"name": "normed", "title": "Normed"}.items():
        monkeypatch.setattr(_Normed, key, value, raising=False)
    left, folder = run_tiny(cell={"name": "normed", "hidden_size": 6})
    assert (left.status, left.reason, left.latency) == (Status.DONE, "", ())
    assert left.latency_reason
    assert "\n" not in left.latency_reason
    assert record.read(folder) == left.model_copy(update={"folder": folder})
