"""The ladder: how accurate a cell stays from dense over low rank (L) and sparsity (S) to int8 (Q)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes

from bench.report.drawing.looks import look
from bench.report.drawing.press import to_page
from bench.report.figure import Figure, Panel, file_name
from bench.report.labels import printable
from bench.report.results import Results
from bench.report.summary import DataSet, Summary
from bench.report.table import plain

_STEPS = ("dense", "L", "S", "Q", "LS", "LQ", "SQ", "LSQ")
_ABOUT = (
    "Test results of a cell as it is made smaller: low rank (L), sparse (S), int8 (Q, of the integer program). Bars: "
    "one sample standard deviation over seeds. Under a step stand the KB where one cell is drawn."
)
Ladder = Mapping[str, Summary]


def figure(results: Results) -> Figure | None:
    """A panel for each data set on which a cell stands on two steps or more; ``None`` where there is none."""
    panels = []
    for number, data in enumerate(results.data_sets):
        ladders = _ladders(results, data)
        if ladders:
            draw = partial(_draw, ladders=ladders, data=data)
            svg = to_page(draw, f"{data.quality_title} on {data.title} by step: {', '.join(ladders)}", f"lsq-{number}")
            panels.append(Panel(data.title, svg, file_name("ladder", data.name), "L, S and Q", draw=draw))
    return Figure("What L, S and Q cost", _ABOUT, tuple(panels), caption=_ABOUT) if panels else None


def _ladders(results: Results, data: DataSet) -> dict[str, Ladder]:
    """Returns the steps of each cell that has two or more, the widest of several models where it has them at a step."""
    rows, sizes = results.rows_on(data), defaultdict[str, set[int | None]](set)
    for row in rows:
        if row.n:
            sizes[row.cell].add(row.hidden_size)
    found: dict[str, dict[str, Summary]] = {}
    for row in rows:
        if row.mean(data.quality) is not None and row.compression in _STEPS:
            name = row.cell if len(sizes[row.cell]) == 1 else f"{row.cell}, H {row.hidden_size}"
            found.setdefault(name, {})[row.compression] = row
    return {name: steps for name, steps in found.items() if len(steps) > 1}


def _draw(axes: Axes, ladders: Mapping[str, Ladder], data: DataSet) -> None:
    used = [step for step in _STEPS if any(step in steps for steps in ladders.values())]
    cells = [next(iter(steps.values())).cell for steps in ladders.values()]
    for number, (name, steps) in enumerate(ladders.items()):
        colour, marker = look(cells[number], cells)
        shift = 0.3 * (number - (len(ladders) - 1) / 2) / max(1, len(ladders) - 1)  # so that bars do not cover others
        own = [step for step in used if step in steps]
        means = [data.scale * (steps[step].mean(data.quality) or 0.0) for step in own]
        bars = [data.scale * (steps[step].sd(data.quality) or 0.0) for step in own]
        style: Any = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 0.9, "capsize": 1.5}
        axes.errorbar([used.index(step) + shift for step in own], means, yerr=bars, label=printable(name[:24]), **style)
    axes.set_xticks(range(len(used)), [_tick(step, [*ladders.values()]) for step in used])
    axes.set(ylabel=data.quality_title)
    axes.margins(x=0.1)


def _tick(step: str, ladders: Sequence[Ladder]) -> str:
    kb = ladders[0][step].mean("kb") if len(ladders) == 1 and step in ladders[0] else None
    return step if kb is None else f"{step}\n{plain(kb, 3)} KB"
