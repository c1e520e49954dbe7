"""How the runs of a results folder go on, from its files alone: cheap, and from wherever they can be seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import claims
from bench.record.files import LOST, noted_runs, runs_folder
from bench.record.metrics import metrics
from bench.status import Status


@dataclass(frozen=True)
class Sight:
    """A run as its files tell it.

    Attributes:
        id: of the run.
        status: where it stands.
        reason: why, where it is not done.
        where: host of the process that works on it.
        epoch: epochs that it has finished.
        epochs: how many it is to do at most.
        metric: the name of what the last epoch came to on validation data, as ``metrics.csv`` has it.
        value: that.
        seconds: how long it took, if it is done; else what its next epochs will take, if it runs.
    """

    id: str
    status: Status
    reason: str = ""
    where: str = ""
    epoch: int = 0
    epochs: int = 0
    metric: str = ""
    value: float | None = None
    seconds: float | None = None


class Watch:
    """Looks at a results folder again and again; what has not changed is not read again.

    Args:
        results: the folder.
    """

    def __init__(self, results: Path) -> None:
        self._results = results
        self._bodies: dict[str, tuple[int, dict[str, Any]]] = {}

    def look(self) -> list[Sight]:
        """Returns the runs of the grid as they stand now; all of the folder where no grid is noted."""
        runs = runs_folder(self._results)
        noted = noted_runs(self._results)
        names = sorted(path.parent.name for path in runs.glob("*/record.json")) if noted is None else sorted(noted)
        return [self._sight(runs / name) for name in names]

    def _sight(self, folder: Path) -> Sight:
        try:
            return self._seen(folder)
        except (ValueError, TypeError, AttributeError):  # one of its files holds what no run writes
            return Sight(folder.name, Status.FAILED, _damaged(folder))

    def _seen(self, folder: Path) -> Sight:
        body = self._body(folder)
        status = Status(body.get("status", Status.PLANNED))
        if status in (Status.DONE, Status.FAILED):
            seconds = body.get("times", {}).get("wall_s") if status is Status.DONE else None
            return Sight(folder.name, status, str(body.get("reason", "")), seconds=seconds)
        holder = claims.holder(folder)
        if holder is None:
            lost = status is Status.RUNNING
            reason = LOST if lost else body.get("reason", "")
            return Sight(folder.name, Status.INTERRUPTED if lost else status, str(reason))
        rows = _rows(folder)
        epochs = _epochs(body.get("spec", {}))
        metric, value = _judged(rows[-1]) if rows else ("", None)
        seconds = sum(float(row["seconds"]) for row in rows) / len(rows) * (epochs - len(rows)) if rows else None
        return Sight(folder.name, Status.RUNNING, "", holder.host, len(rows), epochs, metric, value, seconds)

    def _body(self, folder: Path) -> dict[str, Any]:
        """Returns what a record says; a damaged one counts as failed."""
        path = folder / "record.json"
        try:
            stamp = path.stat().st_mtime_ns
            if self._bodies.get(folder.name, (0, {}))[0] != stamp:
                body = json.loads(path.read_text(encoding="utf-8"))
                Status(body["status"])
                self._bodies[folder.name] = stamp, body
        except OSError:
            return {}
        except (ValueError, KeyError, TypeError, RecursionError):
            return {"status": Status.FAILED, "reason": _damaged(folder)}
        return self._bodies[folder.name][1]


def _epochs(spec: Mapping[str, Any]) -> int:
    """Returns :attr:`bench.spec.RunSpec.epochs` of a recorded specification, without reading all of it."""
    train, finetune = spec.get("train", {}), spec.get("awd", {}).get("finetune", 0)
    epochs = int(train.get("epochs", 0))
    return min(epochs, int(train.get("stop_after") or epochs)) + int(finetune)


def _damaged(folder: Path) -> str:
    return f"{folder / 'record.json'} is damaged: move the folder away and run again"


def left_s(sights: Sequence[Sight]) -> float | None:
    """Returns how many seconds are left while as many runs go on at once as now; ``None`` where nothing tells.

    A run that has not begun is taken to last as long as the mean of those that are done.
    """
    running = [sight for sight in sights if sight.status is Status.RUNNING]
    begun = [sight.seconds for sight in running if sight.seconds is not None]
    done = [sight.seconds for sight in sights if sight.status is Status.DONE and sight.seconds is not None]
    waiting = sum(sight.status in (Status.PLANNED, Status.INTERRUPTED) for sight in sights)
    unknown = waiting + len(running) - len(begun)
    if not running or (unknown and not done):
        return None
    mean = sum(done) / len(done) if done else 0.0
    return max([*begun, (sum(begun) + unknown * mean) / len(running)])


def _rows(folder: Path) -> list[dict[str, str]]:
    """Returns the finished epochs."""
    titles, lines = metrics(folder)
    rows = (dict(zip(titles, line, strict=False)) for line in lines)
    return [row for row in rows if _is_whole(row)]


def _is_whole(row: Mapping[str, Any]) -> bool:
    try:
        return float(row["seconds"]) >= 0
    except (KeyError, TypeError, ValueError):
        return False


def _judged(row: Mapping[str, str]) -> tuple[str, float | None]:
    """Returns the metric that epochs are judged by and its value; the loss in training where nothing judges."""
    for name in [
        *(name for name in row if name.startswith(("validation_", "test_")) and "loss" not in name),
        "train_loss",
    ]:
        if row.get(name):
            return name, float(row[name])
    return "", None
