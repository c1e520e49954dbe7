"""Measures what the harness costs beside training: planning, resuming, reporting, and a tiny run."""

from __future__ import annotations

import multiprocessing.connection
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.table import Table

from bench.errors import RnnbenchError
from bench.execute.server import fork_server
from bench.speed import runs
from bench.speed.cells import Shape
from bench.speed.loop import plain
from bench.speed.made_up import write_grid, write_results
from bench.speed.report import Comparison
from bench.status import Status
from bench.train import Job, run
from bench.train.settings import setup

_PLAN_S, _PLAN_MB, _DONE_S, _REPORT_S, _ROWS_S, _COLD_S, _WARM_S = 10.0, 500.0, 3.0, 10.0, 20.0, 0.3, 0.02
_WAIT = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""
"""Runs a command and prints what it took; a small process, since a child counts the memory of its parent as its own."""
_ROWS = 400
_PER_ROW = 100
"""Seeds of a row, where the number of rows is not what is measured."""
_TINY = Shape(4, 4, 3, 8)
"""Of a tiny run, which has 20 batches."""


@dataclass(frozen=True)
class Cost:
    """The cost of a command, or of a run.

    Attributes:
        what: was done.
        count: of runs.
        cpu_s: seconds of processor time, the command's start included.
        mb: the most memory that it held.
        target_s: the seconds to keep to; ``None`` without a target.
        target_mb: likewise.
    """

    what: str
    count: int
    cpu_s: float
    mb: float | None = None
    target_s: float | None = None
    target_mb: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether both targets are kept to; ``None`` without one."""
        if self.target_s is None:
            return None
        return self.cpu_s <= self.target_s and (self.target_mb is None or (self.mb or 0.0) <= self.target_mb)


@dataclass
class Costs(Comparison):
    """Costs in place of ratios."""

    costs: list[Cost] = field(default_factory=list)

    def as_json(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The costs and the machine, for a file."""
        body = super().as_json(settings)
        return {**body, "rows": [{**asdict(cost), "reached": cost.reached} for cost in self.costs]}

    def as_table(self) -> Table:
        """The costs as a table for the terminal."""
        table = Table("", "runs", "s", "target", "MB", "", box=None, title=self.title, title_justify="left")
        for cost in self.costs:
            target = "" if cost.target_s is None else f"<= {cost.target_s:g}"
            mb = "" if cost.mb is None else f"{cost.mb:.0f}"
            sign = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[cost.reached]
            table.add_row(cost.what, f"{cost.count:,}", f"{cost.cpu_s:.3g}", target, mb, sign)
        return table


def measure_harness(counts: Sequence[int], most_recorded: int, tiny: int) -> Costs:
    """Measures commands on made-up grids and results, each in a process of its own, and tiny runs.

    Args:
        counts: of runs to plan; the targets are for 100,000 new ones and 10,000 done.
        most_recorded: the most runs to write records of, to plan and report.
        tiny: runs to average over.

    Raises:
        RnnbenchError: when a command fails.
    """
    found = Costs("the harness beside training (processor time; start-up of the command included)")
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base)
        for count in counts:
            grid = write_grid(folder / f"{count}.yaml", max(1, count // _PER_ROW), min(count, _PER_ROW))
            targets = (_PLAN_S, _PLAN_MB) if count == 100_000 else (None, None)
            found.costs.append(_command("plan, nothing done", count, ["plan", str(grid), "--out", base], *targets))
        for count in (count for count in counts if count <= most_recorded):
            results = folder / f"results-{count}"
            write_results(folder / f"{count}.yaml", results)
            plan = ["plan", str(folder / f"{count}.yaml"), "--out", str(results)]
            full = count == 10_000
            found.costs.append(_command("plan, all done", count, plan, _DONE_S if full else None))
            found.costs.append(_command("report", count, ["report", str(results)], _REPORT_S if full else None))
        write_results(write_grid(folder / "rows.yaml", _ROWS, 3), folder / "rows")
        what = f"report of {_ROWS} rows"
        found.costs.append(_command(what, 3 * _ROWS, ["report", str(folder / "rows")], _ROWS_S))
    found.costs += _tiny_runs(tiny)
    return found


def _command(
    what: str, count: int, arguments: list[str], target_s: float | None = None, target_mb: float | None = None
) -> Cost:
    command = [sys.executable, "-c", _WAIT, sys.executable, "-m", "rnnbench", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        fault = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise RnnbenchError(f"`rnnbench {arguments[0]}` failed: {fault}")
    cpu_s, memory = map(float, done.stdout.split())
    return Cost(what, count, cpu_s, memory / (2**20 if sys.platform == "darwin" else 2**10), target_s, target_mb)


def _tiny_runs(count: int) -> list[Cost]:
    """Does tiny runs, W&B's files left out: in a process each, forked as runs are, and one after another in one."""
    cold = [_in_a_process([seed]).runs[0] for seed in range(count)]
    one = _in_a_process(range(count + 1))
    warm = sum(one.runs[1:]) / count
    return [
        Cost("a tiny run in a process of its own", count, sum(cold) / count, target_s=_COLD_S),
        Cost("a tiny run in a warm worker", count, warm),
        Cost("the same, less a plain loop of its training", count, warm - one.training, target_s=_WARM_S),
    ]


class _Used(NamedTuple):
    """Processor seconds of tiny runs, one after another in a process, and of a plain loop of one's training."""

    runs: list[float]
    training: float


def _in_a_process(seeds: Sequence[int]) -> _Used:
    """Does tiny runs one after another in a process; the first has its start, too."""
    context = fork_server(tracked=False)
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(writer, list(seeds)))
    process.start()
    writer.close()
    try:
        found: _Used = reader.recv()
    except EOFError:
        raise RnnbenchError("the process of a tiny run died") from None
    process.join()
    return found


def _do(writer: multiprocessing.connection.Connection, seeds: list[int]) -> None:
    setup()
    torch.manual_seed(0)
    data, ends = runs.dataset(_TINY.T, _TINY.B, _TINY.D), [0.0]
    with tempfile.TemporaryDirectory() as base:
        for seed in seeds:
            spec = runs.spec(_TINY.B, _TINY.H, 1, seed)
            job = Job(spec, Path(base) / spec.id, "harness", "disabled")
            job.folder.mkdir()
            if run(job, data=data).status is not Status.DONE:
                raise RnnbenchError("a tiny run failed")
            ends.append(time.process_time())
    loop = plain(_TINY, data.train)
    loop(1)  # the first is slower
    writer.send(_Used([end - before for before, end in pairwise(ends)], loop(len(seeds)) / len(seeds)))
