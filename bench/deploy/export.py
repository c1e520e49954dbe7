"""Writes a trained model as code for a board, into a folder that is new, or that an earlier export wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import mcu
from bench.deploy.model import Trained
from bench.errors import RnnbenchError
from bench.mcu import Board, Format, Prediction
from bench.mcu.emit.export import MARK

_EXAMPLE = 32  # samples of the test vector


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        title: of the model.
        predicted: its latency on the board.
        files: all that were written.
        accuracy: over the whole test set, of the network in float32 and of the integer program.
    """

    title: str
    predicted: Prediction
    files: tuple[Path, ...]
    accuracy: tuple[float, float]


def check_folder(folder: Path) -> None:
    """Looks for files that the export would overwrite and has not written.

    Raises:
        RnnbenchError: when there is one.
    """
    readme = folder / "README.md"
    if readme.exists() and MARK not in readme.read_text(encoding="utf-8", errors="replace"):
        raise RnnbenchError(
            f"{readme} was not written by an export: choose another --out, or overwrite it with --force"
        )


def export(model: Trained, board: Board, kind: Format, folder: Path, *, force: bool) -> Exported:
    """Writes the C, a test vector, a README and an Arduino sketch.

    Args:
        model: of a run.
        board: that the code is for.
        kind: of the model's numbers.
        folder: is made where it is missing.
        force: write also what does not fit the board.

    Raises:
        RnnbenchError: when there is no code for the model, it does not fit the board, or the folder cannot be written.
    """
    info = model.info
    if info.vocabulary is not None:
        raise RnnbenchError(f"data set {info.name!r} gives words: a program of their embedding is not written yet")
    code, (example,) = model.code(kind), model.sequences(kind, 1, _EXAMPLE)
    predicted = mcu.predict(code, board, steps=info.steps)
    if (excess := excesses(predicted, board)) and not force:
        raise RnnbenchError(f"{excess}; choose another --board or --format, or write it all the same with --force")
    title = f"{model.network.cell.title} on {info.title}"
    try:
        source = mcu.export(code, board, example, predicted, folder, title=title, classes=model.dataset.class_names)
    except OSError as error:
        raise RnnbenchError(f"cannot write to {folder}: {error.strerror}") from None
    return Exported(title, predicted, tuple(folder / name for name in source.files), model.accuracy())


def excesses(predicted: Prediction, board: Board) -> str:
    """How a model is too large for a board, in words; empty when it fits."""
    kinds = (
        ("flash", predicted.fits_flash, predicted.flash_bytes, board.flash_bytes.value),
        ("RAM", predicted.fits_ram, predicted.ram_bytes, board.ram_bytes.value),
    )
    over = [f"{needed:,} of {there:,.0f} bytes of {kind}" for kind, fits, needed, there in kinds if not fits]
    return f"the model does not fit the {board.title}: it takes {' and '.join(over)}" if over else ""
