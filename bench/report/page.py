"""One page that holds everything: table, figures, runs, provenance. It opens with no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from bench.record import Record, runs_folder
from bench.report import figures, origins
from bench.report.caption import is_percent, metric, seeds
from bench.report.frame import plain
from bench.report.notes import explain_latency, explain_majority, shorten
from bench.report.svg import PALETTE
from bench.report.table import Board, Table
from bench.status import Status


def to_html(
    results: Path, stem: str, records: Sequence[Record], runs: pd.DataFrame, summary: pd.DataFrame, table: Table
) -> str:
    """The page.

    Args:
        results: the results folder; ``metrics.csv`` of its runs are read.
        stem: of the files in ``tables/``.
        records: all of the folder.
        runs: the frame of the records.
        summary: of the runs.
        table: of the summary.
    """
    lines = plain(summary)
    metrics, unread = _read_metrics(results, runs, {line["data"]: metric(line) for line in lines})
    labels = {row["id"]: row["label"] for row in plain(runs)}
    titles = {line["data"]: line["data_title"] for line in lines}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        table=table,
        stem=stem,
        lead=_lead(records, lines, table),
        palette=PALETTE,
        by_size=trade_offs(lines, table, None),
        by_latency=trade_offs(lines, table, table.board) if table.board else [],
        curves=_curves(lines, metrics, [row.label for row in table.rows]),
        unread=unread,
        runs=[_run(results, record, labels[record.id], titles) for record in records],
        commits=origins.commits(records),
        settings=origins.settings(records),
        data_sets=origins.data_sets(records),
        boards=origins.boards(records),
    )


def _lead(records: Sequence[Record], lines: Sequence[dict[str, Any]], table: Table) -> str:
    """What is there, and what came out best, in a few sentences."""
    counts = Counter(record.status for record in records)
    rest = ", ".join(f"{counts[status]} {status}" for status in Status if counts[status] and status is not Status.DONE)
    done = f"{counts[Status.DONE]} of {len(records)} runs are done" + (f" ({rest})" if rest else "")
    days = sorted({record.times.started[:10] for record in records})
    when = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
    parts = [
        f"{_count(len(table.rows), 'cell')} on {_count(len(table.spanners), 'data set')}, {seeds(lines)}. "
        f"{done}, started {when}."
    ]
    at = 0
    for spanner in table.spanners:
        best = [row for row in table.rows if row.entries[at].best]
        if best:
            names = " and ".join(row.label for row in best) + (" does" if len(best) == 1 else " do")
            sizes = " and ".join(row.entries[at + 1].text for row in best)
            unit = " %" if "%" in spanner.columns[0].title else ""
            parts.append(f"On {spanner.title}, {names} best: {best[0].entries[at].text}{unit} with {sizes} KB.")
        at += len(spanner.columns)
    return " ".join(parts)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def trade_offs(lines: Sequence[dict[str, Any]], table: Table, board: Board | None) -> list[dict[str, str]]:
    """A panel for each data set: quality against KB, or against ms on a board.

    Args:
        lines: of the summary.
        table: of the summary.
        board: whose latency is the cost; ``None`` for KB.

    Returns:
        For each panel ``name``, ``title``, ``svg``, and ``left_out``: which cells are not in it, and why.
    """
    panels = []
    for number, spanner in enumerate(table.spanners):
        points, left_out = [], []
        for row in table.rows:
            own = [line for line in lines if line["data"] == spanner.name and line["label"] == row.label]
            point, why = _point(own, board)
            if point is not None:
                points.append(point)
            else:
                left_out.append(f"{row.label} ({why})")
        if not points:
            continue
        quality = spanner.columns[0]
        kind, x_label = ("size", "KB") if board is None else ("latency", "ms per sequence")
        svg = figures.trade_off(points, x_label, quality.title, quality.higher_is_better, f"{kind}-{number}")
        panels.append(
            {"name": f"{kind}-{spanner.name}", "title": spanner.title, "svg": svg, "left_out": ", ".join(left_out)}
        )
    return panels


def _point(own: Sequence[dict[str, Any]], board: Board | None) -> tuple[figures.Point | None, str]:
    """A cell in the figure, or why it is not there."""
    line = own[0]
    quality = line[f"{metric(line)}_mean"]
    if quality is None or line["kb"] is None:
        return None, "no finished run"
    percent = is_percent(line["metric"])
    scale = 100 if percent else 1
    if percent and explain_majority(line, ())[0]:
        return None, "no better than always answering the most frequent class"  # it would flatten all the others
    y, sd = scale * quality, line[f"{metric(line)}_sd"]
    spread = None if sd is None else scale * sd
    if board is None:
        return figures.Point(line["label"], line["kb"], y, None, spread), ""
    at = next((each for each in own if each["board"] == board.name), None)
    why = explain_latency(at, board.title)
    if at is None or why:
        return None, why
    return figures.Point(line["label"], at["ms"], y, (at["ms_low"], at["ms_high"]), spread), ""


def _read_metrics(results: Path, runs: pd.DataFrame, of: dict[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """Epochs of all finished runs, and the ids of those whose file could not be read.

    Args:
        results: the results folder.
        runs: the frame of the records.
        of: the metric of each data set.
    """
    frames, unread = [], []
    for run in plain(runs.drop_duplicates("id")):
        if run["status"] != Status.DONE:
            continue
        try:
            columns = {"epoch": "epoch", f"validation_{of[run['data']]}": "value"}
            frame = pd.read_csv(runs_folder(results) / run["id"] / "metrics.csv", usecols=list(columns))
            frame = frame.rename(columns=columns).astype(float)
        except (OSError, ValueError):
            unread.append(run["id"])
            continue
        finite = frame[np.isfinite(frame).all(axis=1)]  # a run that diverged has epochs without a number
        frames.append(finite.assign(data=run["data"], label=run["label"], seed=run["seed"]))
    empty = pd.DataFrame(columns=["epoch", "value", "data", "label", "seed"])
    return (pd.concat(frames, ignore_index=True) if frames else empty), unread


def _curves(lines: Sequence[dict[str, Any]], metrics: pd.DataFrame, order: Sequence[str]) -> list[dict[str, Any]]:
    """For each data set, a small panel for each cell."""
    found = []
    for number, line in enumerate({line["data"]: line for line in lines}.values()):
        own = metrics[metrics["data"] == line["data"]]
        if own.empty:
            continue
        percent = is_percent(line["metric"])
        own = own.assign(value=own["value"] * (100 if percent else 1))
        up = line["higher_is_better"] is not False
        drawn = figures.curves(own, "value", "%" if percent else line["metric"], f"curve-{number}", up)
        panels = [{"label": label, "svg": drawn[label]} for label in order if label in drawn]
        found.append({"title": line["data_title"], "panels": panels})
    return found


def _run(results: Path, record: Record, label: str, titles: dict[str, str]) -> dict[str, Any]:
    """A line of the list of runs."""
    name = str(record.spec.get("data", {}).get("name", "?"))
    result = record.result if record.status is Status.DONE else None
    metric = "accuracy" if record.data is None else record.data.metric
    return {
        "id": record.id,
        "label": label,
        "data": titles.get(name, name),
        "seed": record.spec.get("seed"),
        "status": record.status.value,
        "reason": shorten(record.reason),
        "quality": None if result is None else f"{(100 if is_percent(metric) else 1) * result.of(metric):.2f}",
        "epochs": None if result is None else f"{result.best_epoch} of {result.epochs}",
        "seconds": None if record.times.wall_s is None else f"{record.times.wall_s:.0f}",
        "log": (runs_folder(results) / record.id / "log.txt").is_file(),
    }
