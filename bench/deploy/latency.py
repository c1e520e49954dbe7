"""Predicted latency of models, and the rows of tables of predicted and simulated latency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from bench import mcu
from bench.deploy.subject import Subject
from bench.mcu import Board, Compared, Format, Prediction

Row = dict[str, Any]


def predicted(subject: Subject, boards: Iterable[Board], formats: Sequence[Format]) -> list[Prediction]:
    """Predicts the latency of one model, format by format."""
    steps = subject.info.steps
    return [mcu.predict(subject.model(kind), board, steps=steps) for kind in formats for board in boards]


def row(subject: Subject, found: Prediction | Compared) -> Row:
    """Returns a line of a table: the model, and its latency."""
    cell, variant = subject.spec.cell, subject.spec.variant()
    body = asdict(found)
    body.pop("kernels", None)
    return {
        "run": subject.spec.id,
        "data": subject.spec.data.label,
        "data_title": subject.info.title + ("" if subject.info.vocabulary is None else " after the embedding"),
        "cell": cell.name,
        "label": f"{subject.title} ({variant})" if variant else subject.title,
        "hidden": cell.hidden_size,
        "trained": subject.trained,
        **body,
        "board_title": mcu.board(found.board).title,
        **({"keeps_up": keeps_up(subject, found)} if isinstance(found, Prediction) else {}),
    }


def keeps_up(subject: Subject, found: Prediction) -> bool | None:
    """Whether a step takes less time than the sensor gives it; ``None`` where its rate is unknown."""
    return None if subject.info.sample_hz is None else found.step_hz >= subject.info.sample_hz
