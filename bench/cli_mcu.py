"""The commands about microcontrollers: export, simulate, latency."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bench.errors import RnnbenchError

_WIDE = 112  # columns of the latency table; a narrower terminal wraps it
out = Console(soft_wrap=True, highlight=False, markup=False, width=max(_WIDE, Console().width))

RunFolder = Annotated[Path, typer.Argument(help="A run's folder, results/<grid>/runs/<id>.", show_default=False)]
BoardName = Annotated[str, typer.Option("--board", help="uno, mkr1000, due or nano33ble.")]
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
    as_json: AsJson = False,
) -> None:
    """Writes a trained model as C99 for a board, with a test vector, a README and an Arduino sketch."""
    from bench import mcu, models
    from bench.mcu.export import export as write

    target, model = mcu.board(board), models.load(run)
    (example,) = model.sequences(1, steps=32)
    predicted = mcu.predict(model.program, target, steps=model.dataset.info.steps)
    title = f"{model.network.cell.title} on {model.dataset.info.title}"
    try:
        source = write(
            model.program, target, example, predicted, folder, title=title, classes=model.dataset.class_names
        )
    except OSError as error:
        raise RnnbenchError(f"cannot write to {folder}: {error.strerror}") from None
    real, integer = model.accuracy()
    files = [str(folder / name) for name in source.files]
    if as_json:
        facts = {"files": files, "accuracy_float32": real, "accuracy_int8": integer}
        typer.echo(json.dumps({**facts, "latency": _plain(predicted)}, indent=1))
        return
    out.print(f"{title} for the {target.title}: test accuracy {integer:.2%} in integers, {real:.2%} in float32")
    out.print(_table([predicted]))
    _warn(predicted)
    out.print(f"Written: {', '.join(files)}. Look next: {folder / 'README.md'}")


def simulate(
    run: Annotated[Path | None, typer.Argument(help="A run's folder.", show_default=False)] = None,
    board: BoardName = "mkr1000",
    elf: Annotated[Path | None, typer.Option("--elf", help="Any firmware that marks, instead of a run.")] = None,
    steps: Annotated[int, typer.Option(min=1, max=400, help="Samples of the first test sequence.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Runs exported code, or anyone's firmware, on a simulated processor: cycles predicted and counted, bits compared.

    A firmware marks by writing a number to GPIOR0 (AVR) or address 0x40000000 (Arm), 0 to stop; it ends with GPIOR2 or
    0x40000008.
    """
    from bench import mcu, models
    from bench.mcu import simulation

    target = mcu.board(board)
    if (run is None) == (elf is None):
        raise RnnbenchError("give either a run's folder or --elf FILE")
    if elf is not None:
        if not elf.is_file():
            raise RnnbenchError(f"there is no file {elf}")
        counted = [{"mark": mark, "cycles": n} for mark, n in simulation.run_elf(elf, target.target).intervals]
        if as_json:
            typer.echo(json.dumps(counted, indent=1))
        for each in [] if as_json else counted:
            out.print(f"mark {each['mark']:3}  {each['cycles']:12.0f} cycles")
        return
    if run is None:  # one of the two is given
        raise AssertionError
    model = models.load(run)
    compared = mcu.compare(model.program, target, model.sequences(1, steps))
    if as_json:
        typer.echo(json.dumps(asdict(compared), indent=1))
        return
    out.print(f"{model.spec.id} on {target.title} ({compared.compiler}), {compared.steps} steps of a test sequence")
    table = Table("", "predicted", "simulated", "error", box=None, header_style="bold")
    table.add_row(
        "cycles a step", f"{compared.predicted_step}", f"{compared.simulated_step:.0f}", f"{compared.error:+.2%}"
    )
    table.add_row("cycles an answer", f"{compared.predicted_answer}", f"{compared.simulated_answer:.0f}", "")
    out.print(table)
    out.print(
        f"products at {compared.ratio:.2f} times the core's limit; bit-exact: {'yes' if compared.exact else 'NO'}"
    )
    if not compared.exact:
        raise typer.Exit(1)


def latency(
    what: Annotated[Path, typer.Argument(help="A run's folder, or a grid in YAML.", show_default=False)],
    boards: Annotated[list[str] | None, typer.Option("--board", help="Boards; all otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Predicts cycles, milliseconds, flash and RAM, in integers and in float32. Needs no toolchain."""
    from bench import mcu

    chosen = [mcu.board(name) for name in boards or list(mcu.boards())]
    rows = _of_run(what, chosen) if what.is_dir() else _of_grid(what, chosen)
    if as_json:
        body = [{"run": name, "sample_hz": hz, "latency": [_plain(each) for each in found]} for name, hz, found in rows]
        typer.echo(json.dumps(body, indent=1))
        return
    for name, hz, found in rows:
        out.print(name, style="bold")
        out.print(_table(found, hz))
    out.print(f"{_NOTE} No figure was measured on a board.", style="dim")


def _of_run(folder: Path, boards: list[Any]) -> list[tuple[str, float | None, list[Any]]]:
    from bench import mcu, models

    model = models.load(folder)
    info = model.dataset.info
    found = [mcu.predict(model.program, board, steps=info.steps) for board in boards]
    real = mcu.latency([model.network.cell], model.network.head, steps=info.steps, boards=boards)
    return [(model.spec.id, info.sample_hz, [*found, *real])]


def _of_grid(path: Path, boards: list[Any]) -> list[tuple[str, float | None, list[Any]]]:
    from bench import mcu, models
    from bench.data import infos
    from bench.plan import read_grid

    rows = []
    for spec in read_grid(path).runs():
        info = infos()[spec.data.name]
        network, program = models.untrained(spec, info.features, info.classes, info.steps)
        found = [mcu.predict(program, board, steps=info.steps) for board in boards]
        real = mcu.latency([network.cell], network.head, steps=info.steps, boards=boards)
        rows.append((f"{spec.id} (not trained)", info.sample_hz, [*found, *real]))
    return rows


def _plain(each: Any) -> dict[str, Any]:
    body = asdict(each)
    body.pop("kernels", None)
    return body


def _table(found: list[Any], hz: float | None = None) -> Table:
    heads = (
        "board",
        "format",
        "cycles/step",
        "ms/step",
        "ms",
        "ms from-to",
        "flash",
        "RAM",
        "fits",
        "x limit",
        "keeps up",
    )
    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for each in found:
        integer = each.format == "int8"
        fast = "" if hz is None or not integer else "yes" if each.step_hz >= hz else "no"
        table.add_row(
            each.board,
            each.format,
            str(each.cycles_per_step),
            f"{each.ms_per_step:.3g}",
            f"{each.ms:.4g}",
            f"{each.ms_low:.4g}-{each.ms_high:.4g}",
            str(each.flash_bytes),
            str(each.ram_bytes),
            "yes" if each.fits_flash and each.fits_ram else "no",
            f"{each.ratio:.2f}" if integer else "",
            fast,
        )
    return table


def _warn(predicted: Any) -> None:
    if not (predicted.fits_flash and predicted.fits_ram):
        lack = "flash" if not predicted.fits_flash else "RAM"
        out.print(f"[yellow]It does not fit the board's {lack}.[/]")
