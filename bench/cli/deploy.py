"""The commands about microcontrollers: simulate and latency; export is beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli import skipping
from bench.cli.console import AsJson, find_shipped, leave_out, leave_out_faulty, out, print_json, print_table
from bench.cli.export import Kind, export
from bench.cli.firmware import compared, print_intervals, write_example
from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from bench.deploy.base import Model
    from bench.deploy.latency import Row
    from bench.mcu import Board, Compared, Format, Prediction
    from bench.report import Results


Models = Annotated[
    Path | None,
    typer.Argument(help="A run's or a results folder, or a grid in YAML.", show_default=False, callback=find_shipped),
]
BoardNames = Annotated[
    list[str] | None,
    typer.Option("--board", help="Boards; uno, mkr1000, due and nano33ble otherwise.", show_default=False),
]
Kinds = Annotated[
    list[Kind] | None, typer.Option("--format", help="Formats of numbers; all that there is code in otherwise.")
]
TablesOut = Annotated[Path | None, typer.Option("--out", help="Folder for the table as CSV, Markdown and LaTeX.")]
_NOTE = (
    "Cycles of the core at zero flash wait states; ms from the least branch refill to wait states at their worst. "
    "At worst: the most cycles of a step that any data can make, from the branches that depend on data. "
    "Built by GCC at any of -Os, -O2, -O3, with -flto or without: the code pins how it is optimised. "
    "No figure was measured on a board."
)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command(epilog="Example: [bold]rnnbench export results/demo/runs/ID --board uno --out model[/]")(export)
    app.command(epilog="Example: [bold]rnnbench simulate results/demo/runs/ID --board mkr1000[/]")(simulate)
    app.command(epilog="Example: [bold]rnnbench latency results/demo/runs/ID[/]")(latency)


def simulate(
    what: Models = None,
    boards: BoardNames = None,
    kinds: Kinds = None,
    elf: Annotated[Path | None, typer.Option("--elf", help="Any firmware that marks, instead of a run.")] = None,
    other: Annotated[
        Path | None,
        typer.Option(
            "--against", help="YAML of how another library's cell is built, instead of a run.", callback=find_shipped
        ),
    ] = None,
    source: Annotated[Path | None, typer.Option("--source", help="Your copy of that library.")] = None,
    limit: Annotated[float, typer.Option(min=0.1, help="Seconds that a firmware may take.")] = 60.0,
    sample: Annotated[
        bool, typer.Option("--example", help="Write a small firmware for the --board into --out, to begin from.")
    ] = False,
    delta: Annotated[str | None, typer.Option(help="Thresholds in 256ths, 0,1,2,4: skip what changes less.")] = None,
    steps: Annotated[int, typer.Option(min=1, max=400, help="Samples of each sequence.")] = 24,
    count: Annotated[int, typer.Option("--sequences", min=1, max=8, help="Sequences of the test set.")] = 1,
    folder: TablesOut = None,
    as_json: AsJson = False,
) -> None:
    """Runs exported code, or anyone's firmware, on a simulated processor: cycles predicted and counted, bits compared.

    A firmware marks by writing a number to GPIOR0 (AVR) or address 0xF0000000 (others), 0 to stop; it ends with GPIOR2
    or 0xF0000008: --example writes one.
    """
    from bench.deploy.simulation import check_tools, intervals, simulated
    from bench.report import commands

    if source is not None and other is None:
        raise RnnbenchError("--source is the library that --against FILE describes: give both")
    if sum((what is not None, elf is not None, other is not None, sample)) != 1:
        raise RnnbenchError(
            "give either a run's folder, a results folder or a grid, or --elf FILE, --against FILE or --example"
        )
    if delta is not None and (what is None or kinds or folder):
        raise RnnbenchError("--delta skips columns of a model's integers and prints: leave --format and --out away")
    chosen = _boards(boards)
    if sample:
        write_example(chosen, folder)
        return
    if elf is not None:
        counted = [{"mark": mark, "cycles": cycles} for mark, cycles in intervals(elf, chosen, limit)]
        print_intervals(counted, as_json)
        return
    if other is not None:
        usual = [board for board in chosen if boards or board.target.pipeline is not None]
        _finish(*compared(other, source, usual, limit, shown=not as_json), folder, as_json)
        return
    check_tools(chosen)
    if what is not None and delta is not None:
        if not skipping.skip(what, chosen, delta, count=count, steps=steps, as_json=as_json):
            raise typer.Exit(1)
        return

    def of(model: Model) -> list[Compared]:
        told = None if boards else leave_out  # a board that is named is wanted
        return simulated(model, chosen, _formats(kinds), count=count, steps=steps, leave_out=told)

    rows = _rows(what, of, commands.simulated, as_json)
    _finish(rows, commands.simulated(rows), folder, as_json)
    if not all(row["agrees"] for row in rows):
        raise typer.Exit(1)


def latency(
    what: Models = None,
    boards: BoardNames = None,
    kinds: Kinds = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="A published table, instead of a run.", callback=find_shipped)
    ] = None,
    folder: TablesOut = None,
    as_json: AsJson = False,
) -> None:
    """Predicts cycles, milliseconds, flash and RAM, in integers and in float32. Needs no toolchain."""
    from bench.deploy.latency import predicted
    from bench.deploy.refresh import refresh
    from bench.report import commands

    if (what is None) == (against is None):
        raise RnnbenchError("give either a run's folder, a results folder or a grid, or --against FILE")
    if against is not None:
        _against(against, boards, folder, as_json)
        return
    chosen = _boards(boards)
    refresh(what or Path())
    rows = _rows(what, lambda model: predicted(model, chosen, _formats(kinds)), commands.predicted, as_json, _beneath)
    _finish(rows, commands.predicted(rows), folder, as_json)
    if not as_json:
        out.print(_NOTE, style="dim")


def _beneath(rows: Sequence[Row]) -> None:
    """Prints what is to be known of one model's predictions beside the table."""
    worst = [_worst(row) for row in rows if row["worst_per_step"] is not None]
    if worst:
        out.print(f"cycles/step at worst: {', '.join(worst)}")
    features = {row["board"]: row["feature_ms"] for row in rows if row["feature_ms"] is not None}
    if features:
        times = ", ".join(f"{board} {ms:.3g}" for board, ms in features.items())
        out.print(f"before each step, ms of its features from audio (simulated): {times}")
    for row in rows:
        for wide in row["wide"]:
            out.print(f"{row['board']}: {wide}", style="yellow")


def _worst(row: Row) -> str:
    if row["worst_per_step"] == row["cycles_per_step"]:
        return f"{row['board']} the same, no branch depends on data"
    more = row["worst_per_step"] / row["cycles_per_step"] - 1
    return f"{row['board']} {row['worst_per_step']} ({more:+.1%})"


def _rows(
    what: Path | None,
    of: Callable[[Model], Sequence[Prediction | Compared]],
    results: Callable[[list[Row]], Results],
    as_json: bool,
    beneath: Callable[[list[Row]], None] = lambda rows: None,
) -> list[Row]:
    """Gathers the rows of every model, and prints those of one model, and what is ``beneath``, as soon as there."""
    from bench.deploy.latency import row
    from bench.deploy.model import models
    from bench.report import commands

    rows: list[Row] = []
    faults: dict[str, RnnbenchError] = {}
    for name, load in models(what or Path()).items():
        try:
            model = load()
            found = [row(model, latency) for latency in of(model)]
        except RnnbenchError as error:  # of this model alone
            faults[name] = error
            continue
        rows += found
        if not as_json:
            out.print(f"{model.spec.id}{'' if model.trained else ' (not trained)'}", style="bold")
            print_table(commands.model_table(results(found)))
            beneath(found)
    leave_out_faulty(faults, rows)
    return rows


def _against(path: Path, names: list[str] | None, folder: Path | None, as_json: bool) -> None:
    from bench import mcu
    from bench.deploy import published
    from bench.report import commands, to_markdown

    table = published.read(path)
    known = dict.fromkeys(row["board"] for row in table["rows"] if row["board"] in mcu.boards())
    rows = published.rows(table, _boards(names or list(known)))
    results = commands.published(table, rows)
    if folder is None and not as_json:
        out.print("\n".join(to_markdown(part, heading=True) for part in commands.board_tables(results)))
    _finish(rows, results, folder, as_json)


def _boards(names: Sequence[str] | None) -> list[Board]:
    from bench import mcu

    return [mcu.board(name) for name in names or list(mcu.usual_boards())]


def _formats(kinds: Sequence[Kind] | None) -> list[Format] | None:
    return [kind.value for kind in kinds] if kinds else None


def _finish(rows: list[Row], results: Results, folder: Path | None, as_json: bool) -> None:
    """Prints the rows for a program, and writes the tables."""
    from bench.report import commands

    if as_json:
        print_json(rows)
    if folder is None:
        return
    try:
        paths = commands.write_latencies(folder, results, rows, _origin())
    except OSError as error:
        raise RnnbenchError(f"cannot write to {folder}: {error.strerror}") from None
    if not as_json:
        out.print(f"Written: {', '.join(map(str, paths))}.")


def _origin() -> dict[str, Any]:
    """The commit and the versions that a table was made with; the machine does not matter to simulated cycles."""
    from bench.train.provenance import provenance
    from bench.train.sources import git_state

    found = provenance()
    return {"git": git_state(), **{key: found[key] for key in ("python", "packages")}}
