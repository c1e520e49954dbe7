"""A table as HTML, to stand in a page that has the classes' styles."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bench.report.table import Table


def to_html(table: Table, key: str) -> str:
    """Returns the caption, the table in a box that scrolls, and its footnotes and notes.

    Args:
        table: what to print.
        key: a word that no other table of the page has.
    """
    return template("writers/table.html.j2").render(table=table, key=key)


def template(name: str) -> Template:
    """Returns a template of the report; what it prints is escaped."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parents[1]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
