"""The comparison: what every number is, what is bold, what is marked, what stands where there is no number."""

from __future__ import annotations

import json
from typing import Any

import pytest
from reading import compare, notes, row, texts, titles

from bench.record import runs_folder
from bench.report import Results
from bench.report.notes import Notes, shorten
from bench.report.table import rounded
from bench.report.tables import comparison
from bench.status import Status

TEXT = {"metric": "perplexity", "higher_is_better": False, "majority": None}


def test_percent_with_deviation(folder: Any) -> None:
    for seed, accuracy in enumerate((0.9, 0.92, 0.97)):
        folder.add(seed=seed, accuracy=accuracy, kb=3.25)
    table = compare(folder)
    assert [entry.text for entry in row(table, "GRU")] == ["93.00 ± 3.61", "3.3", "12.5"]
    assert titles(table) == ["accuracy (%)", "KB", "ms"]
    assert "mean ± sample standard deviation over 3 seeds" in table.caption
    for said in ("Arduino mkr1000", "float32", "exported code", "validation data", "1024", "smallest first"):
        assert said in table.caption


def test_rows_are_ordered_by_mean_size_over_the_data_sets(folder: Any) -> None:
    """Means: A (1 + 50) / 2 = 25.5, B 20, C 30; products would be A 50, B 400, C 900; sums with C's one set 30."""
    for cell, watch, digits in (("A", 1.0, 50.0), ("B", 20.0, 20.0)):
        folder.add(cell, "watch", kb=watch)
        folder.add(cell, "digits", kb=digits)
    folder.add("C", "watch", kb=30.0)
    assert list(texts(compare(folder))) == ["B", "A", "C"]


def test_rows_of_equal_size_are_in_order_of_name(folder: Any) -> None:
    for cell in ("B", "A"):
        folder.add(cell, kb=5.0)
    assert list(texts(compare(folder))) == ["A", "B"]


def test_a_language_model_has_both_sizes(folder: Any) -> None:
    """Embedding and softmax have 25,600 numbers of 4 bytes: 100 KB beside the 10 of the recurrent layers."""
    folder.add("A", accuracy=120.456, kb=10.0, embedding=25_600, facts=TEXT)
    folder.add("A", accuracy=119.0, kb=10.0, embedding=25_600, facts=TEXT, seed=1)
    table = compare(folder)
    assert titles(table) == ["perplexity", "KB", "KB in all", "ms"]
    assert texts(table)["A"] == ["119.73 ± 1.03", "10.0", "110", "12.5"]  # 1.456 / sqrt(2) = 1.0296
    assert not any(entry.marks for entry in row(table, "A"))
    for said in ("test metric", "state carried over", "KB: recurrent layers, 4 bytes", "with embedding and softmax"):
        assert said in table.caption
    folder.add("A", "digits")
    assert "KB: cell and classifier, of a language model recurrent layers, 4" in compare(folder).caption


@pytest.mark.parametrize(
    ("smallest", "printed"),
    [(0.0996, "0.100"), (0.1, "0.10"), (0.994, "0.99"), (1.0, "1.0"), (99.94, "99.9"), (100.0, "100")],
)
def test_the_smallest_number_of_a_column_keeps_two_digits(folder: Any, smallest: float, printed: str) -> None:
    folder.add("A", kb=smallest)
    folder.add("B", kb=1234.56789)
    table = compare(folder)
    assert row(table, "A")[1].text == printed
    assert len(row(table, "B")[1].text.partition(".")[2]) == len(printed.partition(".")[2])


def test_what_kb_counts_follows_the_compression(folder: Any) -> None:
    folder.add("A", steps="L")
    plain = "KB: cell and classifier, 4 bytes a number, 1 KB = 1024 bytes."
    assert plain in compare(folder).caption
    folder.add("B", steps="S")
    assert "1 KB = 1024 bytes; of a sparse matrix, a number and an index" in compare(folder).caption
    folder.add("C", steps="Q", integer=0.8)
    assert "4 bytes a number, 1 of an int8 model, 1 KB" in compare(folder).caption
    assert "Accuracy of an int8 model: of its integer program" in compare(folder).caption


def test_without_records_there_is_no_table() -> None:
    assert comparison.table(Results("nothing")) is None


def test_one_seed_says_that_no_spread_is_known(folder: Any) -> None:
    folder.add(accuracy=0.9)
    table = compare(folder)
    assert row(table, "GRU")[0].text == "90.00"
    assert "one seed each: no spread is known" in table.caption


def test_best_is_high_for_accuracy_and_low_for_cost(folder: Any, make_latency: Any) -> None:
    folder.add("A", accuracy=0.9, kb=5.0, latencies=(make_latency(ms=8.0),))
    folder.add("B", accuracy=0.8, kb=4.0, latencies=(make_latency(ms=9.0),))
    table = compare(folder)
    assert [entry.best for entry in row(table, "A")] == [True, False, True]
    assert [entry.best for entry in row(table, "B")] == [False, True, False]


def test_numbers_that_print_alike_are_bold_alike(folder: Any) -> None:
    folder.add("A", accuracy=0.90001)
    folder.add("B", accuracy=0.90002)
    folder.add("C", accuracy=0.8)
    assert [row(compare(folder), cell)[0].best for cell in "ABC"] == [True, True, False]


def test_direction_follows_the_data_set(folder: Any) -> None:
    folder.add("A", accuracy=1.5, facts=TEXT)
    folder.add("B", accuracy=2.5, facts=TEXT)
    table = compare(folder)
    assert table.columns[0].title == "perplexity"
    assert [row(table, cell)[0].best for cell in "AB"] == [True, False]
    assert row(table, "A")[0].text == "1.50"


def test_rows_go_from_small_to_large(folder: Any) -> None:
    for cell, kb in (("A", 30.0), ("B", 3.0), ("C", 10.0)):
        folder.add(cell, kb=kb)
    folder.add("D", status=Status.FAILED, reason="x")
    assert [row.label for row in compare(folder).rows] == ["B", "C", "A", "D"]


@pytest.mark.parametrize(("accuracy", "marked"), [(0.19, True), (0.2, True), (0.2000001, True), (0.21, False)])
def test_dagger_at_or_below_the_majority_rate(folder: Any, accuracy: float, marked: bool) -> None:
    folder.add("A", accuracy=accuracy)
    table = compare(folder)
    assert ("†" in row(table, "A")[0].marks) is marked
    assert any("most frequent class (Watch-7: 20.00 %)" in note.text for note in table.footnotes) is marked


def test_single_seeds_at_the_majority_rate_are_said(folder: Any) -> None:
    folder.add("A", seed=0, accuracy=0.2)
    folder.add("A", seed=1, accuracy=0.9)
    table = compare(folder)
    said = "1 of 2 seeds no better than always answering the most frequent class"
    assert notes(table, row(table, "A")[0]) == [said]


def test_a_failed_combination_says_so_with_its_reason(folder: Any) -> None:
    folder.add("A")
    folder.add("B", status=Status.FAILED, reason="RnnbenchError: loss is not finite\nmore")
    table = compare(folder)
    entry, *rest = row(table, "B")
    assert (entry.text, [other.text for other in rest]) == ("failed", ["-", "-"])
    assert notes(table, entry) == ["failed: loss is not finite"]


def test_a_mean_of_fewer_seeds_says_which_are_missing_and_why(folder: Any) -> None:
    for seed in range(4):
        folder.add("A", seed=seed)
    folder.add("B", seed=0, accuracy=0.5)
    folder.add("B", seed=1, status=Status.FAILED, reason="boom")
    folder.add("B", seed=2, status=Status.FAILED, reason="boom")
    table = compare(folder)
    assert row(table, "B")[0].text == "50.00"
    assert notes(table, row(table, "B")[0]) == ["1 of 4 seeds; seeds 1, 2 failed: boom; seed 3 not run"]
    assert "over 1 to 4 seeds; numbers without ± are of one seed" in table.caption


def test_a_combination_that_nobody_ran_says_so(folder: Any) -> None:
    folder.add("A", "watch")
    folder.add("B", "digits")
    table = compare(folder)
    texts = [entry.text for entry in row(table, "A")]
    assert texts[0] == "not run"
    assert texts[3] == "90.00"


def test_a_combination_that_the_grid_does_not_have_is_a_dash_with_that_note(folder: Any) -> None:
    """While no run of the grid on that data set is outstanding; else a row's first run may be yet to come."""
    runs = [folder.add("A", "watch").id, folder.add("B", "digits").id]
    axes = {"data": ["watch", "digits"], "cell": ["a", "b"], "seed": [0]}
    folder.note(axes, runs)
    table = compare(folder)
    first = row(table, "A")[0]
    assert (first.text, notes(table, first)) == ("-", ["the grid has no run of this combination"])
    folder.note(axes, [*runs, "digits-a-h64-s0-0123456789abcdef"])
    table = compare(folder)
    first = row(table, "A")[0]
    assert (first.text, notes(table, first)) == ("not run", ["no run of this combination has started"])
    folder.note({**axes, "data": ["watch", "digits", "digits-mfcc"]}, [*runs, "digits-mfcc-a-h64-s0-0123456789abcdef"])
    assert row(compare(folder), "A")[0].text == "-", "that run is on another data set"


def test_changed_data_is_said(folder: Any) -> None:
    folder.add(seed=0)
    folder.add(seed=1, facts={"fingerprint": "sha256:other"})
    assert "2 different versions of the data" in compare(folder).notes[0]


def test_every_row_has_every_column_and_every_mark_anotes(small: Any) -> None:
    table = compare(small)
    known = {note.mark for note in table.footnotes}
    for line in table.rows:
        assert len(line.entries) == len(table.columns)
        assert all(set(entry.marks) <= known for entry in line.entries)
    assert known == {mark for line in table.rows for entry in line.entries for mark in entry.marks}


def test_marks_go_on_after_z() -> None:
    marks = Notes()
    letters = [marks.mark(str(number)) for number in range(54)]
    assert [letters[at] for at in (0, 25, 26, 27, 52)] == [("a",), ("z",), ("aa",), ("ab",), ("ba",)]
    assert marks.mark("26") == ("aa",)
    assert marks.mark("") == ()
    assert [note.mark for note in marks.listed()][:2] == ["a", "b"]


def test_reasons_are_one_short_line() -> None:
    assert shorten("\n  a\tb \n c") == "a b"
    assert shorten("x" * 90) == "x" * 90
    assert shorten("x" * 91) == "x" * 89 + "\N{HORIZONTAL ELLIPSIS}"
    assert shorten("") == ""
    assert shorten("x" * 80 + " try a train.learning_rate below 3") == "x" * 80 + " try a …", "no word is cut"
    assert len(shorten("x " * 90)) <= 90


def test_a_data_set_that_reports_f1_is_compared_by_it(folder: Any) -> None:
    """GRU has the higher accuracy, LSTM the higher F1."""
    for cell, accuracy, score in (("GRU", 0.95, 0.6), ("LSTM", 0.93, 0.8)):
        done = folder.add(cell, accuracy=accuracy, facts={"reported": "f1"})
        path = runs_folder(folder.path) / done.id / "record.json"
        body = json.loads(path.read_text())
        path.write_text(json.dumps({**body, "result": {**body["result"], "test_f1": score}}))
    made = compare(folder)
    assert titles(made)[0] == "F1 (%)"
    assert (row(made, "GRU")[0].text, row(made, "LSTM")[0].text) == ("60.00", "80.00")
    assert (row(made, "GRU")[0].best, row(made, "LSTM")[0].best) == (False, True)
    assert "test F1 in %" in made.caption


@pytest.mark.parametrize(
    ("value", "places", "printed"),
    [
        (3.25, 1, "3.3"),
        (-3.25, 1, "-3.3"),
        (0.125, 2, "0.13"),
        (2.675, 2, "2.68"),
        (3.249, 1, "3.2"),
        (1e-7, 2, "0.00"),
        (-1e-7, 2, "0.00"),
        (-0.0, 1, "0.0"),
        (1e15, 0, "1" + "0" * 15),
        (float("inf"), 2, "inf"),
    ],
)
def test_halves_are_rounded_up_from_the_digits_of_a_number(value: float, places: int, printed: str) -> None:
    """2.675 is a little less than that in binary; a paper that prints 3.25 KB is rounded to 3.3."""
    assert rounded(value, places) == printed


def test_the_caption_says_which_runs_were_trained_on_validation_data(folder: Any) -> None:
    both: dict[str, Any] = {"split": {"train_on": "train+validation"}, "train": {"select": "last"}}
    folder.add("GRU", "watch", **both)
    assert "Trained on training and validation data." in compare(folder).caption
    folder.add("GRU", "digits")
    assert "Trained on training and validation data, those on Watch-7." in compare(folder).caption
    folder.add("LSTM", "digits", **both)
    assert "Some were trained on training and validation data." in compare(folder).caption


def test_the_caption_of_rows_without_a_finished_run_claims_nothing_of_runs(folder: Any) -> None:
    folder.add("GRU", status=Status.FAILED, reason="loss became nan")
    caption = compare(folder).caption
    assert "no run is done" in caption
    assert "epoch was chosen" not in caption
