"""Short names of rows: the cell, and the letters of what it is made small by."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from bench.report.rows.labels import printable
from bench.report.rows.results import Results
from bench.report.rows.summary import Summary
from bench.spec import held, row_of

_NUMBERED = re.compile(r" \(\d+\)$")
_SIZE = re.compile(r"H \d+")
SHORT = 24
"""The most letters that tell a row from others within its name."""


def short_names(summaries: Sequence[Summary]) -> dict[str, str]:
    """Returns a short name for each label: the cell and the letters of its compression.

    Labels that would share one on a data set have behind it what tells them apart: the hidden size, or the few words
    that not all of them have (``FastRNN residual tied`` beside ``FastRNN``), or else a number: the same on every data
    set for rows that are one combination of the grid.
    """
    rows = [summary for summary in summaries if summary.runs]
    names = {row.label: _short(row) for row in rows}
    for name in _shared(rows, names):
        own = [row for row in rows if names[row.label] == name]
        if _sizes_tell(own):
            names |= {row.label: f"{name}, H {row.hidden_size}" for row in own}
            continue
        told = {label: f"{name}{words}" for label, words in _words(own).items()}
        others = {other for label, other in names.items() if label not in told}
        numbered = {label: f"{name} ({number})" for label, number in _numbers(own).items()}
        names |= told if told and others.isdisjoint(told.values()) else numbered
    clashing = _shared(rows, names)  # a user's cell may be titled as another row is named by now
    return names | {label: label for label, name in names.items() if name in clashing}


def _shared(rows: Sequence[Summary], names: Mapping[str, str]) -> list[str]:
    """Returns the names that several labels have on one data set."""
    uses = Counter((row.data.name, names[row.label]) for row in rows)
    return sorted({name for (_, name), often in uses.items() if often > 1})


def _sizes_tell(rows: Sequence[Summary]) -> bool:
    """Returns whether hidden sizes tell rows apart, and are the same on every data set."""
    sizes: dict[str, list[int | None]] = defaultdict(list)
    for row in rows:
        sizes[row.data.name].append(row.hidden_size)
    apart = all(None not in own and len(set(own)) == len(own) for own in sizes.values())
    return apart and len(set(chain.from_iterable(sizes.values()))) == max(map(len, sizes.values()))


def _words(rows: Sequence[Summary]) -> dict[str, str]:
    """Returns what each label says that not all of them say: `` residual tied``, `` after training, H 8``.

    Nothing where it is long, or where data sets differ in their labels.
    """
    labels: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        labels[row.data.name].add(row.label)
    said = {row.label: _said(row) for row in rows}
    common = set.intersection(*map(set, said.values()))
    found = {label: _behind([word for word in words if word not in common]) for label, words in said.items()}
    everywhere = all(there == said.keys() for there in labels.values())
    apart = len(set(found.values())) == len(found)
    long = any(len(words.partition(", H ")[0]) > SHORT + 1 for words in found.values())
    return found if everywhere and apart and not long else {}


def _behind(words: Sequence[str]) -> str:
    """Returns what stands behind a name: a space and words, then the hidden size, if it is among them."""
    sizes = [word for word in words if _SIZE.fullmatch(word)]
    others = ", ".join(word for word in words if word not in sizes)
    return ", ".join([f" {others}" if others else "", *sizes])


def _said(row: Summary) -> list[str]:
    """Returns the parts of a label behind the cell: ``["rank U 24", "kept U 0.3", "after training"]``."""
    behind = row.label.removeprefix(printable(row.cell))
    return list(filter(None, without_brackets(behind).strip(" ,").split(", ")))


def _numbers(rows: Sequence[Summary]) -> dict[str, int]:
    """Numbers labels: by the combination of the grid where each has one, in its order, or else by themselves."""
    combinations: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for row in rows:
        combinations[row.label] |= {row.combination or ()}
    places = {(row.data.name, *sorted(combinations[row.label])) for row in rows}
    order = sorted(set(chain.from_iterable(combinations.values())))
    if () in order or len(places) < len(rows) or any(len(own) > 1 for own in combinations.values()):
        return {label: number for number, label in enumerate(sorted(combinations), 1)}
    return {label: order.index(min(own)) + 1 for label, own in combinations.items()}


def legend(
    summaries: Sequence[Summary], names: Mapping[str, str], printed: Mapping[str, str], sized: bool = False
) -> list[str]:
    """Says what short names stand for, data set by data set where they differ; names that mean the same together.

    Args:
        summaries: the rows.
        names: by label.
        printed: how each name that is explained is printed.
        sized: whether hidden sizes stand beside the names.
    """
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for summary in summaries:
        name = names.get(summary.label, "")
        if summary.runs and name in printed and summary.label != name:
            found[name][_meaning(summary, name, sized)].append(summary.data.title)
    lines: dict[str, dict[str, None]] = defaultdict(dict)
    for name, meanings in found.items():
        several = len(meanings) > 1
        if not several and all(f" {word}" in f" {name}" for word in next(iter(meanings)).split(", ")):
            continue  # the name says it all
        said = (f"{what} ({', '.join(data)})" if several else what for what, data in meanings.items())
        lines["; ".join(said)][printed[name]] = None
    return [f"{', '.join(who)}: {what}." for what, who in lines.items()]


def _meaning(summary: Summary, name: str, sized: bool) -> str:
    """Returns what a name stands for on a data set, without the hidden size where that is to be seen."""
    if summary.runs[0].record.chosen is not None:  # what was chosen on this data set; ranks are in the table of trials
        return summary.compression or "dense"
    size = f"H {summary.hidden_size}"
    words = _said(summary)
    seen = sized or name.endswith(f", {size}")
    return ", ".join(word for word in words if not (seen and word == size))


def row_names(results: Results, shown: Sequence[Summary] = ()) -> dict[str, str]:
    """Returns for each label the name of its row in the study, where the grid names rows, or else its short name.

    Args:
        results: of a folder.
        shown: the rows that are to be told apart; by default all.
    """
    names = short_names(shown or results.summaries)
    if results.grid is not None and results.grid.rows:
        for row in (row for row in shown or results.summaries if row.runs):
            names[row.label] = row_of(results.grid.rows, row.runs[0].record.spec) or names[row.label]
    return names


def told_names(results: Results) -> dict[str, str]:
    """Returns the name of every row by its label where no legend is at hand: the label, where the name is a number."""
    return {label: label if _NUMBERED.search(name) else name for label, name in row_names(results).items()}


def row_legend(results: Results, shown: Sequence[Summary]) -> tuple[str, ...]:
    """Says what the short names among :func:`row_names` stand for."""
    names, short = row_names(results, shown), short_names(shown)
    return tuple(legend(shown, short, {name: name for label, name in short.items() if names[label] == name}))


def _short(summary: Summary) -> str:
    if summary.runs[0].record.chosen is not None:  # named by what a search chose it for
        return without_brackets(summary.label)
    letters = "" if summary.compression == "dense" else f" {summary.compression}"
    return f"{cell_of(summary)}{letters}"


def cell_of(summary: Summary) -> str:
    """Returns the cell of a row that has runs, and what of it is held and not learnt: ``FastRNN held alpha 0.3``."""
    hold = summary.runs[0].record.spec["cell"].get("hold") or {}
    return printable(" ".join(filter(None, (summary.cell, held(hold)))))


def without_brackets(label: str) -> str:
    """Returns a label whose variant stands without brackets: ``GRU LSQ, 3 KB``."""
    return label.replace("(", "").replace(")", "")
