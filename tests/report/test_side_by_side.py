"""The table of every row that has a published figure: ours, the paper's, the difference and its interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.report import read
from bench.report.document import sidebyside
from bench.report.table import Table

T_OF_TWO = 4.303  # Student's, 97.5 %, two degrees of freedom, from a printed table


def texts(table: Table) -> dict[tuple[str, ...], list[str]]:
    return {row.labels: [entry.text for entry in row.entries] for row in table.rows}


@pytest.fixture
def two(make_folder: Callable[[str], Any]) -> list[Any]:
    """Two folders: HAR-2, where the paper prints 94.50 for FastRNN and 95.38 for FastGRNN, and a set that it lacks."""
    first, second = make_folder("first"), make_folder("second")
    for seed, accuracy in enumerate((0.90, 0.91, 0.92)):
        first.add("FastRNN", "har2", seed, accuracy, kb=28.0)
    first.add("FastRNN", "watch")
    second.add("FastGRNN", "har2", 0, 0.95, kb=29.0)
    return [first, second]


def test_every_row_with_a_published_figure_is_there_once_with_its_grid(two: list[Any]) -> None:
    """91 less 94.5 is -3.5; half the interval is 4.303 / sqrt(3). One seed has no interval."""
    table = sidebyside.table([read(folder.path) for folder in two])
    found = texts(table)
    half = T_OF_TWO / 3**0.5
    assert found.pop(("har2", "FastRNN", "demo")) == [
        "91.00 ± 1.00",
        "3",
        "94.50",
        "-3.50",
        f"{-3.5 - half:.2f} to {-3.5 + half:.2f}",
        "28.0",
        "29.0",
    ]
    assert found.pop(("har2", "FastGRNN", "demo"))[3:5] == ["-0.38", "-"]
    assert not found


def test_footnotes_say_what_of_the_protocol_is_another(make_folder: Callable[[str], Any]) -> None:
    """The paper's HAR-2 has 80 units and 300 epochs; one row has its 80, and both have fewer epochs."""
    folder = make_folder("one")
    folder.add("FastRNN", "har2", hidden=80)
    folder.add("FastGRNN", "har2", hidden=64)
    table = sidebyside.table([read(folder.path)])
    notes = {note.mark: note.text for note in table.footnotes}
    said = {row.labels[1]: " ".join(notes[mark] for mark in row.entries[2].marks) for row in table.rows}
    assert all(
        "FastGRNN (Kusupati et al. 2018), Table" in text and "not the same protocol: " in text for text in said.values()
    )
    assert all(" for 300" in text for text in said.values())
    assert ("hidden size 64 for 80" in said["FastGRNN"], "hidden size" in said["FastRNN"]) == (True, False)


def test_without_a_published_figure_there_is_no_row(folder: Any) -> None:
    folder.add("FastRNN", "watch")
    assert not sidebyside.table([read(folder.path)]).rows
