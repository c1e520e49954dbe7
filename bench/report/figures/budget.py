"""Budget curves: what a search would have found with fewer trials, group by group."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.ticker import MaxNLocator

from bench.report.drawing.svg import ACCENT, FAINT, STYLE, blank, to_svg
from bench.report.figure import Figure, Panel
from bench.report.results import Results
from bench.report.trials import groups

_ABOUT = (
    "The validation score that the best of so many trials has, on average over all choices of that many from those "
    "that were made (Dodge et al. 2019). A line that still rises at its end says that more trials would find more. "
    "Grey: the other groups."
)


def figure(results: Results) -> Figure | None:
    """A panel for each group of a search; ``None`` where no group has two trials that are done."""
    found = [group for group in groups(results) if len(group.scores) > 1]
    if not found:
        return None
    lines = {group.name: expected_best(group.scores, group.upwards) for group in found}
    panels = []
    for number, group in enumerate(found):
        svg = _draw(lines, group.name, group.title, f"budget-{number}")
        panels.append(Panel(group.name, svg, f"budget-{_file(group.name)}"))
    return Figure("What more trials would find", _ABOUT, tuple(panels), small=True)


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


def _file(name: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name).split())


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
