"""The summary run of a grid: its table as numbers, its page and its figures, so that nobody adds up seeds by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench import track
from bench.dashboard.rows import Row, to_summary

NAME = "summary"
PAGE = "page"


def figure_keys(results: Path) -> dict[str, Path]:
    """Returns the figures of a results folder by their name in W&B."""
    return {f"figures/{path.stem}": path for path in sorted((results / "figures").glob("*.svg"))}


def write(results: Path, grid: str, found: Sequence[Row], page: Path) -> Path:
    """Writes W&B's files of the summary run; a later one replaces it.

    Args:
        results: the results folder.
        grid: its name, the group of its runs.
        found: the rows of its table.
        page: the report.

    Returns:
        The files, which are to be sent.
    """
    import wandb

    folder = track.shelf(results) / NAME
    folder.mkdir(parents=True, exist_ok=True)
    about = {"name": f"{grid} summary", "group": grid, "job_type": "summary", "tags": ["summary"]}
    run = track.open_run(folder, results, f"{grid}-{NAME}", about)
    media = {PAGE: page, **figure_keys(results)}
    run.log({key: wandb.Html(path.read_text(encoding="utf-8"), inject=False) for key, path in media.items()})
    run.summary.update(to_summary(found))
    files = Path(run.settings.sync_dir)
    run.finish()
    return files
