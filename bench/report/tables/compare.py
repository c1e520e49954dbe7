"""The table of differences to a reference: seed by seed, with interval, p and verdict (``docs/statistics.md``)."""

from __future__ import annotations

from dataclasses import replace

from bench.report.comparing.differences import Difference, differences
from bench.report.notes import Notes
from bench.report.rows.results import Results
from bench.report.rows.summary import Summary
from bench.report.statistics import Comparison, Verdict, deviation
from bench.report.table import DASH, Column, Entry, Row, Table, between, number, typeset

_STUB = (Column("Data set", align="left"), Column("Cell", align="left"))
_PEOPLE = Column("of new people", align="right")
_COLUMNS = (
    Column("seeds", align="right"),
    Column("difference", name="difference", places=2),
    Column("95 % interval", align="right"),
    _PEOPLE,
    *(Column(title, align="right") for title in ("p", "Holm p", "verdict", "could have shown")),
)
_FEW = 10


def table(results: Results) -> Table | None:
    """The table, or ``None`` where no reference is named.

    Raises:
        RnnbenchError: when the reference is in no row, or is several rows that cannot be told apart.
    """
    if not results.against:
        return None
    notes, found = Notes(), differences(results)
    people = any(comparison.people for comparison in found)
    columns = tuple(column for column in _COLUMNS if people or column is not _PEOPLE)
    lines = [
        Row((comparison.data.title, comparison.label), tuple(_entries(comparison, people, notes)))
        for comparison in found
    ]
    references = {id(comparison.reference): comparison.reference for comparison in found if comparison.reference}
    remarks = tuple(_remark(reference) for reference in references.values())
    name = f"{results.name}-compare"
    return typeset(Table(name, _caption(results, found), columns, tuple(lines), notes.listed(), remarks, _STUB))


def _entries(each: Difference, people: bool, notes: Notes) -> list[Entry]:
    """Returns the entries of a row, with an interval of new people where any row has one."""
    marks = notes.mark("; ".join(each.remarks))
    shown = [between(each.people.interval if each.people else None)] if people else []
    if each.found is None:
        dashes = [DASH] * (len(_COLUMNS) - 3)
        return [DASH, replace(DASH, marks=marks or notes.mark("no seed in common")), *dashes, *shown]
    own = each.found
    difference = number(own.mean, deviation(own.differences.values()), own.n)
    decided = own.verdict in (Verdict.BETTER, Verdict.WORSE) and not each.remarks
    first = [Entry(str(own.n)), replace(difference, marks=marks, leads=decided), between(own.interval)]
    texts = (f"{own.p:.2g}", f"{own.corrected_p:.2g}", own.verdict.value, _smallest(own))
    return [*first, *shown, *map(Entry, texts)]


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
    people = {comparison.data.title: comparison.people.groups for comparison in found if comparison.people}
    units = {
        f"points of {comparison.data.word}" if comparison.data.percent else comparison.data.quality
        for comparison in found
    }
    return (
        f"{results.name}: differences to {results.against} by seed, in {' or '.join(sorted(units))}; above zero is "
        "better. Mean ± sample standard deviation; 95 % interval: Student's; p: sign-flip test; Holm p: corrected over "
        "the cells compared with one reference. Verdict: with a region of practical equivalence of "
        f"± {results.rope:g}, at 95 %; better and worse also need a Holm p of 5 % at most, and are bold where the runs "
        "are alike in all but the cell. Could have shown: the true difference that so many seeds find in 80 % of "
        "experiments; nothing: no difference, however large, reaches a Holm p of 5 %."
        + (_of_people(people) if people else "")
    )


def _of_people(groups: dict[str, int]) -> str:
    counts = ", ".join(f"{title}: {count}" for title, count in groups.items())
    few = " It is too narrow for fewer than ten." if min(groups.values()) < _FEW else ""
    return (
        " Of new people: the 95 % interval when seeds and the people (or recordings) of the test set are both drawn "
        f"again; the other numbers leave the people as they are ({counts}).{few}"
    )
