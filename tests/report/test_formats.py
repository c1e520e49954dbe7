"""Cells in float32 and in int8: the table, the paragraph that the records support, and what may follow."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from reading import notes, on_page, texts, titles

from bench import cli
from bench.report import read, write_report
from bench.report.comparing.finding import findings
from bench.report.comparing.onward import onward
from bench.report.comparing.twins import names, twins
from bench.report.figures import cost
from bench.report.rows.short import short_names
from bench.report.table import plain
from bench.report.tables import formats
from bench.status import Status

SCORES = {"LSTM": ((0.90, 0.92, 0.94), (0.88, 0.91, 0.91)), "GRU": ((0.9, 0.9, 0.9), (0.91, 0.92, 0.93))}


@pytest.fixture
def both(folder: Any, make_latency: Any) -> Any:
    """LSTM of 80 KB and GRU of 60 in float32, of 8 and 4 in int8; the Uno holds neither in float32."""
    for cell, kb, ms in (("LSTM", 80.0, 16000.0), ("GRU", 60.0, 12000.0)):
        for seed in range(3):
            dense, small = (scores[seed] for scores in SCORES[cell])
            times = (make_latency("uno", flash=False), make_latency("mkr1000", ms))
            folder.add(cell, seed=seed, accuracy=dense, kb=kb, latencies=times)
            times = (make_latency("uno", ms / 10, format="int8"), make_latency("mkr1000", ms / 100, format="int8"))
            kept = kb / (10 if cell == "LSTM" else 15)
            folder.add(cell, seed=seed, accuracy=0.5, integer=small, kb=kept, steps="LSQ", latencies=times)
    return folder


def test_the_table_by_hand(both: Any) -> None:
    """LSTM in float32: mean 92, sd 2, t of two degrees 4.303: 4.303 * 2 / sqrt(3) = 4.97 to either side."""
    table = formats.table(read(both.path))
    assert table is not None
    assert titles(table) == ["accuracy (%)", "95 % interval", "KB", "uno", "mkr1000"]
    assert texts(table) == {
        "GRU float32": ["90.00", "90.00 to 90.00", "60.0", "does not fit", "12000"],
        "GRU LSQ": ["92.00", "89.52 to 94.48", "4.0", "1200", "120"],
        "LSTM float32": ["92.00", "87.03 to 96.97", "80.0", "does not fit", "16000"],
        "LSTM LSQ": ["90.00", "85.70 to 94.30", "8.0", "1600", "160"],
    }
    assert "over 3 seeds" in table.caption


def test_a_failed_seed_and_several_data_sets_are_told(both: Any) -> None:
    both.add("GRU", seed=3, status=Status.FAILED, reason="boom")
    both.add("GRU", "digits", accuracy=0.8, kb=60.0)
    both.add("GRU", "digits", integer=0.7, kb=4.0, steps="LSQ")
    table = formats.table(read(both.path))
    assert table is not None
    assert [row.labels for row in table.rows][:3] == [
        ("Digits", "GRU float32"),
        ("Digits", "GRU LSQ"),
        ("Watch-7", "GRU float32"),
    ]
    assert notes(table, table.rows[2].entries[0]) == ["3 of 4 seeds; seed 3 failed: boom"]
    assert table.rows[0].entries[1].text == "-"


def test_the_paragraph_by_hand(both: Any) -> None:
    """GRU LSQ against LSTM in float32, by seed: 1, 0, -1 points, 4.303 * 1 / sqrt(3) = 2.48 to either side."""
    (said,) = findings(read(both.path))
    assert said.replace("\n", " ") == (
        "Watch-7: GRU LSQ is 20 times smaller than LSTM in float32, 133 times as fast on Arduino mkr1000, accuracy "
        "+0.0 points (-2.5 to +2.5); and it is 2 times smaller than LSTM LSQ, 1.3 times as fast on Arduino uno, "
        "1.3 times as fast on Arduino mkr1000, accuracy +2.0 points (-0.5 to +4.5). The same cell, from dense float32 "
        "to int8 (Q), low rank (L) or sparse (S) as well: "
        "GRU from 60 to 4 KB and from 12,000 to 120 ms on Arduino mkr1000, accuracy +2.0 points (-0.5 to "
        "+4.5); LSTM from 80 to 8 KB and from 16,000 to 160 ms on Arduino mkr1000, accuracy -2.0 points (-4.5 to "
        "+0.5). GRU and LSTM fit Arduino uno in int8 only. In brackets: 95 % intervals of the mean over ever more "
        "seeds; here are 3, and so few cannot show that any of the 4 differences is real (sign-flip test, Holm: least "
        "p 1)."
    )
    assert said.count("\n") == 3


def test_many_seeds_show_a_difference_and_what_is_unlike_is_said(folder: Any) -> None:
    """Six seeds, one difference: its least p is 2 of 64 choices of signs."""
    for seed in range(6):
        folder.add("A", seed=seed, accuracy=0.9 + seed / 500, latencies=())
        folder.add("A", seed=seed, integer=0.88, kb=1.0, steps="Q", latencies=(), train={"epochs": 40})
    (said,) = findings(read(folder.path))
    assert "of the 1 difference shown at 5 % (sign-flip test, Holm): A in int8 against A in float32." in said
    assert said.endswith("Not alike in all else: epochs 40 against 30.")
    assert "times as fast" not in said
    assert said.startswith("Watch-7: The same cell, from dense float32 to int8: A from 10 to 1 KB, accuracy -2.5")


def test_of_many_cells_the_ends_are_told(folder: Any) -> None:
    for at, cell in enumerate("ABCDE"):
        folder.add(cell, accuracy=0.9, kb=20.0)
        folder.add(cell, integer=0.9 - at / 100, kb=2.0 + at, steps="Q")
    (said,) = findings(read(folder.path))
    assert "5 models become 3.3 to 10 times smaller; at one end E: accuracy -4.0 points, at the other A: acc" in said


def test_stale_times_are_in_no_sentence_and_marked_in_the_table(both: Any) -> None:
    results = read(both.path)
    old = tuple(record.model_copy(update={"latency_stale": True}) for record in results.records)
    results = replace(results, records=old)
    table = formats.table(results)
    assert table is not None
    assert [note.text.partition(":")[0] for note in table.footnotes] == ["stale"]
    (said,) = findings(results)
    assert " ms on " not in said
    assert "times as fast" not in said


def test_grids_without_both_formats_are_silent(folder: Any) -> None:
    """Only dense; only int8; another hidden size; two dense rows of which neither is the one to compare with."""
    folder.add("Dense")
    folder.add("Small", integer=0.9, steps="Q")
    folder.add("Other", hidden=64)
    folder.add("Other", integer=0.9, hidden=32, steps="Q")
    for rate in (0.1, 0.2):
        folder.add("Tuned", train={"learning_rate": rate})
        folder.add("Tuned", integer=0.9, steps="Q", train={"learning_rate": rate})
    results = read(folder.path)
    assert (twins(results), findings(results), onward(results), formats.table(results)) == ([], [], [], None)


def test_a_name_that_two_rows_would_have_is_none_s(folder: Any) -> None:
    folder.add("A")
    folder.add("A", integer=0.9, steps="Q")
    for rank in (8, 9):
        folder.add("A", integer=0.9, steps="LSQ", rank=rank)
    results = read(folder.path)
    assert len(twins(results)) == 3
    assert sorted(names(results).values()) == ["A float32", "A int8"]
    table = formats.table(results)
    assert table is not None
    assert len({row.labels for row in table.rows}) == 4
    assert "made small in int8 (L: low rank, S: sparse, Q: int8)" in table.caption


def test_what_is_held_is_in_the_name(folder: Any) -> None:
    for steps, integer in (("", None), ("Q", 0.9)):
        folder.add(
            "FastRNN", variant="held alpha 0.3", steps=steps, integer=integer, hold={"alpha": 0.3}, options={"v": ""}
        )
    table = formats.table(read(folder.path))
    assert table is not None
    assert [row.label for row in table.rows] == ["FastRNN held alpha 0.3 float32", "FastRNN held alpha 0.3 int8"]
    assert set(short_names(read(folder.path).summaries).values()) == {
        "FastRNN held alpha 0.3",
        "FastRNN held alpha 0.3 Q",
    }


def test_arrows_lead_from_float32_to_int8(both: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Any] = {}

    def note(points: Any, *rest: Any) -> str:
        *_, key, joined = rest
        drawn[key] = ({point.label for point in points}, [(a.label, a.x, b.label, b.x) for a, b in joined])
        return "<svg/>"

    monkeypatch.setattr(cost, "trade_off", note)
    figure = cost.figure(read(both.path))
    on_page(figure)
    assert figure is not None
    assert "Arrows" in figure.about
    labels, joined = drawn["size-0"]
    assert labels == {"GRU float32", "GRU LSQ", "LSTM float32", "LSTM LSQ"}
    assert joined == [("GRU float32", 60.0, "GRU LSQ", 4.0), ("LSTM float32", 80.0, "LSTM LSQ", 8.0)]
    assert [line[1::2] for line in drawn["latency-0"][1]] == [(12000, 120), (16000, 160)]


def test_what_follows_are_commands(both: Any, tmp_path: Path) -> None:
    """Parsed by the real command line; the smallest int8 model and the first board, by flash, that it fits."""
    spaced = tmp_path / "with space"
    both.path.rename(spaced)
    commands = [shlex.split(command)[1:] for command, _ in onward(read(spaced))]
    for verb, *rest in commands[:2]:
        typer.main.get_command(cli.app).commands[verb].make_context(verb, rest)  # type: ignore[attr-defined]
    export, compare, new = commands
    small = next(row for row in read(spaced).summaries if row.label.startswith("GRU") and row.compression == "LSQ")
    assert export[1:] == [str(spaced / "runs" / small.runs[0].record.id), "--board", "uno", "--out", "model"]
    assert compare == ["compare", str(spaced), "--against", "lstm"]
    assert new == ["new", "cell", "mine"]


def test_the_page_and_the_terminal_say_it(both: Any) -> None:
    report = write_report(both.path)
    page = report.html.read_text(encoding="utf-8")
    assert [table.name for table in report.brief] == ["demo-formats"]
    assert report.said == findings(read(both.path))
    assert report.said[0] in page
    assert page.count("<td>GRU LSQ</td>") == 3  # its runs
    assert all(command in page for command, _ in report.onward)
    assert (both.path / "tables" / "demo-formats.tex").exists()
    both.add("QRNN")
    report = write_report(both.path)
    assert [*report.brief] == [table for name, table in report.tables.items() if name != "settings"]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        *((21670.4, 4, "21,670"), (16009, 3, "16,009"), (117.139, 4, "117.1"), (0.915, 4, "0.915"), (0, 4, "0")),
        *(
            (0.0000123, 2, "0.000012"),
            (7031.2, 3, "7031"),
            (-2.5, 2, "-2.5"),
            (100, 3, "100"),
            (1e9, 4, "1,000,000,000"),
        ),
    ],
)
def test_numbers_have_no_exponent(value: float, digits: int, text: str) -> None:
    assert plain(value, digits) == text
