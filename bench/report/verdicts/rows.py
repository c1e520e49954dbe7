"""Finds the rows that a claim is of, in every results folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.errors import nearest
from bench.report.comparing.likeness import unlike
from bench.report.rows.conditions import DATA, FORMAT
from bench.report.rows.flat import flat
from bench.report.rows.results import Results
from bench.report.rows.short import told_names
from bench.report.rows.summary import Summary
from bench.report.verdicts.book import Check


class Found(NamedTuple):
    """A row of one or several grids on a data set, or two that are compared, with their short names."""

    grids: tuple[str, ...]
    sides: tuple[Summary, ...]
    names: tuple[str, ...]

    @property
    def own(self) -> Summary:
        """The row that the claim is of."""
        return self.sides[0]

    @property
    def against(self) -> Summary:
        """The row that it is compared with."""
        return self.sides[1]

    @property
    def where(self) -> str:
        """The data set and the grids."""
        return f"{self.own.data.title} ({', '.join(self.grids)})"


Training = tuple[int, str, int, float | None]
"""On which side of a pair, what was trained, with which seed, and the score that it came to."""


def rows(test: Check, folders: Sequence[Results]) -> list[Found]:
    """Returns every finished row that is what a test asks for; trainings that several grids have count once."""
    return _once(_rows(test, folders))


def pairs(test: Check, folders: Sequence[Results]) -> list[Found]:
    """Returns every pair of rows of a grid that a test compares, on the same data and in the same number format.

    Trainings that several grids have count once.
    """
    return _once(_pairs(test, folders))


def _once(found: Iterable[Found]) -> list[Found]:
    """Leaves out what is made of trainings that other rows have, too, and more of them; those name both grids.

    Two grids may have a run in common, or measure the same training in two ways: that is no second evidence.
    """
    each = list(found)
    made = [_trainings(own) for own in each]
    kept: dict[int, Found] = {}
    for at in sorted(range(len(each)), key=lambda at: -len(made[at])):  # stable: of two that are alike the first
        whole = next((other for other in kept if made[at] <= made[other]), None)
        if whole is None:
            kept[at] = each[at]
        else:
            grids = dict.fromkeys((*kept[whole].grids, *each[at].grids))
            kept[whole] = kept[whole]._replace(grids=tuple(grids))
    return [kept[at] for at in sorted(kept)]


def _trainings(found: Found) -> set[Training]:
    """Returns the trainings that are behind rows."""
    trainings: set[Training] = set()
    for side, row in enumerate(found.sides):
        done = [run for run in row.runs if run.done]
        spec = repr({key: value for key, value in done[0].record.spec.items() if key not in ("seed", "evaluate")})
        trainings |= {(side, spec, run.seed, run.figures.get(row.data.quality)) for run in done}
    return trainings


def _rows(test: Check, folders: Sequence[Results]) -> Iterator[Found]:
    for results in folders:
        names = told_names(results)
        for summary in results.summaries:
            if summary.n and _fits(summary, test.own) and _wanted(summary, test):
                yield Found((results.name,), (summary,), (names[summary.label],))


def _pairs(test: Check, folders: Sequence[Results]) -> Iterator[Found]:
    never = (DATA,) if test.across_formats else (DATA, FORMAT)
    for results in folders:
        names = told_names(results)
        done = [summary for summary in results.summaries if summary.n and _wanted(summary, test)]
        for own in (summary for summary in done if _fits(summary, test.own)):
            for against in (row for row in done if row.data == own.data and _fits(row, test.against)):
                alike = all(_below(own, path) == _below(against, path) for path in test.same)
                if own.label != against.label and alike and not any(name in never for name in unlike(own, against)):
                    yield Found((results.name,), (own, against), (names[own.label], names[against.label]))


def _wanted(summary: Summary, test: Check) -> bool:
    """Returns whether a row is of the data that a test asks for, and has what the test reads of it."""
    return _measured(summary, test) and _is_of(summary, test)


def _measured(summary: Summary, test: Check) -> bool:
    results = [run.record.result for run in summary.runs if run.done and run.record.result]
    if test.kind == "learnt":
        return any(result.learnt for result in results)
    if test.kind == "spread":
        return any(result.random_h0_accuracy for result in results)
    if test.kind == "gradient":
        return bool(summary.gradients)
    return not test.board or summary.latency(test.board) is not None


def _is_of(summary: Summary, test: Check) -> bool:
    return not test.data or summary.data.name in test.data or summary.data.name.partition(" ")[0] in test.data


def _fits(summary: Summary, when: Mapping[str, Any]) -> bool:
    return all(map(_same, _values(summary, [*when]), when.values()))


def _values(summary: Summary, paths: Sequence[str]) -> list[Any]:
    """Returns settings of a row's runs; of one with settings below it, whether there are any."""
    spec = flat(summary.runs[0].record.spec)
    values = {**spec, "cell": spec.get("cell.name"), "compression": summary.compression}
    return [values.get(path, any(key.startswith(f"{path}.") for key in spec)) for path in paths]


def _below(summary: Summary, path: str) -> Any:
    """Returns a setting of a row's runs, or all settings below a path."""
    spec = flat(summary.runs[0].record.spec)
    below = {key: value for key, value in spec.items() if key.startswith(f"{path}.")}
    return below if below and path != "cell" else _values(summary, [path])


def unmatched(test: Check, folders: Sequence[Results]) -> str:
    """Names what a test asks for and no finished row has: a data set, or a setting; empty where there is no such."""
    there = [summary for results in folders for summary in results.summaries if summary.n]
    names = {name for summary in there for name in (summary.data.name, summary.data.name.partition(" ")[0])}
    if test.data and not names & {*test.data}:
        return f"data {', '.join(test.data)}{nearest(test.data[0], names)}"
    timed = {latency.board for summary in there for latency in summary.latencies}
    if test.board and test.board not in timed:
        return f"a latency on {test.board}{nearest(test.board, timed)}"
    for path, wanted in (item for when in (test.own, test.against) for item in when.items()):
        values = [_values(summary, [path])[0] for summary in there]
        if not any(_same(value, wanted) for value in values):
            known = sorted({str(value) for value in values if isinstance(value, str)})
            if isinstance(wanted, bool):
                return path if wanted else f"no {path}"
            said = ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
            return f"{path} {said}{nearest(said, known) if known else ''}"
    return ""


def _same(value: Any, wanted: Any) -> bool:
    """Returns whether a value is the wanted one, one of the wanted ones, anything but nothing, or nothing at all."""
    if isinstance(wanted, bool):
        return bool(value) == wanted
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)
