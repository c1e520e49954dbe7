"""The table of what each step of compression costs, in the form of the paper's Tables 8 to 10."""

from __future__ import annotations

import csv
import json
import shutil
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from reading import compare, notes, row, texts, titles

from bench.report import Table, read, write_comparison, write_report
from bench.report.figures import ladder as drawn
from bench.report.tables import ladder
from bench.status import Status

SAME = {"v": ""}
"""Options of a cell in every model of it, whatever its variant is called."""


def climb(folder: Any) -> Table:
    table = ladder.table(read(folder.path))
    assert table is not None
    return table


def fill(folder: Any) -> None:
    """Table 8's row of HAR-2, and a second set that lacks one step and failed another."""
    for seed in (0, 1):
        for steps, accuracy, kb in (("", 0.9538, 29), ("L", 0.9681, 28), ("LS", 0.9637, 17)):
            folder.add("FastGRNN", "watch", seed, accuracy, kb=kb, steps=steps, variant=steps, options=SAME)
        folder.add("FastGRNN", "watch", seed, 0.96, integer=0.9559, kb=3, steps="LSQ", variant="LSQ", options=SAME)
    folder.add("FastGRNN", "digits", 0, 0.5, kb=57, variant="", options=SAME)
    folder.add("FastGRNN", "digits", 1, 0.6, kb=57, variant="", options=SAME)
    folder.add(
        "FastGRNN",
        "digits",
        0,
        steps="LSQ",
        variant="LSQ",
        options=SAME,
        status=Status.FAILED,
        reason="loss became nan",
    )


def test_rows_are_data_sets_and_columns_the_steps(folder: Any) -> None:
    fill(folder)
    table = climb(folder)
    assert table.spans == [("LSQ", 3), ("LS (-Q)", 2), ("L (-SQ)", 2), ("dense (-LSQ)", 2)]
    assert titles(table) == ["%", "float32 %", "KB", *["%", "KB"] * 3]
    assert texts(table)["Watch-7"] == [
        *(
            "95.59 ± 0.00",
            "96.00 ± 0.00",
            "3.0",
            "96.37 ± 0.00",
            "17.0",
            "96.81 ± 0.00",
            "28.0",
            "95.38 ± 0.00",
            "29.0",
        ),
    ]
    assert texts(table)["Digits"] == ["failed", "-", "-", "-", "-", "-", "-", "55.00 ± 7.07", "57.0"]
    assert "FastGRNN, low rank (L)" in table.caption
    assert "integer program" in table.caption
    assert notes(table, row(table, "Digits")[0]) == ["seed 0 failed: loss became nan; seed 1 not run"]
    assert not any(entry.best for row in table.rows for entry in row.entries)


def test_the_main_table_has_the_integer_accuracy(folder: Any) -> None:
    fill(folder)
    table = compare(folder)
    assert texts(table)["FastGRNN (LSQ)"][3] == "95.59 ± 0.00"
    assert "1 of an int8 model" in table.caption


def test_several_cells_are_named_in_the_rows(folder: Any) -> None:
    fill(folder)
    folder.add("GRU", "watch", 0, 0.93, kb=60)
    folder.add("GRU", "watch", 0, 0.93, integer=0.92, kb=6, steps="LSQ", variant="LSQ", options=SAME)
    assert list(texts(climb(folder))) == ["FastGRNN, Digits", "FastGRNN, Watch-7", "GRU, Watch-7"]


def test_it_is_written_as_latex_and_markdown(folder: Any) -> None:
    fill(folder)
    write_report(folder.path)
    tex = (folder.path / "tables" / "demo-ladder.tex").read_text(encoding="utf-8")
    assert tex.count("toprule") == 1
    assert "95.59" in tex
    assert "dense (-LSQ)" in (folder.path / "tables" / "demo-ladder.md").read_text(encoding="utf-8").replace("\\", "")


def test_there_is_none_where_there_is_nothing_to_compare(folder: Any) -> None:
    folder.add("GRU", "watch", 0)
    assert ladder.table(read(folder.path)) is None
    folder.add("GRU", "watch", 0, steps="L", variant="rank 8", options=SAME)
    assert ladder.table(read(folder.path)) is not None
    folder.add("GRU", "watch", 0, hidden=32)
    assert [row.label for row in climb(folder).rows] == ["Watch-7"], "the one of 32 is dense alone"
    folder.add("GRU", "watch", 0, steps="L", rank=9)
    assert ladder.table(read(folder.path)) is None, "two models of one kind have no one place"
    for steps in ("", "L"):
        folder.add("LSTM", "watch", 0, steps=steps)
    left = climb(folder)
    assert "LSTM, low rank (L)" in left.caption
    assert "Not shown of Watch-7: GRU, H 64: several models on a step." in left.notes


def test_a_variant_of_a_cell_stands_on_a_ladder_of_its_own(folder: Any) -> None:
    for steps in ("", "Q"):
        for gate, integer in (("sigmoid", 0.8), ("tanh", 0.7)):
            own = {"v": "x", "gate": gate}
            folder.add("GRU", variant=gate, steps=steps, options=own, integer=integer if steps else None)
    assert {row.label: row.entries[2].text for row in climb(folder).rows} == {
        "GRU, gate sigmoid v x, Watch-7": "80.00",
        "GRU, gate tanh v x, Watch-7": "70.00",
    }


def test_the_metric_is_the_data_set_s(folder: Any) -> None:
    """Of integers with the float32 network's beside it; a set that reports F1 has no accuracy in its ladder."""
    for steps, score in (("", 0.5), ("L", 0.4)):
        path = folder.path / "runs" / folder.add(steps=steps, facts={"reported": "f1"}).id / "record.json"
        body = json.loads(path.read_text())
        path.write_text(json.dumps({**body, "result": {**body["result"], "test_f1": score}}))
    table = climb(folder)
    assert texts(table)["Watch-7"][:1] == ["40.00"]
    assert "test F1" in table.caption


def test_models_that_differ_in_more_than_steps_stand_on_ladders_of_their_own(folder: Any) -> None:
    """Small in training and small after it: two ladders; two models on one step: none, and it is said."""
    for steps, accuracy in (("LS", 0.97), ("LSQ", 0.98)):
        folder.add("FastGRNN", steps=steps, accuracy=accuracy)
        folder.add("FastGRNN", steps=steps, accuracy=accuracy - 0.2, after=True)
    for hidden in (64, 80):
        for steps in ("", "L", "LS"):
            folder.add("GRU", steps=steps, hidden=hidden)
    for rank in (8, 12):
        for steps in ("L", "LS"):
            folder.add("LSTM", steps=steps, rank=rank)
    (panel,) = drawn.figure(read(folder.path)).panels
    axes = Axes(Figure(), (0, 0, 1, 1))
    panel.draw(axes)
    lines = {line.get_label(): list(line[0].get_ydata()) for line in axes.containers}
    assert {name: [round(y, 6) for y in ys] for name, ys in lines.items()} == {
        "FastGRNN, in training": [97, 98],
        "FastGRNN, after training": [77, 78],
        "GRU, H 64": [90, 90, 90],
        "GRU, H 80": [90, 90, 90],
    }
    assert panel.left_out == "LSTM: several models on a step"


def test_no_caption_in_latex_begins_with_the_grid_s_name(folder: Any) -> None:
    """Journals do not want it; in Markdown it says where the table is from."""
    fill(folder)
    write_report(folder.path)
    write_comparison(folder.path, "FastGRNN (LS)", 1.0)
    tables = {path.stem: path.read_text(encoding="utf-8") for path in (folder.path / "tables").glob("demo*.tex")}
    assert {"demo", "demo-ladder", "demo-formats", "demo-compare", "demo-settings"} == tables.keys()
    assert not [name for name, text in tables.items() if r"\caption{demo" in text]
    assert r"\caption{FastGRNN, low rank (L)" in tables["demo-ladder"]
    assert (folder.path / "tables" / "demo-ladder.md").read_text(encoding="utf-8").startswith("demo: FastGRNN, low")


def test_the_csv_has_the_cells_as_printed_and_one_line_of_headings(folder: Any) -> None:
    """Without marks; the comparison's has numbers unrounded, and goes with its table as others do."""
    fill(folder)
    write_report(folder.path)
    file = folder.path / "tables" / "demo-ladder.csv"
    head, digits, watch = csv.reader(file.read_text(encoding="utf-8").splitlines())
    assert head[:4] == ["Cell", "LSQ: %", "LSQ: float32 %", "LSQ: KB"]
    assert head[-2:] == ["dense (-LSQ): %", "dense (-LSQ): KB"]
    assert watch == ["Watch-7", *texts(climb(folder))["Watch-7"]]
    assert digits[:2] == ["Digits", "failed"]
    for path in (folder.path / "runs").glob("*-u8-*"):
        shutil.rmtree(path)
    write_report(folder.path)
    assert not file.exists()
