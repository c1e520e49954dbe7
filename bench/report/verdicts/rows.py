"""Finds the rows that a claim is of, in every results folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.report.conditions import DATA, FORMAT
from bench.report.flat import flat
from bench.report.likeness import unlike
from bench.report.results import Results
from bench.report.short import row_names
from bench.report.summary import Summary
from bench.report.verdicts.book import Check


class Pair(NamedTuple):
    """Two rows of one grid on one data set, with their short names."""

    grid: str
    own: Summary
    against: Summary
    names: tuple[str, str]

    @property
    def where(self) -> str:
        """The data set and the grid."""
        return f"{self.own.data.title} ({self.grid})"


def rows(test: Check, folders: Sequence[Results]) -> Iterator[tuple[str, str, Summary]]:
    """Yields where it is, its short name, and the row of every finished row that is what a test asks for."""
    for results in folders:
        names = row_names(results)
        for summary in results.summaries:
            if summary.n and _fits(summary, test.own) and _wanted(summary, test):
                yield f"{summary.data.title} ({results.name})", names[summary.label], summary


def pairs(test: Check, folders: Sequence[Results]) -> Iterator[Pair]:
    """Yields every pair of rows of a grid that a test compares, on the same data and in the same number format."""
    never = (DATA,) if test.across_formats else (DATA, FORMAT)
    for results in folders:
        names = row_names(results)
        done = [summary for summary in results.summaries if summary.n and _wanted(summary, test)]
        for own in (summary for summary in done if _fits(summary, test.own)):
            for against in (row for row in done if row.data == own.data and _fits(row, test.against)):
                alike = _values(own, test.same) == _values(against, test.same)
                if own.label != against.label and alike and not any(name in never for name in unlike(own, against)):
                    yield Pair(results.name, own, against, (names[own.label], names[against.label]))


def _wanted(summary: Summary, test: Check) -> bool:
    return not test.data or summary.data.name in test.data or summary.data.name.partition(" ")[0] in test.data


def _fits(summary: Summary, when: Mapping[str, Any]) -> bool:
    return all(map(_same, _values(summary, [*when]), when.values()))


def _values(summary: Summary, paths: Sequence[str]) -> list[Any]:
    """Returns settings of a row's runs; of one with settings below it, whether there are any."""
    spec = flat(summary.runs[0].record.spec)
    values = {**spec, "cell": spec.get("cell.name"), "compression": summary.compression}
    return [values.get(path, any(key.startswith(f"{path}.") for key in spec)) for path in paths]


def _same(value: Any, wanted: Any) -> bool:
    """Returns whether a value is the wanted one, one of the wanted ones, anything but nothing, or nothing at all."""
    if isinstance(wanted, bool):
        return bool(value) == wanted
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)
