"""The trials of a search: for each group how many there were, how they came out on validation data, what was chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import median
from typing import Any

from bench.report.rows.results import Results
from bench.report.rows.trials import Group, groups
from bench.report.rows.words import OPTIMISERS
from bench.report.table import DASH, Column, Entry, Row, Table, number, typeset

_SHORT = {"hidden_size": "H", "keep": "kept", "optimizer": "optimiser"}
_CAPTION = (
    "The trials of the search, on validation data: no test figure was computed for them. Best, median, worst: means "
    "over a trial's seeds. Chosen: what was drawn or tried in the best trial; epochs: its mean best epoch."
)


def table(results: Results) -> Table | None:
    """The table; ``None`` where nothing was searched."""
    found = groups(results)
    if not found:
        return None
    title = " or ".join(dict.fromkeys(group.title for group in found))
    columns = (
        Column("trials", places=0),
        Column("failed", places=0),
        *(Column(f"{word} {title}", places=2) for word in ("best", "median", "worst")),
        Column("epochs", places=0),
        Column("chosen", align="wrap"),
    )
    rows = tuple(_row(group) for group in found)
    caption = f"{results.name}: {_CAPTION[0].lower()}{_CAPTION[1:]}"
    stub = (Column("Data", align="left"), Column("Row", align="left"))
    return typeset(Table(f"{results.name}-trials", caption, columns, rows, stub=stub))


def _row(group: Group) -> Row:
    scores, labels = group.scores, (group.data or group.name, group.row)
    if not scores:
        return Row(labels, (number(group.trials, n=1), number(group.failed, n=1), *[DASH] * 5))
    best, worst = (max(scores), min(scores)) if group.upwards else (min(scores), max(scores))
    figures = [number(value, n=len(scores)) for value in (group.trials, group.failed, best, median(scores), worst)]
    return Row(labels, (*figures, *_chosen(group)))


def _chosen(group: Group) -> tuple[Entry, Entry]:
    if group.choice is None or group.choice.entry is None:
        return DASH, DASH
    return number(group.choice.entry.epochs, n=1), Entry(said(group.settings) or "as it is")


def said(settings: Mapping[str, Any]) -> str:
    """Returns settings in words, those of one part together: ``H 43, rank U 14 W 3, learning rate 0.01``."""
    parts: dict[str, list[str]] = defaultdict(list)
    for path, value in sorted(settings.items()):
        _, name, *key = path.split(".")
        parts[_SHORT.get(name, name.replace("_", " "))].append(" ".join([*key, _word(value)]))
    return ", ".join(f"{name} {' '.join(values)}" for name, values in parts.items())


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return "none" if value is None else OPTIMISERS.get(str(value), str(value))
