"""Published figures beside ours: which is found, by how much they differ, and what is not the same in the protocol."""

from __future__ import annotations

from typing import Any

import pytest
from reading import compare, notes, row, titles

from bench.report import read
from bench.report.beside import Beside
from bench.report.rows.published import books, target
from bench.report.tables import ladder
from bench.status import Status

HAR = {
    "train": {"epochs": 300, "schedule": "step", "batch_size": 100, "learning_rate": 0.01, "select": "last"},
    "split": {"train_on": "train+validation"},
}


def only(folder: Any) -> Any:
    """The one row of a folder."""
    (summary,) = read(folder.path).summaries
    return summary


def har(folder: Any, cell: str = "LSTM", accuracy: float = 0.9465, hidden: int = 64, **more: Any) -> Any:
    """A run on HAR-2 in the paper's protocol."""
    return folder.add(cell, "har2", accuracy=accuracy, hidden=hidden, **{**HAR, **more})


def test_the_paper_s_protocol_differs_in_nothing(folder: Any) -> None:
    """LSTM on HAR-2: 93.65 % and 74 KB in Table 3, whose hidden size is 64."""
    har(folder)
    found = target(only(folder))
    assert found is not None
    assert (found.value, found.kb, found.where, found.differences) == (93.65, 74, "Table 3", ())
    table = compare(folder)
    assert titles(table) == ["accuracy (%)", "paper", "difference", "paper KB", "KB", "ms"]
    assert [entry.text for entry in row(table, "LSTM")] == ["94.65", "93.65", "1.00", "74", "10.0", "12.5"]
    assert any("har2: paper:" in note and "the protocol is the paper's" in note for note in table.notes)
    assert any("best on the test set" in note for note in table.notes)


def test_what_all_rows_differ_in_is_said_once_and_the_rest_in_footnotes(folder: Any) -> None:
    """GRU's 71 KB are 73 units; the paper trains RNN at 1e-3 in batches of 512."""
    short = {**HAR["train"], "epochs": 40}
    har(folder, hidden=64, train=short)
    har(folder, "GRU", hidden=64, train=short)
    har(folder, "RNN", hidden=80, train=short)
    table = compare(folder)
    assert any("not the same protocol: epochs 40 for 300, and what the footnotes say" in note for note in table.notes)
    said = {label: notes(table, row(table, label)[1]) for label in ("LSTM", "GRU", "RNN")}
    assert said["LSTM"] == []
    assert said["GRU"] == ["ours: hidden size 64 for 73"]
    assert said["RNN"] == ["ours: batch size 100 for 512; learning rate 0.01 for 0.001"]


@pytest.mark.parametrize("data", ["hapt2", "watch", "mnist-row", "wakeword", "sc6"])
def test_a_stand_in_has_no_published_figure(folder: Any, data: str) -> None:
    folder.add("LSTM", data)
    assert target(only(folder)) is None
    assert titles(compare(folder)) == ["accuracy (%)", "KB", "ms"]


def test_a_cell_that_the_paper_lacks_has_none_beside_one_that_it_has(folder: Any) -> None:
    har(folder)
    har(folder, "QRNN")
    assert [entry.text for entry in row(compare(folder), "QRNN")][1:4] == ["-", "-", "-"]


@pytest.mark.parametrize(
    ("steps", "value", "where"),
    [
        ("", 95.38, "Table 3"),
        ("L", 96.81, "Tables 8 to 10"),
        ("LS", 96.37, "Tables 8 to 10"),
        ("LSQ", 95.59, "Table 3"),
    ],
)
def test_fastgrnn_is_held_against_the_column_of_its_compression(
    folder: Any, steps: str, value: float, where: str
) -> None:
    har(folder, "FastGRNN", steps=steps, integer=0.9 if "Q" in steps else None, hidden=80)
    found = target(only(folder))
    assert found is not None
    assert (found.value, found.where) == (value, where)


def test_a_combination_that_the_paper_lacks_is_held_against_nothing(folder: Any) -> None:
    har(folder, "FastGRNN", steps="Q", integer=0.9)
    assert target(only(folder)) is None


def test_weight_decay_on_a_classifier_is_a_difference_and_not_table_16(folder: Any) -> None:
    har(folder, "FastGRNN", hidden=80, train={**HAR["train"], "weight_decay": 0.01})
    found = target(only(folder))
    assert found is not None
    assert (found.value, found.differences) == (95.38, ("weight decay 0.01 for 0",))


def test_relu_is_the_paper_s_fastrnn_on_har2(folder: Any) -> None:
    """94.50+ in Table 3: the plus says that the update is ReLU."""
    har(folder, "FastRNN", hidden=80)
    found = target(only(folder))
    assert found is not None
    assert (found.value, found.differences) == (94.5, ("activation tanh for relu",))


@pytest.mark.parametrize(
    ("cell", "more"),
    [
        ("FastRNN", {"hold": {"alpha": 0.3}}),
        ("FastRNN", {"hold": {"alpha": 1.0, "beta": 1.0}}),
        ("FastRNN", {"options": {"residual": "tied"}}),
        ("FastGRNN", {"steps": "LS", "after": True}),
    ],
)
def test_a_variant_that_the_paper_lacks_is_held_against_nothing(folder: Any, cell: str, more: dict[str, Any]) -> None:
    """Table 3 has FastRNN with alpha and beta learnt, each a number, and FastGRNN trained sparse."""
    har(folder, cell, **more)
    assert target(only(folder)) is None


def test_each_step_of_the_ladder_has_its_own(folder: Any) -> None:
    har(folder, "FastGRNN", accuracy=0.925, hidden=80)
    har(folder, "FastGRNN", accuracy=0.93, hidden=80, steps="L")
    table = ladder.table(read(folder.path))
    assert table is not None
    named = zip(table.columns, table.rows[0].entries, strict=True)
    found = {c.spanner.name: entry.text for c, entry in named if c.spanner and c.title == "paper"}
    assert found == {"dense": "95.38", "L": "96.81"}
    assert not any("Difference" in note for note in table.notes), "it has no such column"
    assert any("Difference: ours less" in note for note in compare(folder).notes)


def test_a_run_that_is_not_done_is_held_against_nothing(folder: Any) -> None:
    har(folder, status=Status.FAILED, reason="out of memory")
    summary = only(folder)
    assert Beside([summary]).columns(summary.data) == []


def test_other_papers_stand_beside_their_own_cells_with_their_own_protocol(folder: Any) -> None:
    """coRNN on HAR-2: 97.2 in its README, of 64 units; FastGRNN's paper has none of it."""
    har(folder, accuracy=0.95)
    har(folder, "coRNN", accuracy=0.96, hidden=80)
    table = compare(folder)
    assert [entry.text for entry in row(table, "coRNN")][1:3] == ["97.20", "-1.20"]
    assert row(table, "coRNN")[3].text == "-"  # no size is published
    (own,) = (note for note in table.notes if "coRNN (Rusch and Mishra 2021), README" in note)
    assert "hidden size 80 for 64; epochs 300 for 250" in own.replace("schedule step for constant; ", "")
    assert any("FastGRNN (Kusupati et al. 2018), Table 3; the protocol is the paper's." in note for note in table.notes)
    assert any("one figure for each data set" in note for note in table.notes)


def test_every_paper_s_file_has_what_is_looked_for() -> None:
    for own in books().values():
        methods, sets = {each["method"] for each in own["methods"]}, {each["dataset"] for each in own["data_sets"]}
        for key in own["look_in"]:
            assert "read" in own[key]["source"]
            assert {each["method"] for each in own[key]["rows"]} <= methods
        for part in own["protocols"]:
            assert set(part.get("for", ())) <= sets
