"""Markdown and the terminal."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console

from bench.report import to_rich, write_report


def test_markdown_has_as_many_columns_in_each_line(small: Any) -> None:
    text = write_report(small.path).markdown.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 3
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {8}
    assert r"Fast\_GRNN &amp; Co" in text
    assert "**95.00 ± 1.41**" in text


def test_markdown_escapes_what_would_be_markup(folder: Any) -> None:
    folder.add("a|b*c*[d](e)<script>")
    text = write_report(folder.path).markdown.read_text(encoding="utf-8")
    assert r"a\|b\*c\*\[d\](e)\<script\>" in text


def test_terminal_prints_names_as_they_stand(folder: Any) -> None:
    folder.add("[bold]GRU[/]", accuracy=0.9)
    console = Console(width=100, record=True, file=None, force_terminal=False, quiet=True)
    console.quiet = False
    with console.capture() as captured:
        console.print(to_rich(write_report(folder.path).table))
    text = captured.get()
    assert "[bold]GRU[/]" in text
    assert "90.00" in text
    assert "Watch-7" in text


def test_terminal_shows_every_entry_and_footnote(small: Any) -> None:
    table = write_report(small.path).table
    console = Console(width=160)
    with console.capture() as captured:
        console.print(to_rich(table))
    text = captured.get()
    assert all(entry.text in text for row in table.rows for entry in row.entries)
    assert all(note.text[:30] in text for note in table.footnotes)


def test_a_table_wider_than_the_terminal_is_broken_between_data_sets(small: Any) -> None:
    table = write_report(small.path).table
    assert len(table.spanners) > 1
    console = Console(width=64)
    with console.capture() as captured:
        console.print(to_rich(table, console.width))
    text = captured.get()
    assert text.count("Cell ") == len(table.spanners)
    assert all(entry.text in text for row in table.rows for entry in row.entries)
