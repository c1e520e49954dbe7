"""What a grid makes of runs that fail: tried again, or the end of all; and workers by a command of the site."""

import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Command
from rich.console import Console

from bench import record
from bench.execute import progress
from bench.execute.executors import command
from bench.execute.launch import Launch
from bench.spec import read_grid
from bench.status import Status

pytestmark = [pytest.mark.long, pytest.mark.slow]

GridFile = Callable[[str], Path]
BREAKS = '''
import multiprocessing
import os

import torch
from torch import nn

from rnnbench import Cell, Weight, register

@register("breaks", title="Breaks", citation="@misc{none}")
class Breaks(Cell):
    """h = tanh(W x + U h). The first process that trains it is killed by it."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        if multiprocessing.current_process().name.startswith("digits-mfcc-") and not os.path.exists(MARK):
            open(MARK, "w").close()
            print("about to die", flush=True)
            os._exit(7)
        self.W = Weight(hidden_size, input_size)
        self.U = Weight(hidden_size, hidden_size)

    def project(self, x_TBD):
        return self.W(x_TBD)

    def step(self, pre_BG, state):
        return (self.tanh(self.U(state[0], add=pre_BG)),)
'''
GRID = """
name: small
base: {train: {epochs: 1}, data: digits-mfcc}
grid: {cell: [{file: breaks.py, hidden_size: 4}], seed: [0, 1]}
"""


def given(tmp_path: Path, results: Path, *more: object) -> tuple[object, ...]:
    (tmp_path / "breaks.py").write_text(BREAKS.replace("MARK", repr(str(tmp_path / "mark"))))
    return (tmp_path / "grid.yaml", "--out", results, "--pack", "off", "--wandb", "disabled", "--workers", 1, *more)


def statuses(results: Path) -> list[Status]:
    return sorted(left.status for left in record.read_all(results))


def test_a_run_that_failed_is_tried_again(rnnbench_process: Command, grid_file: GridFile, tmp_path: Path) -> None:
    grid_file(GRID)
    results = tmp_path / "results"
    said = rnnbench_process("run", *given(tmp_path, results, "--retry", 1))
    assert said.code == 0, said.err
    assert "runs that failed, to be tried again: 1" in said.err
    assert statuses(results) == [Status.DONE, Status.DONE]


def test_the_first_failure_ends_all_and_says_what_helps(
    rnnbench_process: Command, grid_file: GridFile, tmp_path: Path
) -> None:
    grid_file(GRID.replace("[0, 1]", "[0, 1, 2, 3, 4, 5]"))
    results = tmp_path / "results"
    said = rnnbench_process("run", *given(tmp_path, results, "--fail-fast"))
    assert said.code == 1
    (left,) = [left for left in record.read_all(results) if left.status is Status.FAILED]
    assert left.failure is not None
    assert left.failure.log[-1] == "about to die"
    assert f"failed  {left.id}: the process died (exit code 7)" in said.err
    assert "\n    about to die\n    alone: rnnbench work " in said.err
    assert len(statuses(results)) < 6, "others were not begun"
    *_, by_hand = left.failure.command.partition("rnnbench ")
    (tmp_path / "mark").unlink()  # it dies again
    failing = rnnbench_process(*by_hand.split(), "--wandb", "disabled")
    assert failing.code == 1
    assert f"failed  {left.id}: the process died (exit code 7)" in failing.err
    assert "nothing is left" not in failing.err
    alone = rnnbench_process(*by_hand.split(), "--wandb", "disabled")
    assert alone.code == 0, alone.err
    assert record.read(record.runs_folder(results) / left.id).status is Status.DONE
    assert record.read(record.runs_folder(results) / left.id).failure is None


@pytest.mark.parametrize("template", ["seq 2 | parallel -j 2 -N0 {worker}", "{worker} & {worker}; wait"])
def test_workers_by_a_command(rnnbench_process: Command, grid_file: GridFile, tmp_path: Path, template: str) -> None:
    if "parallel" in template and not shutil.which("parallel"):
        pytest.skip("GNU parallel is not installed: apt-get install parallel")
    path = grid_file(
        "name: small\nbase: {train: {epochs: 1}, data: digits-mfcc}\ngrid: {cell: [rnn], seed: [0, 1, 2]}\n"
    )
    results = tmp_path / "results"
    how = ("--executor", "command", "--with", f"template='{template}'", "--pack", "off", "--wandb", "disabled")
    said = rnnbench_process("run", path, "--out", results, *how)
    assert said.code == 0, said.err
    assert "3 runs: 3 done" in said.err
    assert said.err.count("nothing is left to claim in") == 2, "what both workers said at their end"


def test_a_template_whose_worker_never_comes_is_told_of(
    grid_file: GridFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.5)
    runs = tuple(read_grid(grid_file("name: small\ngrid: {data: [digits-mfcc], cell: [rnn]}\n")).runs())
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / record.GRID_NOTE).touch()
    launch = Launch(tmp_path / "results", "small", runs, options={"template": "true {worker}"})
    told = io.StringIO()
    with pytest.raises(ImpatientError):
        progress.follow(launch, Patient(), Console(file=told, width=1000))
    assert told.getvalue().count("no run has begun in 0 s (workers started: 1, each by the template)") == 1
    assert "rnnbench work" in told.getvalue()


class ImpatientError(Exception):
    """Whoever waited has had enough."""


class Patient:
    """The executor, whose worker is waited for a few seconds."""

    OUTLIVES = True
    workers = staticmethod(command.workers)

    def start(self, launch: Launch) -> Any:
        """Starts the command."""
        started, end = command.start(launch), time.monotonic() + 3
        wait = started.wait

        def impatient(timeout_s: float) -> bool:
            if time.monotonic() > end:
                raise ImpatientError
            return wait(timeout_s)

        started.wait = impatient  # type: ignore[method-assign]
        return started


def test_a_template_that_fails_is_one_line(rnnbench_process: Command, grid_file: GridFile, tmp_path: Path) -> None:
    path = grid_file("name: small\nbase: {train: {epochs: 1}, data: digits-mfcc}\ngrid: {cell: [rnn]}\n")
    how = ("--executor", "command", "--with", "template='exit 4; {worker}'", "--workers", 2, "--wandb", "disabled")
    said = rnnbench_process("run", path, "--out", tmp_path / "results", *how)
    assert said.code == 2
    assert "error: 2 of 2 commands of the template failed (exit code 4): 'exit 4; " in said.err
