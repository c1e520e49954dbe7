"""Sends a grid as a whole to W&B: its runs, its summary run and its workspace."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import track
from bench.dashboard import summary
from bench.dashboard.rows import rows, to_text
from bench.errors import RnnbenchError
from bench.record import write_atomically
from bench.report import Results, read, write_report
from bench.track.sending import Sending

_SAVE_S = 60.0
Say = Callable[[str], object]


def push(results: Path, project: track.Project, say: Say) -> str:
    """Sends what was not sent of the runs, the summary run, and the workspace, which replaces the one sent before.

    Args:
        results: the results folder.
        project: where to.
        say: told a line for a person, now and then.

    Returns:
        The address of the workspace.

    Raises:
        RnnbenchError: when the packages for it are missing, or W&B did not take something; what was sent stays.
    """
    try:
        from bench.dashboard.workspace import Content, workspace
    except ImportError:
        raise RnnbenchError("a workspace needs W&B's package for it: pip install 'rnnbench[dashboard]'") from None
    try:
        entity = project.entity or track.reach()
    except track.NoServerError as error:
        raise RnnbenchError(f"{error}: nothing was sent") from None
    if why := track.send(results, project, set(), say):
        raise RnnbenchError(f"not all runs were sent ({why}): nothing more was; the same command tries again")
    report, found = write_report(results), read(results)
    made = rows(found)
    _send(summary.write(results, found.name, made, report.html), project, results)
    learnt = sorted({name for run in found.runs if run.record.result for name in run.record.result.learnt or {}})
    metrics, figures = sorted({row.metric for row in made}), list(summary.figure_keys(results))
    judged = sorted({run.record.data.metric for run in found.runs if run.record.data})
    content = Content(found.name, metrics, judged, _boards(found), learnt, _stages(found), to_text(made), figures)
    note = track.shelf(results) / summary.NAME / "workspace.json"
    return _save(workspace(content, entity, project.name), note, project.address)


def _boards(results: Results) -> list[str]:
    return sorted({latency.board for row in results.summaries for latency in row.latencies})


def _stages(results: Results) -> list[str]:
    """Returns what the histories of some runs have of stages: see :meth:`bench.train.stages.Compression.figures`."""
    parts = [run.record.spec["compress"] for run in results.runs]
    trained = [part for part in parts if part["apply"] != "after"]
    found = {"stage/number": ("keep", "quantise"), "stage/nonzero": ("keep",)}
    return [name for name, keys in found.items() if any(part[key] for part in trained for key in keys)]


def _send(files: Path, project: track.Project, results: Path) -> None:
    sending = Sending([files], project, results)
    while not sending.is_over and not sending.is_stuck():
        time.sleep(0.2)
    sending.stop()
    if why := sending.settle()[files].reason:
        raise RnnbenchError(f"the summary run was not sent ({why}): the same command tries again")


def _save(made: Any, note: Path, to: str) -> str:
    """Saves a workspace in place of the one that was saved in the same project before, if that is still there."""
    try:
        known = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
        if known and known.get("to", to) == to:
            earlier = type(made).from_url(known["url"])
            for part in ("name", "sections", "runset_settings"):
                setattr(earlier, part, getattr(made, part))
            made = earlier
    except Exception:  # it was deleted there, or the note is damaged: a new one does as well
        note.unlink(missing_ok=True)
    try:
        made.save()
    except Exception as error:
        what = str(error).strip().partition("\n")[0]
        raise RnnbenchError(f"W&B did not take the workspace ({what}): the same command tries again") from None
    write_atomically(note, json.dumps({"url": made.url, "to": to}) + "\n")
    return str(made.url)
