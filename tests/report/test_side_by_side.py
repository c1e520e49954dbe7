"""The table of every row that has a published figure: ours, the paper's, the difference and its interval."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.report import read
from bench.report.document import sidebyside
from bench.report.table import Table

T_OF_TWO = 4.303  # Student's, 97.5 %, two degrees of freedom, from a printed table


def lines(table: Table) -> list[tuple[str, ...]]:
    return [(*row.labels, *(entry.text for entry in row.entries)) for row in table.rows]


def marked(table: Table, at: int) -> dict[str, str]:
    """What the footnotes of a column say, by the name of the row."""
    notes = {note.mark: note.text for note in table.footnotes}
    return {row.labels[1]: " ".join(notes[mark] for mark in row.entries[at].marks) for row in table.rows}


@pytest.fixture
def two(make_folder: Callable[[str], Any]) -> list[Any]:
    """Two folders: HAR-2, where the paper prints 94.50 for FastRNN and 95.38 for FastGRNN, and a set that it lacks."""
    first, second = make_folder("first"), make_folder("second")
    first.grid, second.grid = "one", "other"
    for seed, accuracy in enumerate((0.90, 0.91, 0.92)):
        first.add("FastRNN", "har2", seed, accuracy, kb=28.0, train={"optimizer": "sgd"})
    first.add("FastRNN", "watch")
    second.add("FastGRNN", "har2", 0, 0.95, kb=29.0)
    return [first, second]


def test_every_row_with_a_published_figure_is_there_once_with_its_grid(two: list[Any]) -> None:
    """91 less 94.5 is -3.5; half the interval is 4.303 / sqrt(3). One seed has no interval."""
    half = T_OF_TWO / 3**0.5
    found = lines(sidebyside.table([read(folder.path) for folder in two]))
    ours = (
        "Nesterov",
        "91.00 ± 1.00",
        "3",
        "94.50",
        "-3.50",
        f"{-3.5 - half:.2f} to {-3.5 + half:.2f}",
        "28.0",
        "29",
    )
    assert found[0] == ("har2", "FastRNN", "FastRNN", "one", *ours)
    assert found[1][:6] == ("har2", "FastGRNN", "FastGRNN-LSQ", "other", "Adam", "95.00")
    assert found[1][8:10] == ("-0.38", "-")
    assert len(found) == 2


def test_a_training_that_two_grids_have_stands_once_with_both(
    two: list[Any], make_folder: Callable[[str], Any]
) -> None:
    third = make_folder("third")
    third.grid = "again"
    shutil.copytree(two[1].path, third.path)
    results = [read(folder.path) for folder in (*two, third)]
    assert [row[3] for row in lines(sidebyside.table([results[0], results[1], replace(results[2], name="again")]))] == [
        "one",
        "other, again",
    ]


def test_footnotes_say_what_of_the_protocol_is_another_and_come_in_order(make_folder: Callable[[str], Any]) -> None:
    """The paper's HAR-2 has 80 units and 300 epochs; one row has its 80, and both have fewer epochs."""
    last, first = make_folder("last"), make_folder("first")
    last.add("FastRNN", "ptb", hidden=8, accuracy=120.0, facts={"metric": "perplexity", "higher_is_better": False})
    first.add("FastRNN", "har2", hidden=80, train={"select": "test-epoch"})
    first.add("FastGRNN", "har2", hidden=64)
    table = sidebyside.table([read(last.path), read(first.path)])
    assert [note.mark for note in table.footnotes] == ["a", "b", "c"]
    assert [mark for row in table.rows for mark in row.entries[3].marks] == ["a", "b", "c"]
    said = marked(sidebyside.table([read(first.path)]), 3)
    assert all(text.startswith("FastGRNN (Kusupati et al. 2018), Table") for text in said.values())
    assert all("not the same protocol: " in text and " for 300" in text for text in said.values())
    assert ("hidden size 64 for 80" in said["FastGRNN"], "hidden size" in said["FastRNN"]) == (True, False)
    assert "epoch kept the best on test data for the last" in said["FastRNN"]
    assert any("authors' public code" in note for note in table.notes)


def test_a_row_no_better_than_a_constant_answer_is_daggered(folder: Any) -> None:
    folder.add("FastRNN", "har2", accuracy=0.5, facts={"majority": 0.5})
    (row,) = sidebyside.table([read(folder.path)]).rows
    assert row.entries[1].marks[0] == "†"


def test_runs_without_a_score_make_no_difference(folder: Any) -> None:
    """One of two seeds diverged: n is of those behind the mean. Of a row where all did there is no number."""
    folder.add("FastRNN", "har2", 0, 0.9)
    folder.add("FastRNN", "har2", 1, float("nan"))
    folder.add("FastGRNN", "har2", 0, float("nan"))
    rows = {row[1]: row for row in lines(sidebyside.table([read(folder.path)]))}
    whole, broken = rows["FastRNN"], rows["FastGRNN"]
    assert (whole[5], whole[6], whole[9]) == ("90.00", "1", "-")
    assert broken[8:10] == ("-", "-")


def test_without_a_published_figure_there_is_no_row(folder: Any) -> None:
    folder.add("FastRNN", "watch")
    assert not sidebyside.table([read(folder.path)]).rows
