"""Boards as data: one YAML file each under ``configs/boards``, every figure with where it comes from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bench.errors import RnnbenchError, nearest
from bench.mcu.target import Target, targets
from bench.places import CONFIGS
from bench.spec import parse, read_yaml

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

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    basis: Basis
    source: Text

    @property
    def verified(self) -> bool:
        """Whether the figure rests on a measurement or on a source that was read."""
        return self.basis in ("simulated", "documented", "derived")


def _positive(figure: Figure) -> Figure:
    if figure.value == 0:
        raise ValueError("the value must be above 0")
    return figure


def _stretching(figure: Figure) -> Figure:
    if figure.value < 1:
        raise ValueError(f"the value is a factor, 1 where flash does not wait, not {figure.value:g}")
    return figure


Positive = Annotated[Figure, AfterValidator(_positive)]
"""A figure that something is divided by, or that something must fit."""


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
    clock_hz: Positive
    flash_bytes: Positive
    ram_bytes: Positive
    flash_waits: Annotated[Figure, AfterValidator(_stretching)]


def _parse(path: str, text: str) -> Board:
    try:
        given = read_yaml(text)
    except yaml.YAMLError as error:
        raise RnnbenchError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    parsed, file_name = parse(Board, given, path), Path(path).name
    if file_name != f"{parsed.name}.yaml":
        raise RnnbenchError(f"{path} describes {parsed.name!r}; call the file {parsed.name}.yaml")
    return parsed


@cache
def boards() -> dict[str, Board]:
    """Every board by name, in alphabetical order.

    Raises:
        RnnbenchError: when a board's file is not what :class:`Board` says, or two files have one name.
    """
    usual, more = usual_boards(), _read("boards/more")
    for name in sorted(usual.keys() & more.keys()):
        raise RnnbenchError(
            f"configs/boards/{name}.yaml and configs/boards/more/{name}.yaml describe one board: delete or rename one"
        )
    return dict(sorted({**usual, **more}.items()))


@cache
def usual_boards() -> dict[str, Board]:
    """The boards by name that are meant where none is named, and stand beside records; ``boards/more`` has others."""
    return _read("boards")


def _read(folder: str) -> dict[str, Board]:
    found = {}
    for file in sorted((CONFIGS / folder).glob("*.yaml")):
        path = f"configs/{folder}/{file.name}"
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise RnnbenchError(f"{path} is not text in UTF-8") from None
        found[file.stem] = _parse(path, text)
    return found


def board(name: str) -> Board:
    """The board of that name.

    Raises:
        RnnbenchError: when there is none; names the nearest.
    """
    if name not in boards():
        raise RnnbenchError(f"unknown board {name!r}{nearest(name, boards())}")
    return boards()[name]
