"""The table of a study: rows as the grid names them, columns as the paper prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from reading import texts, titles

from bench.errors import RnnbenchError
from bench.record import runs_folder
from bench.report import Table, read, write_report
from bench.report.tables import study as module
from bench.spec import Grid, parse
from bench.status import Status

TEXT = {"metric": "perplexity", "higher_is_better": False, "majority": None}


def note(folder: Any, rows: dict[str, Any], runs: list[str]) -> None:
    body = {"name": "demo", "about": "A study.", "grid": {"cell": ["gru"]}, "rows": rows, "runs": runs}
    (folder.path / "grid.yaml").write_text(yaml.safe_dump(body, sort_keys=False), encoding="utf-8")


def study(folder: Any, rows: dict[str, Any]) -> Table:
    note(folder, rows, [path.name for path in (folder.path / "runs").iterdir()])
    table = module.table(read(folder.path))
    assert table is not None
    return table


def test_rows_stand_as_the_grid_names_and_orders_them(folder: Any) -> None:
    folder.add("GRU", accuracy=0.9, kb=30.0)
    folder.add("LSTM", accuracy=0.8, kb=60.0)
    folder.add("FastGRNN", accuracy=0.85, kb=3.25)
    table = study(folder, {"A GRU": {"cell": "gru"}, "LSTM": {"cell": "lstm"}})
    assert titles(table) == ["accuracy (%)", "KB", "min"]
    assert texts(table) == {"A GRU": ["90.00", "30.0", "0.92"], "LSTM": ["80.00", "60.0", "0.92"]}
    assert [row.entries[0].best for row in table.rows] == [True, False]
    assert not any(row.entries[2].best for row in table.rows)


def test_a_language_model_has_both_perplexities(folder: Any) -> None:
    folder.add("GRU", accuracy=120.5, facts=TEXT)
    table = study(folder, {"GRU": {}})
    assert titles(table) == ["test perplexity", "train perplexity", "KB", "min"]
    assert texts(table)["GRU"][:2] == ["120.50", "110.50"]
    assert "the state carried over" in table.caption
    assert "recurrent layers" in table.caption


def test_a_data_set_that_reports_f1_has_f1(folder: Any) -> None:
    """As the comparison has it: the accuracy of a word among many others says little."""
    path = runs_folder(folder.path) / folder.add("GRU", accuracy=0.9).id / "record.json"
    body = json.loads(path.read_text())
    body["data"]["reported"], body["result"]["test_f1"] = "f1", 0.5
    path.write_text(json.dumps(body))
    table = study(folder, {"GRU": {}})
    assert (titles(table)[0], texts(table)["GRU"][0]) == ("F1 (%)", "50.00")


def test_a_run_is_in_the_last_row_that_it_fits(folder: Any) -> None:
    folder.add("GRU", accuracy=0.9)
    folder.add("GRU", accuracy=0.7, train={"weight_decay": 0.1})
    table = study(folder, {"plain": {}, "decay": {"train.weight_decay": 0.1}})
    assert {label: found[0] for label, found in texts(table).items()} == {"plain": "90.00", "decay": "70.00"}


def test_seeds_are_gathered_and_what_failed_is_said(folder: Any) -> None:
    for seed, accuracy in enumerate((0.9, 0.92, 0.97)):
        folder.add(seed=seed, accuracy=accuracy)
    folder.add("LSTM", status=Status.FAILED, reason="loss became nan")
    table = study(folder, {"GRU": {"cell": "gru"}, "LSTM": {"cell": "lstm"}})
    assert texts(table)["GRU"][0] == "93.00 ± 3.61"
    assert texts(table)["LSTM"][0] == "failed"
    assert any("loss became nan" in note.text for note in table.footnotes)


def test_two_configurations_in_a_row_are_refused(folder: Any) -> None:
    folder.add("GRU")
    folder.add("LSTM")
    note(folder, {"both": {}}, [path.name for path in (folder.path / "runs").iterdir()])
    with pytest.raises(
        RnnbenchError, match="row 'both' of the grid names two configurations on watch: 'GRU' and 'LSTM'"
    ):
        module.table(read(folder.path))


def test_files_are_written_and_a_grid_without_rows_has_none(folder: Any, tmp_path: Path) -> None:
    folder.add("GRU")
    assert "study" not in write_report(folder.path).tables
    study(folder, {"GRU": {}})
    write_report(folder.path)
    found = {path.name for path in (folder.path / "tables").iterdir()}
    written = {"demo-study.tex", "demo-study.md", "demo-study.csv"}
    assert written <= found
    (folder.path / "tables" / "demo-compare.md").touch()  # of a command of its own
    note(folder, {}, [path.name for path in (folder.path / "runs").iterdir()])
    write_report(folder.path)
    after = {path.name for path in (folder.path / "tables").iterdir()}
    assert after == (found | {"demo-compare.md"}) - written


def test_a_row_without_a_run_is_a_fault_of_the_grid() -> None:
    body = {"name": "g", "grid": {"data": ["watch7"], "cell": ["gru"]}, "rows": {"GRU": {"cell": "gru"}}}
    parse(Grid, body, "test").runs()
    body["rows"] = {"LSTM": {"cell": "lstm"}}
    with pytest.raises(RnnbenchError, match="grid 'g': no run is of row 'LSTM'"):
        parse(Grid, body, "test").runs()


def test_a_row_of_two_configurations_is_refused_before_training() -> None:
    """Seeds are one configuration, and other data sets stand in other columns."""
    axes = {"data": ["watch7", "hapt2"], "cell": ["gru", "lstm"], "seed": [0, 1]}
    body = {"name": "g", "grid": axes, "rows": {"GRU": {"cell": "gru"}, "LSTM": {"cell": "lstm"}}}
    assert len(parse(Grid, body, "test").runs()) == 8
    body["rows"] = {"both": {}}
    with pytest.raises(
        RnnbenchError, match=r"row .both. names two configurations on watch7: runs watch7-gru-.* and wa"
    ):
        parse(Grid, body, "test").runs()
