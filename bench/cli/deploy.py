"""The commands about microcontrollers: export, simulate, latency."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from bench.mcu import Board, Format
    from bench.report import Results

_WIDE = 112  # columns of the latency table; a narrower terminal wraps it
out = Console(soft_wrap=True, highlight=False, markup=False, width=max(_WIDE, Console().width))


class Kind(StrEnum):
    """Of a model's numbers."""

    int8 = "int8"
    float32 = "float32"


RunFolder = Annotated[Path, typer.Argument(help="A run's folder, results/<grid>/runs/<id>.", show_default=False)]
BoardName = Annotated[str, typer.Option("--board", help="uno, mkr1000, due or nano33ble.")]
BoardNames = Annotated[list[str] | None, typer.Option("--board", help="Boards; all otherwise.", show_default=False)]
Kinds = Annotated[list[Kind] | None, typer.Option("--format", help="Of the numbers; both otherwise.")]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder for the table as CSV, Markdown and LaTeX.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_NOTE = "Cycles of the core at zero flash wait states; ms from the least branch refill to wait states at their worst."


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command(epilog="Example: [bold]rnnbench export results/demo/runs/ID --board uno --out model[/]")(export)
    app.command(epilog="Example: [bold]rnnbench simulate results/demo/runs/ID --board mkr1000[/]")(simulate)
    app.command(epilog="Example: [bold]rnnbench latency results/demo/runs/ID[/]")(latency)


def export(
    run: RunFolder,
    board: BoardName,
    folder: Annotated[Path, typer.Option("--out", help="Where to write the code.")],
    kind: Annotated[Kind, typer.Option("--format", help="Of the model's numbers.")] = Kind.int8,
    as_json: AsJson = False,
) -> None:
    """Writes a trained model as C99 for a board, with a test vector, a README and an Arduino sketch."""
    from bench import mcu
    from bench.deploy import latency as latencies
    from bench.deploy import model as models
    from bench.deploy.subject import of_model
    from bench.mcu.export import export as write
    from bench.report import commands, to_rich

    target, model = mcu.board(board), models.load(run)
    subject = of_model(model)
    chosen = subject.model(kind.value)
    (example,) = subject.sequences(kind.value, 1, 32)
    predicted = mcu.predict(chosen, target, steps=model.dataset.info.steps)
    title = f"{model.network.cell.title} on {model.dataset.info.title}"
    try:
        source = write(chosen, target, example, predicted, folder, title=title, classes=model.dataset.class_names)
    except OSError as error:
        raise RnnbenchError(f"cannot write to {folder}: {error.strerror}") from None
    real, integer = model.accuracy()
    files = [str(folder / name) for name in source.files]
    if as_json:
        facts = {"files": files, "accuracy_float32": real, "accuracy_int8": integer}
        typer.echo(json.dumps({**facts, "latency": _plain(predicted)}, indent=1))
        return
    out.print(f"{title} for the {target.title}: test accuracy {integer:.2%} in integers, {real:.2%} in float32")
    out.print(to_rich(commands.model_table(commands.predicted([latencies.row(subject, predicted)]))))
    _warn(predicted)
    out.print(f"Written: {', '.join(files)}. Look next: {folder / 'README.md'}")


def simulate(
    what: Annotated[
        Path | None, typer.Argument(help="A run's or a results folder, or a grid in YAML.", show_default=False)
    ] = None,
    boards: BoardNames = None,
    kinds: Kinds = None,
    elf: Annotated[Path | None, typer.Option("--elf", help="Any firmware that marks, instead of a run.")] = None,
    steps: Annotated[int, typer.Option(min=1, max=400, help="Samples of each sequence.")] = 24,
    count: Annotated[int, typer.Option("--sequences", min=1, max=8, help="Of the test set.")] = 1,
    folder: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Runs exported code, or anyone's firmware, on a simulated processor: cycles predicted and counted, bits compared.

    A firmware marks by writing a number to GPIOR0 (AVR) or address 0x40000000 (Arm), 0 to stop; it ends with GPIOR2 or
    0x40000008.
    """
    from bench.deploy import latency as latencies
    from bench.deploy import subject as subjects
    from bench.report import commands, to_rich

    chosen = _boards(boards)
    if (what is None) == (elf is None):
        raise RnnbenchError("give either a run's folder, a results folder or a grid, or --elf FILE")
    if what is None:
        _simulate_elf(elf or Path(), chosen, as_json)
        return
    rows: list[latencies.Row] = []
    for each in subjects.subjects(what):
        found = latencies.simulated(each, chosen, _formats(kinds), count=count, steps=steps)
        rows += [latencies.row(each, one) for one in found]
        if not as_json:
            out.print(f"{each.spec.id}{'' if each.trained else ' (not trained)'}", style="bold")
            out.print(to_rich(commands.model_table(commands.simulated(rows[-len(found) :]))))
    _finish(rows, commands.simulated(rows), folder, as_json)
    if not all(each["agrees"] for each in rows):
        raise typer.Exit(1)


def latency(
    what: Annotated[
        Path | None, typer.Argument(help="A run's or a results folder, or a grid in YAML.", show_default=False)
    ] = None,
    boards: BoardNames = None,
    kinds: Kinds = None,
    against: Annotated[Path | None, typer.Option("--against", help="A published table, instead of a run.")] = None,
    folder: OutFolder = None,
    as_json: AsJson = False,
) -> None:
    """Predicts cycles, milliseconds, flash and RAM, in integers and in float32. Needs no toolchain."""
    from bench.deploy import latency as latencies
    from bench.deploy import subject as subjects
    from bench.report import commands, to_rich

    if (what is None) == (against is None):
        raise RnnbenchError("give either a run's folder, a results folder or a grid, or --against FILE")
    if what is None:
        _against(against or Path(), _boards(boards), folder, as_json)
        return
    rows: list[latencies.Row] = []
    for each in subjects.subjects(what):
        found = latencies.predicted(each, _boards(boards), _formats(kinds))
        rows += [latencies.row(each, one) for one in found]
        if not as_json:
            out.print(f"{each.spec.id}{'' if each.trained else ' (not trained)'}", style="bold")
            out.print(to_rich(commands.model_table(commands.predicted(rows[-len(found) :]))))
    _finish(rows, commands.predicted(rows), folder, as_json)
    if not as_json:
        out.print(f"{_NOTE} No figure was measured on a board.", style="dim")


def _against(path: Path, boards: list[Board], folder: Path | None, as_json: bool) -> None:
    from bench.deploy import published
    from bench.report import commands, to_markdown

    table = published.read(path)
    rows = published.rows(table, boards)
    results = commands.published(table, rows)
    if folder is None and not as_json:
        out.print("\n".join(to_markdown(table, heading=True) for table in commands.board_tables(results)))
    _finish(rows, results, folder, as_json)


def _boards(names: Sequence[str] | None) -> list[Board]:
    from bench import mcu

    return [mcu.board(name) for name in names or list(mcu.boards())]


def _formats(kinds: Sequence[Kind] | None) -> list[Format]:
    return [each.value for each in kinds or list(Kind)]


def _finish(rows: list[dict[str, Any]], results: Results, folder: Path | None, as_json: bool) -> None:
    """Prints the rows for a program, and writes the tables."""
    from bench.report import commands

    if as_json:
        typer.echo(json.dumps(rows, indent=1))
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


def _simulate_elf(elf: Path, boards: list[Board], as_json: bool) -> None:
    from bench.mcu import simulation

    if not elf.is_file():
        raise RnnbenchError(f"there is no file {elf}")
    if len(boards) != 1:
        raise RnnbenchError("a firmware is of one board: name it with --board")
    counted = [{"mark": mark, "cycles": n} for mark, n in simulation.run_elf(elf, boards[0].target).intervals]
    if as_json:
        typer.echo(json.dumps(counted, indent=1))
    for each in [] if as_json else counted:
        out.print(f"mark {each['mark']:3}  {each['cycles']:12.0f} cycles")


def _plain(each: Any) -> dict[str, Any]:
    from dataclasses import asdict

    body = asdict(each)
    body.pop("kernels", None)
    return body


def _warn(predicted: Any) -> None:
    if not (predicted.fits_flash and predicted.fits_ram):
        lack = "flash" if not predicted.fits_flash else "RAM"
        out.print(f"[yellow]It does not fit the board's {lack}.[/]")
