"""Shows a person how a grid goes on: which runs, how far, how much longer. It knows records and metrics alone."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from bench import record
from bench.errors import RnnbenchError
from bench.execute.executors import Executor, Workers
from bench.execute.launch import Launch, stamp
from bench.record import Record
from bench.status import Status
from bench.train import Job

_EVERY_S = 0.25
_PATIENCE_S = 60.0
"""How long workers that are started elsewhere may be silent before a person is told."""
_STYLE = {Status.DONE: "green", Status.FAILED: "red", Status.INTERRUPTED: "magenta"}


def follow(launch: Launch, executor: Executor, console: Console) -> None:
    """Starts workers, and shows how their runs go on until all workers have ended.

    Args:
        launch: the runs; what was recorded of them before is not shown.
        executor: starts the workers. They are stopped when an exception, such as the user's interrupt, ends the call.
        console: where to show it; a line per finished run when it is no terminal.
    """
    runs = [_Run(job) for job in launch.jobs()]
    workers = executor.start(launch)
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:.0f}/{task.total:.0f} epochs"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        speed_estimate_period=3600,  # runs differ in cost: a long memory steadies the time left
    )
    try:
        with progress:
            view = _View(progress, runs)
            patience = time.monotonic() + _PATIENCE_S if getattr(executor, "OUTLIVES", False) else float("inf")
            while not workers.wait(max(_EVERY_S, 20 * view.update())):
                if launch.fail_fast and view.failed:
                    break
                if time.monotonic() > patience and not view.begun:
                    patience = float("inf")
                    console.print(Text(_no_worker(workers, launch)))
            view.update()
    finally:
        workers.stop()


def _no_worker(workers: Workers, launch: Launch) -> str:
    return (
        f"no run has begun in {_PATIENCE_S:.0f} s ({workers}): where they wait in a queue, all is well; if not, "
        f"interrupt this, and see what one says by hand: {shlex.join(launch.command())}"
    )


class _Run:
    """A run as it is on disk: the record of this try, and the epochs it has finished."""

    def __init__(self, job: Job) -> None:
        self.job, self.name = job, job.spec.id
        self.record: Record | None = None
        self.epochs, self.planned = 0, job.spec.epochs
        self._stamp = stamp(job.folder)

    @property
    def is_over(self) -> bool:
        return self.record is not None and self.record.status is not Status.RUNNING

    def look(self) -> None:
        """Reads what has been written since the last look."""
        now = stamp(self.job.folder)
        if now != self._stamp:
            self._stamp = now
            with suppress(RnnbenchError):  # a damaged one is told of when the runs under way have ended
                self.record = record.read(self.job.folder)
        if self.record is not None:
            with suppress(OSError):
                lines = (self.job.folder / "metrics.csv").read_bytes().count(b"\n")
                self.epochs = max(0, lines - 1)
        if self.is_over:
            self.planned = self.epochs  # it may have stopped early


class _View:
    """A bar for each run that goes on, one for all, and a line for each that has ended."""

    def __init__(self, progress: Progress, runs: Sequence[_Run]) -> None:
        self._progress, self._runs = progress, runs
        self._bars: dict[str, TaskID] = {}
        self._all = progress.add_task("", total=sum(run.planned for run in runs))

    def update(self) -> float:
        """Looks at the runs that are not over; how many seconds that took."""
        began = time.monotonic()
        for run in self._runs:
            if run.is_over:
                continue
            run.look()
            if run.record is not None and run.name not in self._bars:
                self._bars[run.name] = self._progress.add_task(run.name, total=run.planned)
            if run.record is not None:
                self._progress.update(self._bars[run.name], completed=run.epochs)
            if run.is_over:
                self._progress.remove_task(self._bars[run.name])
                self._progress.console.print(Text.assemble(f"{self._ended():>4}/{len(self._runs)}  ", _line(run)))
        self._progress.update(
            self._all,
            description=f"{self._ended()} of {len(self._runs)} runs",
            total=sum(run.planned for run in self._runs),
            completed=sum(run.epochs for run in self._runs),
        )
        return time.monotonic() - began

    @property
    def begun(self) -> bool:
        """Whether a run has begun."""
        return any(run.record is not None for run in self._runs)

    @property
    def failed(self) -> bool:
        """Whether a run has failed."""
        return any(run.record is not None and run.record.status is Status.FAILED for run in self._runs)

    def _ended(self) -> int:
        return sum(run.is_over for run in self._runs)


def _line(run: _Run) -> Text:
    """A run that is over, in one line."""
    left = run.record
    assert left is not None  # noqa: S101
    return Text.assemble((left.status, _STYLE.get(left.status, "")), f"  {run.name}  {_figures(run.job, left)}")


def _figures(job: Job, left: Record) -> str:
    if left.result is None or left.data is None or left.size is None or left.times.wall_s is None:
        return left.reason + (f"; see {job.folder / 'log.txt'}" if left.status is Status.FAILED else "")
    split = "validation" if left.result.test_loss is None else "test"
    value = left.result.of(left.data.metric, split)
    shown = f"{100 * value:.1f} %" if left.data.metric == "accuracy" else f"{value:.2f}"
    named = "validation " if split == "validation" else ""
    return f"{named}{left.data.metric} {shown}, {left.size.kb:.1f} KB, {left.times.wall_s:.0f} s"
