"""Launchers that die, and launchers that share a grid: nothing is lost, and nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import claims, record
from bench.status import Status

pytestmark = pytest.mark.long

GridFile = Callable[[str], Path]
GRID = """
name: small
base: {{train: {{epochs: {epochs}}}, cell: {{hidden_size: 6}}, data: digits-mfcc}}
grid: {{cell: [gru, rnn], seed: {seeds}}}
"""


def start(path: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench", "run", str(path), "--pack", "off", "--wandb", "disabled", *more]
    return subprocess.Popen(command, cwd=path.parent, stderr=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool], patience_s: float = 120) -> None:
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@pytest.mark.slow
def test_runs_end_with_a_launcher_that_is_killed(grid_file: GridFile, tmp_path: Path) -> None:
    """Each trains for minutes; their process hears that its parent is gone, and says `interrupted`."""
    results = tmp_path / "results" / "small"
    with start(grid_file(GRID.format(epochs=2000, seeds=[0])), "--workers", "2") as process:
        until(
            lambda: len([path for path in results.glob("runs/*/metrics.csv") if path.read_text().count("\n") > 1]) == 2
        )
        process.send_signal(signal.SIGKILL)
        process.communicate()
    until(lambda: not any(map(claims.is_held, results.glob("runs/*"))), 30)
    assert [(left.status, left.reason) for left in record.read_all(results)] == [
        (Status.INTERRUPTED, "stopped by a signal")
    ] * 2


@pytest.mark.slow
def test_two_launchers_share_a_grid_and_both_wait_for_its_end(grid_file: GridFile, tmp_path: Path) -> None:
    path = grid_file(GRID.format(epochs=3, seeds=[0, 1, 2]))
    both = [start(path, "--workers", "1") for _ in range(2)]
    for process in both:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert "6 runs: 6 done" in said
    workers = {}
    for log in (tmp_path / "results" / "small").glob("runs/*/log.txt"):
        (workers[log.parent.name],) = [line for line in log.read_text().splitlines() if ", process " in line]
    assert len(workers) == 6


@pytest.mark.slow
def test_who_waits_goes_on_with_what_the_other_left(grid_file: GridFile, tmp_path: Path) -> None:
    """A process that is stopped, not dead, holds a run; the launcher waits, and does the run once it is killed."""
    path, results = grid_file(GRID.format(epochs=1, seeds=[0])), tmp_path / "results" / "small"
    code = "import sys, time; from pathlib import Path; from bench import claims\n"
    code += "folder = Path(sys.argv[1]); folder.mkdir(parents=True); claims.claim(folder); time.sleep(600)"
    with start(path) as first:
        first.communicate(timeout=300)
    (gru, _) = sorted(results.glob("runs/*"))
    for file in gru.iterdir():
        file.unlink()
    gru.rmdir()
    holder = subprocess.Popen([sys.executable, "-c", code, str(gru)])
    until(lambda: claims.is_held(gru))
    with start(path) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if f"other processes work on them (process {holder.pid} on {os.uname().nodename}" in line:
                break
        holder.kill()
        holder.wait()
        assert "2 runs: 2 done" in process.stderr.read()
    assert process.returncode == 0
