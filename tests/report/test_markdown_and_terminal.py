"""Markdown and the terminal."""

from __future__ import annotations

import csv
import re
from typing import Any

from reading import compare
from rich.console import Console

from bench.report import Table, to_markdown, to_rich
from bench.report.table import DASH, Column, Entry, Row, Spanner
from bench.report.writers import table_to_csv, to_html

WIDE = Spanner("int8", "int8")
TABLE = Table(
    "a-b",
    "What 5 % means",
    (Column("error %", WIDE, align="right"), Column("ms", align="right")),
    (Row(("x_1 | y", "7"), (Entry("+0.25"), Entry(""))),),
    notes=("a & b",),
    stub=(Column("Cell", align="left"), Column("H", align="right")),
)


def test_markdown_letter_for_letter() -> None:
    assert to_markdown(TABLE, heading=True).splitlines() == [
        "## What 5 % means",
        "",
        "| Cell | H | int8: error % | ms |",
        "| --- | ---: | ---: | ---: |",
        r"| x\_1 \| y | 7 | +0.25 |  |",
        "",
        "a &amp; b",
    ]
    assert to_markdown(TABLE).splitlines()[0] == "What 5 % means"


MARKED = Table(
    "m",
    "",
    (Column("a"), Column("b"), Column("c"), Column("d")),
    (
        Row(
            ("x",),
            (
                Entry("1", 1, best=True, leads=True, marks=("a",)),
                Entry("2", 2, leads=True),
                Entry("3", 3, best=True),
                Entry("4", 4),
            ),
        ),
    ),
)


def test_bold_and_underlined_are_told_apart() -> None:
    assert "| x | **<u>1</u>**<sup>a</sup> | **2** | <u>3</u> | 4 |" in to_markdown(MARKED)
    html = to_html(MARKED, "m")
    for shown in ('<span class="best leads">1</span>', '<span class=" leads">2</span>', '<span class="best">3</span>'):
        assert f"<td>{shown}" in html
    assert "<td>4</td>" in html
    console = Console(force_terminal=True, width=60, color_system="standard")
    with console.capture() as captured:
        console.print(to_rich(MARKED))
    bold, underline = "\x1b[1m", "\x1b[4m"
    assert all(shown in captured.get() for shown in ("\x1b[1;4m1", f"{bold}2", f"{underline}3", "\x1b[2m (a)"))


def test_markdown_has_the_marks_of_entries_and_footnotes(small: Any) -> None:
    text = to_markdown(compare(small))
    assert "| 70.00<sup>b</sup> |" in text
    assert "\n\n<sup>b</sup> 1 of 2 seeds; seed 1 failed" in text
    assert "20.00 ± 0.00<sup>†</sup>" in text


def test_markdown_has_as_many_columns_in_each_line(small: Any) -> None:
    text = to_markdown(compare(small))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 3
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {8}
    assert r"Fast\_GRNN &amp; Co" in text
    assert "| <u>95.00 ± 1.41</u> |" in text


def test_markdown_escapes_what_would_be_markup(folder: Any) -> None:
    folder.add("a|b*c*[d](e)<script>")
    text = to_markdown(compare(folder))
    assert r"a\|b\*c\*\[d\](e)\<script\>" in text


def test_terminal_prints_names_as_they_stand(folder: Any) -> None:
    folder.add("[bold]GRU[/]", accuracy=0.9)
    console = Console(width=100, record=True, file=None, force_terminal=False, quiet=True)
    console.quiet = False
    with console.capture() as captured:
        console.print(to_rich(compare(folder)))
    text = captured.get()
    assert "[bold]GRU[/]" in text
    assert "90.00" in text
    assert "Watch-7" in text


def test_terminal_shows_every_entry_and_footnote(small: Any) -> None:
    table = compare(small)
    console = Console(width=160)
    with console.capture() as captured:
        console.print(to_rich(table))
    text = captured.get()
    assert all(entry.text in text for row in table.rows for entry in row.entries)
    assert all(note.text[:30] in text for note in table.footnotes)


def test_a_table_wider_than_the_terminal_is_broken_between_data_sets(small: Any) -> None:
    table = compare(small)
    assert len(table.spans) > 1
    console = Console(width=64)
    with console.capture() as captured:
        console.print(to_rich(table, console.width))
    text = captured.get()
    assert text.count("Cell ") == len(table.spans)
    assert all(entry.text in text for row in table.rows for entry in row.entries)


def lines(table: Table, width: int = 200) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(to_rich(table, width))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_the_terminal_aligns_text_left_and_numbers_right() -> None:
    shown = [line for line in lines(TABLE) if line.strip()]
    assert shown[0] == "What 5 % means"
    assert [line.split() for line in shown[1:3]] == [["int8"], ["Cell", "H", "error", "%", "ms"]]
    under = {word: shown[4].index(word) - shown[2].index(title) for word, title in (("x_1", "Cell"), ("7", "H"))}
    assert under == {"x_1": 0, "7": 0}
    assert shown[4].index("+0.25") + len("+0.25") == shown[2].index("error %") + len("error %")
    assert shown[5] == "a & b"


def test_each_part_of_a_broken_table_has_its_own_entries(small: Any) -> None:
    """As many spanners as fit: with room for all of them the table is whole."""
    table = compare(small)
    broken = [line.split() for line in lines(table, 64)]
    fast = [line for line in broken if line[:1] == ["Fast_GRNN"]]
    assert fast == [
        ["Fast_GRNN", "&", "Co", "not", "run", "(a)", "-", "-"],
        ["Fast_GRNN", "&", "Co", "95.00", "±", "1.41", "3.3", "4.0"],
    ]
    rule = max(lines(table), key=lambda line: line.count("\N{BOX DRAWINGS LIGHT HORIZONTAL}"))
    whole = len(rule) + 1  # the rule, and a column of space to its right
    assert "\n".join(lines(table, whole)).count("Cell") == 1
    assert "\n".join(lines(table, whole - 1)).count("Cell") == 2


def test_numbers_of_a_csv_have_no_commas_and_words_keep_theirs() -> None:
    columns = (Column("n"), Column("range", align="right"), Column("words", align="left"))
    entries = (Entry("21,670 ± 1,234.5", 21670.0), Entry("-10,000-12,000"), Entry("a 1,234, b"))
    table = Table("t", "c", columns, (Row(("x 1,000",), entries), Row(("y",), (DASH, Entry("1,2"), DASH))))
    assert [*csv.reader(table_to_csv(table).splitlines())] == [
        ["Cell", "n", "range", "words"],
        ["x 1,000", "21670 ± 1234.5", "-10000-12000", "a 1,234, b"],
        ["y", "", "1,2", ""],
    ]
