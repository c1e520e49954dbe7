"""Plain tables of figures: what a page, a paper and a program read."""

import csv
import json

import pytest

from bench.report.latency import published_sheets, simulation_sheets
from bench.report.sheet import Heading, Sheet, to_latex, to_markdown, write

HEADS = (Heading("Cell", left=True), Heading("error %", "int8"), Heading("ratio", "int8"), Heading("ms", "float32"))
SHEET = Sheet("a-b", "What 5 % means", HEADS, (("x_1 | y", "+0.25", "", "7"),), ("a & b",))


def test_markdown_escapes_and_names_the_group_of_each_column():
    lines = to_markdown(SHEET).splitlines()
    assert lines[0] == "## What 5 % means"
    assert lines[2] == "| Cell | int8: error % | int8: ratio | float32: ms |"
    assert lines[3] == "| --- | ---: | ---: | ---: |"
    assert lines[4] == r"| x\_1 \| y | +0.25 |  | 7 |"
    assert lines[6] == "a &amp; b"


def test_latex_spans_groups_and_has_as_many_columns_in_every_row():
    text = to_latex(SHEET)
    assert r"\multicolumn{2}{c}{int8} & \multicolumn{1}{c}{float32} \\" in text
    assert r"\cmidrule(lr){2-3} \cmidrule(lr){4-4}" in text
    assert r"\begin{tabular}{lrrr}" in text
    assert r"x\_1 \textbar{} y & +0.25 &  & 7 \\" in text
    assert r"a \& b\par" in text


def test_files_are_written_whole_with_their_origin(tmp_path):
    rows = [{"run": "a", "error": 0.1234567}, {"run": "b", "error": None}]
    paths = write(tmp_path / "t", "figures", [SHEET, SHEET], rows, {"git": {"commit": "c"}})
    assert [path.name for path in paths] == ["figures.csv", "figures.md", "figures.tex", "figures.json"]
    assert [row["error"] for row in csv.DictReader(paths[0].read_text().splitlines())] == ["0.1234567", ""]
    assert paths[2].read_text().count(r"\begin{table}") == 2
    assert json.loads(paths[3].read_text()) == {"git": {"commit": "c"}}


def row(**changed):
    found = {"run": "r", "data_title": "D", "label": "RNN", "hidden": 4, "board": "uno", "board_title": "Uno"}
    found |= {"trained": False, "format": "int8", "compiler": "cc 1", "simulator": "sim 2"}
    found |= {"predicted_step": 101, "simulated_step": 100.0, "error": 0.01, "ratio": 1.2, "agrees": True}
    return found | changed


def test_a_simulation_says_its_tools_its_worst_error_and_that_weights_are_untrained():
    rows = [row(), row(run="s", error=-0.03, agrees=False), row(format="float32", ratio=None, error=0.02)]
    (sheet,) = simulation_sheets(rows)
    assert sheet.rows[0] == ("D", "RNN", "4", "101", "100", "+1.00", "1.20", "yes", "101", "100", "+2.00", "yes")
    assert sheet.rows[1] == ("D", "RNN", "4", "101", "100", "-3.00", "1.20", "NO", "", "", "", "")
    notes = " ".join(sheet.notes)
    for wanted in ("cc 1, sim 2", "3.00 % in int8, 2.00 % in float32", "untrained", "No figure was measured"):
        assert wanted in notes


@pytest.mark.parametrize(("fits", "ours"), [(True, "99.9-1250"), (False, "(99.9-1250)")])
def test_a_model_that_does_not_fit_is_in_brackets_and_a_doubtful_data_set_is_starred(fits, ours):
    published = {
        "source": "A paper",
        "caveats": ["HAR-2 is odd."],
        "datasets": {"har2": {"title": "HAR-2", "compare": False}},
    }
    rows = [
        {"board": "uno", "board_title": "Uno", "title": "RNN", "format": "int8", "data": "har2", "published_ms": 162.0,
         "ms": 500.0, "ms_low": 99.9, "ms_high": 1250.4, "fits_flash": fits, "fits_ram": True},
        {"board": "uno", "board_title": "Uno", "title": "X", "format": "int8", "data": "har2", "published_ms": None,
         "ms": None},
    ]  # fmt: skip
    (sheet,) = published_sheets(rows, published)
    assert sheet.rows == (("RNN", "int8", "162", ours), ("X", "int8", "-", "-"))
    assert sheet.headings[2].group == "HAR-2*"
    assert "* HAR-2 is odd." in sheet.notes
