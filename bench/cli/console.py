"""The two consoles, and the options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

GridFile = Annotated[Path, typer.Argument(help="A grid in YAML, such as configs/demo.yaml.", show_default=False)]
ResultsOut = Annotated[Path | None, typer.Option("--out", help="Results folder; results/<name of the grid> otherwise.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(body: Any) -> None:
    """Prints JSON to stdout."""
    typer.echo(json.dumps(body, indent=1))
