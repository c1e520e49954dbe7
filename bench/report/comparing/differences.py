"""The rows of every data set compared with a reference, seed by seed and like with like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.errors import RnnbenchError, guess
from bench.report.comparing.likeness import unlike
from bench.report.comparing.people import People, over_people
from bench.report.rows.conditions import DATA, FORMAT, number_format
from bench.report.rows.results import Results
from bench.report.rows.summary import DataSet, Summary
from bench.report.statistics import Comparison, against, deviation

_NEVER = (DATA, FORMAT)  # conditions without which nothing is compared
_NUMBERS = (
    *("n", "difference", "sd", "low", "high", "p", "corrected_p", "smallest_corrected_p"),
    *("worse", "equivalent", "better", "verdict", "could_have_shown", "by_seed"),
)


@dataclass(frozen=True)
class Difference:
    """A row beside its reference on a data set.

    Attributes:
        data: the data set.
        label: of the row.
        reference: the row that it is compared with; ``None`` where none has its number format.
        found: the comparison; ``None`` where there is nothing to compare.
        people: the interval over new people; ``None`` where the records do not say who was recognised.
        remarks: in what the two are not alike, or why they are not compared.
    """

    data: DataSet
    label: str
    reference: Summary | None
    found: Comparison | None
    remarks: tuple[str, ...]
    people: People | None = None


def differences(results: Results) -> list[Difference]:
    """Compares the rows with finished runs, p corrected over the rows that share a reference.

    The reference is the row of that label, or the rows of that cell: of several, a row is compared with the one of its
    own number format, and among these with the one of its own compression.

    Raises:
        RnnbenchError: when no row is of that name, or several are that cannot be told apart by that.
    """
    found: list[Difference] = []
    for data in results.data_sets:
        rows = [row for row in results.rows_on(data) if row.n]
        named = _named(rows, results.against)
        pairs = [(row, _reference(row, named)) for row in rows if named and row not in named]
        for reference in named:
            found += compare(data, [row for row, own in pairs if own is reference], reference, results.rope)
        alone = (row for row, own in pairs if own is None)
        found += [Difference(data, row.label, None, None, (_no_reference(row, results.against),)) for row in alone]
    if not any(_named(results.rows_on(data), results.against) for data in results.data_sets):
        labels = sorted({row.label for row in results.summaries})
        cells = {name for row in results.summaries for name in _cells(row)}
        hint = guess(results.against, {*labels, *cells})
        raise RnnbenchError(f"no row is of {results.against!r}{hint}; rows: {', '.join(labels)}")
    return found


def _named(rows: Sequence[Summary], name: str) -> list[Summary]:
    """Returns the row of a label, or else the rows of a cell."""
    own = [row for row in rows if row.label == name]
    return own or [row for row in rows if name in _cells(row)]


def _cells(row: Summary) -> tuple[str, ...]:
    """Returns the title of a row's cell, and its name."""
    return (row.cell, row.runs[0].record.spec["cell"]["name"]) if row.runs else ()


def _reference(row: Summary, named: Sequence[Summary]) -> Summary | None:
    alike = [own for own in named if _format(own) == _format(row)]
    alike = [own for own in alike if own.compression == row.compression] or alike
    if len(alike) > 1:
        labels = " or ".join(repr(own.label) for own in alike)
        raise RnnbenchError(f"{row.label} on {row.data.title} can be compared with {labels}: name the row in full")
    return alike[0] if alike else None


def _format(row: Summary) -> str:
    return number_format(row.runs[0].record)


def _no_reference(row: Summary, name: str) -> str:
    return f"no {_format(row)} row of {name}"


def compare(data: DataSet, rows: Sequence[Summary], reference: Summary, rope: float) -> Iterator[Difference]:
    """Yields the rows of a data set that share a reference, like with like, p corrected over them."""
    different = {row.label: unlike(row, reference) for row in rows}
    compared = {row.label: row.scores for row in rows if not any(name in different[row.label] for name in _NEVER)}
    found = against(reference.scores, compared, rope, data.upwards)
    for row in rows:
        own = found.get(row.label)
        remarks = tuple(different[row.label].values())
        yield Difference(data, row.label, reference, own, remarks, over_people(row, reference) if own else None)


def rows(found: Sequence[Difference]) -> Iterator[dict[str, str | float | None]]:
    """Yields a row for each comparison, for the CSV and for programs; ``None`` where there is no value."""
    for each in found:
        reference = each.reference.label if each.reference else None
        row: dict[str, str | float | None] = {"data": each.data.name, "metric": each.data.quality, "label": each.label}
        row |= {"reference": reference, "not_alike": "; ".join(each.remarks) or None}
        people = each.people and (*each.people.interval, each.people.groups)
        row |= dict(zip(("people_low", "people_high", "people"), people or (None, None, None), strict=True))
        yield row | _numbers(each.found)


def _numbers(found: Comparison | None) -> dict[str, str | float | None]:
    if found is None:
        return dict.fromkeys(_NUMBERS)
    interval, shares, own = found.interval, found.posterior, found.differences
    values: tuple[str | float | None, ...] = (
        *(found.n, found.mean, deviation(own.values()), *(interval or (None, None))),
        *(found.p, found.corrected_p, found.reachable_p, *(shares or (None, None, None))),
        *(found.verdict.value, found.smallest, " ".join(f"{seed}:{value:.6g}" for seed, value in own.items())),
    )
    return dict(zip(_NUMBERS, values, strict=True))
