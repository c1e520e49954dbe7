"""``rnnbench export``: a trained model as C for a board."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.console import AsJson, err, out, print_json, print_table
from bench.cli.skipping import UNIT, thresholds
from bench.errors import RnnbenchError

if TYPE_CHECKING:
    from bench.mcu import Prediction


class Kind(StrEnum):
    """A format of a model's numbers."""

    int8 = "int8"
    float32 = "float32"


RunFolder = Annotated[Path, typer.Argument(help="A run's folder, results/<grid>/runs/<id>.", show_default=False)]
BoardName = Annotated[
    str, typer.Option("--board", help="uno, mkr1000, due, nano33ble, pico ...: `rnnbench list boards`.")
]
_UNKNOWN = (
    "the prepared data do not say how they were normalised, so the code takes normalised numbers: an earlier version "
    "prepared them; `rnnbench data prepare {} --again`, then export again"
)


def export(
    run: RunFolder,
    board: BoardName,
    folder: Annotated[Path, typer.Option("--out", help="Where to write the code.")],
    kind: Annotated[Kind, typer.Option("--format", help="Format of the model's numbers.")] = Kind.int8,
    name: Annotated[
        str | None, typer.Option("--name", help="What names in the code begin with; rnn otherwise.", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write also what does not fit the board, and over files of others.")
    ] = False,
    skip: Annotated[
        str | None, typer.Option("--delta", help="A threshold in 256ths: skip what changes less.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Writes a trained model as C99 for a board: a library for Arduino, PlatformIO and CMake, with a test vector.

    The code normalises a sensor's numbers as training did, and says how sure an answer is.
    """
    from bench import mcu
    from bench.deploy import export as exports
    from bench.deploy.latency import row
    from bench.deploy.model import load
    from bench.mcu.emit.export import NAME
    from bench.report import commands

    target, name, threshold = mcu.board(board), name or NAME, _threshold(skip)
    if not force:
        exports.check_folder(folder, name)
    model = load(run, threshold)
    done = exports.export(model, target, kind.value, folder, name=name, force=force)
    real, integer = done.measured
    files = [str(path) for path in done.files]
    if as_json:
        body = {key: value for key, value in asdict(done.predicted).items() if key != "kernels"}
        measured = {f"{done.metric}_float32": real, f"{done.metric}_int8": integer}
        plain = {} if done.plain_cycles is None else {"plain_cycles_per_step": done.plain_cycles}
        print_json({"files": files, "normalises": done.normalises, **measured, **plain, "latency": body})
        return
    out.print(f"{done.title} for the {target.title}: {done.said}")
    print_table(commands.model_table(commands.predicted([row(model, done.predicted)])))
    if done.plain_cycles is not None:
        _print_saved(done.predicted, done.plain_cycles)
    if excess := exports.excesses(done.predicted, target):
        err.print(f"warning: {excess}", style="yellow")
    if done.normalises is False:
        err.print(f"warning: {_UNKNOWN.format(model.info.name)}", style="yellow")
    out.print(f"Written: {', '.join(files)}. Look next: {folder / 'README.md'}")


def _threshold(text: str | None) -> float | None:
    """Reads the threshold of delta execution."""
    if text is None:
        return None
    found = thresholds(text)
    if len(found) > 1:
        raise RnnbenchError("export takes one threshold; `rnnbench simulate --delta` compares several")
    return found[0] / UNIT


def _print_saved(predicted: Prediction, plain: int) -> None:
    """Says what delta execution saves, and warns where it does not."""
    mean, most = predicted.cycles_per_step, predicted.worst_per_step
    out.print(f"Delta execution: {mean} cycles a step on test data, at most {most}; {plain} without it.")
    if mean >= plain:
        err.print("warning: it saves nothing here: raise the threshold, or leave --delta away", style="yellow")
