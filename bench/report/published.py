"""Finds the published figure that a row can be held against, and what is not the same in its protocol.

The figures, their sources, and the protocol of each data set are data: ``results/published/fastgrnn_tables.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import yaml

from bench.places import PUBLISHED
from bench.report.flat import flat
from bench.report.summary import Summary

_TABLES = ("table_3", "table_2", "table_16", "tables_8_to_10", "tables_13_to_15")
"""Where to look, in this order: a figure that two tables print is that of the first."""
_WORDS = {"cell.hidden_size": "hidden size", "split.train_on": "trained on", "train.select": "epoch kept"}


class Target(NamedTuple):
    """A published figure.

    Attributes:
        value: as printed: a share in percent, or a perplexity.
        kb: the published size; ``None`` where the table has none.
        where: the table that prints it: ``"Table 3"``.
        differences: what of our runs is not the published protocol: ``"epochs 40 for 300"``.
    """

    value: float
    kb: float | None
    where: str
    differences: tuple[str, ...]


@cache
def book() -> Mapping[str, Any]:
    """Reads the published tables."""
    text = (PUBLISHED / "fastgrnn_tables.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


def target(summary: Summary) -> Target | None:
    """Returns the published figure of a row's method on its data set; ``None`` where there is none.

    A stand-in for one of the published data sets is other data, and has none.
    """
    spec = _values(summary)
    place = next((own for own in book()["data_sets"] if own["data"] == summary.data.name), None)
    if place is None:
        return None
    for method, key in product(_methods(spec), _TABLES):
        for row in book()[key]["rows"]:
            named = (row["dataset"], row["method"], row["metric"])
            if named == (place["dataset"], method["method"], summary.data.quality):
                other = [place["other"]] if "other" in place else []
                found = (*other, *_differences(spec, _expected(row, method)))
                return Target(row["value"], row.get("kb"), _where(key), tuple(found))
    return None


def caveats() -> Sequence[str]:
    """Returns what holds of every published figure."""
    found: Sequence[str] = book()["caveats"]
    return found


def _where(key: str) -> str:
    tables = book()[key]["source"]["table"]
    return f"Tables {tables[0]} to {tables[-1]}" if isinstance(tables, list) else f"Table {tables}"


def _values(summary: Summary) -> dict[str, Any]:
    """Returns the settings of a row's runs by dotted path; those that a record leaves out have the book's `absent`."""
    if not summary.runs:
        return {}
    found = flat(summary.runs[0].record.spec)
    return {**book()["absent"], **found, "compression": summary.compression}


def _methods(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the published methods that a specification is of, the one that asks most of it first."""
    cell = spec.get("cell.name")
    return [method for method in reversed(book()["methods"]) if cell and method["cell"] == cell and _fits(spec, method)]


def _fits(spec: Mapping[str, Any], method: Mapping[str, Any]) -> bool:
    """Returns whether a specification has what a method has, and is compressed only where the method is."""
    when: Mapping[str, Any] = {"compression": "dense", **method.get("when", {})}
    return all(bool(spec.get(path)) if wanted is True else spec.get(path) == wanted for path, wanted in when.items())


def _expected(row: Mapping[str, Any], method: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a run of the published protocol would have, by dotted path."""
    dataset, name, when = row["dataset"], row["method"], method.get("when", {})
    found: dict[str, Any] = {}
    for part in book()["protocols"]:
        if dataset in part.get("for", [dataset]) and name in part.get("methods", [name]):
            found |= part["expect"]
    if row.get("relu"):
        found["cell.options.activation"] = "relu"
    found |= _sizes(dataset, name, when.get("compression", ""))
    return found | {path: wanted for path, wanted in when.items() if path != "compression"}


def _sizes(dataset: str, name: str, compression: str) -> dict[str, Any]:
    """Returns the hidden size, and of a compressed cell ranks and kept fractions, where they are known."""
    for own in book()["decoded_dense"]["rows"]:
        if (own["dataset"], own["method"]) == (dataset, name):
            return {"cell.hidden_size": own["hidden_size"]}
    if not compression:
        return {}
    own = next(row for row in book()["table_11"]["rows"] if row["dataset"] == dataset)
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
        yield f"{word} {_say(value)} for {_say(wanted)}"


def _say(value: Any) -> str:
    return "none" if value is None or value == {} else f"{value:g}" if isinstance(value, float) else str(value)
