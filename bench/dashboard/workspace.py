"""The workspace of a grid: what W&B shows of its runs, in sections with plain names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from wandb_workspaces import expr, workspaces
from wandb_workspaces.reports.v2 import interface as panels

from bench.dashboard.summary import PAGE

_CELL = "labels.cell"
"""In a run's configuration: the title of its cell."""

_TITLES = {"stage/number": "stage of compression", "stage/nonzero": "share of weights that are not zero"}


class Content(NamedTuple):
    """The content of a workspace.

    Attributes:
        grid: the group of its runs.
        metrics: what its runs are compared by: ``accuracy``, ``perplexity``, ``f1``.
        judged: what their epochs are judged by, which the history has: ``accuracy``, ``perplexity``.
        boards: whose latency its runs have.
        learnt: names of its cells' learnt numbers.
        stages: columns of the history that tell of the stages of compression.
        table: as Markdown.
        figures: names of the figures of its summary run.
    """

    grid: str
    metrics: Sequence[str]
    judged: Sequence[str]
    boards: Sequence[str]
    learnt: Sequence[str]
    stages: Sequence[str]
    table: str
    figures: Sequence[str]


def workspace(content: Content, entity: str, project: str) -> Any:
    """Returns a workspace, not saved yet.

    Args:
        content: what it shows.
        entity: of the project.
        project: its name.
    """
    return workspaces.Workspace(
        entity=entity,
        project=project,
        name=f"rnnbench: {content.grid}",
        sections=sections(content),
        auto_generate_panels=False,
        runset_settings=runs(content),
    )


def runs(content: Content) -> Any:
    """Returns which runs are shown, how they are grouped, and their columns."""
    columns = [*content.metrics, "size/kb", *(f"latency/{board}/ms" for board in content.boards), "status"]
    return workspaces.RunsetSettings(
        filters=[expr.Metric("Group") == content.grid],
        groupby=[expr.Config(_CELL)],
        order=[expr.Ordering(expr.Summary("size/kb"), ascending=True)],
        pinned_columns=[f"summary:{column}" for column in columns],
    )


def sections(content: Content) -> list[Any]:
    """Returns the sections, without those that the grid has nothing for."""
    media = [panels.MediaBrowser(title=name, media_keys=[name], num_columns=1) for name in (*content.figures, PAGE)]
    size = [_against(metric, "size/kb", "size in KB") for metric in content.metrics]
    time = [
        _against(metric, f"latency/{board}/ms", f"latency on {board} in ms")
        for metric in content.metrics
        for board in content.boards
    ]
    curves = [f"{split}_{metric}" for metric in content.judged for split in ("validation", "train")]
    other = ["validation_loss", "train_loss", "gradient_norm", "learning_rate"]
    made = {
        "Table": [panels.MarkdownPanel(markdown=content.table, layout=panels.Layout(w=24, h=10)), *media],
        "Accuracy against size": size,
        "Accuracy against latency": time,
        "Learning curves by cell": [_curve(name) for name in (*curves, *other)],
        "What the cells have learnt": [_curve(f"learnt/{name}") for name in content.learnt],
        "Sparsity and stage": [_curve(name) for name in content.stages],
    }
    return [workspaces.Section(name=name, panels=found, is_open=True) for name, found in made.items() if found]


def _against(metric: str, figure: str, words: str) -> Any:
    x, y = panels.SummaryMetric(figure), panels.SummaryMetric(metric)
    return panels.ScatterPlot(title=f"{metric} against {words}", x=x, y=y, log_x=True)


def _curve(name: str) -> Any:
    return panels.LinePlot(
        title=_TITLES.get(name) or name.removeprefix("learnt/").replace("_", " "),
        x="epoch",
        y=[name],
        groupby=panels.Config(_CELL),
        groupby_aggfunc="mean",
        groupby_rangefunc="stddev",
        smoothing_type="none",
    )
