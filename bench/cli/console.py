"""The two consoles, how rows are printed, and the options that several commands share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bench.errors import RnnbenchError
from bench.places import shipped

if TYPE_CHECKING:
    from bench.report import Table

_WIDE = 100_000
out = Console(soft_wrap=True, highlight=False, markup=False, width=_WIDE)
"""Wider than any line: a terminal wraps what is too long for it, and nothing is ever cut."""
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def find_shipped(path: Path | None) -> Path | None:
    """Finds a grid or published table of an argument among the files that come with the code."""
    return path and shipped(path)


GridFile = Annotated[
    Path,
    typer.Argument(help="A grid in YAML, such as configs/demo.yaml.", show_default=False, callback=find_shipped),
]
ResultsOut = Annotated[Path | None, typer.Option("--out", help="Results folder; results/<name of the grid> otherwise.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
WandbProject = Annotated[
    str | None, typer.Option(help="W&B project of this results folder; else as before, WANDB_PROJECT, or rnnbench.")
]
WandbEntity = Annotated[
    str | None,
    typer.Option(help="W&B user or team of this results folder; else as before, WANDB_ENTITY, or the key's."),
]


def plain(text: str) -> str:
    """Returns a text of a record with a mark in place of every letter that a terminal would obey."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "\ufffd" for one in text)


def print_json(body: Any) -> None:
    """Prints JSON to stdout."""
    typer.echo(json.dumps(body, indent=1))


def print_table(table: Table) -> None:
    """Prints a table; on a terminal that is too narrow, the groups of its columns below each other."""
    from bench.report import to_rich

    out.print(to_rich(table, shutil.get_terminal_size().columns if out.is_terminal else _WIDE))


def print_rows(rows: Sequence[Mapping[str, Any]], prose: Sequence[str] = ()) -> None:
    """Prints short facts in columns, and prose below each row, so that any width will do.

    Args:
        rows: at least one; all with the keys of the first.
        prose: keys of what goes below; ``about`` without its name.
    """
    keys = [key for key in rows[0] if key not in prose]
    columns = [_column(key.replace("_", " "), [row[key] for row in rows]) for key in keys]
    heading, *lines = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
    out.print(heading, style="bold")
    for line, row in zip(lines, rows, strict=True):
        out.print(line)
        for key in prose:
            if row.get(key):
                out.print(f"    {'' if key == 'about' else key + ': '}{_text(row[key])}", style="dim")


def _column(title: str, values: Sequence[Any]) -> list[str]:
    """A title and values, equally wide; numbers to the right."""
    texts = [title, *map(_text, values)]
    width = max(map(len, texts))
    numbers = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return [text.rjust(width) if numbers else text.ljust(width) for text in texts]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={inner}" for key, inner in value.items())
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def leave_out(what: str) -> None:
    """Says on standard error what a command leaves out of its table, and why."""
    err.print(f"left out: {what}", style="yellow")


def leave_out_faulty(faults: Mapping[str, RnnbenchError], rows: Sequence[Any]) -> None:
    """Says which models are left out of a table, and why.

    Raises:
        RnnbenchError: the first fault, where no rows are left.
    """
    if not rows:
        raise next(iter(faults.values()))
    for name, fault in faults.items():
        leave_out(f"{name}: {fault}")
