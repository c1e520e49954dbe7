"""Claims as data: a sentence, its source, and what decides it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from bench.errors import RnnbenchError
from bench.spec import Part, parse

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
    figure: str = "kb"
    """``kb``, ``ms`` on a board, ``minutes``; of learnt numbers ``alpha/beta``, or ``error``, which is
    |beta - (1 - alpha)| / (1 - alpha) in percent; of published figures a column of their table."""
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

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        bounds = self.at_least is not None or self.at_most is not None
        if self.kind in ("ratio", "figure", "learnt", "spread", "gradient", "printed") and not bounds:
            raise ValueError(f"a test of kind {self.kind} needs at_least or at_most")
        if self.kind in ("better", "no-worse", "ratio") and not (self.own and self.against):
            raise ValueError(f"a test of kind {self.kind} needs own and against")
        if (self.kind == "printed") != (self.methods is not None):
            raise ValueError("methods are what a test of kind printed needs, and no other has")
        return self


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

    claims: tuple[Claim, ...]

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
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RnnbenchError(f"cannot read the claims {path}: {error}") from None
    return parse(Claims, given, str(path)).claims
