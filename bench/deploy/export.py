"""Writes a trained model as code for a board, into a folder that is new, or that an earlier export wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import mcu
from bench.deploy.listening import front_end
from bench.deploy.model import Trained
from bench.deploy.text import TrainedText
from bench.errors import RnnbenchError
from bench.mcu import About, Board, Format, Prediction
from bench.mcu.emit.export import MARK, NAME, paths

_EXAMPLE = 32  # samples of the test vector


@dataclass(frozen=True)
class Exported:
    """The files of an export and what they take.

    Attributes:
        title: of the model.
        predicted: its latency on the board.
        files: all that were written.
        metric: ``accuracy`` or ``perplexity``.
        measured: that over the whole test set, of the network in float32 and of the integer program.
        normalises: whether the code takes a sensor's numbers as they are; ``None`` where it takes words.
        plain_cycles: of a step without delta execution; ``None`` where there is none.
    """

    title: str
    predicted: Prediction
    files: tuple[Path, ...]
    metric: str
    measured: tuple[float, float]
    normalises: bool | None
    plain_cycles: int | None

    @property
    def said(self) -> str:
        """The metric of both, in words."""
        real, integer = (_said(self.metric, value) for value in self.measured)
        return f"test {self.metric} {integer} in integers, {real} in float32"


def check_folder(folder: Path, name: str = NAME) -> None:
    """Looks for files that the export would overwrite and has not written.

    Args:
        folder: to write to.
        name: what names in the code begin with.

    Raises:
        RnnbenchError: when there is one, or names cannot begin so.
    """
    for file in (folder / path for path in paths(name)):
        if file.exists() and MARK not in file.read_text(encoding="utf-8", errors="replace").lower():
            raise RnnbenchError(
                f"{file} was not written by an export: choose another --out, or overwrite it with --force"
            )


def export(
    model: Trained | TrainedText, board: Board, kind: Format, folder: Path, *, name: str = NAME, force: bool
) -> Exported:
    """Writes the C, a test vector, a README, and what makes it a library for Arduino, PlatformIO and CMake.

    Args:
        model: of a run; its threshold says whether the code skips columns.
        board: that the code is for.
        kind: of the model's numbers.
        folder: is made where it is missing.
        name: what names in the code begin with, so that two models can be in one program.
        force: write also what does not fit the board.

    Raises:
        RnnbenchError: when there is no code for the model, it does not fit the board, or the folder cannot be written.
    """
    info = model.info
    if model.threshold is not None and kind != "int8":
        raise RnnbenchError("--delta skips columns of integers: leave --format away")
    code = model.code(kind)
    predicted = mcu.predict(code, board, steps=model.steps)
    if (excess := excesses(predicted, board)) and not force:
        raise RnnbenchError(f"{excess}; choose another --board or --format, or write it all the same with --force")
    metric, measured = model.metric, model.measured()
    about = About(
        title=f"{model.title} on {info.title}",
        classes=model.names,
        window=model.steps,
        sample_hz=info.sample_hz,
        inputs=info.inputs,
        raw=model.raw(kind),
        provenance=_provenance(model, measured, kind),
        name=name,
        audio=front_end(info),
        words=model.words,
    )
    try:
        written = mcu.export(code, board, model.example(kind, _EXAMPLE), predicted, folder, about)
    except OSError as error:
        raise RnnbenchError(f"cannot write to {folder}: {error.strerror}") from None
    normalises = None if about.words else about.raw is not None
    files = tuple(folder / file for file in written)
    plain = None
    if isinstance(model, Trained) and model.threshold is not None:
        plain = mcu.predict(model.plain, board, steps=model.steps).cycles_per_step
    return Exported(about.title, predicted, files, metric, measured, normalises, plain)


def _said(metric: str, value: float) -> str:
    return f"{value:.2%}" if metric == "accuracy" else f"{value:.2f}"


def _provenance(model: Trained | TrainedText, measured: tuple[float, float], kind: Format) -> list[str]:
    """The lines of the code that say where it comes from."""
    info, (real, integer) = model.info, (_said(model.metric, value) for value in measured)
    from_raw = " from the sensor's numbers on" if model.raw(kind) is not None else ""
    measured_here = f"{real} in float32" if kind == "float32" else f"{integer} in int8{from_raw}, {real} in float32"
    skips = "" if model.threshold is None else f"Delta execution, threshold {model.threshold * 256:g}/256."
    return [
        f"Run {model.spec.id}; test {model.metric} {measured_here}.",
        f"Trained on {info.title} ({info.source}; licence of the data: {info.licence}).",
        *([skips] if skips else []),
        "The code around the weights: SPDX-License-Identifier: Apache-2.0.",
    ]


def excesses(predicted: Prediction, board: Board) -> str:
    """How a model is too large for a board, in words; empty when it fits."""
    kinds = (
        ("flash", predicted.fits_flash, predicted.flash_bytes, board.flash_bytes.value),
        ("RAM", predicted.fits_ram, predicted.ram_bytes, board.ram_bytes.value),
    )
    over = [f"{needed:,} of {there:,.0f} bytes of {kind}" for kind, fits, needed, there in kinds if not fits]
    return f"the model does not fit the {board.title}: it takes {' and '.join(over)}" if over else ""
