"""What a person sees while a grid runs: what goes on, how far it is, how long it will take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from bench.execute.packing import packs
from bench.execute.pool import Event, cores, run_jobs
from bench.record import Record
from bench.status import Status
from bench.train import Job

_STYLE = {Status.DONE: "green", Status.FAILED: "red", Status.INTERRUPTED: "magenta"}


def follow(jobs: Sequence[Job], workers: int | None, console: Console, most: int | None = 1) -> None:
    """Runs jobs and shows their progress.

    Args:
        jobs: in the order to start them.
        workers: at once; one per core when ``None``.
        console: where to show it; a line per finished run when it is no terminal.
        most: runs in a process at most; ``None`` for as many as pay.
    """
    if not jobs:
        return
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
    at_once = min(workers or cores(), len(jobs))
    with progress, closing(run_jobs(packs(jobs, most, at_once), at_once)) as events:
        _show(progress, events, jobs)


def _show(progress: Progress, events: Iterable[Event], jobs: Sequence[Job]) -> None:
    planned = {job.spec.id: job.spec.train.epochs for job in jobs}
    finished = dict.fromkeys(planned, 0)
    tasks: dict[str, TaskID] = {}
    total = progress.add_task("", total=sum(planned.values()))
    ended = 0
    for event in events:
        name = event.job.spec.id
        if event.kind == "started":
            if name in tasks:
                progress.remove_task(tasks[name])
            tasks[name] = progress.add_task(name, total=planned[name])
        elif event.kind == "epoch":
            finished[name] = event.epoch
            progress.update(tasks[name], completed=event.epoch)
        else:
            ended += 1
            planned[name] = finished[name]  # it may have stopped early
            progress.remove_task(tasks.pop(name))
            progress.console.print(Text.assemble(f"{ended:>4}/{len(jobs)}  ", _line(event)))
        progress.update(
            total,
            description=f"{ended} of {len(jobs)} runs",
            total=sum(planned.values()),
            completed=sum(finished.values()),
        )


def _line(event: Event) -> Text:
    """One finished run in one line."""
    name, left = event.job.spec.id, event.record
    if left is None:
        return Text(f"{name}  {event.reason}; see {event.job.folder / 'log.txt'}")
    return Text.assemble((left.status, _STYLE.get(left.status, "")), f"  {name}  {_figures(event.job, left)}")


def _figures(job: Job, left: Record) -> str:
    if left.result is None or left.data is None or left.size is None or left.times.wall_s is None:
        return left.reason + (f"; see {job.folder / 'log.txt'}" if left.status is Status.FAILED else "")
    value = left.result.of(left.data.metric)
    shown = f"{100 * value:.1f} %" if left.data.metric == "accuracy" else f"{value:.2f}"
    return f"{left.data.metric} {shown}, {left.size.kb:.1f} KB, {left.times.wall_s:.0f} s"
