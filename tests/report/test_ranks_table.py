"""The table of average ranks, by hand."""

from __future__ import annotations

from typing import Any

from bench.report import read
from bench.report.tables import ranks


def test_two_cells_on_three_data_sets_by_hand(folder: Any) -> None:
    """GRU is first on two of three: 4/3 and 5/3; chi-square 12 (4^2 + 5^2) / 18 - 27 = 1/3; 1.960 sqrt(6 / 18)."""
    for data, gru, lstm in (("watch", 0.9, 0.8), ("digits", 0.7, 0.6), ("sc6", 0.5, 0.6)):
        folder.add("GRU", data, accuracy=gru, kb=5)
        folder.add("LSTM", data, accuracy=lstm, kb=6)
        folder.add("RNN", data, accuracy=0.1, steps="Q", integer=0.1)
    folder.add("UGRNN", "watch", accuracy=0.99)
    made = ranks.table(read(folder.path))
    assert made is not None
    assert {row.labels: [entry.text for entry in row.entries] for row in made.rows} == {
        ("float32", "GRU"): ["1.33", "2"],
        ("float32", "LSTM"): ["1.67", "1"],
    }
    assert "float32: Friedman's chi-square 0.33, p 1; Nemenyi's critical difference 1.13." in made.notes
    assert "3 data sets: average ranks say little below 10." in made.notes


def test_of_perplexity_the_lower_is_first(folder: Any) -> None:
    text = {"metric": "perplexity", "higher_is_better": False, "majority": None}
    for data in ("a", "b", "c"):
        folder.add("GRU", data, accuracy=100, facts=text)
        folder.add("LSTM", data, accuracy=90, facts=text)
    made = ranks.table(read(folder.path))
    assert made is not None
    assert {row.labels[1]: row.entries[0].text for row in made.rows} == {"GRU": "2.00", "LSTM": "1.00"}


def test_below_three_data_sets_there_is_no_such_table(folder: Any) -> None:
    for data in ("watch", "digits"):
        folder.add("GRU", data)
        folder.add("LSTM", data)
    assert ranks.table(read(folder.path)) is None


def test_foldings_of_a_data_set_are_no_data_sets(folder: Any) -> None:
    """Five foldings are one: no table. With two other sets they are three; LSTM is first on the foldings' mean."""
    for fold in range(1, 6):
        folder.add("GRU", "watch", accuracy=0.6, data_options={"fold": fold}, kb=5)
        folder.add("LSTM", "watch", accuracy=0.9 if fold == 1 else 0.55, data_options={"fold": fold}, kb=6)
    assert ranks.table(read(folder.path)) is None
    for data in ("digits", "sc6"):
        folder.add("GRU", data, accuracy=0.9, kb=5)
        folder.add("LSTM", data, accuracy=0.8, kb=6)
    made = ranks.table(read(folder.path))
    assert made is not None
    assert [[entry.text for entry in row.entries] for row in made.rows] == [["1.33", "2"], ["1.67", "1"]]
    assert "average ranks over 3 data sets" in made.caption
    assert "3 data sets: average ranks say little below 10." in made.notes


def test_rows_that_are_not_alike_are_said(folder: Any) -> None:
    for data in ("a", "b", "c"):
        folder.add("GRU", data)
        folder.add("LSTM", data, train={"patience": 3 if data == "b" else None})
    made = ranks.table(read(folder.path))
    assert made is not None
    assert "float32, b: rows differ in patience." in made.notes
