"""The same code on CUDA: the numbers of the CPU to rounding, alone and together."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_runs import stand_in

from bench.data import Dataset
from bench.record import Record
from bench.spec import RunSpec, parse
from bench.status import Status
from bench.train import Job, run, run_pack, settings

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_current", settings.current())


def specs(cell: str, count: int) -> list[RunSpec]:
    raw = {"data": "tiny", "cell": {"name": cell, "hidden_size": 6}, "train": {"epochs": 3}}
    return [parse(RunSpec, {**raw, "seed": seed}, "test") for seed in range(count)]


@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
@pytest.mark.parametrize("cell", ["fastgrnn", "gru", "qrnn"])
def test_a_run_is_the_cpus_to_rounding_and_says_where_it_was(
    cell: str, together: bool, tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tiny)

    def left(device: str) -> list[Record]:
        monkeypatch.setenv("RNNBENCH_DEVICE", device)
        jobs = [Job(each, tmp_path / device / each.id, "tests", "disabled") for each in specs(cell, 2)]
        for job in jobs:
            job.folder.mkdir(parents=True)
        return run_pack(jobs) if together else [run(job) for job in jobs]

    for ours, wanted in zip(left("auto"), left("cpu"), strict=True):
        assert (ours.status, ours.reason) == (Status.DONE, "")
        assert ours.provenance["device"].startswith("cuda (")
        assert wanted.provenance["device"] == "cpu"
        assert ours.result is not None
        assert wanted.result is not None
        assert ours.result.test_loss == pytest.approx(wanted.result.test_loss, rel=1e-3)


def test_without_the_setting_the_cpu_trains() -> None:
    assert settings.setup(settings.Settings())["device"] == "cpu"
