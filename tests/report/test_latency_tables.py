"""Tables of predicted, simulated and published latency: every column by hand, and the committed ones from their CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from reading import texts, titles
from rich.console import Console

from bench.report import Table, commands, to_rich
from bench.report.writers import to_latex, to_markdown

ROOT = Path(__file__).parents[2] / "results"
MODEL = {"run": "r", "data_title": "D", "label": "RNN", "hidden": 4, "board": "uno", "board_title": "Uno"}
MODEL |= {"trained": False, "format": "int8"}
COUNTED = {"compiler": "cc 1", "simulator": "sim 2", "predicted_step": 101, "simulated_step": 99.6, "error": 0.01}
COUNTED |= {"ratio": 1.205, "agrees": True}
GUESSED = {"cycles_per_step": 16_000, "answer_cycles": 3_200, "ms_per_step": 1.0, "ms": 128.25, "ms_low": 120.444}
GUESSED |= {"ms_high": 140.06, "flash_bytes": 4000, "ram_bytes": 500, "fits_flash": True, "fits_ram": True}
GUESSED |= {"ratio": 1.5, "keeps_up": True}


def simulated(**changed: Any) -> dict[str, Any]:
    return MODEL | COUNTED | changed


def predicted(**changed: Any) -> dict[str, Any]:
    return MODEL | GUESSED | changed


def body(table: Table) -> list[list[str]]:
    return [[*row.labels, *(entry.text for entry in row.entries)] for row in table.rows]


def test_a_simulation_says_its_tools_its_worst_error_and_that_weights_are_untrained() -> None:
    rows = [
        simulated(),
        simulated(run="s", error=-0.03, agrees=False),
        simulated(format="float32", ratio=None, error=0.02),
    ]
    (table,) = commands.board_tables(commands.simulated(rows))
    assert body(table) == [
        ["D", "RNN", "4", "101", "100", "+1.00", "1.21", "yes", "101", "100", "+2.00", "yes"],
        ["D", "RNN", "4", "101", "100", "-3.00", "1.21", "NO", "", "", "", ""],
    ]
    assert titles(table)[:5] == ["predicted", "simulated", "error %", "x limit", "bit-exact"]
    assert titles(table)[5:] == ["predicted", "simulated", "error %", "agrees"]
    assert table.spans == [("int8", 5), ("float32", 4)]
    assert [column.title for column in table.stub] == ["Data", "Cell", "H"]
    notes = " ".join(table.notes)
    for wanted in ("cc 1, sim 2", "3.00 % in int8, 2.00 % in float32", "untrained", "No figure was measured"):
        assert wanted in notes


def test_a_prediction_has_cycles_milliseconds_and_memory() -> None:
    rows = [
        predicted(trained=True),
        predicted(trained=True, format="float32", ratio=None, fits_flash=False, keeps_up=None),
        predicted(trained=True, run="s", label="GRU", fits_ram=False, keeps_up=False),
    ]
    (table,) = commands.board_tables(commands.predicted(rows))
    common = ["cycles/step", "ms/step", "ms", "ms from-to", "flash", "RAM", "keeps up"]
    assert titles(table) == [*common, "x limit", *common]
    assert body(table) == [
        [
            *("D", "RNN", "4", "16000", "1", "128.2", "120.4-140.1", "4000", "500", "yes", "1.50"),
            *("16000", "1", "128.2", "120.4-140.1", "4000 (too much)", "500", ""),
        ],
        ["D", "GRU", "4", "16000", "1", "128.2", "120.4-140.1", "4000", "500 (too much)", "no", "1.50", *[""] * 7],
    ]
    assert "untrained" not in " ".join(table.notes)
    assert table.caption == "Uno: predicted latency"


def test_each_board_has_a_table() -> None:
    rows = [predicted(), predicted(board="due", board_title="Due"), predicted(run="s")]
    first, second = commands.board_tables(commands.predicted(rows))
    assert (first.name, len(first.rows)) == ("latency-uno", 2)
    assert (second.name, len(second.rows)) == ("latency-due", 1)


@pytest.mark.parametrize(("name", "columns"), [("int8", 5), ("float32", 4)])
def test_a_number_format_that_was_not_asked_for_has_no_columns(name: str, columns: int) -> None:
    (table,) = commands.board_tables(commands.simulated([simulated(format=name)]))
    assert table.spans == [(name, columns)]
    assert f"Largest error: 1.00 % in {name}." in table.notes


def test_of_one_model_rows_are_boards_and_formats() -> None:
    table = commands.model_table(commands.predicted([predicted(), predicted(format="float32", ratio=None)]))
    assert [row.labels for row in table.rows] == [("uno", "int8"), ("uno", "float32")]
    assert dict(zip(titles(table), texts(table)["uno"], strict=True)) == {
        **{"cycles/step": "16000", "ms/step": "1", "cycles/answer": "3200", "ms": "128.2", "ms from-to": "120.4-140.1"},
        **{"flash": "4000", "RAM": "500", "x limit": "", "keeps up": "yes"},
    }
    table = commands.model_table(commands.simulated([simulated()]))
    assert titles(table) == ["predicted", "simulated", "error %", "x limit", "agrees"]


def test_milliseconds_are_printed_whole() -> None:
    rows = [predicted(ms=21670.4, ms_low=9999.4, ms_high=30123.6, ms_per_step=1234.5)]
    words = texts(commands.model_table(commands.predicted(rows)))["uno"]
    assert [words[at] for at in (1, 3, 4)] == ["1234", "21,670", "9999-30,124"]


@pytest.mark.parametrize(
    ("low", "high", "flash", "ram", "ours"),
    [
        (99.9, 1250.4, True, True, "99.9-1250"),
        (99.9, 1250.4, False, True, "(99.9-1250)"),
        (99.96, 100.0, True, False, "(100)"),
        (1.234, 12.34, True, True, "1.23-12.3"),
    ],
)
def test_a_model_that_does_not_fit_is_in_brackets_and_a_doubtful_data_set_is_starred(
    low: float, high: float, flash: bool, ram: bool, ours: str
) -> None:
    published = {
        "source": "A paper",
        "caveats": ["HAR-2 is odd.", "More."],
        "datasets": {"har2": {"title": "HAR-2", "compare": False}, "kws": {"title": "KWS", "compare": True}},
    }
    where = {"board": "uno", "board_title": "Uno", "format": "int8"}
    none = {"ms_low": None, "ms_high": None, "fits_flash": None, "fits_ram": None}
    fits = {"ms_low": low, "ms_high": high, "fits_flash": flash, "fits_ram": ram}
    rows = [
        {**where, "title": "RNN", "data": "har2", "published_ms": 162.0, **fits},
        {**where, "title": "RNN", "data": "kws", "published_ms": 0.5, **none},
        {**where, "title": "X", "data": "har2", "published_ms": None, **none},
        {**where, "title": "X", "data": "kws", "published_ms": None, **fits},
    ]
    (table,) = commands.board_tables(commands.published(published, rows))
    assert body(table) == [["RNN", "int8", "162", ours, "0.5", "-"], ["X", "int8", "-", "-", "-", ours]]
    assert table.spans == [("HAR-2*", 2), ("KWS", 2)]
    assert table.notes[2:] == ("* HAR-2 is odd.", "More.")


def value(text: str) -> Any:
    """A value of a CSV."""
    if text in ("", "True", "False"):
        return {"": None, "True": True, "False": False}[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


@pytest.mark.parametrize("name", ["shapes/simulation", "digits/simulation", "digits/latency", "published/published"])
def test_the_committed_tables_are_what_their_rows_make(name: str) -> None:
    start = ROOT / "reference" / "mcu" / name
    with start.with_suffix(".csv").open(encoding="utf-8") as file:
        rows = [{key: value(text) for key, text in row.items()} for row in csv.DictReader(file)]
    if start.name == "published":
        table = yaml.safe_load((ROOT / "published" / "fastgrnn_latency.yaml").read_text(encoding="utf-8"))
        results = commands.published(table, rows)
    else:
        results = {"latency": commands.predicted, "simulation": commands.simulated}[start.name](rows)
    tables = commands.board_tables(results)
    assert len(tables) == 4
    markdown = "\n".join(to_markdown(table, heading=True) for table in tables)
    assert markdown == start.with_suffix(".md").read_text(encoding="utf-8")
    assert to_latex(*tables) == start.with_suffix(".tex").read_text(encoding="utf-8")


def test_files_are_written_whole_with_their_origin(tmp_path: Path) -> None:
    rows = [predicted(extra=0.1234567), predicted(run="s", extra=None)]
    paths = commands.write_latencies(tmp_path / "t", commands.predicted(rows), rows, {"git": {"commit": "c"}})
    assert [path.name for path in paths] == ["latency.csv", "latency.md", "latency.tex", "latency.json"]
    with paths[0].open(encoding="utf-8") as file:
        assert [row["extra"] for row in csv.DictReader(file)] == ["0.1234567", ""]
    assert paths[1].read_text(encoding="utf-8").startswith("## Uno: predicted latency\n")
    assert paths[2].read_text(encoding="utf-8").count(r"\begin{table") == 1
    assert json.loads(paths[3].read_text(encoding="utf-8")) == {"git": {"commit": "c"}}


def test_the_terminal_prints_a_model_whole_in_112_columns() -> None:
    """`rnnbench latency` prints so wide: with seven digits of cycles no name of a board or format is cut."""
    large = {"cycles_per_step": 1_221_200, "answer_cycles": 143_000, "flash_bytes": 25_112, "ms_per_step": 76.3}
    rows = [predicted(board="nano33ble", format="float32", **large, ms=7031.0, ms_low=7031.0, ms_high=7031.0)]
    console = Console(width=112, soft_wrap=True)
    with console.capture() as captured:
        console.print(to_rich(commands.model_table(commands.predicted(rows))))
    words = ["nano33ble", "float32", "1221200", "76.3", "143000", "7031", "7031-7031", "25112", "500", "1.50", "yes"]
    assert captured.get().split()[-len(words) :] == words
