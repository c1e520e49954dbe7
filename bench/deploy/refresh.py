"""Predicts latencies again that stand beside records and are out of date."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from bench.errors import RnnbenchError
from bench.record import latency as beside
from bench.record import runs_folder

_log = logging.getLogger(__name__)


def refresh(what: Path) -> int:
    """Writes ``latency.json`` anew where it is missing or out of date and the trained model is there.

    A model that cannot be read, or whose data are not here, keeps what it has.

    Args:
        what: a results folder, or that of a run.

    Returns:
        The number of runs whose latency was predicted again.
    """
    folders = [path.parent for path in sorted({*what.glob("model.pt"), *runs_folder(what).glob("*/model.pt")})]
    return predict_again(folder for folder in folders if not _is_current(folder))


def predict_again(folders: Iterable[Path]) -> int:
    """As :func:`refresh`, of runs by their folders, whose latency is known to be missing or out of date."""
    return sum(_predict(folder) for folder in folders if (folder / "model.pt").is_file())


def _is_current(folder: Path) -> bool:
    known = beside.read(folder)
    return known is not None and known.current


def _predict(folder: Path) -> bool:
    # Here, for torch is slow to import, and most often nothing is out of date.
    from bench.data import describe
    from bench.deploy.saved import saved
    from bench.train.task import task_of

    try:
        spec, weights = saved(folder)
        info = describe(spec.data.name, spec.data.options)
        beside.write(folder, task_of(spec).latency(spec, info, weights))
    except (RnnbenchError, OSError) as error:
        _log.warning("%s: the latency is not predicted again: %s", folder, error)
        return False
    return True
