"""The standing of a data set's rows: the best of each group that is alike, and what is not significantly worse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bench.report.comparing.likeness import alike, varying
from bench.report.rows.summary import DataSet, Summary
from bench.report.statistics import leaders, smallest_p
from bench.report.table import rounded

LEVEL = 0.05
_PLACES = 2


class Standing(NamedTuple):
    """The standing of the rows of one data set.

    Attributes:
        best: labels whose mean prints like the best of its group.
        leaders: labels of the best and of all that is not significantly worse.
        groups: of every group of two rows or more, the number of seeds and the number of rows.
    """

    best: frozenset[str]
    leaders: frozenset[str]
    groups: tuple[tuple[int, int], ...]


def standing(data: DataSet, summaries: Iterable[Summary]) -> Standing:
    """Compares the rows of a data set within groups that are alike; a row that is alike no other has no standing."""
    best: set[str] = set()
    leading: set[str] = set()
    sizes = []
    scored = (summary for summary in summaries if summary.scores)
    for group in (group for group in alike(scored) if len(group) > 1):
        means = {summary.label: summary.mean(data.quality) or 0.0 for summary in group}
        top = (max if data.upwards else min)(means.values())
        printed = {label: rounded(data.scale * mean, _PLACES) for label, mean in means.items()}
        best |= {label for label in means if printed[label] == rounded(data.scale * top, _PLACES)}
        leading |= leaders({summary.label: summary.scores for summary in group}, data.upwards, LEVEL)
        sizes.append((group[0].n, len(group)))
    return Standing(frozenset(best), frozenset(leading), tuple(sizes))


def explain(standings: Sequence[Standing], costs: bool = True) -> str:
    """Says what underlined and bold mean, and what so many seeds can show; empty where nothing can be either.

    Args:
        standings: of the data sets whose results are shown.
        costs: whether sizes or times are shown.
    """
    if not any(found.groups for found in standings):
        return "Underlined: best of its column, as printed." if costs else ""
    groups = sorted({group for found in standings for group in found.groups})
    blind = [(n, rows) for n, rows in groups if (rows - 1) * smallest_p(n) > LEVEL]
    parts = [
        "Underlined: best of its column, as printed; of test results, among rows of equal seeds, data and conditions."
    ]
    if len(blind) < len(groups):
        parts.append(
            "Bold: the best and all that is not significantly worse (paired by seed, sign-flip test, Holm, 5 %)."
        )
    parts += (_blind(n, [rows for own, rows in blind if own == n]) for n in dict.fromkeys(n for n, _ in blind))
    return " ".join(parts)


def unlike_rows(data: DataSet, summaries: Sequence[Summary]) -> Iterator[str]:
    """Yields a remark where rows of a data set are not alike, and so not compared."""
    different = varying(summaries)
    if different:
        yield f"{data.title}: rows differ in {', '.join(different)}; those that do are not compared with each other."


def _blind(n: int, rows: Sequence[int]) -> str:
    if n == 1:
        return "One seed cannot show a difference: nothing is bold."
    p = min(1.0, (rows[0] - 1) * smallest_p(n))
    between = " or ".join(map(str, rows))
    return f"{n} seeds cannot show a difference between {between} rows (least p {p:.2g}): nothing is bold among them."
