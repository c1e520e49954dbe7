"""``rnnbench logs``: what a run has said."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

_EVERY_S = 0.5


def logs(
    run: Annotated[str, typer.Argument(help="A run's folder; or its id, the beginning or the end of it.")],
    results: Annotated[
        Path | None, typer.Option("--in", help="The results folder to look for ids in; all of results/ otherwise.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is added, until nobody works on the run.")
    ] = False,
) -> None:
    """Prints the log of a run, from any machine that sees the results folder."""
    from bench import claims, record

    folder = record.find(run, results, record.LOG_FILE)
    with (folder / record.LOG_FILE).open(encoding="utf-8", errors="replace") as file:
        while True:
            held = claims.is_held(folder)  # before the look: what a run says at its end is printed, too
            while text := file.read(1 << 16):
                sys.stdout.write(text)
            sys.stdout.flush()
            if not follow or not held:
                return
            time.sleep(_EVERY_S)
