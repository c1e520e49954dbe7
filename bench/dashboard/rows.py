"""The rows of a grid's table for W&B, which has no column for a deviation and samples the runs of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench.report import Results
from bench.report.statistics import deviation, mean, t_interval


class Row(NamedTuple):
    """The runs of one configuration on one data set.

    Attributes:
        data: the data set's name.
        label: of the configuration, as in every table.
        metric: what runs are compared by.
        mean: over the seeds, as printed: accuracies in %.
        sd: the sample's; ``None`` of one seed, as the interval.
        n: seeds.
        low: of Student's 95 % interval of the mean.
        high: likewise.
        kb: mean size.
        ms: mean predicted latency by board.
    """

    data: str
    label: str
    metric: str
    mean: float
    sd: float | None
    n: int
    low: float | None
    high: float | None
    kb: float | None
    ms: dict[str, float]


def rows(results: Results) -> list[Row]:
    """Returns a row for every configuration that has a finished run, with the metric's value."""
    found = []
    for summary in results.summaries:
        values = list(summary.scores.values())
        average = mean(values)
        if average is None:
            continue
        between = t_interval(np.array(values))
        found.append(
            Row(
                data=summary.data.name,
                label=summary.label,
                metric=summary.data.quality,
                mean=average,
                sd=deviation(values),
                n=len(values),
                low=between.low if between else None,
                high=between.high if between else None,
                kb=summary.mean("kb"),
                ms={latency.board: latency.mean("ms") for latency in summary.latencies},
            )
        )
    return found


def to_summary(found: Sequence[Row]) -> dict[str, float | int]:
    """Returns the numbers of the rows under flat keys: ``table/watch7/FastGRNN/mean``."""
    flat: dict[str, float | int] = {}
    for row in found:
        at = f"table/{row.data}/{row.label}"
        numbers = {name: getattr(row, name) for name in ("mean", "sd", "n", "low", "high", "kb")}
        numbers |= {f"ms/{board}": ms for board, ms in row.ms.items()}
        flat |= {f"{at}/{name}": value for name, value in numbers.items() if value is not None}
    return flat


def to_text(found: Sequence[Row]) -> str:
    """Returns the rows as a Markdown table."""
    lines = [
        "| data set | row | metric | mean | sd | n | 95 % interval | KB |",
        "|---|---|---|---:|---:|---:|---|---:|",
    ]
    for row in found:
        sd = "" if row.sd is None else f"{row.sd:.2f}"
        between = "" if row.low is None else f"{row.low:.2f} to {row.high:.2f}"
        kb = "" if row.kb is None else f"{row.kb:.2f}"
        label = row.label.replace("|", "\\|")
        lines.append(f"| {row.data} | {label} | {row.metric} | {row.mean:.2f} | {sd} | {row.n} | {between} | {kb} |")
    return "\n".join([*lines, "", "Means over seeds; accuracies in %; Student's interval of the mean.", ""])
