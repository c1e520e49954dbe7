"""The ladder: how accurate a cell stays from dense over low rank (L) and sparsity (S) to int8 (Q)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes

from bench.report.drawing.looks import legend_label, look
from bench.report.drawing.press import to_page
from bench.report.drawing.scatter import keep_to_shares
from bench.report.figure import Figure, Panel, file_name
from bench.report.rows.ladders import STEPS, Ladder, ladders
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet
from bench.report.table import plain

_ABOUT = (
    "Test results of a cell as it is made smaller: low rank (L), sparse (S), int8 (Q, of the integer program). Bars: "
    "Student's 95 % interval of the mean over seeds. Under a step stand the KB where one cell is drawn."
)
_LINES = ("-", "--", ":", "-.")


def figure(results: Results) -> Figure | None:
    """A panel for each data set on which a cell stands on two steps or more; ``None`` where there is none."""
    panels = []
    for number, data in enumerate(results.data_sets):
        found, left_out = _drawn(results, data)
        if found:
            draw = partial(_draw, found=found, data=data)
            said = f"{data.quality_title} on {data.title} by step: {', '.join(found)}"
            page = partial(to_page, draw, said, f"lsq-{number}")
            panels.append(Panel(data.title, page, file_name("ladder", data.name), "L, S and Q", left_out, draw=draw))
    return Figure("What L, S and Q cost", _ABOUT, tuple(panels), caption=_ABOUT) if panels else None


def _drawn(results: Results, data: DataSet) -> tuple[dict[str, Ladder], str]:
    """Returns the ladders that have results on two steps or more, and what is left out."""
    found, left_out = ladders(results.rows_on(data))
    done = {
        name: {step: row for step, row in steps.items() if row.mean(data.quality) is not None}
        for name, steps in found.items()
    }
    return {name: steps for name, steps in done.items() if len(steps) > 1}, left_out


def _draw(axes: Axes, found: Mapping[str, Ladder], data: DataSet) -> None:
    used = [step for step in STEPS if any(step in steps for steps in found.values())]
    cells = [next(iter(steps.values())).cell for steps in found.values()]
    for number, (name, steps) in enumerate(found.items()):
        colour, marker = look(cells[number], cells)
        shift = 0.3 * (number - (len(found) - 1) / 2) / max(1, len(found) - 1)  # so that bars do not cover others
        own = [step for step in used if step in steps]
        means = [data.scale * (steps[step].mean(data.quality) or 0.0) for step in own]
        bars = [steps[step].half_interval or 0.0 for step in own]
        before = cells[:number].count(cells[number])  # ladders of one cell have its colour and marker
        style: Any = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 0.9, "capsize": 1.5}
        style |= {"linestyle": _LINES[before % len(_LINES)], "markerfacecolor": "white" if before else colour}
        axes.errorbar(
            [used.index(step) + shift for step in own], means, yerr=bars, label=legend_label(name, 40), **style
        )
    axes.set_xticks(range(len(used)), [_tick(step, [*found.values()]) for step in used])
    axes.set(ylabel=data.quality_title)
    axes.margins(x=0.1)
    keep_to_shares(axes, data.quality_title)


def _tick(step: str, ladders: Sequence[Ladder]) -> str:
    kb = ladders[0][step].mean("kb") if len(ladders) == 1 and step in ladders[0] else None
    return step if kb is None else f"{step}\n{plain(kb, 3)} KB"
