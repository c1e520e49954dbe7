"""What a comparison found: rows, the machine, and how to say them."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from bench.train.provenance import provenance
from bench.train.sources import git_state
from cells import scan


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        where: the shape.
        ours: what is measured.
        theirs: what it is measured against.
        value: the ratio of times, or what ``unit`` says.
        target: what it should reach; ``None`` when there is no target for it.
        ours_ms: milliseconds of a step, the median.
        theirs_ms: likewise.
        at_least: the target is a lower bound.
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


@dataclass
class Comparison:
    """All rows of a run of the bench, and where it ran."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Everything, for a file.

        Args:
            settings: what :func:`bench.train.settings.setup` returned.
        """
        machine = {key: value for key, value in provenance().items() if key != "host"} | {"git": git_state()}
        return {
            "title": self.title,
            "command": ["rnnbench", *(Path(each).name if Path(each).is_absolute() else each for each in sys.argv[1:])],
            "machine": {**machine, "settings": settings, "lanes": scan.lanes()},
            "rows": [{**asdict(row), "reached": row.reached} for row in self.rows],
            "notes": self.notes,
            **self.facts,
        }

    def as_table(self) -> Table:
        """The rows, for a terminal."""
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
    """What torch multiplies matrices with."""
    return {"torch": torch.__version__, "blas": torch.__config__.show().partition("BLAS_INFO=")[2].partition(",")[0]}
