"""Claims as data: a sentence, its source, and what decides it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from bench.errors import RnnbenchError, nearest
from bench.report.rows.published import book
from bench.spec import Part, RunSpec, parse, read_yaml

_FIGURES = {
    "ratio": ("kb", "ms", "minutes"),
    "figure": ("kb", "ms", "minutes"),
    "learnt": ("alpha", "beta", "alpha/beta", "error"),
}
When = dict[str, Any]
"""Settings of a row's runs, by dotted path; ``cell`` is the cell's name, ``compression`` its letters, or dense."""


class Check(Part):
    """One thing that a claim says of rows, tried on every data set of every results folder that has them.

    ``better``: ``own`` is better than ``against``. ``no-worse``: it is worse by less than ``margin``. ``ratio``: a
    figure of ``against`` divided by that of ``own``. ``figure``: a figure of ``own``. ``learnt``: a number made of
    alpha and beta that ``own`` learnt. ``spread``: the standard deviation over random first states, in points.
    ``gradient``: the power of ten of the condition number of the way from the first state to the last after training,
    of ``own``, or by how many powers that of ``against`` is above it. ``printed``: a figure of one published method
    less, or divided by, that of another.
    """

    kind: Literal["better", "no-worse", "ratio", "figure", "learnt", "spread", "gradient", "printed"]
    own: When = Field(default={})
    against: When = Field(default={})
    same: tuple[str, ...] = ()
    """Settings, by dotted path, that two compared rows have in common, ``cell`` among them."""
    data: tuple[str, ...] = ()
    """Data sets, by name; all that have the rows by default."""
    figure: str = ""
    """``kb``, the default, ``ms`` on a board, ``minutes``; of learnt numbers ``alpha``, ``beta``, ``alpha/beta``, or
    ``error``: |beta - (1 - alpha)| / (1 - alpha) in percent; of published figures a column of their table."""
    board: str = ""
    margin: float = Field(default=0.0, ge=0)
    """In points, or in the unit of the metric."""
    at_least: float | None = None
    at_most: float | None = None
    across_formats: bool = False
    """Whether int8 may be held against float32: where that is what the claim is about."""
    methods: tuple[str, str] | None = None
    """For ``printed``: the two rows that are compared, by their published names."""
    table: str = "table_3"
    divided: bool = False
    take: Literal["each", "max", "min"] = "each"
    """For ``printed`` and ``ratio``: whether all values, the greatest or the least must lie within the bounds."""

    @model_validator(mode="before")
    @classmethod
    def _a_size_by_default(cls, given: Any) -> Any:
        of_size = isinstance(given, dict) and given.get("kind") in ("ratio", "figure")
        return {"figure": "kb", **given} if of_size else given

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        bounds = self.at_least is not None or self.at_most is not None
        if self.kind in ("ratio", "figure", "learnt", "spread", "gradient", "printed") and not bounds:
            raise ValueError(f"a test of kind {self.kind} needs at_least or at_most")
        if self.kind in ("better", "no-worse", "ratio") and not (self.own and self.against):
            raise ValueError(f"a test of kind {self.kind} needs own and against")
        if (self.kind == "printed") != (self.methods is not None):
            raise ValueError("methods are what a test of kind printed needs, and no other has")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least:g} is above at_most {self.at_most:g}")
        return self

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        if self.kind == "printed":
            self._check_published()
        elif self.kind in _FIGURES:
            _one_of(self.figure, _FIGURES[self.kind], f"figure of a test of kind {self.kind}")
        elif self.figure:
            raise ValueError(f"a test of kind {self.kind} has no figure")
        if (self.figure == "ms") != bool(self.board):
            raise ValueError("a board is what the figure ms needs, and no other has")
        for path in (*self.own, *self.against, *self.same):
            _check_path(path)
        return self

    def _check_published(self) -> None:
        tables: dict[str, Any] = {name: part for name, part in book().items() if "rows" in part}
        _one_of(self.table, tables, "table of the paper")
        rows = tables[self.table]["rows"]
        for method in self.methods or ():
            _one_of(method, {row["method"] for row in rows}, f"method of {self.table}")
        for data in self.data:
            _one_of(data, {row["dataset"] for row in rows}, f"data set of {self.table}")
        numbers = {name for row in rows for name, value in row.items() if isinstance(value, (int, float))}
        _one_of(self.figure, numbers, f"figure of {self.table}")


def _one_of(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise ValueError(f"{name!r} is no {what}{nearest(name, known)}")


def _check_path(path: str) -> None:
    """Raises ``ValueError`` where a path leads to no setting of a run."""
    first, _, rest = path.partition(".")
    _one_of(first, {*RunSpec.model_fields, "compression"}, "setting")
    field = RunSpec.model_fields.get(first)
    part = field.annotation if field else None
    if rest and isinstance(part, type) and issubclass(part, Part):
        _one_of(rest.partition(".")[0], part.model_fields, f"setting of {first}")


class Claim(Part):
    """A claim."""

    id: str
    says: str
    source: str
    decided_by: str = ""
    """The evidence that decides it, in words."""
    tests: tuple[Check, ...] = ()
    not_tested: str = ""
    """Why nothing here decides it."""

    @model_validator(mode="after")
    def _is_tested_or_says_why_not(self) -> Self:
        if not self.tests and not self.not_tested:
            raise ValueError(f"claim {self.id} needs tests, or not_tested with the reason")
        return self


class Claims(Part):
    """A file of claims."""

    claims: tuple[Claim, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [claim.id for claim in self.claims]
        if again := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"claim {min(again)} stands twice")
        return self


def read_claims(path: Path) -> tuple[Claim, ...]:
    """Reads claims from YAML.

    Raises:
        RnnbenchError: when the file cannot be read, or a claim is not complete.
    """
    try:
        given = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RnnbenchError(f"cannot read the claims {path}: {' '.join(str(error).split())}") from None
    return parse(Claims, given, str(path)).claims
