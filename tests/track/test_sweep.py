"""A grid as a sweep of W&B: what an agent calls, and that the run is the sweep's."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from commands import Command
from tracked import login
from wandb_server import serving

from bench import record
from bench.status import Status

pytestmark = pytest.mark.slow

GRID = """
name: small
base: {train: {epochs: 2}, cell: {hidden_size: 6}, data: digits-mfcc}
grid: {cell: [gru, fastgrnn]}
"""


def test_what_an_agent_calls_does_one_run_which_is_the_sweep_s(
    rnnbench_process: Command, grid_file: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = rnnbench_process("sweep", grid_file(GRID), "--wandb-project", "mine")
    assert said.code == 0, said.err
    results = tmp_path / "results" / "small"
    sweep = yaml.safe_load((results / "sweep.yaml").read_text())
    first, other = sweep["parameters"]["run"]["values"]
    assert (sweep["method"], sweep["project"]) == ("grid", "mine")
    program, *arguments, args = sweep["command"]
    assert (program, args) == ("rnnbench", "${args}")  # for which W&B's agent puts --run=VALUE
    monkeypatch.delenv("WANDB_SERVICE", raising=False)
    monkeypatch.setenv("WANDB_SWEEP_ID", "swp")
    monkeypatch.setenv("WANDB_RUN_ID", "agents-own")
    with serving() as server:
        login(monkeypatch, server)
        said = rnnbench_process(*arguments, f"--run={first}")
        assert said.code == 0, said.err
    assert [(each.id, each.status) for each in record.read_all(results)] == [(first, Status.DONE)]
    assert list(server.runs) == ["agents-own"]
    assert (server.runs["agents-own"].bucket["sweep"], server.runs["agents-own"].exit_code) == ("swp", 0)
    unknown = rnnbench_process("work", results, "--run", "other")
    assert unknown.code == 2
    assert "has no run 'other'" in unknown.err
    assert other != first
