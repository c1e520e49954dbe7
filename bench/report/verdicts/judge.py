"""Judges claims: evidence from records and published figures, each with what it shows, and a verdict on the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.report.comparing.fallen import fallen
from bench.report.rows.gradients import conditions
from bench.report.rows.learnt import alpha_beta, error, ratio
from bench.report.rows.published import book
from bench.report.rows.results import Results
from bench.report.rows.summary import Summary
from bench.report.statistics import holm, pair, sign_flip, smallest_p, t_interval
from bench.report.table import plain
from bench.report.verdicts.book import Check, Claim
from bench.report.verdicts.rows import Found, pairs, rows, unmatched

LEVEL = 0.05
_FEWEST = 3


class Standing(StrEnum):
    """How a claim stands."""

    HOLDS = "holds"
    MORE = "more than claimed"
    IN_PART = "holds in part"
    NOT = "does not hold"
    UNDECIDED = "undecided at this n"
    UNTESTED = "not tested here"


class Evidence(NamedTuple):
    """The evidence of one comparison.

    Attributes:
        where: the data set and the grid, or the published table.
        said: the number, with its interval, p and n.
        standing: of the claim by this alone.
    """

    where: str
    said: str
    standing: Standing


class Judged(NamedTuple):
    """A claim with its verdict, all evidence, and the part of it that decides."""

    claim: Claim
    standing: Standing
    reason: str
    evidence: tuple[Evidence, ...]
    decisive: tuple[Evidence, ...] = ()


def judge(claim: Claim, folders: Sequence[Results]) -> Judged:
    """Judges a claim by all that results folders have of it.

    It holds where all evidence says so, in part where some does, does not hold where some evidence is against it and
    none for it, and is undecided where nothing is decided. A ratio beyond the range that is claimed is more than
    claimed. Records decide. That the paper's sentence follows from its own tables stands beside, and decides only where
    a claim is of nothing else.

    Args:
        claim: what is claimed.
        folders: results folders, each read by itself: rows are compared within a grid.
    """
    printed = _evidence([test for test in claim.tests if test.kind == "printed"], folders)
    ours = _evidence([test for test in claim.tests if test.kind != "printed"], folders)
    decided = ours or (printed if all(test.kind == "printed" for test in claim.tests) else [])
    reason = claim.not_tested or ("" if decided else _lacking(claim, folders))
    return Judged(claim, _together({evidence.standing for evidence in decided}), reason, (*ours, *printed), (*decided,))


def _lacking(claim: Claim, folders: Sequence[Results]) -> str:
    """Says why nothing decides a claim that has tests."""
    missing = dict.fromkeys(unmatched(test, folders) for test in claim.tests if test.kind != "printed")
    named = [what for what in missing if what]
    return "no record here has the rows that decide it" + (f": none has {' and none '.join(named)}" if named else "")


def _evidence(tests: Sequence[Check], folders: Sequence[Results]) -> list[Evidence]:
    return [evidence for test in tests for evidence in _KINDS[test.kind](test, folders)]


def _together(standings: set[Standing]) -> Standing:
    if not standings:
        return Standing.UNTESTED
    for single in (Standing.HOLDS, Standing.MORE):
        if single in standings:
            return single if len(standings) == 1 else Standing.IN_PART
    return Standing.NOT if Standing.NOT in standings else Standing.UNDECIDED


def _differences(found: Found) -> NDArray[np.float64]:
    sign = 1 if found.own.data.upwards else -1
    return sign * pair(found.own.scores, found.against.scores)


def _compared(test: Check, folders: Sequence[Results]) -> list[Evidence]:
    """Compares rows by seed; p corrected over the comparisons of the test that could reach the level by themselves.

    No values reject the others, so they are no part of what is tested, and one seed somewhere takes nothing from ten
    elsewhere. Source: Tarone, A modified Bonferroni method for discrete data, Biometrics 46 (1990), 515-522.
    """
    both = [(found, _differences(found)) for found in pairs(test, folders)]
    both = [(found, values) for found, values in both if len(values)]
    able = [at for at, (_, values) in enumerate(both) if smallest_p(len(values)) <= LEVEL]
    corrected = dict(zip(able, holm([sign_flip(both[at][1]) for at in able]), strict=True))
    return [_one(test, found, values, corrected.get(at)) for at, (found, values) in enumerate(both)]


def _one(test: Check, found: Found, values: NDArray[np.float64], p: float | None) -> Evidence:
    interval, unit = t_interval(values), "points" if found.own.data.percent else found.own.data.quality
    spread = f" ({interval.low:+.2f} to {interval.high:+.2f})" if interval else ""
    spread += f", Holm p {p:.2g}" if p is not None else ""
    own, other = found.names
    fell = [name for name, row in zip(found.names, found.sides, strict=True) if fallen(row)]
    remark = f"; training of {' and '.join(fell)} fell apart" if fell else ""
    said = f"{own} against {other}: {values.mean():+.2f} {unit}{spread}, n {len(values)}{remark}"
    standing = Standing.UNDECIDED
    if interval and len(values) >= _FEWEST:
        if test.kind == "no-worse":
            standing = _within(interval.low, interval.high, -test.margin, None)
        elif p is not None and p <= LEVEL:
            standing = Standing.HOLDS if values.mean() > 0 else Standing.NOT
    return Evidence(found.where, said, standing)


def _within(low: float, high: float, at_least: float | None, at_most: float | None) -> Standing:
    """Returns whether an interval lies within bounds, outside, or across one of them."""
    least, most = -np.inf if at_least is None else at_least, np.inf if at_most is None else at_most
    if least <= low and high <= most:
        return Standing.HOLDS
    return Standing.NOT if high < least or low > most else Standing.UNDECIDED


def _ratios(test: Check, folders: Sequence[Results]) -> list[Evidence]:
    evidence = []
    for found in pairs(test, folders):
        own, other = (_figure(test, row) for row in (found.own, found.against))
        if own and other:
            ratio = other / own
            said = f"{found.names[1]} {plain(other, 3)}, {found.names[0]} {plain(own, 3)} {_unit(test)}"
            beyond = test.at_most is not None and ratio > test.at_most
            standing = Standing.MORE if beyond else _within(ratio, ratio, test.at_least, None)
            evidence.append((ratio, Evidence(found.where, f"{ratio:.2f} times: {said}", standing)))
    return _taken(test, evidence)


def _taken(test: Check, found: Sequence[tuple[float, Evidence]]) -> list[Evidence]:
    """Returns the evidence that a test takes: all of it, or that of the greatest or least number."""
    if test.take == "each" or not found:
        return [own for _, own in found]
    return [(max if test.take == "max" else min)(found, key=lambda pair: pair[0])[1]]


def _figures(test: Check, folders: Sequence[Results]) -> list[Evidence]:
    evidence = []
    for found in rows(test, folders):
        value = _figure(test, found.own)
        if value is not None:
            standing = _within(value, value, test.at_least, test.at_most)
            evidence.append(Evidence(found.where, f"{found.names[0]}: {plain(value)} {_unit(test)}", standing))
        elif test.figure == "ms" and found.own.latency(test.board):
            evidence.append(Evidence(found.where, f"{found.names[0]} does not fit {test.board}", Standing.NOT))
    return evidence


def _figure(test: Check, row: Summary) -> float | None:
    if test.figure != "ms":
        return row.mean(test.figure)
    latency = row.latency(test.board)
    return latency.mean("ms") if latency and latency.fits("flash") and latency.fits("ram") else None


def _unit(test: Check) -> str:
    return {"kb": "KB", "minutes": "min"}.get(test.figure, f"ms on {test.board}")


_LEARNT: dict[str, Callable[[float, float], float]] = {
    "alpha": lambda alpha, _: alpha,
    "beta": lambda _, beta: beta,
    "alpha/beta": ratio,
    "error": error,
}


def _learnt(test: Check, folders: Sequence[Results]) -> list[Evidence]:
    evidence = []
    for found in rows(test, folders):
        values = np.array([_LEARNT[test.figure](*own) for own in alpha_beta(found.own)])
        what = f"{found.names[0]}: {test.figure}"
        if np.isnan(values).any():
            evidence.append(Evidence(found.where, f"{what} of a seed is no number", Standing.UNDECIDED))
        else:
            evidence += _over_seeds(test, found.where, what, values)
    return evidence


def _spreads(test: Check, folders: Sequence[Results]) -> list[Evidence]:
    evidence = []
    for found in rows(test, folders):
        drawn = [run.record.result.random_h0_accuracy for run in found.own.runs if run.done and run.record.result]
        values = np.array([100 * np.std(own, ddof=1) for own in drawn if own and len(own) > 1])
        evidence += _over_seeds(test, found.where, f"{found.names[0]}: sd over first states", values)
    return evidence


def _gradients(test: Check, folders: Sequence[Results]) -> list[Evidence]:
    """Holds condition numbers of gradients against the bounds, or by seed against those of other rows."""
    if not test.against:
        said = "log10 of the condition number"
        return [
            own
            for single in rows(test, folders)
            for own in _over_seeds(
                test, single.where, f"{single.names[0]}: {said}", np.array([*conditions(single.own).values()])
            )
        ]
    evidence = []
    for both in pairs(test, folders):
        values = pair(conditions(both.against), conditions(both.own))
        what = f"{both.names[1]}, condition number in powers of ten above that of {both.names[0]}:"
        evidence += _over_seeds(test, both.where, what, values)
    return evidence


def _over_seeds(test: Check, where: str, what: str, values: NDArray[np.float64]) -> list[Evidence]:
    """Holds the mean of a number over seeds, with its interval, against the bounds."""
    if not len(values):
        return []
    interval, mean = t_interval(values), float(values.mean())
    if interval is None or len(values) < _FEWEST:
        return [Evidence(where, f"{what} {plain(mean, 3)}, n {len(values)}", Standing.UNDECIDED)]
    said = f"{what} {plain(mean, 3)} ({plain(interval.low, 3)} to {plain(interval.high, 3)}), n {len(values)}"
    return [Evidence(where, said, _within(interval.low, interval.high, test.at_least, test.at_most))]


def _printed(test: Check, folders: Sequence[Results]) -> list[Evidence]:
    """Works a sentence of the paper out again from its own tables."""
    assert test.methods is not None  # noqa: S101
    part, column = book()[test.table], test.figure
    figures = {(row["dataset"], row["method"]): row.get(column) for row in part["rows"]}
    own, other = test.methods
    found = {}
    for dataset in dict.fromkeys(row["dataset"] for row in part["rows"]):
        first, second = figures.get((dataset, own)), figures.get((dataset, other))
        if first is not None and second is not None and (not test.data or dataset in test.data):
            found[dataset] = second / first if test.divided else first - second
    what = f"{other} divided by {own}" if test.divided else f"{own} less {other}"
    evidence = []
    for dataset, value in found.items():
        standing = _within(round(value, 6), round(value, 6), test.at_least, test.at_most)
        where = f"the paper's Table {part['source']['table']}, {dataset}"
        evidence.append((value, Evidence(where, f"{what}, {column}: {plain(value)}", standing)))
    return _taken(test, evidence)


_KINDS: dict[str, Callable[[Check, Sequence[Results]], list[Evidence]]] = {
    "better": _compared,
    "no-worse": _compared,
    "ratio": _ratios,
    "figure": _figures,
    "learnt": _learnt,
    "spread": _spreads,
    "gradient": _gradients,
    "printed": _printed,
}
