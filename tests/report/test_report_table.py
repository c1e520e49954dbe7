"""The table: what is bold, what is marked, what stands where there is no number."""

from __future__ import annotations

from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.report import Table, write_report
from bench.report.notes import Notes, shorten
from bench.report.table import Entry
from bench.status import Status


def _table(folder: Any, **options: Any) -> Table:
    return write_report(folder.path, **options).table


def _row(table: Table, label: str) -> tuple[Entry, ...]:
    return next(row.entries for row in table.rows if row.label == label)


def _note(table: Table, entry: Entry) -> list[str]:
    texts = {note.mark: note.text for note in table.footnotes}
    return [texts[mark] for mark in entry.marks]


def test_percent_with_deviation(folder: Any) -> None:
    for seed, accuracy in enumerate((0.9, 0.92, 0.97)):
        folder.add(seed=seed, accuracy=accuracy, kb=3.25)
    table = _table(folder)
    assert [entry.text for entry in _row(table, "GRU")] == ["93.00 ± 3.61", "3.2", "12.5"]
    assert [column.title for column in table.columns] == ["accuracy (%)", "KB", "ms"]
    assert "mean ± sample standard deviation over 3 seeds" in table.caption
    for said in ("Arduino mkr1000", "float32", "exported code", "validation data", "1024", "smallest first"):
        assert said in table.caption


def test_one_seed_says_that_no_spread_is_known(folder: Any) -> None:
    folder.add(accuracy=0.9)
    table = _table(folder)
    assert _row(table, "GRU")[0].text == "90.00"
    assert "one seed each: no spread is known" in table.caption


def test_best_is_high_for_accuracy_and_low_for_cost(folder: Any, make_latency: Any) -> None:
    folder.add("A", accuracy=0.9, kb=5.0, latencies=(make_latency(ms=8.0),))
    folder.add("B", accuracy=0.8, kb=4.0, latencies=(make_latency(ms=9.0),))
    table = _table(folder)
    assert [entry.best for entry in _row(table, "A")] == [True, False, True]
    assert [entry.best for entry in _row(table, "B")] == [False, True, False]


def test_numbers_that_print_alike_are_bold_alike(folder: Any) -> None:
    folder.add("A", accuracy=0.90001)
    folder.add("B", accuracy=0.90002)
    folder.add("C", accuracy=0.8)
    assert [_row(_table(folder), cell)[0].best for cell in "ABC"] == [True, True, False]


def test_direction_follows_the_data_set(folder: Any) -> None:
    facts = {"metric": "perplexity", "higher_is_better": False, "majority": None}
    folder.add("A", accuracy=1.5, facts=facts)
    folder.add("B", accuracy=2.5, facts=facts)
    table = _table(folder)
    assert table.columns[0].title == "perplexity"
    assert [_row(table, cell)[0].best for cell in "AB"] == [True, False]
    assert _row(table, "A")[0].text == "1.50"


def test_rows_go_from_small_to_large(folder: Any) -> None:
    for cell, kb in (("A", 30.0), ("B", 3.0), ("C", 10.0)):
        folder.add(cell, kb=kb)
    folder.add("D", status=Status.FAILED, reason="x")
    assert [row.label for row in _table(folder).rows] == ["B", "C", "A", "D"]


@pytest.mark.parametrize(("accuracy", "marked"), [(0.19, True), (0.2, True), (0.2000001, True), (0.21, False)])
def test_dagger_at_or_below_the_majority_rate(folder: Any, accuracy: float, marked: bool) -> None:
    folder.add("A", accuracy=accuracy)
    table = _table(folder)
    assert ("†" in _row(table, "A")[0].marks) is marked
    assert any("most frequent class (Watch-7: 20.00 %)" in note.text for note in table.footnotes) is marked


def test_single_seeds_at_the_majority_rate_are_said(folder: Any) -> None:
    folder.add("A", seed=0, accuracy=0.2)
    folder.add("A", seed=1, accuracy=0.9)
    table = _table(folder)
    assert _note(table, _row(table, "A")[0])[0].startswith("1 of 2 seeds no better")


def test_a_failed_combination_says_so_with_its_reason(folder: Any) -> None:
    folder.add("A")
    folder.add("B", status=Status.FAILED, reason="RnnbenchError: loss is not finite\nmore")
    table = _table(folder)
    entry, *rest = _row(table, "B")
    assert (entry.text, [each.text for each in rest]) == ("failed", ["-", "-"])
    assert _note(table, entry) == ["failed: loss is not finite"]


def test_a_mean_of_fewer_seeds_says_which_are_missing_and_why(folder: Any) -> None:
    for seed in range(4):
        folder.add("A", seed=seed)
    folder.add("B", seed=0, accuracy=0.5)
    folder.add("B", seed=1, status=Status.FAILED, reason="boom")
    folder.add("B", seed=2, status=Status.FAILED, reason="boom")
    table = _table(folder)
    assert _row(table, "B")[0].text == "50.00"
    assert _note(table, _row(table, "B")[0]) == ["1 of 4 seeds; seeds 1, 2 failed: boom; seed 3 not run"]
    assert "over 1 to 4 seeds; numbers without ± are of one seed" in table.caption


def test_a_combination_that_nobody_ran_says_so(folder: Any) -> None:
    folder.add("A", "watch")
    folder.add("B", "digits")
    table = _table(folder)
    texts = [entry.text for entry in _row(table, "A")]
    assert texts[0] == "not run"
    assert texts[3] == "90.00"


@pytest.mark.parametrize(
    ("flash", "ram", "said"),
    [
        (False, True, "not on Arduino mkr1000: the weights do not fit its flash"),
        (True, False, "not on Arduino mkr1000: the state does not fit its RAM"),
    ],
)
def test_no_latency_for_what_does_not_fit(folder: Any, make_latency: Any, flash: bool, ram: bool, said: str) -> None:
    folder.add("A")
    folder.add("B", latencies=(make_latency(flash=flash, ram=ram),))
    table = _table(folder)
    assert _row(table, "B")[2].text == "-"
    assert _note(table, _row(table, "B")[2]) == [said]


def test_the_board_that_most_models_fit_the_first_of_equals(folder: Any, make_latency: Any) -> None:
    for cell, fits in (("A", True), ("B", False)):
        folder.add(cell, latencies=(make_latency("uno", flash=fits), make_latency("due"), make_latency("big")))
    assert (_table(folder).board or pytest.fail("no board")).name == "due"
    assert (_table(folder, board="uno").board or pytest.fail("no board")).name == "uno"
    with pytest.raises(RnnbenchError, match="did you mean 'due'"):
        _table(folder, board="dues")


def test_without_any_latency_there_is_no_column_for_it(folder: Any) -> None:
    folder.add(latencies=())
    table = _table(folder)
    assert [column.title for column in table.columns] == ["accuracy (%)", "KB"]
    assert "ms:" not in table.caption


def test_changed_data_is_said(folder: Any) -> None:
    folder.add(seed=0)
    folder.add(seed=1, facts={"fingerprint": "sha256:other"})
    assert "2 different versions of the data" in _table(folder).general[0]


def test_every_row_has_every_column_and_every_mark_a_note(small: Any) -> None:
    table = _table(small)
    known = {note.mark for note in table.footnotes}
    for row in table.rows:
        assert len(row.entries) == len(table.columns)
        assert all(set(entry.marks) <= known for entry in row.entries)
    assert known == {mark for row in table.rows for entry in row.entries for mark in entry.marks}


def test_marks_go_on_after_z() -> None:
    notes = Notes()
    marks = [notes.mark(str(number)) for number in range(54)]
    assert (marks[0], marks[25], marks[26], marks[27], marks[52]) == ("a", "z", "aa", "ab", "ba")
    assert notes.mark("26") == "aa"


def test_reasons_are_one_short_line() -> None:
    assert shorten("\n  a\tb \n c") == "a b"
    assert len(shorten("x" * 500)) == 90
    assert shorten("") == ""
