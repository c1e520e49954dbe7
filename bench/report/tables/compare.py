"""The table of differences to a reference: seed by seed, with interval, p and verdict (``docs/statistics.md``)."""

from __future__ import annotations

from dataclasses import replace

from bench.report.differences import Difference, differences
from bench.report.notes import Notes
from bench.report.results import Results
from bench.report.statistics import Comparison, Verdict, deviation
from bench.report.summary import Summary
from bench.report.table import DASH, Column, Entry, Row, Table, number, typeset

_STUB = (Column("Data set", align="left"), Column("Cell", align="left"))
_COLUMNS = (
    Column("seeds", align="right"),
    Column("difference", name="difference", places=2),
    *(Column(title, align="right") for title in ("95 % interval", "p", "Holm p", "verdict", "could have shown")),
)


def table(results: Results) -> Table | None:
    """The table, or ``None`` where no reference is named.

    Raises:
        RnnbenchError: when the reference is in no row, or is several rows that cannot be told apart.
    """
    if not results.against:
        return None
    notes, found = Notes(), differences(results)
    lines = [Row((each.data.title, each.label), tuple(_entries(each, notes))) for each in found]
    references = {id(each.reference): each.reference for each in found if each.reference}
    remarks = tuple(_remark(reference) for reference in references.values())
    name = f"{results.name}-compare"
    return typeset(Table(name, _caption(results, found), _COLUMNS, tuple(lines), notes.listed(), remarks, _STUB))


def _entries(each: Difference, notes: Notes) -> list[Entry]:
    marks = notes.mark("; ".join(each.remarks))
    if each.found is None:
        return [DASH, replace(DASH, marks=marks or notes.mark("no seed in common")), *[DASH] * (len(_COLUMNS) - 2)]
    own = each.found
    difference = number(own.mean, deviation(own.differences.values()), own.n)
    decided = own.verdict in (Verdict.BETTER, Verdict.WORSE) and not each.remarks
    texts = (_interval(own), f"{own.p:.2g}", f"{own.corrected_p:.2g}", own.verdict.value, _smallest(own))
    return [Entry(str(own.n)), replace(difference, marks=marks, leads=decided), *map(Entry, texts)]


def _interval(own: Comparison) -> str:
    return f"{own.interval.low:.2f} to {own.interval.high:.2f}" if own.interval else "-"


def _smallest(own: Comparison) -> str:
    if own.smallest is None:
        return "nothing" if own.reachable_p > 0.05 else "-"
    return f"{own.smallest:.2f}"


def _remark(reference: Summary) -> str:
    mean, sd = reference.mean(reference.data.quality) or 0.0, reference.sd(reference.data.quality)
    spread = "" if sd is None else f" ± {reference.data.scale * sd:.2f}"
    score = f"{reference.data.scale * mean:.2f}{spread}"
    return f"{reference.data.title}: against {reference.label}, {reference.data.quality_title} {score}."


def _caption(results: Results, found: list[Difference]) -> str:
    units = {"points of accuracy" if each.data.percent else each.data.quality for each in found}
    return (
        f"{results.name}: differences to {results.against} by seed, in {' or '.join(sorted(units))}; above zero is "
        "better. Mean ± sample standard deviation; 95 % interval: Student's; p: sign-flip test; Holm p: corrected over "
        "the cells compared with one reference. Verdict: with a region of practical equivalence of "
        f"± {results.rope:g}, at 95 %; better and worse also need a Holm p of 5 % at most, and are bold where the runs "
        "are alike in all but the cell. Could have shown: the true difference that so many seeds find in 80 % of "
        "experiments; nothing: no difference, however large, reaches a Holm p of 5 %."
    )
