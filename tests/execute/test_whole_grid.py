"""A grid end to end, in processes of its own: what is left, what is run again, and what a new cell needs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Command

from bench import record
from bench.status import Status

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
GridFile = Callable[[str], Path]

TWO_CELLS = """
name: small
base: {train: {epochs: 2}, cell: {hidden_size: 6}, data: digits-mfcc}
boards: [uno, due]
grid:
  cell: [gru, fastgrnn]
"""


def statuses(results: Path) -> dict[str, str]:
    return {each.spec["cell"]["name"]: each.status for each in record.read_all(results)}


@pytest.mark.slow
def test_a_grid_leaves_what_is_promised_and_a_second_run_does_nothing(
    rnnbench_process: Command, grid_file: GridFile, tmp_path: Path
) -> None:
    path = grid_file(TWO_CELLS)
    first = rnnbench_process("run", path)
    assert first.code == 0, first.err
    results = tmp_path / "results" / "small"
    assert statuses(results) == {"gru": "done", "fastgrnn": "done"}
    assert "2 runs: 2 done" in first.err
    assert "FastGRNN" in first.out
    assert "report.html" in first.out
    assert "wandb leet" in first.out
    for each in record.read_all(results):
        folder = record.runs_folder(results) / each.id
        assert {"spec.yaml", "record.json", "metrics.csv", "model.pt", "log.txt"} <= {p.name for p in folder.iterdir()}
        assert list(folder.glob("wandb/offline-run-*/*.wandb"))
        assert [latency.board for latency in each.latency] == ["uno", "due"]
        assert each.result is not None
    assert len(list((results / "wandb").glob("offline-run-*/*.wandb"))) == 2
    assert (results / "report.html").stat().st_size > 10_000
    tables = {f"small{name}.{end}" for name in ("", "-settings") for end in ("tex", "md", "csv")} | {"references.bib"}
    assert {path.name for path in (results / "tables").iterdir()} == tables

    kept = {path: path.stat().st_mtime_ns for path in results.glob("runs/*/*")}
    second = rnnbench_process("run", path)
    assert second.code == 0
    assert "nothing to run: all runs (2) are done" in second.err
    assert {path: path.stat().st_mtime_ns for path in results.glob("runs/*/*")} == kept


@pytest.mark.slow
def test_a_failed_run_does_not_stop_the_grid_and_only_what_is_missing_is_run_again(
    rnnbench_process: Command, grid_file: GridFile, tmp_path: Path
) -> None:
    diverging = "\noverrides: [{when: {cell.name: gru}, set: {train: {learning_rate: 1000, optimizer: sgd}}}]"
    path = grid_file(TWO_CELLS + diverging)
    said = rnnbench_process("run", path, "--wandb", "disabled", "--workers", 1)
    assert said.code == 1
    results = tmp_path / "results" / "small"
    assert statuses(results) == {"gru": "failed", "fastgrnn": "done"}
    assert "learning_rate below 1000" in said.err
    assert "2 runs: 1 done, 1 failed" in said.err
    again = rnnbench_process("run", path, "--wandb", "disabled", "--json")
    assert again.code == 1
    assert again.err.count("1/1  failed  digits-mfcc-gru") == 1
    assert "fastgrnn" not in again.err
    assert json.loads(again.out)["not_done"] == 1


def _start(path: Path, cwd: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench", "run", str(path), "--workers", "1", "--wandb", "disabled"]
    return subprocess.Popen(
        command, cwd=cwd, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_hear_interrupts
    )


def _hear_interrupts() -> None:
    """A shell's background job, as the tests may be, ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _first_epoch(results: Path) -> record.Record:
    """Waits until some run has finished an epoch."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for metrics in results.glob("runs/*/metrics.csv"):
            if len(metrics.read_text().splitlines()) > 1:
                return record.read(metrics.parent)
        time.sleep(0.05)
    raise AssertionError("no run has started")


def test_a_grid_of_which_nothing_is_done_has_no_report(
    rnnbench_process: Command, grid_file: GridFile, tmp_path: Path
) -> None:
    diverging = "\noverrides: [{when: {seed: 0}, set: {train: {learning_rate: 1000, optimizer: sgd}}}]"
    path = grid_file(TWO_CELLS.replace("[gru, fastgrnn]", "[gru]\n  seed: [0]") + diverging)
    said = rnnbench_process("run", path, "--wandb", "disabled")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines()[-1].startswith("1 run: 1 failed")
    assert not (tmp_path / "results/small/report.html").exists()


LONG = TWO_CELLS.replace("epochs: 2", "epochs: 400").replace("[gru, fastgrnn]", "[gru]")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["interrupt of a terminal", "word to the parent alone"])
def test_an_interrupt_is_recorded_and_the_same_command_goes_on(
    how: str, rnnbench_process: Command, grid_file: GridFile, tmp_path: Path
) -> None:
    results, path = tmp_path / "results" / "small", grid_file(LONG)
    with _start(path, tmp_path) as process:
        _first_epoch(results)
        if how == "interrupt of a terminal":
            os.killpg(process.pid, signal.SIGINT)  # to the parent, the workers, the fork server
        else:
            process.terminate()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert "Traceback" not in said
    (left,) = record.read_all(results)
    assert (left.status, left.reason) == (Status.INTERRUPTED, "stopped by a signal")
    assert "1 run: 1 interrupted" in rnnbench_process("plan", path).out


@pytest.mark.slow
def test_an_edited_grid_reports_only_the_runs_it_has_now(
    rnnbench_process: Command, grid_file: GridFile, tmp_path: Path
) -> None:
    for epochs in (1, 2):
        text = TWO_CELLS.replace("epochs: 2", f"epochs: {epochs}").replace("[gru, fastgrnn]", "[rnn]")
        said = rnnbench_process("run", grid_file(text), "--wandb", "disabled")
        assert said.code == 0, said.err
    assert len(record.read_all(tmp_path / "results/small")) == 2
    table = (tmp_path / "results/small/tables/small.md").read_text()
    assert table.count("RNN") == 1
    assert "epochs" not in table.splitlines()[-1]


@pytest.mark.slow
def test_a_worker_that_is_killed_is_one_failed_run(grid_file: GridFile, tmp_path: Path) -> None:
    results, path = tmp_path / "results" / "small", grid_file(LONG)
    with _start(path, tmp_path) as process:
        folder = record.runs_folder(results) / _first_epoch(results).id
        log = (folder / "log.txt").read_text()
        os.kill(int(log.split(", process ")[1].split()[0]), signal.SIGKILL)
        _, said = process.communicate(timeout=60)
    (left,) = record.read_all(results)
    assert left.status is Status.FAILED
    assert "killed by signal 9" in left.reason
    assert process.returncode != 0
    assert "killed by signal 9" in said


@pytest.mark.slow
def test_a_killed_pack_is_tried_again_run_by_run(grid_file: GridFile, tmp_path: Path) -> None:
    results = tmp_path / "results" / "small"
    path = grid_file(LONG.replace("epochs: 400", "epochs: 40").replace("[gru]", "[gru]\n  seed: [0, 1]"))
    with _start(path, tmp_path) as process:
        left = _first_epoch(results)
        assert left.provenance["pack"] == 2
        log = (record.runs_folder(results) / left.id / "log.txt").read_text()
        os.kill(int(log.split(", process ")[1].split()[0]), signal.SIGKILL)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert [(each.status, each.provenance["pack"]) for each in record.read_all(results)] == [(Status.DONE, 1)] * 2
    assert "2 runs: 2 done" in said


MINE = '''
"""The minimal gated unit."""

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register


@register("mine", title="Mine", citation="""@article{zhou2016minimal,
  author = {Zhou, Guo-Bing and Wu, Jianxin and Zhang, Chen-Lin and Zhou, Zhi-Hua},
  title = {Minimal Gated Unit for Recurrent Neural Networks}, year = {2016}, url = {https://arxiv.org/abs/1603.09420}
}""")
class Mine(Cell):
    """Mine: f = sigmoid(W_f x + U_f h + b_f); c = tanh(W_c x + U_c (f * h) + b_c); h_t = (1 - f) * h + f * c."""

    def __init__(self, input_size: int, hidden_size: int, *, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(2 * hidden_size, input_size, blocks=2)
        self.U_f = Weight(hidden_size, hidden_size)
        self.U_c = Weight(hidden_size, hidden_size)
        self.b = nn.Parameter(torch.cat([torch.full((hidden_size,), forget_bias), torch.zeros(hidden_size)]))

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        f_in, c_in = pre_BG.chunk(2, dim=-1)
        f = self.sigmoid(self.U_f(h, add=f_in))
        c = self.tanh(self.U_c(f * h, add=c_in))
        return (h + f * (c - h),)
'''


@pytest.mark.slow
def test_a_new_cell_is_one_file(tmp_path: Path) -> None:
    """Listed, trained, made low rank, sized, timed and tabled, with no other edit."""
    tree = tmp_path / "tree"
    for part in ("bench", "cells", "baselines", "configs", "results/published"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "cells" / "mine.py").write_text(MINE)
    (tree / "grid.yaml").write_text(
        "name: new\nbase: {data: digits-mfcc, train: {epochs: 6, learning_rate: 0.01}}\nboards: [uno]\n"
        "grid: {cell: [{name: mine, hidden_size: 16}, {name: mine, hidden_size: 16, forget_bias: 0.5, rank: {W: 3}}]}\n"
    )

    def command(*arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        line = [sys.executable, "-m", "bench", *arguments]
        done = subprocess.run(line, cwd=tree, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    (row,) = [row for row in json.loads(command("list", "cells", "--json")) if row["name"] == "mine"]
    assert row["options"] == {"forget_bias": 1.0}
    table = command("run", "grid.yaml", "--wandb", "disabled")
    assert "Mine" in table
    assert "Mine" in (tree / "results/new/tables/new.tex").read_text()
    D, H, C = 13, 16, 10
    sizes = {}
    for left in record.read_all(tree / "results/new"):
        assert left.status is Status.DONE
        assert left.data is not None
        assert left.result is not None
        assert left.result.test_accuracy > 2 * left.data.majority
        assert left.size is not None
        sizes[left.labels.variant] = left.size.parameters
        (uno,) = left.latency
        macs = 2 * H * H + (3 * (D + 2 * H) if left.spec["cell"]["rank"] else 2 * H * D)
        assert uno.cycles_per_step > 278 * macs, "a float multiply-accumulate on an AVR takes 278 cycles"
    head = H * C + C
    assert sizes == {
        "": 2 * (D * H + H * H + H) + head,
        "forget_bias 0.5, rank W 3": 3 * (D + 2 * H) + 2 * (H * H + H) + head,
    }


def test_a_cell_file_that_does_not_import_is_named(tmp_path: Path) -> None:
    for part in ("bench", "cells", "baselines", "configs", "results/published"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "cells" / "broken.py").write_text("import nothing_of_that_name\n")
    line = [sys.executable, "-m", "bench", "list", "cells"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: cells/broken.py cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'\n"
    )
