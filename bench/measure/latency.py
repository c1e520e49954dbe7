"""The latency of a trained model on every board, as it stands beside a record."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bench import mcu
from bench.errors import RnnbenchError
from bench.record import Latency, LatencyFacts
from bench.record.latency import digest

_log = logging.getLogger(__name__)


def latency(code: mcu.Program | mcu.Graph, steps: int) -> Latency:
    """Returns what is predicted for exported code, from the smallest board to the largest.

    Args:
        code: in integers, or in float32.
        steps: samples of one inference.

    Raises:
        RnnbenchError: when there are no costs for a board's processor.
    """
    found: list[LatencyFacts] = []
    files: dict[str, str] = {}
    for board in sorted(mcu.usual_boards().values(), key=lambda board: board.flash_bytes.value):
        predicted = mcu.predict(code, board, steps=steps)
        found.append(LatencyFacts(**{name: getattr(predicted, name) for name in LatencyFacts.model_fields}))
        kinds = (predicted.format, *(["words"] if isinstance(code, mcu.WordProgram) else []))
        for name in (f"boards/{board.name}.yaml", *(f"kernels/{board.target.name}-{kind}.yaml" for kind in kinds)):
            files[name] = digest(name)
    return Latency(files=files, boards=tuple(found))


def latency_or_reason(code: Callable[[], mcu.Program | mcu.Graph], steps: int) -> Latency:
    """As :func:`latency`, or why there is none.

    Args:
        code: makes it, and may find that it cannot.
        steps: samples of one inference.
    """
    try:
        return latency(code(), steps)
    except RnnbenchError as error:
        _log.warning("no latency: %s", error)
        return Latency(reason=str(error))
