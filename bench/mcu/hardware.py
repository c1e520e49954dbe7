"""Boards as data: one YAML file each under ``configs/boards``, every figure with where it comes from."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bench.errors import RnnbenchError, nearest
from bench.mcu.target import Target, targets
from bench.places import CONFIGS
from bench.spec.yaml import QuickLoader

Basis = Literal["simulated", "documented", "derived", "estimate", "recalled"]
"""How a figure was obtained.

simulated: measured in a simulator; documented: printed by the source named; derived: arithmetic on figures of those
two kinds; estimate: chosen, for the reason given; recalled: from memory. The last two are unverified.
"""

Format = Literal["float32", "int8"]
"""Of the numbers that a program computes with; ``int8`` for its weights, its states are int16."""

Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """What a file says: nothing unknown, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Figure(Strict):
    """One number with its provenance: how it was obtained, and from what, in words."""

    value: Annotated[float, Field(ge=0)]
    basis: Basis
    source: Text

    @property
    def verified(self) -> bool:
        """Whether the figure rests on a measurement or on a source that was read."""
        return self.basis in ("simulated", "documented", "derived")


def _processor(name: Any) -> Any:
    if isinstance(name, str) and name not in targets():
        raise ValueError(f"unknown processor {name!r}{nearest(name, targets())}")
    return targets()[name] if isinstance(name, str) else name


Processor = Annotated[Target, BeforeValidator(_processor)]
"""A processor; files say its name."""


class Board(Strict):
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
    """

    name: Text
    title: Text
    core: Text
    target: Processor
    clock_hz: Figure
    flash_bytes: Figure
    ram_bytes: Figure
    flash_waits: Figure


def _parse(file_name: str, text: str) -> Board:
    path = f"configs/boards/{file_name}"
    try:
        parsed = Board.model_validate(yaml.load(text, Loader=QuickLoader))  # noqa: S506 (it is safe)
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
def boards() -> dict[str, Board]:
    """Every board by name, in alphabetical order.

    Raises:
        RnnbenchError: when a board's file is not what :class:`Board` says.
    """
    return dict(sorted({**usual_boards(), **_read("boards/more")}.items()))


@cache
def usual_boards() -> dict[str, Board]:
    """The boards by name that are meant where none is named, and stand beside records; ``boards/more`` has others."""
    return _read("boards")


def _read(folder: str) -> dict[str, Board]:
    files = sorted((CONFIGS / folder).glob("*.yaml"))
    return {file.stem: _parse(file.name, file.read_text(encoding="utf-8")) for file in files}


def board(name: str) -> Board:
    """The board of that name.

    Raises:
        RnnbenchError: when there is none; names the nearest.
    """
    if name not in boards():
        raise RnnbenchError(f"unknown board {name!r}{nearest(name, boards())}")
    return boards()[name]
