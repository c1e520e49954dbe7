"""``rnnbench watch``: how a grid goes on, from its files alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from bench.cli.console import AsJson, out, plain, print_json
from bench.errors import RnnbenchError
from bench.status import Status, tally

if TYPE_CHECKING:
    from bench.record.watch import Sight

_EVERY_S = 2.0
_MOST = 20
_OPEN = (Status.PLANNED, Status.RUNNING, Status.INTERRUPTED)


def watch(
    results: Annotated[Path, typer.Argument(help="A results folder that `rnnbench run` made.", show_default=False)],
    once: Annotated[bool, typer.Option("--once", help="Look once; so, too, where the output is no terminal.")] = False,
    as_json: AsJson = False,
) -> None:
    """Shows how a grid goes on, until it is over: runs done, running with epoch and metric, failed, and the time left.

    It reads files only, so any machine will do that sees the results folder.
    """
    from bench.record.watch import Watch, left_s

    if not (results / "runs").is_dir():
        raise RnnbenchError(f"{results} is no results folder: name one that `rnnbench run` made, such as results/demo")
    eyes = Watch(results)
    sights = eyes.look()
    if as_json:
        rows = [asdict(sight) for sight in sights]
        counts = Counter(sight.status for sight in sights)
        print_json({"results": str(results), "tally": counts, "left_s": left_s(sights), "runs": rows})
    elif once or not out.is_terminal:
        for line in _lines(sights):
            out.print(line)
    else:
        with Live(Group(*_lines(sights)), console=out, auto_refresh=False) as live:
            while any(sight.status in _OPEN for sight in sights):
                time.sleep(_EVERY_S)
                sights = eyes.look()
                live.update(Group(*_lines(sights)), refresh=True)


def _lines(sights: Sequence[Sight]) -> Iterator[Text]:
    """Yields what is shown: runs that go on, those that failed, and how many there are of each kind."""
    from bench.record.watch import left_s

    for status, style in ((Status.RUNNING, "yellow"), (Status.FAILED, "red")):
        found = [sight for sight in sights if sight.status is status]
        for sight in found[:_MOST]:
            yield Text.assemble((f"{status:8}", style), f"  {sight.id}  {_told(sight)}")
        if len(found) > _MOST:
            yield Text(f"{status:8}  and {len(found) - _MOST} more", style=style)
    left = left_s(sights)
    counts = tally(sight.status for sight in sights)
    yield Text(counts + (f"; about {_duration(left)} left" if left is not None else ""))


def _told(sight: Sight) -> str:
    if sight.status is Status.FAILED:
        return plain(sight.reason)
    value = "" if sight.value is None else f", {sight.metric.replace('_', ' ')} {_figure(sight.metric, sight.value)}"
    return f"epoch {sight.epoch} of {sight.epochs}{value}, on {sight.where}"


def _figure(metric: str, value: float) -> str:
    return f"{100 * value:.1f} %" if metric.endswith("accuracy") else f"{value:.4g}"


def _duration(seconds: float) -> str:
    """A time to wait: ``40 s``, ``12 min``, ``3 h 5 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
