"""The comparison in the form of a journal: short names, merged rows, a legend, chosen columns; figures for print."""

from __future__ import annotations

from typing import Any

import pytest
from reading import compare

from bench.citations import bibliography, citations, data_citations
from bench.errors import RnnbenchError
from bench.record import GRID_NOTE
from bench.report import Table, read, write_results
from bench.report.document import data
from bench.report.journal import for_journal
from bench.report.rows.style import Style
from bench.report.writers import to_latex


def made(folder: Any, **style: Any) -> Table:
    results = read(folder.path)
    return for_journal(compare(folder), results, Style(**style))


def texts(table: Table) -> dict[tuple[str, ...], list[str]]:
    return {row.labels: [entry.text for entry in row.entries] for row in table.rows}


def test_a_cell_made_small_by_other_ranks_on_each_data_set_is_one_row(folder: Any) -> None:
    """In the full table there are two rows, each with "not run" on the other's data set."""
    folder.add("GRU", "a", accuracy=0.9, steps="L", variant="rank U 5", hidden=64, kb=5.0)
    folder.add("GRU", "b", accuracy=0.8, steps="L", variant="rank U 9", hidden=80, kb=9.0)
    assert len(compare(folder).rows) == 2
    table = made(folder, columns=("accuracy", "kb"))
    assert texts(table) == {("GRU L", "64/80"): ["90.00", "5.0", "80.00", "9.0"]}
    assert "GRU L: rank U 5 (a); rank U 9 (b)." in table.notes
    assert not table.footnotes, "nothing is missing any more"


def test_rows_that_would_share_a_name_are_numbered_and_told_apart_below(folder: Any) -> None:
    """What tells them apart is too long for a name."""
    for rank in (8, 9):
        folder.add("GRU", steps="LS", variant=f"rank U {rank} W {rank}, kept U 0.{rank} W 0.{rank}")
    table = made(folder)
    assert [row.labels for row in table.rows] == [("GRU LS (1)", "64"), ("GRU LS (2)", "64")]
    said = {f"GRU LS ({rank - 7}): rank U {rank} W {rank}, kept U 0.{rank} W 0.{rank}." for rank in (8, 9)}
    assert said <= set(table.notes)


def test_rows_that_would_share_a_name_have_the_few_words_that_tell_them_apart(folder: Any) -> None:
    """Of rank and fraction, which both have, nothing is in the names, and the legend explains it once."""
    for name in ("a", "b"):
        folder.add("GRU", name, steps="LS", variant="rank U 8, kept U 0.3", kb=5.0)
        folder.add("GRU", name, steps="LS", variant="rank U 8, kept U 0.3, after training", kb=6.0)
        folder.add("LSTM", name, kb=7.0, train={"learning_rate": 0.001})
        folder.add("LSTM", name, kb=8.0, train={"learning_rate": 0.01})
    table = made(folder)
    names = ["GRU LS", "GRU LS after training", "LSTM learning rate 0.001", "LSTM learning rate 0.01"]
    assert [row.label for row in table.rows] == names
    assert [note for note in table.notes if note.startswith(("GRU", "LSTM"))] == [
        "GRU LS: rank U 8, kept U 0.3.",
        "GRU LS after training: rank U 8, kept U 0.3, after training.",
    ]


def test_words_that_make_the_name_of_another_row_give_way_to_numbers(folder: Any) -> None:
    """A user's cell has the title that one row of FastRNN would have; nobody's result is lost."""
    folder.add("FastRNN", kb=1.0)
    folder.add("FastRNN", variant="residual tied", kb=2.0)
    folder.add("FastRNN residual tied", kb=3.0)
    assert [row.label for row in made(folder).rows] == ["FastRNN (1)", "FastRNN (2)", "FastRNN residual tied"]


def test_a_title_with_brackets_stands_once_in_a_name(folder: Any) -> None:
    for rate in (0.001, 0.01):
        folder.add("GRU (mine)", train={"learning_rate": rate})
    assert [row.label for row in made(folder).rows] == [f"GRU (mine) learning rate {rate}" for rate in (0.001, 0.01)]


def test_rows_of_two_sizes_and_two_of_something_else_have_the_size_in_its_column_alone(folder: Any) -> None:
    for hidden in (8, 12):
        for rate in (0.001, 0.01):
            folder.add("GRU", hidden=hidden, kb=float(hidden), train={"learning_rate": rate})
    rates = ("0.001", "0.01")
    assert [row.labels for row in made(folder).rows] == [
        (f"GRU learning rate {rate}", size) for size in ("8", "12") for rate in rates
    ]
    (row,) = made(folder, rows=("GRU learning rate 0.01, H 12",)).rows
    assert row.labels == ("GRU learning rate 0.01", "12")


def test_hidden_sizes_that_tell_rows_apart_stand_in_their_column_alone(folder: Any) -> None:
    """What a column shows is in no legend, and names that mean the same are explained once."""
    for cell in ("GRU", "RNN"):
        for hidden in (8, 12):
            folder.add(cell, hidden=hidden)
            folder.add(cell, hidden=hidden, steps="L", variant="rank U 8")
    table = made(folder)
    names = {row.labels for row in table.rows}
    assert names == {(f"{cell}{step}", size) for cell in ("GRU", "RNN") for step in ("", " L") for size in ("8", "12")}
    assert [note for note in table.notes if ": rank" in note] == ["GRU L, RNN L: rank U 8."]
    assert not any("H 8" in note for note in table.notes)
    assert [row.labels for row in made(folder, rows=("RNN L, H 12", "GRU, H 8")).rows] == [
        ("RNN L", "12"),
        ("GRU", "8"),
    ]


def test_rows_of_one_combination_of_the_grid_are_one_row_though_letters_are_shared(folder: Any) -> None:
    """Each data set has its own two ranks: the grid says which of one belongs to which of the other."""
    axes = {"data": ["a", "b"], "set": [{"cell.rank": {"U": 8}}, {"cell.rank": {"U": 6}}], "seed": [0]}
    runs = [
        folder.add("GRU", data, steps="L", variant=variant, train={"epochs": epochs}).id
        for data, variant, epochs in (
            ("a", "rank U 8", 1),
            ("a", "rank U 6", 2),
            ("b", "rank U 5", 3),
            ("b", "rank U 9", 4),
        )
    ]
    folder.note(axes, runs)
    table = made(folder, columns=("accuracy",))
    assert [row.label for row in table.rows] == ["GRU L (1)", "GRU L (2)"]
    said = {"GRU L (1): rank U 8 (a); rank U 5 (b).", "GRU L (2): rank U 6 (a); rank U 9 (b)."}
    assert said <= set(table.notes)
    (folder.path / GRID_NOTE).unlink()
    assert len(made(folder).rows) == 4, "without the grid nobody knows"


def test_a_dash_keeps_its_reason_where_rows_become_one(folder: Any, make_latency: Any) -> None:
    """The row of rank 6 has no run on watch: its dash there says nothing."""
    large = (make_latency(flash=False),)
    folder.add("GRU", "watch", steps="L", variant="rank U 8", latencies=large)
    folder.add("GRU", "digits", steps="L", variant="rank U 6", rank=6)
    table = made(folder)
    (row,) = table.rows
    at = next(at for at, column in enumerate(table.columns) if column.whole_title == "Watch-7: ms")
    meaning = {note.mark: note.text for note in table.footnotes}
    assert [meaning[mark] for mark in row.entries[at].marks] == [
        "not on Arduino mkr1000: the weights do not fit its flash"
    ]


def test_rows_columns_labels_and_caption_are_chosen(small: Any) -> None:
    table = made(small, rows=("LSTM", "GRU"), columns=("KB",), labels={"GRU": "ours"}, caption="Sizes.")
    assert [row.label for row in table.rows] == ["LSTM", "ours"]
    assert {column.title for column in table.columns} == {"KB"}
    assert table.caption == "Sizes."


def test_a_footnote_whose_place_is_left_out_is_left_out_and_letters_begin_at_a(small: Any) -> None:
    """In full: a not run, b failed, c does not fit."""
    table = made(small, columns=("accuracy",), rows=("LSTM",))
    assert [note.mark for note in table.footnotes] == ["†", "a"]
    assert table.footnotes[1].text.startswith("1 of 2 seeds; seed 1 failed")


def test_the_caption_does_not_begin_with_the_grid_s_name(small: Any) -> None:
    assert made(small).caption.startswith("Test accuracy in %, mean")


def test_a_caption_explains_no_column_that_is_not_shown(small: Any) -> None:
    """The order of rows is by size where the size is to be seen, and nobody has asked for another."""
    costs = ("KB: ", "ms: ", "Rows by size")
    caption = made(small, columns=("accuracy",)).caption
    assert not any(said in caption for said in costs)
    assert "Underlined: best of its column, as printed; of test results" in caption
    caption = made(small, columns=("kb",)).caption
    assert caption.startswith("Size of trained models. KB: cell and classifier")
    assert "accuracy" not in caption
    assert caption.endswith("Rows by size, smallest first. Underlined: best of its column, as printed.")
    assert "Rows by size" not in made(small, rows=("LSTM", "GRU")).caption
    assert all(said in made(small).caption for said in costs)


def test_the_best_of_chosen_rows_is_the_best_of_those_and_remarks_are_of_them(folder: Any) -> None:
    """In full FastGRNN is best, and an int8 row differs in number format; of the other two neither is so."""
    folder.add("FastGRNN", accuracy=0.9)
    folder.add("GRU", accuracy=0.8)
    folder.add("LSTM", accuracy=0.7)
    folder.add("LSTM", accuracy=0.6, steps="Q", variant="int8", integer=0.6)
    assert any("number format" in note for note in made(folder).notes)
    table = made(folder, rows=("LSTM", "GRU"))
    assert [(row.label, row.entries[0].best) for row in table.rows] == [("LSTM", False), ("GRU", True)]
    assert not any("number format" in note for note in table.notes)
    assert "int8" not in table.caption
    assert "Underlined" not in made(folder, rows=("LSTM",), columns=("accuracy",)).caption, "it is alike no other"


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ({"rows": ("LSTN",)}, "no row is 'LSTN'.*LSTM"),
        ({"rows": ("LSTM", "GRU", "LSTM")}, "row 'LSTM' is named twice"),
        ({"labels": {"Foo": "x"}}, "no row is 'Foo'.*rows: Fast_GRNN & Co, GRU, LSTM"),
        ({"labels": {"LSTM": "A", "GRU": "A"}}, "rows 'GRU' and 'LSTM' would both be named 'A'"),
        ({"labels": {"LSTM": "GRU"}}, "rows 'GRU' and 'LSTM' would both be named 'GRU'"),
        ({"columns": ("KBs",)}, "no column is 'KBs'.*KB"),
        ({"rows": ("zzz",)}, "^no row is 'zzz'; rows: Fast_GRNN & Co, GRU, LSTM$"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(small: Any, style: dict[str, Any], said: str) -> None:
    with pytest.raises(RnnbenchError, match=said):
        made(small, **style)


def test_a_cell_is_cited_by_the_key_of_its_entry(small: Any) -> None:
    key, entry = citations()["LSTM"]
    assert f"{{{key}," in entry
    assert entry in bibliography()
    assert rf"LSTM~\cite{{{key}}} & 64 &" in to_latex(made(small))


USERS = """
ENTRY = "@misc{stranger2026leaky, title={Leaky \\\\& sons}}"
raise SystemExit("a report runs nothing of a user's")

@register("leaky", title="Leaky", citation=ENTRY)
class Mine(Cell):
    pass
"""


def test_a_user_s_cell_is_cited_as_its_file_says(folder: Any) -> None:
    folder.add("Leaky", file=USERS)
    folder.add("Other", file="class Broken(")
    computed = '@register("third", title="Th" + "ird", citation=refs.CITE)\nclass Third(Cell):\n    pass\n'
    folder.add("Third", file=computed)
    files = read(folder.path).cell_files
    assert r"Leaky~\cite{stranger2026leaky} & 64 &" in to_latex(made(folder))
    assert r"@misc{stranger2026leaky, title={Leaky \& sons}}" in bibliography(files)
    assert "stranger2026leaky" not in bibliography()
    assert citations(files)["LSTM"] == citations()["LSTM"]


def test_data_sets_are_cited_once_each_work(folder: Any) -> None:
    """HAR-2 and HAR-6 are of one work; the entry is a whole one, and the table of data sets names its key."""
    found = data_citations()
    assert found["har2"] == found["har6"]
    assert bibliography().count("@inproceedings{anguita2013har,") == 1
    assert all(entry.count("{") == entry.count("}") for _, entry in found.values())
    folder.add(data="har2")
    assert data.table([read(folder.path)]).rows[0].cite == "anguita2013har"


@pytest.mark.long
def test_the_report_writes_them_and_svg_without_variables(small: Any) -> None:
    write_results(read(small.path), small.path)
    names = {path.name for path in (small.path / "figures").iterdir()}
    drawings = ("size-watch", "curves-watch")
    assert {f"{name}.{ending}" for name in drawings for ending in ("svg", "pdf", "png")} <= names
    text = (small.path / "figures" / "size-watch.svg").read_text(encoding="utf-8")
    assert "var(" not in text
    assert "#0063a3" in text
    assert (small.path / "tables" / "references.bib").read_text(encoding="utf-8") == bibliography()
