"""The table of what each step of compression costs: rows are cells on data sets, spanners are L, S and Q.

It has the form of Tables 8 to 10 of the FastGRNN paper (NeurIPS 2018, appendix), whose columns are FastGRNN, and the
same without Q, without S and Q, and without L, S and Q.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from bench.report.caption import is_percent, kb_meaning, metric, seeds
from bench.report.frame import plain
from bench.report.notes import Notes, explain_runs
from bench.report.table import Column, Entry, Footnote, Row, Spanner, Table, finish, number

_TITLES = {
    "LSQ": "LSQ",
    "LS": "LS (-Q)",
    "L": "L (-SQ)",
    "dense": "dense (-LSQ)",
    "S": "S",
    "Q": "Q",
    "LQ": "LQ",
    "SQ": "SQ",
}


def ladder(name: str, runs: pd.DataFrame, summary: pd.DataFrame) -> Table | None:
    """The table, or ``None`` where no cell is there dense and compressed, or one of a size has two models of one kind.

    Args:
        name: of the grid.
        runs: from :func:`bench.report.frame.runs_frame`.
        summary: of those runs.
    """
    tried = set(zip(runs["label"], runs["data"], strict=True))
    there = [line for line in plain(summary) if (line["label"], line["data"]) in tried]
    sizes: dict[str, set[int]] = {}
    for line in there:
        sizes.setdefault(f"{line['data']} {line['cell']}", set()).add(line["hidden_size"])
    lines = {}
    for line in there:
        several = len(sizes[f"{line['data']} {line['cell']}"]) > 1
        cell = f"{line['cell']}, H {line['hidden_size']}" if several else line["cell"]
        lines[line["data"], cell, line["compression"], line["label"]] = line
    if len({key[:3] for key in lines}) < len(lines):
        return None
    found = {key[:3]: line for key, line in lines.items()}
    steps = [step for step in _TITLES if any(key[2] == step for key in found)]
    if len(steps) < 2:
        return None
    places = sorted({key[:2] for key in found}, key=lambda place: (place[1], place[0]))
    attempts, notes = plain(runs.drop_duplicates("id")), Notes()
    columns = {step: _columns(step, found) for step in steps}
    entries = {place: [e for step in steps for e in _entries(place, step, found, attempts, notes)] for place in places}
    every = [column for step in steps for column in columns[step]]
    done = [finish([entries[place][at] for place in places], column, best=False) for at, column in enumerate(every)]
    cells, titles = {place[1] for place in places}, {key[:2]: line["data_title"] for key, line in found.items()}
    rows = tuple(
        Row(titles[place] if len(cells) == 1 else f"{place[1]}, {titles[place]}", tuple(c[at] for c in done))
        for at, place in enumerate(places)
    )
    spanners = tuple(Spanner(step, _TITLES[step], columns[step]) for step in steps)
    footnotes = tuple(Footnote(mark, text) for mark, text in notes.listed())
    only = f"{next(iter(cells))}, " if len(cells) == 1 else ""
    return Table(f"{name}-ladder", _caption(f"{name}: {only}", list(found.values())), spanners, rows, footnotes)


def _caption(subject: str, lines: Sequence[dict[str, Any]]) -> str:
    percent = all(is_percent(line["metric"]) for line in lines)
    return (
        f"{subject}low rank (L), sparsity (S), quantisation to int8 (Q): test {'accuracy' if percent else 'metric'} "
        f"and size, {seeds(lines)}. With Q: the accuracy of the integer program over the whole test set, and beside it "
        f"that of the same network in float32. {kb_meaning(lines)}"
    )


def _columns(step: str, found: dict[tuple[str, str, str], dict[str, Any]]) -> tuple[Column, ...]:
    metrics = {line["metric"] for key, line in found.items() if key[2] == step}
    percent = all(is_percent(metric) for metric in metrics)
    quality = Column("quality", "%" if percent else " or ".join(sorted(filter(None, metrics))), percent)
    beside = (Column("quality", "float32 %" if percent else "float32", True),) if "Q" in step else ()
    return (quality, *beside, Column("kb", "KB", False))


def _entries(
    place: tuple[str, str],
    step: str,
    found: dict[tuple[str, str, str], dict[str, Any]],
    attempts: Sequence[dict[str, Any]],
    notes: Notes,
) -> list[Entry]:
    line = found.get((*place, step))
    wide = 3 if "Q" in step else 2
    if line is None:
        return [Entry("-")] * wide
    of_data = [run for run in attempts if run["data"] == place[0]]
    word, why = explain_runs([run for run in of_data if run["label"] == line["label"]], of_data)
    marks = (notes.mark(why),) if why else ()
    if not line["n"]:
        return [Entry(word, marks=marks), *[Entry("-")] * (wide - 1)]
    scale = 100 if is_percent(line["metric"]) else 1
    names = ("accuracy", "float_accuracy") if "Q" in step else (metric(line),)
    first, *others = (number(line[f"{each}_mean"], line[f"{each}_sd"], line["n"], scale) for each in names)
    return [replace(first, marks=marks), *others, number(line["kb"], None, line["n"])]
