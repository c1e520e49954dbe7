"""A way to start workers is one file, and what a command makes of runs that others work on."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Command

from bench import claims, record
from bench.data import prepare
from bench.errors import RnnbenchError
from bench.execute import executors
from bench.execute.grid import noted, prepare_results
from bench.spec import read_grid
from bench.status import Status

pytestmark = pytest.mark.long

GridFile = Callable[[str], Path]
ROOT = Path(__file__).parents[2]
GRID = """
name: small
base: {train: {epochs: 1}, cell: {hidden_size: 4}, data: digits-mfcc}
grid: {cell: [gru, rnn], seed: [0, 1]}
"""

ONE_FILE = '''
"""Workers of a site: each is a command, given to whatever starts commands there."""
import subprocess, sys, time

class Commands:
    def __init__(self, started):
        self.started = started
    def wait(self, timeout_s):
        time.sleep(timeout_s)
        return all(each.poll() is not None for each in self.started)
    def stop(self):
        for each in self.started:
            each.terminate()
            each.wait()

def workers():
    return 1

def start(launch):
    return Commands([subprocess.Popen(launch.command(), stderr=subprocess.DEVNULL) for _ in range(launch.workers)])
'''


def test_there_are_two() -> None:
    assert {"inline", "local"} <= set(executors.names())


def test_an_unknown_one_is_named(rnnbench: Command, grid_file: GridFile, tmp_path: Path) -> None:
    said = rnnbench("run", grid_file(GRID), "--out", tmp_path / "results", "--executor", "lokal")
    assert said.code == 2
    assert "unknown executor 'lokal'; did you mean 'local'?" in said.err
    assert not (tmp_path / "results").exists()


def processes_of(results: Path) -> dict[str, list[str]]:
    """The processes that have worked on each run, by its log."""
    return {
        path.parent.name: [
            line.split(", process ")[1] for line in path.read_text().splitlines() if ", process " in line
        ]
        for path in results.glob("runs/*/log.txt")
    }


@pytest.mark.slow
def test_a_new_one_is_one_file(
    rnnbench: Command, grid_file: GridFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts `rnnbench work` twice; between them they do every run, once."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "commands_of_the_site.py").write_text(ONE_FILE)
    monkeypatch.setattr(executors, "__path__", [*executors.__path__, str(tmp_path / "site")])
    results = tmp_path / "results"
    given = ("--executor", "commands_of_the_site", "--workers", 2, "--pack", "off", "--wandb", "disabled")
    said = rnnbench("run", grid_file(GRID), "--out", results, *given)
    assert said.code == 0, said.err
    assert "4 runs: 4 done" in said.err
    found = processes_of(results)
    assert len(found) == 4
    assert all(len(each) == 1 for each in found.values())
    assert not list(results.glob("runs/*/claim"))


@pytest.mark.slow
def test_inline_does_all_in_the_process_of_the_command(grid_file: GridFile, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "run", str(grid_file(GRID)), "--executor", "inline", "--pack", "off"]
    with subprocess.Popen(
        [*command, "--wandb", "disabled"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert "4 runs: 4 done" in said
    assert set(map(tuple, processes_of(tmp_path / "results" / "small").values())) == {(str(process.pid),)}


def test_a_worker_reads_its_runs_from_the_results_folder(grid_file: GridFile, tmp_path: Path) -> None:
    grid = read_grid(grid_file(GRID))
    prepare_results(tmp_path / "results", grid, grid.runs()[:3])
    found, runs = noted(tmp_path / "results")
    assert (found.name, runs) == ("small", tuple(grid.runs()[:3]))


def test_a_worker_finds_the_file_of_a_cell_wherever_it_is_started(
    grid_file: GridFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outsider.py").write_text((ROOT / "baselines" / "rnn.py").read_text().replace('"rnn"', '"outsider"'))
    monkeypatch.chdir(tmp_path)
    grid = read_grid(grid_file(GRID.replace("rnn", "{file: outsider.py, hidden_size: 3}")).relative_to(tmp_path))
    runs = grid.runs()
    prepare_results(tmp_path / "results", grid, runs)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert [spec.id for spec in noted(tmp_path / "results")[1]] == [spec.id for spec in runs]
    with (tmp_path / "outsider.py").open("a") as file:
        file.write("# edited\n")
    with pytest.raises(RnnbenchError, match="written before a cell's file was edited, or by another version"):
        noted(tmp_path / "results")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("rnn", "lstm", "was written by another version of rnnbench: `rnnbench run` the grid again"),
        ("name: small", "", "is damaged"),
        ("", None, "belongs to no grid: make it with `rnnbench run GRID --out"),
    ],
)
def test_a_worker_of_a_folder_without_a_grid(
    rnnbench: Command, grid_file: GridFile, tmp_path: Path, before: str, after: str | None, says: str
) -> None:
    grid, note = read_grid(grid_file(GRID)), tmp_path / "results" / "grid.yaml"
    prepare_results(tmp_path / "results", grid, grid.runs())
    if after is None:
        note.unlink()
    else:
        head, runs, ids = note.read_text().partition("runs:")
        note.write_text(head.replace(before, after) + runs + ids)
    said = rnnbench("work", tmp_path / "results")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert says in said.err


def test_not_to_wait_for_others_is_exit_code_3(rnnbench: Command, grid_file: GridFile, tmp_path: Path) -> None:
    """A living process, which is this one, holds every run."""
    path, results = grid_file(GRID), tmp_path / "results"
    for spec in read_grid(path).runs():
        folder = record.runs_folder(results) / spec.id
        folder.mkdir(parents=True)
        assert claims.claim(folder)
    said = rnnbench("run", path, "--out", results, "--no-wait")
    assert said.code == 3
    assert "4 runs: 4 running" in said.err
    rows = record.observed(results)
    assert {status for status, _ in rows.values()} == {Status.RUNNING}


@pytest.mark.parametrize("command", ["run", "work"])
def test_damaged_data_are_told_before_the_first_run(
    rnnbench: Command, grid_file: GridFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A byte of them has changed, so that every size is as it was, and a run would train on it."""
    path, results = grid_file(GRID), tmp_path / "results"
    grid = read_grid(path)
    place = prepare("digits-mfcc")
    copy = tmp_path / "data" / "prepared" / place.name
    shutil.copytree(place, copy)
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path / "data"))
    content = bytearray((copy / "train.x.npy").read_bytes())
    content[-3] ^= 1
    (copy / "train.x.npy").write_bytes(content)
    if command == "work":
        prepare_results(results, grid, grid.runs())
    said = rnnbench(command, *((path, "--out", results) if command == "run" else (results,)))
    assert said.code == 2
    assert f"{copy} is damaged (fingerprint" in said.err.splitlines()[-1]
    assert not list(results.glob("runs/*"))


def test_the_right_executor_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RnnbenchError):
        executors.executor("__init__")
    assert executors.executor("local").__name__ == "bench.execute.executors.local"  # type: ignore[attr-defined]
