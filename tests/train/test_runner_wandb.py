"""What a run leaves in W&B's files, read back with its own viewer."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_runs import RunTiny

from bench.status import Status

pytestmark = pytest.mark.long


def test_wandb_has_config_history_and_summary_and_no_network(run_tiny: RunTiny) -> None:
    left, folder = run_tiny(wandb="offline", train={"epochs": 2})
    assert left.wandb is None, "offline nothing is sent"
    (log,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    leet = [str(Path(sys.executable).with_name("wandb")), "leet", "inspect", str(log.parent), "--json"]
    text = subprocess.run(leet, capture_output=True, text=True, check=True).stdout
    seen = json.loads(subprocess.run([*leet, "--summary"], capture_output=True, text=True, check=True).stdout)
    assert left.result is not None
    assert left.size is not None
    for word in ("tests", "gru", "tiny", "seed-0", "latency/uno/ms", "size/kb", left.id):
        assert word in text
    summary = seen["summary"]
    assert summary["status"] == "done"
    assert summary["test_accuracy"] == left.result.test_accuracy
    assert summary["size/kb"] == left.size.kb
    uno = left.latency[0]
    assert (summary["latency/uno/ms"], summary["latency/uno/flash_bytes"]) == (uno.ms, uno.flash_bytes)
    assert (summary["latency/uno/ram_bytes"], summary["latency/uno/fits_ram"]) == (uno.ram_bytes, uno.fits_ram)
    assert summary["accuracy"] == left.result.test_accuracy
    with (folder / "metrics.csv").open(newline="") as file:
        assert set(next(csv.reader(file))) <= set(summary), "the history has the names of metrics.csv"


def test_a_broken_wandb_does_not_break_a_run(run_tiny: RunTiny, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    def broken(**_: object) -> None:
        raise RuntimeError("no W&B today")

    monkeypatch.setattr(wandb, "init", broken)
    left, _ = run_tiny(wandb="offline")
    assert left.status is Status.DONE
