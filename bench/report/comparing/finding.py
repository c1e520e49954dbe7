"""Says in sentences what cells in float32 and in int8 show: sizes, times, differences of accuracy with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.report.comparing.likeness import unlike
from bench.report.comparing.standing import LEVEL
from bench.report.comparing.twins import Twins, format_of, smaller_by, twins
from bench.report.rows.conditions import FORMAT
from bench.report.rows.results import Results
from bench.report.rows.summary import Latency, Summary
from bench.report.statistics import holm, pair, sign_flip, smallest_p, t_interval
from bench.report.table import plain

_FEW = 4
"""Cells that are named one by one."""


@dataclass(frozen=True)
class Contrast:
    """A row beside a reference on the same data, whatever the format of their numbers."""

    own: Summary
    reference: Summary

    @cached_property
    def differences(self) -> NDArray[np.float64]:
        """Differences of the metric by seed, above zero where the row is better; empty without common seeds."""
        sign = 1 if self.own.data.upwards else -1
        return sign * pair(self.own.scores, self.reference.scores)

    @property
    def n(self) -> int:
        """How many seeds both have."""
        return len(self.differences)

    @property
    def title(self) -> str:
        """Names the two."""
        return f"{_name(self.own)} against {_name(self.reference)}"

    @property
    def smaller(self) -> float:
        """How many times the reference is larger."""
        return (self.reference.mean("kb") or 0.0) / (self.own.mean("kb") or 1.0)

    @property
    def faster(self) -> Iterator[tuple[float, str]]:
        """On every board that both fit, how many times the reference takes longer, and the board."""
        for latency in filter(usable, self.own.latencies):
            other = self.reference.latency(latency.board)
            if other is not None and usable(other):
                yield other.mean("ms") / latency.mean("ms"), latency.title

    def __str__(self) -> str:
        """The mean difference, with its 95 % interval in brackets."""
        if not self.n:
            return "no seed in common"
        data = self.own.data
        what = f"{data.word} {{:+.1f}} points" if data.percent else f"{data.word} better by {{:.2f}}"
        text, interval = what.format(self.differences.mean()), t_interval(self.differences)
        return f"{text} ({interval.low:+.1f} to {interval.high:+.1f})" if interval else text


def findings(results: Results) -> list[str]:
    """Returns a paragraph, a sentence on a line, for every data set that has a cell in float32 and in int8.

    It is computed from the records. Times that an earlier model of latency predicted are left out.
    """
    found = twins(results)
    groups = ([both for both in found if both.dense.data == data] for data in results.data_sets)
    return ["\n".join(_sentences(group, results)) for group in groups if group]


def ends(found: Sequence[Twins]) -> tuple[Twins, Twins]:
    """Returns the twins with the smallest int8 model, and those with the largest dense one."""
    smallest = min(found, key=lambda both: both.small.mean("kb") or 0.0)
    return smallest, max(found, key=lambda both: both.dense.mean("kb") or 0.0)


def usable(latency: Latency) -> bool:
    """Whether a model fits the board, and its latency is not stale."""
    return latency.fits("flash") and latency.fits("ram") and not latency.stale


def _sentences(found: Sequence[Twins], results: Results) -> Iterator[str]:
    own = [Contrast(both.small, both.dense) for both in found]
    smallest, largest = ends(found)
    same = largest.dense is smallest.dense
    across = [] if same else [Contrast(smallest.small, other) for other in largest]
    where = f"{own[0].own.data.title}: "
    if across:
        yield f"{where}{_name(smallest.small)} is {'; and it is '.join(map(_beside, across))}."
    yield f"{where * same}The same cell, from dense float32 to {_ways(found)}: {_steps(own, results)}."
    yield from _fitting(found)
    yield _shown([*own, *across])


def _name(row: Summary) -> str:
    return f"{row.cell} {smaller_by(row) or f'in {format_of(row)}'}"


def _ways(found: Sequence[Twins]) -> str:
    """Says what the small rows are: ``int8``, or ``int8 (Q), low rank (L) or sparse (S) as well``."""
    letters = "".join(smaller_by(both.small) for both in found)
    more = [word for letter, word in (("L", "low rank (L)"), ("S", "sparse (S)")) if letter in letters]
    return f"int8 (Q), {' or '.join(more)} as well" if more else "int8"


def _steps(own: Sequence[Contrast], results: Results) -> str:
    """Says of every cell what becomes of it, of many cells from what to what."""
    tested = sorted((contrast for contrast in own if contrast.n), key=lambda contrast: contrast.differences.mean())
    if len(own) <= _FEW or not tested:
        return "; ".join(f"{contrast.own.cell} {_step(contrast, results)}" for contrast in own)
    ratios = sorted(contrast.smaller for contrast in own)
    sizes = f"{len(own)} models become {plain(ratios[0], 2)} to {plain(ratios[-1], 2)} times smaller"
    worst, best = (f"{contrast.own.cell}: {contrast}" for contrast in (tested[0], tested[-1]))
    return f"{sizes}; at one end {worst}, at the other {best}"


def _step(contrast: Contrast, results: Results) -> str:
    """Says from what to what size and time a cell goes, and what that does to its accuracy."""
    kbs = [plain(row.mean("kb") or 0.0, 3) for row in (contrast.reference, contrast.own)]
    text = f"from {kbs[0]} to {kbs[1]} KB"
    times = [row.latency(results.board.name) for row in (contrast.reference, contrast.own)] if results.board else []
    if results.board and all(latency is not None and usable(latency) for latency in times):
        ms = " to ".join(plain(latency.mean("ms"), 3) for latency in times if latency)
        text += f" and from {ms} ms on {results.board.title}"
    return f"{text}, {contrast}"


def _beside(contrast: Contrast) -> str:
    fast = [f"{plain(ratio, 2)} times as fast on {board}" for ratio, board in contrast.faster]
    small = f"{plain(contrast.smaller, 2)} times smaller than {_name(contrast.reference)}"
    return ", ".join([small, *fast, str(contrast)])


def _fitting(found: Sequence[Twins]) -> Iterator[str]:
    """Yields, for every board that some cells fit in int8 only, which."""
    titles = {latency.board: latency.title for both in found for latency in both.small.latencies}
    for board, title in titles.items():
        cells = [both.dense.cell for both in found if _fits(both.small, board) and not _fits(both.dense, board)]
        if cells:
            yield f"{_listed(cells)} fit{'s' if len(cells) == 1 else ''} {title} in int8 only."


def _fits(row: Summary, board: str) -> bool:
    latency = row.latency(board)
    return latency is not None and latency.fits("flash") and latency.fits("ram")


def _shown(contrasts: Sequence[Contrast]) -> str:
    """Says which of the differences the sign-flip test shows, corrected for their number, or that it cannot."""
    tested = [contrast for contrast in contrasts if contrast.n]
    n = min((contrast.n for contrast in tested), default=0)
    remarks = sorted({remark for contrast in contrasts for remark in _remarks(contrast)})
    end = f" Not alike in all else: {'; '.join(remarks)}." if remarks else ""
    many = f"{len(tested)} difference{'' if len(tested) == 1 else 's'}"
    if len(tested) * smallest_p(n) > LEVEL:
        least = min(1.0, len(tested) * smallest_p(n))
        said = f"so few cannot show that any of the {many} is real (sign-flip test, Holm: least p {least:.2g})"
    else:
        corrected = holm([sign_flip(contrast.differences) for contrast in tested])
        shown = [contrast.title for contrast, p in zip(tested, corrected, strict=True) if p <= LEVEL]
        said = f"of the {many} shown at 5 % (sign-flip test, Holm): {'; '.join(shown) or 'none'}"
    return f"In brackets: 95 % intervals of the mean over ever more seeds; here are {n}, and {said}.{end}"


def _remarks(contrast: Contrast) -> list[str]:
    return [text for name, text in unlike(contrast.own, contrast.reference).items() if name != FORMAT]


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
