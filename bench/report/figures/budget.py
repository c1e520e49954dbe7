"""Budget curves: what a search would have found with fewer trials, group by group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bench.report.drawing.looks import line_looks
from bench.report.drawing.svg import ACCENT, FAINT, STYLE, blank, to_svg
from bench.report.figure import Figure, Panel, file_name
from bench.report.rows.results import Results
from bench.report.rows.trials import Group, groups

_CAPTION = (
    "The validation score that the best of so many trials has, on average over all choices of that many from those "
    "that were made (Dodge et al. 2019). A line that still rises at its end says that more trials would find more."
)
_ABOUT = f"{_CAPTION} Grey: the other groups."


def figure(results: Results) -> Figure | None:
    """A panel for each group whose trials were drawn; ``None`` where none has two that are done."""
    found = [group for group in groups(results) if len(group.scores) > 1 and group.drawn]
    if not found:
        return None
    lines = {group.name: expected_best(group.scores, group.upwards) for group in found}
    panels = []
    for number, group in enumerate(found):
        page = partial(_draw, lines, group.name, group.title, f"budget-{number}")
        panels.append(Panel(group.name, page, file_name("budget", group.name)))
    return Figure("What more trials would find", _ABOUT, (*panels, *_printed(found)), small=True, caption=_CAPTION)


def _printed(found: Sequence[Group]) -> Iterator[Panel]:
    """Yields a panel for print for each data set, with a line for each of its groups."""
    for data in dict.fromkeys(group.data for group in found):
        own = [group for group in found if group.data == data]
        yield Panel(data, name=file_name("budget", data), group="Trials", draw=partial(_print, found=own))


def _print(axes: Axes, found: Sequence[Group]) -> None:
    looks = line_looks([(group.row, group.cell) for group in found])
    for group in found:
        values = expected_best(group.scores, group.upwards)
        axes.plot(range(1, len(values) + 1), values, **looks[group.row])
    axes.set(xlabel="trials", ylabel=f"validation {found[0].title}")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def expected_best(scores: Sequence[float], upwards: bool = True) -> list[float]:
    """Returns the expected best of 1, 2, ... n trials, drawn without replacement from n scores.

    With scores in ascending order, the i-th of n is the greatest of k with probability C(i - 1, k - 1) / C(n, k) (Dodge
    et al. 2019, "Show Your Work", there with replacement).
    """
    sign = 1.0 if upwards else -1.0
    ordered = sorted(sign * score for score in scores)
    n = len(ordered)
    return [
        sign * sum(score * math.comb(i, k - 1) for i, score in enumerate(ordered)) / math.comb(n, k)
        for k in range(1, n + 1)
    ]


def _draw(lines: dict[str, list[float]], name: str, title: str, key: str) -> str:
    with mpl.rc_context(STYLE):
        figure, axes = blank(2.9, 2.0)
        for other, values in lines.items():
            if other != name:
                axes.plot(range(1, len(values) + 1), values, color=FAINT, linewidth=1)
        own = lines[name]
        axes.plot(range(1, len(own) + 1), own, color=ACCENT, linewidth=1.6)
        axes.set(xlabel="trials", ylabel=f"validation {title}")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        figure.set_layout_engine("tight")
        return to_svg(
            figure, f"{name}: validation {title} of the best of so many trials, at the end {own[-1]:.4g}", key
        )
