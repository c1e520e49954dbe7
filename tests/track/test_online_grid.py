"""A grid online, in processes of its own, with a server that hangs and later does not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Command
from tracked import login
from wandb_server import serving

from bench import record, track
from bench.status import Status

pytestmark = pytest.mark.slow

GRID = """
name: small
base: {train: {epochs: 2}, cell: {hidden_size: 6}, data: digits-mfcc}
boards: [uno]
grid: {cell: [gru, fastgrnn]}
"""


def test_a_server_that_hangs_costs_no_run_and_sync_sends_what_the_records_say(
    rnnbench_process: Command, grid_file: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, results = grid_file(GRID), tmp_path / "results" / "small"
    monkeypatch.delenv("WANDB_SERVICE", raising=False)
    with serving() as server:
        login(monkeypatch, server)
        server.hangs.add("graphql")
        said = rnnbench_process("run", path, "--wandb", "online", "--wandb-project", "mine")
        assert said.code == 0, said.err
        assert "does not answer" in said.err
        assert "runs not sent: 2" in said.err
        assert "2 runs: 2 done" in said.err
        records = record.read_all(results)
        assert [each.status for each in records] == [Status.DONE] * 2
        assert all(each.wandb is not None and "does not answer" in each.wandb.reason for each in records)
        server.heal()
        assert rnnbench_process("sync", Path("results") / "small").code == 0
        for each in record.read_all(results):
            stored = server.runs[track.project_of(results).run_id(each.id)]
            assert (stored.bucket["project"], stored.bucket["groupName"]) == ("mine", "small")
            assert each.wandb is not None
            assert each.wandb.url.endswith(track.project_of(results).run_id(each.id))
            assert each.result is not None
            assert each.size is not None
            wanted = {"test_accuracy": each.result.test_accuracy, "size/kb": each.size.kb}
            wanted |= {"latency/uno/flash_bytes": each.latency[0].flash_bytes}
            assert {key: stored.summary[key] for key in wanted} == pytest.approx(wanted)
            epochs = (results / "runs" / each.id / "metrics.csv").read_text().splitlines()
            assert len(stored.history) == len(epochs) - 1 == 2
            assert json.loads(stored.bucket["config"])["compress"]["value"]["quantise"] == "none"
