"""The rows of a comparison, as a table and as JSON."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from bench.speed.clock import ratio
from bench.train.provenance import provenance
from bench.train.sources import git_state
from cells import scan


@dataclass(frozen=True)
class Row:
    """A comparison of two contenders.

    Attributes:
        where: the shape.
        ours: the contender of this repository.
        theirs: the contender that it is compared with.
        value: the ratio of their times.
        target: the value to reach; ``None`` without a target.
        ours_ms: the median milliseconds of a step of ours.
        theirs_ms: the median milliseconds of a step of theirs.
        at_least: whether the target is a lower bound.
    """

    where: str
    ours: str
    theirs: str
    value: float
    target: float | None = None
    ours_ms: float | None = None
    theirs_ms: float | None = None
    at_least: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; ``None`` without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def compared(
    where: str, times: Mapping[str, list[float]], ours: str, theirs: str, target: float | None = None, parts: int = 1
) -> Row:
    """The row of two contenders from their interleaved times.

    Args:
        where: the shape.
        times: seconds by contender and round.
        ours: the name of ours in ``times``.
        theirs: the name of theirs in ``times``.
        target: the ratio to reach.
        parts: how many steps a time covers.
    """
    ours_ms, theirs_ms = (1e3 * statistics.median(times[name]) / parts for name in (ours, theirs))
    return Row(where, ours, theirs, ratio(times, ours, theirs), target, ours_ms, theirs_ms)


@dataclass
class Comparison:
    """All rows of a comparison, and notes on them."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The comparison and the machine that it ran on, for a file.

        Args:
            settings: the settings that :func:`bench.train.settings.setup` returned.
        """
        machine = {key: value for key, value in provenance().items() if key != "host"} | {"git": git_state()}
        return {
            "title": self.title,
            "command": ["rnnbench", *(Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:])],
            "machine": {**machine, "settings": settings, "lanes": scan.lanes()},
            "rows": [{**asdict(row), "reached": row.reached} for row in self.rows],
            "notes": self.notes,
            **self.facts,
        }

    def as_table(self) -> Table:
        """The rows as a table for the terminal."""
        table = Table(box=None, header_style="bold", title=self.title, title_justify="left")
        for name in ("shape", "ours", "against", "ms", "its ms", "ratio", "target", ""):
            table.add_column(name, justify="right" if name in ("ms", "its ms", "ratio", "target") else "left")
        for row in self.rows:
            sign = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[row.reached]
            bound = "" if row.target is None else f"{'>=' if row.at_least else '<='} {row.target:g}"
            table.add_row(
                *(row.where, row.ours, row.theirs, _ms(row.ours_ms), _ms(row.theirs_ms)),
                *(f"{row.value:.3g}", bound, sign),
            )
        return table


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def versions() -> dict[str, str]:
    """The versions of torch and of the library that multiplies its matrices."""
    return {"torch": torch.__version__, "blas": torch.__config__.show().partition("BLAS_INFO=")[2].partition(",")[0]}
