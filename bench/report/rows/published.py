"""Finds the published figure that a row can be held against, and what is not the same in its protocol.

The figures, their sources, and the protocol of each data set are data, a file for each paper:
``results/published/*_tables.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import yaml

from bench.places import PUBLISHED
from bench.report.rows.flat import flat
from bench.report.rows.summary import Summary
from bench.report.rows.words import SELECTED
from bench.spec.yaml import QuickLoader

Book = Mapping[str, Any]
"""What a paper prints."""
_WORDS = {"cell.hidden_size": "hidden size", "split.train_on": "trained on", "train.select": "epoch kept"}


class Target(NamedTuple):
    """A published figure.

    Attributes:
        value: as printed: a share in percent, or a perplexity.
        kb: the published size; ``None`` where the table has none.
        where: the table that prints it: ``"Table 3"``.
        differences: what of our runs is not the published protocol: ``"epochs 40 for 300"``.
        paper: which, in short: ``"LEM (Rusch et al. 2022)"``.
        caveats: what holds of every figure of the paper.
        minutes: the published time of training; ``None`` where the table has none.
        machine: what that was measured on.
        method: what the paper calls it.
    """

    value: float
    kb: float | None
    where: str
    differences: tuple[str, ...]
    paper: str
    caveats: tuple[str, ...]
    minutes: float | None = None
    machine: str = ""
    method: str = ""


@cache
def books() -> dict[str, Book]:
    """Reads the published tables of every paper, by name of the file."""
    files = sorted(PUBLISHED.glob("*_tables.yaml"))
    return {file.name: yaml.load(file.read_bytes(), Loader=QuickLoader) for file in files}  # noqa: S506 (it is safe)


def book() -> Book:
    """Returns the published tables of the FastGRNN paper."""
    return books()["fastgrnn_tables.yaml"]


def target(summary: Summary) -> Target | None:
    """Returns the published figure of a row's method on its data set; ``None`` where there is none.

    A stand-in for one of the published data sets is other data, and has none.
    """
    return next((found for own in books().values() if (found := _target(own, summary)) is not None), None)


def _target(book: Book, summary: Summary) -> Target | None:
    spec = _values(book, summary)
    place = next((own for own in book["data_sets"] if own["data"] == summary.data.name), None)
    if place is None:
        return None
    for method, key in product(_methods(book, spec), book["look_in"]):
        for row in book[key]["rows"]:
            named = (row["dataset"], row["method"], row["metric"])
            if named == (place["dataset"], method["method"], summary.data.quality):
                other = [place["other"]] if "other" in place else []
                found = (*other, *_differences(spec, _expected(book, row, method)))
                where, caveats = _where(book, key), tuple(book["caveats"])
                minutes, machine = _minutes(row), book.get("machine", "")
                printed = (row["value"], row.get("kb"), where, tuple(found), book["short"], caveats, minutes, machine)
                return Target(*printed, method["method"])
    return None


def _minutes(row: Mapping[str, Any]) -> float | None:
    time = row.get("time")
    return None if time is None else float(time * {"min": 1, "h": 60}[row["time_unit"]])


def _where(book: Book, key: str) -> str:
    table = book[key]["source"]["table"]
    if isinstance(table, str):
        return table
    return f"Tables {table[0]} to {table[-1]}" if isinstance(table, list) else f"Table {table}"


def _values(book: Book, summary: Summary) -> dict[str, Any]:
    """Returns the settings of a row's runs by dotted path; those that a record leaves out have the book's `absent`."""
    if not summary.runs:
        return {"compression": "dense"}
    found = flat(summary.runs[0].record.spec)
    return {**book["absent"], **found, "compression": summary.compression}


def _methods(book: Book, spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the published methods that a specification is of, the one that asks most of it first.

    It is of none where numbers of the cell are held that the papers learn, where a trained cell was made small that the
    papers train small, or where the cell is a user's.
    """
    cell = spec.get("cell.name")
    held = any(path.startswith("cell.hold.") for path in spec)
    after = spec["compression"] != "dense" and spec.get("compress.apply") == "after"
    if not cell or held or after or spec.get("cell.source"):
        return []
    return [method for method in reversed(book["methods"]) if method["cell"] == cell and _fits(spec, method)]


def _fits(spec: Mapping[str, Any], method: Mapping[str, Any]) -> bool:
    """Returns whether a specification has what a method has, and is compressed only where the method is."""
    when: Mapping[str, Any] = {"compression": "dense", **method.get("when", {})}
    return all(bool(spec.get(path)) if wanted is True else spec.get(path) == wanted for path, wanted in when.items())


def _expected(book: Book, row: Mapping[str, Any], method: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a run of the published protocol would have, by dotted path."""
    dataset, name, when = row["dataset"], row["method"], method.get("when", {})
    found: dict[str, Any] = {}
    for part in book["protocols"]:
        if dataset in part.get("for", [dataset]) and name in part.get("methods", [name]):
            found |= part["expect"]
    if row.get("relu"):
        found["cell.options.activation"] = "relu"
    found |= _sizes(book, dataset, name, when.get("compression", ""))
    return found | {path: wanted for path, wanted in when.items() if path != "compression"}


def _sizes(book: Book, dataset: str, name: str, compression: str) -> dict[str, Any]:
    """Returns the hidden size, and of a compressed cell ranks and kept fractions, where they are known."""
    for own in book.get("decoded_dense", {"rows": ()})["rows"]:
        if (own["dataset"], own["method"]) == (dataset, name):
            return {"cell.hidden_size": own["hidden_size"]}
    if not compression:
        return {}
    own = next(row for row in book["table_11"]["rows"] if row["dataset"] == dataset)
    found = {"cell.hidden_size": own["hidden_size"], "cell.options.gate": own["gate"]}
    for matrix in "WU":
        found[f"cell.rank.{matrix}"] = own[f"rank_{matrix}"]
        if "S" in compression and own[f"kept_{matrix}"] < 1:
            found[f"compress.keep.{matrix}"] = own[f"kept_{matrix}"]
    return found


def _differences(spec: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    for path, wanted in expected.items():
        value = spec.get(path)
        if wanted is True or value == wanted or (wanted == 0 and not value):
            continue
        word = _WORDS.get(path, " ".join(path.split(".")[1:]).replace("options ", "").replace("_", " "))
        yield f"{word} {_say(value, path)} for {_say(wanted, path)}"


def _say(value: Any, path: str = "") -> str:
    if path == "train.select":
        return SELECTED[value].epoch if value in SELECTED else str(value)
    return "none" if value is None or value == {} else f"{value:g}" if isinstance(value, float) else str(value)
