"""The ladder: how accurate a cell stays from dense over low rank (L) and sparsity (S) to int8 (Q)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from bench.report.drawing.looks import look
from bench.report.drawing.press import to_page
from bench.report.drawing.scatter import keep_to_shares
from bench.report.figure import Figure, Panel, file_name
from bench.report.flat import flat
from bench.report.labels import printable
from bench.report.results import Results
from bench.report.summary import DataSet, Summary
from bench.report.table import plain

_STEPS = ("dense", "L", "S", "Q", "LS", "LQ", "SQ", "LSQ")
_ABOUT = (
    "Test results of a cell as it is made smaller: low rank (L), sparse (S), int8 (Q, of the integer program). Bars: "
    "Student's 95 % interval of the mean over seeds. Under a step stand the KB where one cell is drawn."
)
_LINES = ("-", "--", ":", "-.")
Ladder = Mapping[str, Summary]


def figure(results: Results) -> Figure | None:
    """A panel for each data set on which a cell stands on two steps or more; ``None`` where there is none."""
    panels = []
    for number, data in enumerate(results.data_sets):
        ladders, left_out = _ladders(results, data)
        if ladders:
            draw = partial(_draw, ladders=ladders, data=data)
            said = f"{data.quality_title} on {data.title} by step: {', '.join(ladders)}"
            page = partial(to_page, draw, said, f"lsq-{number}")
            panels.append(Panel(data.title, page, file_name("ladder", data.name), "L, S and Q", left_out, draw=draw))
    return Figure("What L, S and Q cost", _ABOUT, tuple(panels), caption=_ABOUT) if panels else None


def _ladders(results: Results, data: DataSet) -> tuple[dict[str, Ladder], str]:
    """Returns the steps of each cell that has two or more, and which cells are left out, with the reason.

    Models of a cell that differ in more than L, S and Q stand on ladders of their own. Where a step has two models none
    of them is the one that others are steps of.
    """
    found: dict[_Kind, dict[str, list[Summary]]] = defaultdict(lambda: defaultdict(list))
    for row in results.rows_on(data):
        if row.compression in _STEPS and row.mean(data.quality) is not None:
            found[_kind(row)][row.compression].append(row)
    ladders: dict[str, Ladder] = {}
    several = []
    for kind, steps in found.items():
        name = _name(kind, [other for other in found if other.cell == kind.cell])
        if any(len(rows) > 1 for rows in steps.values()):
            several.append(name)
        elif len(steps) > 1:
            ladders[name] = {step: row for step, (row,) in steps.items()}
    return ladders, f"{', '.join(several)}: several models on a step" if several else ""


class _Kind(NamedTuple):
    """What models on one ladder have in common."""

    cell: str
    hidden_size: int | None
    variant: str
    after: bool


def _kind(row: Summary) -> _Kind:
    spec = row.runs[0].record.spec
    cell, compress = spec.get("cell") or {}, spec.get("compress") or {}
    own = sorted(flat({key: cell.get(key) or {} for key in ("options", "hold")}).items())
    variant = " ".join(f"{path.partition('.')[2]} {value}" for path, value in own)
    after = compress.get("apply") == "after" and row.compression != "dense"
    return _Kind(row.cell, row.hidden_size, variant, after)


def _name(kind: _Kind, alike: Sequence[_Kind]) -> str:
    """Returns the cell's title, with what tells it from the others of that cell."""
    words = [kind.cell]
    if len({other.hidden_size for other in alike}) > 1:
        words.append(f"H {kind.hidden_size}")
    if len({other.variant for other in alike}) > 1:
        words.append(kind.variant or "as it is")
    if len({other.after for other in alike}) > 1:
        words.append("after training" if kind.after else "in training")
    return ", ".join(words)


def _draw(axes: Axes, ladders: Mapping[str, Ladder], data: DataSet) -> None:
    used = [step for step in _STEPS if any(step in steps for steps in ladders.values())]
    cells = [next(iter(steps.values())).cell for steps in ladders.values()]
    for number, (name, steps) in enumerate(ladders.items()):
        colour, marker = look(cells[number], cells)
        shift = 0.3 * (number - (len(ladders) - 1) / 2) / max(1, len(ladders) - 1)  # so that bars do not cover others
        own = [step for step in used if step in steps]
        means = [data.scale * (steps[step].mean(data.quality) or 0.0) for step in own]
        bars = [steps[step].half_interval or 0.0 for step in own]
        before = cells[:number].count(cells[number])  # ladders of one cell have its colour and marker
        style: Any = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 0.9, "capsize": 1.5}
        style |= {"linestyle": _LINES[before % len(_LINES)], "markerfacecolor": "white" if before else colour}
        axes.errorbar([used.index(step) + shift for step in own], means, yerr=bars, label=printable(name[:40]), **style)
    axes.set_xticks(range(len(used)), [_tick(step, [*ladders.values()]) for step in used])
    axes.set(ylabel=data.quality_title)
    axes.margins(x=0.1)
    keep_to_shares(axes, data.quality_title)


def _tick(step: str, ladders: Sequence[Ladder]) -> str:
    kb = ladders[0][step].mean("kb") if len(ladders) == 1 and step in ladders[0] else None
    return step if kb is None else f"{step}\n{plain(kb, 3)} KB"
