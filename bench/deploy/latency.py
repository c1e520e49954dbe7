"""Predicted latency of models, and the rows of tables of predicted and simulated latency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from bench import mcu
from bench.data import DatasetInfo
from bench.deploy.base import Model
from bench.deploy.listening import at
from bench.mcu import Board, Compared, Format, Prediction

Row = dict[str, Any]


def predicted(model: Model, boards: Iterable[Board], formats: Sequence[Format] | None = None) -> list[Prediction]:
    """Predicts the latency of one model, format by format; in those that there is code in, where none is given.

    Raises:
        RnnbenchError: when the cell is no formula.
    """
    return [
        mcu.predict(model.code(kind), board, steps=model.steps) for kind in formats or model.formats for board in boards
    ]


def row(model: Model, found: Prediction | Compared) -> Row:
    """Returns a line of a table: the model, and its latency."""
    cell, variant, title = model.spec.cell, model.spec.variant(), model.title
    body = asdict(found)
    body.pop("kernels", None)
    return {
        "run": model.spec.id,
        "data": model.spec.data.label,
        "data_title": model.data_title,
        "cell": cell.name,
        "label": f"{title} ({variant})" if variant else title,
        "hidden": cell.hidden_size,
        "trained": model.trained,
        **body,
        "board_title": mcu.board(found.board).title,
        "feature_ms": feature_ms(model.info, mcu.board(found.board)),
        **({"keeps_up": keeps_up(model, found)} if isinstance(found, Prediction) else {}),
    }


def feature_ms(info: DatasetInfo, board: Board) -> float | None:
    """Milliseconds of a step's features, which audio is turned into before it, at zero flash wait states.

    *Simulated*, not predicted; ``None`` where features are not computed from audio, or were not counted.
    """
    cycles = None if info.audio_hz is None else mcu.frame_cycles(at(info.audio_hz), board.target)
    return None if cycles is None else 1000 * info.frames * cycles / board.clock_hz.value


def keeps_up(model: Model, found: Prediction) -> bool | None:
    """Whether features and step take less time than the sensor gives them; ``None`` where its rate is unknown."""
    if model.info.sample_hz is None:
        return None
    ms = 1000 / found.step_hz + (feature_ms(model.info, mcu.board(found.board)) or 0.0)
    return ms <= 1000 / model.info.sample_hz
