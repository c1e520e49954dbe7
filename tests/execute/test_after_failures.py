"""What a grid makes of runs that fail: tried again, or the end of all; and workers by a command of the site."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Command

from bench import record
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
    *_, command = left.failure.command.partition("rnnbench ")
    alone = rnnbench_process(*command.split(), "--wandb", "disabled")
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


def test_a_template_that_fails_is_one_line(rnnbench_process: Command, grid_file: GridFile, tmp_path: Path) -> None:
    path = grid_file("name: small\nbase: {train: {epochs: 1}, data: digits-mfcc}\ngrid: {cell: [rnn]}\n")
    how = ("--executor", "command", "--with", "template='exit 4; {worker}'", "--workers", 2, "--wandb", "disabled")
    said = rnnbench_process("run", path, "--out", tmp_path / "results", *how)
    assert said.code == 2
    assert "error: 2 of 2 commands of the template failed (exit code 4): 'exit 4; " in said.err
