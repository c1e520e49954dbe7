"""Boards as data: one YAML file each under ``configs/boards``, every figure with where it comes from."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import RnnbenchError, nearest
from bench.places import CONFIGS

Basis = Literal["simulated", "documented", "derived", "estimate", "recalled"]
"""How a figure was obtained.

simulated: measured in a simulator; documented: printed by the source named; derived: arithmetic on figures of those
two kinds; estimate: chosen, for the reason given; recalled: from memory. The last two are unverified.
"""

Target = Literal["avr", "m0plus", "m3", "m4f"]
"""ATmega328P, Cortex-M0+, Cortex-M3, Cortex-M4F."""

Format = Literal["float32", "int8"]
"""Of the numbers that a program computes with; ``int8`` for its weights, its states are int16."""

Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Sourced(_Strict):
    basis: Basis
    source: Text

    @property
    def verified(self) -> bool:
        """Whether the figure rests on a measurement or on a source that was read."""
        return self.basis in ("simulated", "documented", "derived")


class Figure(_Sourced):
    """One number with its provenance: how it was obtained, and from what, in words."""

    value: Annotated[float, Field(ge=0)]


class Spread(_Sourced):
    """The factors between which the cycles at zero wait states may lie, 1 being nominal.

    The refill of the pipeline after a branch (P = 1 to 3, on Cortex-M3 and M4), or the error of the fitted costs.
    """

    low: Annotated[float, Field(gt=0, le=1)]
    high: Annotated[float, Field(ge=1)]


class Costs(_Strict):
    """Cycles at zero wait states of each kind of operation that :class:`bench.mcu.Counts` counts."""

    mac: Figure
    row: Figure
    call: Figure
    add: Figure
    mul: Figure
    div: Figure
    sqrt: Figure
    exp: Figure
    sigmoid: Figure
    tanh: Figure
    compare: Figure
    move: Figure

    def of(self, kind: str) -> Figure:
        """The cost of one kind, by its name in :class:`bench.mcu.Counts`."""
        figure: Figure = getattr(self, kind)
        return figure


class Board(_Strict):
    """A microcontroller board.

    Attributes:
        name: as configurations say it.
        title: as tables print it.
        core: the processor core and the part.
        target: the processor that code is generated for.
        clock_hz: core clock.
        flash_bytes: program memory.
        ram_bytes: data memory.
        flash_waits: the factor by which flash wait states stretch the cycles, 1 where there are none.
        spread: how far the cycles at zero wait states may lie from nominal.
        float32: what 32-bit floating-point operations cost.
    """

    name: Text
    title: Text
    core: Text
    target: Target
    clock_hz: Figure
    flash_bytes: Figure
    ram_bytes: Figure
    flash_waits: Figure
    spread: Spread
    float32: Costs


def _parse(file_name: str, text: str) -> Board:
    path = f"configs/boards/{file_name}"
    try:
        parsed = Board.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise RnnbenchError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RnnbenchError(f"{path}: {where}: {first['msg']}") from error
    if file_name != f"{parsed.name}.yaml":
        raise RnnbenchError(f"{path} describes {parsed.name!r}; call the file {parsed.name}.yaml")
    return parsed


@cache
def _all() -> tuple[Board, ...]:
    files = sorted((CONFIGS / "boards").glob("*.yaml"))
    return tuple(_parse(each.name, each.read_text(encoding="utf-8")) for each in files)


def boards() -> dict[str, Board]:
    """Every board by name, in alphabetical order.

    Raises:
        RnnbenchError: when a board's file is not what :class:`Board` says.
    """
    return {each.name: each for each in _all()}


def board(name: str) -> Board:
    """The board of that name.

    Raises:
        RnnbenchError: when there is none; names the nearest.
    """
    known = boards()
    if name not in known:
        raise RnnbenchError(f"unknown board {name!r}{nearest(name, known)}")
    return known[name]
