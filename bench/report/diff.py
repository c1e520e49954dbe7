"""Two runs side by side: what differs in their specifications, provenance, data, results, sizes and latencies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.record import Record, read
from bench.record import find as find_folder
from bench.report.rows.flat import flat
from bench.report.rows.origins import word
from bench.report.table import DASH, Column, Entry, Row, Table

_STUB = (Column("", align="left"), Column("item", align="left"))


class Difference(NamedTuple):
    """An item that two runs have: its part of the record, its name, and both values; ``None`` where one lacks it."""

    part: str
    item: str
    first: Any
    second: Any

    @property
    def equal(self) -> bool:
        """Whether both have the same."""
        return bool(self.first == self.second)


def differences(first: Record, second: Record) -> list[Difference]:
    """Lists every item of two records, in order of the parts of a record."""
    mine, theirs = dict(_items(first)), dict(_items(second))
    return [Difference(*key, mine.get(key), theirs.get(key)) for key in dict.fromkeys([*mine, *theirs])]


def table(first: Record, second: Record, everything: bool = False) -> Table:
    """Lays two runs out side by side, with the difference of numbers.

    Args:
        first: on the left.
        second: on the right.
        everything: also what is equal.
    """
    found = differences(first, second)
    shown = [item for item in found if everything or not item.equal]
    rows, before = [], ""
    for item in shown:
        entries = Entry(_say(item.first)), Entry(_say(item.second)), _change(item)
        rows.append(Row((item.part if item.part != before else "", item.item), entries))
        before = item.part
    columns = tuple(Column(title, align="right") for title in (*_titles(first, second), "difference"))
    equal = sum(item.equal for item in found)
    note = f"Equal in {equal} of {len(found)} items" + ("." if everything else ", which are left out.")
    return Table("diff", f"{first.id} and {second.id}", columns, tuple(rows), notes=(note,), stub=_STUB)


def find(run: str, results: Path | None = None) -> Record:
    """Reads a run by its folder, or by its id, the beginning or the end of it.

    Args:
        run: the folder, or the id.
        results: the results folder to look for the id in; all of ``results/`` when ``None``.

    Raises:
        RnnbenchError: when there is no such run, or several, or its record is damaged.
    """
    return read(find_folder(run, results))


def _items(record: Record) -> Iterator[tuple[tuple[str, str], Any]]:
    body = record.model_dump(mode="json")
    parts = {"run": {"status": body["status"], "reason": body["reason"], "grid": body["grid"]}}
    parts |= {"specification": record.spec, "provenance": record.provenance, "data": body["data"] or {}}
    parts |= {"result": body["result"] or {}, "size": body["size"] or {}}
    parts["time"] = {name: body["times"][name] for name in ("train_s", "wall_s")}
    for part, values in parts.items():
        for path, value in flat(values).items():
            yield (part, path), value
    for facts in record.latency:
        for name, value in facts.model_dump(exclude={"board", "title", "format"}).items():
            yield ("latency", f"{facts.board} {facts.format} {name}"), value


def _say(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else word(value) or "-"


def _change(item: Difference) -> Entry:
    """Returns second less first, for numbers, and how much that is of the first."""
    numbers = [value for value in (item.first, item.second) if isinstance(value, int | float)]
    if len(numbers) < 2 or any(isinstance(value, bool) or not math.isfinite(value) for value in numbers):
        return DASH
    change = numbers[1] - numbers[0]
    share = f" ({change / abs(numbers[0]):+.1%})" if numbers[0] else ""
    return Entry(f"{change:+.4g}{share}" if change else "0")


def _titles(first: Record, second: Record) -> tuple[str, str]:
    """Returns short names: the hashes of the ids, or the folders where the ids are the same."""
    if first.id != second.id:
        return first.id.rpartition("-")[2], second.id.rpartition("-")[2]
    return tuple(str(record.folder.parents[1]) if record.folder else "" for record in (first, second))  # type: ignore[return-value]
