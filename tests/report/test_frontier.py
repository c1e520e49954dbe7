"""Fronts: the best cell within a size and what Holm leaves of it, worked out by hand, and what is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.report import read
from bench.report.drawing.press import to_print
from bench.report.figures import cost, frontier
from bench.report.rows.results import Results
from bench.report.tables.frontier import table, within
from bench.spec import Grid, parse

SIZES = [{"kb": 1}, {"kb": 3}]


def results(folder: Any, sizes: list[Any] = SIZES) -> Results:
    body = {"name": "f", "grid": {"data": ["watch7"], "cell": ["gru"], "size": sizes}}
    return replace(read(folder.path), grid=parse(Grid, body, "test"))


@pytest.fixture
def front(folder: Any) -> Any:
    """Ten seeds: at 3 KB FastGRNN is 2 points above GRU in every seed, and LSTM as often above it as below."""
    for seed in range(10):
        noise = 0.001 * (seed % 3)
        folder.add("FastGRNN", seed=seed, accuracy=0.90 + noise, kb=2.9, steps="Q", hidden=80, integer=0.90 + noise)
        folder.add("GRU", seed=seed, accuracy=0.88 + noise, kb=2.8, steps="Q", hidden=50, integer=0.88 + noise)
        swing = 0.01 * (1 if seed % 2 else -1) - 0.001
        folder.add("LSTM", seed=seed, accuracy=0.9, kb=3.0, steps="Q", hidden=40, integer=0.90 + noise + swing)
        folder.add("GRU", seed=seed, accuracy=0.7, kb=0.9, steps="Q", hidden=20, integer=0.70 + noise)
    return folder


def test_the_best_within_a_size_and_what_is_worse_for_certain(front: Any) -> None:
    """p of ten differences of one sign is 2 / 2^10; Holm doubles it; LSTM's signs are five and five."""
    made = table(results(front))
    assert made is not None
    assert [row.labels for row in made.rows] == [("Watch-7", "1", "GRU"), ("Watch-7", "3", "FastGRNN")]
    first, second = ([entry.text for entry in row.entries] for row in made.rows)
    assert first[0] == "20"
    assert first[-2:] == ["-", "-"]  # nothing else keeps to 1 KB
    assert second[0] == "80"
    assert second[1] == "90.09 ± 0.09"  # 90 + .1 x the mean of 0 1 2 0 1 2 0 1 2 0
    assert second[3] == "2.90"
    assert second[-2:] == ["GRU", "LSTM"]


def test_of_a_cell_the_largest_that_keeps_to_the_size_is_taken(front: Any) -> None:
    found = results(front)
    (data,) = found.data_sets
    assert [(row.cell, row.mean("kb")) for row in within(found, data, 2.85)] == [("GRU", pytest.approx(2.8))]
    assert [row.cell for row in within(found, data, 3)] == ["FastGRNN", "LSTM", "GRU"]


def test_three_seeds_say_that_they_can_show_nothing(folder: Any) -> None:
    for seed in range(3):
        folder.add("FastGRNN", seed=seed, accuracy=0.9, kb=2.9)
        folder.add("GRU", seed=seed, accuracy=0.5, kb=2.8)
    made = table(results(folder))
    assert made is not None
    assert made.rows[0].entries[-1].text == "GRU"
    assert any("smallest Holm p that they can reach is 0.25" in note.text for note in made.footnotes)


def test_a_grid_without_sizes_has_no_frontier(front: Any) -> None:
    plain = read(front.path)
    assert table(plain) is None
    assert frontier.figure(plain) is None
    assert cost.figure(plain) is not None
    assert cost.figure(results(front)) is None


def test_each_cost_has_a_panel_with_the_front_named(front: Any) -> None:
    figure = frontier.figure(results(front))
    assert figure is not None
    assert [panel.name for panel in figure.panels] == [f"frontier-watch-{kind}" for kind in ("kb", "flash", "ms")]
    by_kb = figure.panels[0].svg
    assert by_kb.count(">GRU</text>") == 2  # on the front at .9 and at 2.8 KB
    assert by_kb.count("font-weight: 700") == 3  # and FastGRNN at 2.9
    assert ">LSTM</text>" in by_kb  # off the front, named at its dearest
    assert "KB exported for Arduino mkr1000 " not in by_kb
    ((heading, panels),) = figure.printed
    assert (heading, len(panels)) == ("Watch-7", 3)
    assert to_print(panels, "pdf")["pdf"].startswith(b"%PDF")
