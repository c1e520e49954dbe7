"""``rnnbench bench``: how fast training is on this machine."""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bench.errors import RnnbenchError, nearest
from bench.execute import server

if TYPE_CHECKING:
    from bench.speed.report import Comparison

bench_app = typer.Typer(
    name="bench", help="Measures how fast training is on this machine, against torch and peers.", no_args_is_help=True
)

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_Rounds = Annotated[int, typer.Option(min=1, help="Turns of each contender; medians over them.")]
_Python = Annotated[
    Path | None,
    typer.Option("--peer-python", help="The Python of an environment that has edgeml-pytorch.", show_default=False),
]


@bench_app.command(epilog="Example: [bold]rnnbench bench cells --shape kws[/]")
def cells(
    shape: Annotated[list[str] | None, typer.Option(help="kws, rmnist or pmnist; all otherwise.")] = None,
    rounds: _Rounds = 9,
    peer_python: _Python = None,
    as_json: _AsJson = False,
) -> None:
    """Times a training step of each cell against torch.nn's and peers', one thread, in interleaved rounds."""
    settings = _setup()
    from bench.speed.cells import SHAPES, compare_cells

    _show(compare_cells(_known(shape, SHAPES), rounds, peer_python), settings, as_json)


@bench_app.command(epilog="Example: [bold]rnnbench bench loop --json[/]")
def loop(rounds: _Rounds = 7, as_json: _AsJson = False) -> None:
    """Times an epoch of the harness against a plain loop over the same batches."""
    settings = _setup()
    from bench.speed.loop import compare_loop

    _show(compare_loop(rounds), settings, as_json)


@bench_app.command(epilog="Example: [bold]rnnbench bench pack --rounds 3[/]")
def pack(rounds: _Rounds = 5, as_json: _AsJson = False) -> None:
    """Times eight runs of small cells trained together against the same runs one after another."""
    settings = _setup()
    from bench.speed.pack import compare_pack

    _show(compare_pack(rounds), settings, as_json)


@bench_app.command(epilog="Example: [bold]rnnbench bench language --rounds 3[/]")
def language(rounds: _Rounds = 5, as_json: _AsJson = False) -> None:
    """Times a window of training of each cell's language model against torch's own LSTM and softmax."""
    settings = _setup()
    from bench.speed.language import compare_language

    _show(compare_language(rounds), settings, as_json)


@bench_app.command(epilog="Example: [bold]rnnbench bench grid[/]")
def grid(
    shape: Annotated[list[str] | None, typer.Option(help="small or kws; both otherwise.")] = None,
    peer_python: _Python = None,
    as_json: _AsJson = False,
) -> None:
    """Times eight short runs, start-up included, against a process per run: minutes, and nothing else should run."""
    settings = _setup()
    from bench.speed.grid import GRIDS, compare_grid

    _show(compare_grid(_known(shape, GRIDS), peer_python), settings, as_json)


@bench_app.command(epilog="Example: [bold]rnnbench bench harness --most 10000[/]")
def harness(
    most: Annotated[int, typer.Option(min=1000, help="The most runs to plan.")] = 100_000,
    tiny: Annotated[int, typer.Option(min=1, help="Tiny runs to average over.")] = 20,
    as_json: _AsJson = False,
) -> None:
    """Measures what planning, resuming, reporting and a tiny run cost beside training, by the number of runs."""
    settings = _setup()
    from bench.speed.harness import measure_harness

    counts = [count for count in (1_000, 10_000, 100_000) if count <= most]
    _show(measure_harness(counts, 10_000, tiny), settings, as_json)


def _known(chosen: list[str] | None, there: Mapping[str, object]) -> list[str]:
    for name in chosen or ():
        if name not in there:
            raise RnnbenchError(f"unknown shape {name!r}{nearest(name, there)}")
    return chosen or list(there)


def _setup() -> dict[str, Any]:
    from bench.train.settings import setup

    gc.set_threshold(*server.USUAL)  # as workers have it
    return setup()


def _show(found: Comparison, settings: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found.as_json(settings), indent=1))
        return
    Console(soft_wrap=True, highlight=False).print(found.as_table())
    for note in found.notes:
        typer.echo(note, err=True)
