"""A table as HTML, to stand in a page that has the classes' styles."""

from __future__ import annotations

from pathlib import Path

import jinja2

from bench.report.table import Table


def to_html(table: Table, key: str) -> str:
    """The caption, the table in a box that scrolls, and its footnotes and notes.

    Args:
        table: what to print.
        key: a word that no other table of the page has.
    """
    return environment().get_template("writers/table.html.j2").render(table=table, key=key)


def environment() -> jinja2.Environment:
    """Templates of the report; what they print is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parents[1]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
