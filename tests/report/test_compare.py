"""``rnnbench compare``: every figure of the table by hand, which row is the reference, what is said of unlike runs."""

from __future__ import annotations

import csv
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import Command
from reading import notes
from typer.testing import CliRunner

from bench.cli import app
from bench.errors import RnnbenchError
from bench.record import Items, items, runs_folder
from bench.report import read, write_comparison
from bench.report.discover import all_tables
from bench.report.table import Table
from bench.report.write import stale_comparison

SIX = (0.80, 0.81, 0.82, 0.83, 0.84, 0.85)
TEXT = {"metric": "perplexity", "higher_is_better": False, "majority": None}


def add(folder: Any, cell: str, accuracies: tuple[float, ...], data: str = "watch", **more: Any) -> None:
    for seed, accuracy in enumerate(accuracies):
        folder.add(cell, data, seed, accuracy, **more)


def shifted(points: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(value + point / 100 for value, point in zip(SIX, points, strict=True))


def table(folder: Any, against: str = "fastgrnn", rope: float = 1.0) -> Table:
    return write_comparison(folder.path, against, rope).table


def texts(made: Table) -> dict[str, list[str]]:
    return {line.labels[1]: [entry.text for entry in line.entries] for line in made.rows}


def entries(made: Table, cell: str) -> Any:
    return next(line.entries for line in made.rows if line.labels[1] == cell)


def test_by_hand(folder: Any) -> None:
    """Differences 4, 4.5, ...: mean 4.25, sd 0.274, interval 0.287 to either side, p 2/64; found: 1.81 sd = 0.50."""
    add(folder, "FastGRNN", SIX)
    add(folder, "GRU", shifted((4, 4.5, 4, 4.5, 4, 4.5)))
    made = table(folder)
    assert [(line.labels[0], *texts(made)[line.labels[1]]) for line in made.rows] == [
        ("Watch-7", "6", "4.25 ± 0.27", "3.96 to 4.54", "0.031", "0.031", "better", "0.50")
    ]
    assert entries(made, "GRU")[1].leads
    assert made.notes == ("Watch-7: against FastGRNN, accuracy (%) 82.50 ± 1.87.",)  # sqrt(3.5)
    assert made.footnotes == ()
    assert "differences to fastgrnn by seed, in points of accuracy" in made.caption
    assert "± 1, at 95 %" in made.caption
    assert texts(table(folder, rope=6))["GRU"][5] == "equivalent"
    assert "± 6, at 95 %" in table(folder, rope=6).caption


def test_p_is_corrected_over_the_rows_of_a_data_set(folder: Any) -> None:
    """Two rows on Watch-7: 2 x 2/64, and nothing can be shown; on Digits a row is alone."""
    add(folder, "FastGRNN", SIX)
    add(folder, "FastGRNN", SIX, "digits")
    add(folder, "GRU", shifted((4, 4.5, 4, 4.5, 4, 4.5)))
    add(folder, "GRU", shifted((-4, -4.5, -4, -4.5, -4, -4.5)), "digits")
    add(folder, "LSTM", shifted((1, -1, 1, -1, 1, -2)))
    made = {line.labels: [entry.text for entry in line.entries] for line in table(folder).rows}
    assert list(made) == [("Digits", "GRU"), ("Watch-7", "GRU"), ("Watch-7", "LSTM")]
    assert made["Digits", "GRU"][3:] == ["0.031", "0.031", "worse", "0.50"]
    assert made["Watch-7", "GRU"][3:] == ["0.031", "0.062", "undecided", "nothing"]
    assert made["Watch-7", "LSTM"][1] == "-0.17 ± 1.33"  # sum of squares 9 - 1/6 = 8.83; / 5, root


def test_of_perplexity_less_is_better(folder: Any) -> None:
    add(folder, "FastGRNN", tuple(100 + value for value in SIX), facts=TEXT)
    add(folder, "GRU", tuple(98 + value for value in SIX), facts=TEXT)
    made = table(folder)
    assert texts(made)["GRU"] == ["6", "2.00 ± 0.00", "2.00 to 2.00", "0.031", "0.031", "better", "0.00"]
    assert "by seed, in perplexity; above zero is better" in made.caption
    assert made.notes == ("Watch-7: against FastGRNN, perplexity 100.83 ± 0.02.",)


def test_a_row_is_compared_in_its_own_number_format(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    add(folder, "GRU", shifted((1,) * 6))
    add(folder, "LSTM", SIX, steps="Q", integer=0.7)
    made = table(folder)
    assert texts(made)["LSTM"] == ["-"] * 7
    assert notes(made, entries(made, "LSTM")[1]) == ["no int8 row of fastgrnn"]
    add(folder, "FastGRNN", SIX, steps="Q", integer=0.6, hidden=80)
    made = table(folder)
    assert texts(made)["LSTM"][1] == "10.00 ± 0.00"
    assert texts(made)["GRU"][1] == "1.00 ± 0.00"
    assert [remark.rpartition(") ")[2] for remark in made.notes] == ["82.50 ± 1.87.", "60.00 ± 0.00."]


def test_among_several_references_the_compression_decides_or_the_full_name(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    add(folder, "FastGRNN", shifted((1,) * 6), steps="S", variant="kept 0.3")
    add(folder, "GRU", shifted((3,) * 6), steps="S")
    add(folder, "LSTM", shifted((3,) * 6))
    made = texts(table(folder))
    assert (made["GRU"][1], made["LSTM"][1]) == ("2.00 ± 0.00", "3.00 ± 0.00")
    whole = texts(table(folder, "FastGRNN (kept 0.3)"))
    assert (whole["FastGRNN"][1], whole["LSTM"][1]) == ("-1.00 ± 0.00", "2.00 ± 0.00")
    add(folder, "RNN", SIX, steps="L")
    with pytest.raises(
        RnnbenchError, match=r"RNN on Watch-7 can be compared with 'FastGRNN' or 'FastGRNN \(kept 0.3\)'"
    ):
        table(folder)


def test_the_cell_may_be_named_as_in_a_grid_or_by_its_title(folder: Any) -> None:
    add(folder, "FastGRNN", SIX, variant="gate tanh")
    add(folder, "GRU", SIX)
    assert (
        texts(table(folder, "fastgrnn"))
        == texts(table(folder, "FastGRNN"))
        == texts(table(folder, "FastGRNN (gate tanh)"))
    )
    with pytest.raises(
        RnnbenchError, match=r"no row is of 'GRUU'; did you mean 'GRU'\?; rows: FastGRNN \(gate tanh\), GRU"
    ):
        table(folder, "GRUU")
    with pytest.raises(RnnbenchError, match="no row is of 'fastgrn'; did you mean 'fastgrnn'"):
        table(folder, "fastgrn")
    with pytest.raises(RnnbenchError, match=r"^no row is of 'zzz'; rows: FastGRNN \(gate tanh\), GRU$"):
        table(folder, "zzz")


def test_unlike_runs_are_said_and_not_bold(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    add(
        folder,
        "GRU",
        shifted((4, 4.5, 4, 4.5, 4, 4.5)),
        provenance={"git": {"commit": "d00f", "dirty": False}},
    )
    made = table(folder)
    _, difference, *_ = entries(made, "GRU")
    assert notes(made, difference) == ["commit d00f against c0ffee"]
    assert not difference.leads
    assert texts(made)["GRU"][5] == "better"


def test_only_common_seeds_are_compared(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    folder.add("GRU", seed=4, accuracy=0.86)
    folder.add("GRU", seed=9, accuracy=0.1)
    folder.add("LSTM", seed=7)
    made = table(folder)
    assert texts(made)["GRU"] == ["1", "2.00", "-", "1", "1", "undecided", "nothing"]
    said = "GRU lacks seeds 0, 1, 2, 3, 5; FastGRNN lacks seed 9"
    assert notes(made, entries(made, "GRU")[1]) == [said]
    assert texts(made)["LSTM"][0] == "-"


def test_other_data_are_not_compared(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    add(folder, "GRU", SIX, facts={"fingerprint": "0123456789"})
    made = table(folder)
    assert texts(made)["GRU"] == ["-"] * 7
    assert notes(made, entries(made, "GRU")[1]) == ["data 0123456 against sha256:"]


def test_a_report_has_no_such_table_unless_asked(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    assert "compare" not in all_tables(read(folder.path))


def test_files(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    add(folder, "GRU", shifted((4, 4.5, 4, 4.5, 4, 4.5)))
    add(folder, "LSTM", SIX, steps="Q", integer=0.7)
    written = write_comparison(folder.path, "fastgrnn", 1.0)
    place = folder.path / "tables"
    assert written.files == [place / f"demo-compare.{ending}" for ending in ("tex", "md", "csv")]
    assert r"\bfseries 4.25 \pm 0.27" in written.files[0].read_text(encoding="utf-8")
    assert "| Watch-7 | GRU | 6 | **4.25 ± 0.27** | 3.96 to 4.54 |" in written.files[1].read_text(encoding="utf-8")
    first, second = csv.DictReader(written.files[2].read_text(encoding="utf-8").splitlines())
    assert (first["data"], first["metric"], first["label"], first["reference"]) == (
        "watch",
        "accuracy",
        "GRU",
        "FastGRNN",
    )
    assert first["by_seed"] == "0:4 1:4.5 2:4 3:4.5 4:4 5:4.5"
    assert (first["n"], first["verdict"], first["not_alike"]) == ("6", "better", "")
    numbers = [float(first[name]) for name in ("difference", "low", "high", "p", "corrected_p", "smallest_corrected_p")]
    assert numbers == pytest.approx([4.25, 3.9626, 4.5374, 1 / 32, 1 / 32, 1 / 32], abs=1e-4)
    assert float(first["sd"]) == pytest.approx(0.075**0.5)  # 6 / 16 / 5
    assert float(first["could_have_shown"]) == pytest.approx(1.79 * 0.075**0.5, rel=0.03)
    assert sum(float(first[name]) for name in ("worse", "equivalent", "better")) == pytest.approx(1)
    assert (second["label"], second["reference"], second["n"], second["not_alike"]) == (
        "LSTM",
        "",
        "",
        "no int8 row of fastgrnn",
    )


def test_nothing_to_compare(folder: Any, tmp_path: Path) -> None:
    add(folder, "FastGRNN", SIX)
    with pytest.raises(RnnbenchError, match="no finished run to compare with 'fastgrnn'"):
        table(folder)
    with pytest.raises(RnnbenchError, match="there is no results folder"):
        write_comparison(tmp_path / "none", "fastgrnn", 1.0)


def test_a_folder_that_cannot_be_written(folder: Any) -> None:
    add(folder, "FastGRNN", SIX)
    add(folder, "GRU", SIX)
    (folder.path / "tables").write_text("in the way", encoding="utf-8")
    with pytest.raises(RnnbenchError, match="cannot write the comparison into"):
        table(folder)


def test_the_command(folder: Any, rnnbench: Command) -> None:
    add(folder, "FastGRNN", SIX)
    add(folder, "GRU", shifted((4, 4.5, 4, 4.5, 4, 4.5)))
    said = rnnbench("compare", folder.path, "--against", "fastgrnn", "--rope", "0.5")
    assert said.code == 0
    assert "± 0.5, at 95 %" in said.out
    assert "3.96 to 4.54" in said.out
    assert "demo-compare.md" in said.out
    body = json.loads(rnnbench("compare", folder.path, "--against", "fastgrnn", "--json").out)
    assert [line["verdict"] for line in body["rows"]] == ["better"]
    assert [Path(name).name for name in body["files"]] == ["demo-compare.tex", "demo-compare.md", "demo-compare.csv"]
    assert rnnbench("compare", folder.path, "--against", "x").code == 2


def answers(folder: Any, cell: str, seed: int, right: str, groups: str) -> None:
    """A run whose answers are right where there is a 1, of sequences of these people."""
    correct = np.array([letter == "1" for letter in right])
    done = folder.add(cell, "watch", seed, float(correct.mean()))
    items.write(runs_folder(folder.path) / done.id, Items(correct, np.array([int(group) for group in groups])))


def test_the_interval_of_new_people_by_hand(folder: Any) -> None:
    """GRU answers one more of four of person 2 in each of two seeds, none more of person 5, who has one sequence.

    Resamples of the people: 5 and 5, 0 points; 2 and 5, in either order, 1 of 5 more, 20 points; 2 and 2, 25 points.
    So 95 % lie between 0 and 25, whatever seeds are drawn.
    """
    for seed in (0, 1):
        answers(folder, "FastGRNN", seed, "10110", "22225")
        answers(folder, "GRU", seed, "11110", "22225")
    made = table(folder)
    assert [column.title for column in made.columns][2:4] == ["95 % interval", "of new people"]
    assert texts(made)["GRU"][1:4] == ["20.00 ± 0.00", "20.00 to 20.00", "0.00 to 25.00"]
    assert "(Watch-7: 2). It is too narrow for fewer than ten." in made.caption
    (row,) = write_comparison(folder.path, "fastgrnn", 1.0).rows
    assert (row["people_low"], row["people_high"], row["people"]) == (0, 25, 2)


@pytest.mark.parametrize("fault", ["one run has no answers", "another order of people", "a damaged file"])
def test_without_the_same_people_there_is_no_such_interval(folder: Any, fault: str) -> None:
    for seed in (0, 1):
        answers(folder, "FastGRNN", seed, "10110", "22225")
        if not (fault == "one run has no answers" and seed):
            answers(folder, "GRU", seed, "11110", "22225" if "order" not in fault else "52222")
        else:
            folder.add("GRU", "watch", seed, 0.8)
    if "damaged" in fault:
        path = next(runs_folder(folder.path).glob("*gru*/items.npz"))
        path.write_bytes(path.read_bytes()[:30])
    made = table(folder)
    assert "of new people" not in [column.title for column in made.columns]
    assert texts(made)["GRU"][0] == "2"


def test_a_table_that_is_older_than_a_run_is_told(folder: Any) -> None:
    """Runs of this folder ended in August 2026; the table is written before that, then after."""
    add(folder, "FastGRNN", SIX)
    add(folder, "GRU", shifted((4, 4.5, 4, 4.5, 4, 4.5)))
    write_comparison(folder.path, "GRU", 1.0)
    path = folder.path / "tables" / "demo-compare.tex"
    for year, stale in ((2025, path), (2027, None)):
        at = datetime(year, 1, 1, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
        assert stale_comparison(read(folder.path), path.parent) == stale
        said = CliRunner().invoke(app, ["report", str(folder.path)])
        assert said.exit_code == 0, said.output
        assert (f"rnnbench compare {folder.path} --against CELL" in said.output.replace("\n", "")) == bool(stale)
