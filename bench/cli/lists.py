"""``rnnbench list``: the cells, data sets, boards and grids there are."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli.console import AsJson, print_json, print_rows
from bench.places import CONFIGS, grids

if TYPE_CHECKING:
    from bench.spec import Grid

_PROSE = ("options", "about", "licence")
"""Keys that are printed below a row rather than in a column."""


class Kind(StrEnum):
    """The things that can be listed."""

    CELLS = "cells"
    DATASETS = "datasets"
    BOARDS = "boards"
    GRIDS = "grids"


def list_(kind: Annotated[Kind, typer.Argument(help="What to list.")], as_json: AsJson = False) -> None:
    """Lists what there is: cells, data sets, boards or grids."""
    rows = {Kind.CELLS: _cells, Kind.DATASETS: _datasets, Kind.BOARDS: _boards, Kind.GRIDS: _grids}[kind]()
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, _PROSE)


def _cells() -> list[dict[str, Any]]:
    from bench import zoo

    return [
        {
            "name": name,
            "title": cls.title,
            "options": {key: option.shown for key, option in zoo.options(cls).items()},
            "about": (cls.__doc__ or "").strip().partition("\n")[0],
        }
        for name, cls in zoo.all_cells().items()
    ]


def _datasets() -> list[dict[str, Any]]:
    from bench.data import available, infos

    return [
        {
            "name": name,
            "task": info.task,
            "steps": info.steps,
            "features": info.features,
            "classes": info.classes,
            "here": available(name),
            "licence": info.licence,
            "about": info.about,
        }
        for name, info in infos().items()
    ]


def _boards() -> list[dict[str, Any]]:
    from bench.mcu import boards

    return [
        {
            "name": name,
            "title": board.title,
            "core": board.core,
            "clock_mhz": board.clock_hz.value / 1e6,
            "flash_kb": board.flash_bytes.value / 1024,
            "ram_kb": board.ram_bytes.value / 1024,
        }
        for name, board in boards().items()
    ]


def _grids() -> list[dict[str, Any]]:
    from bench.spec import read_grid

    found = [(path.relative_to(CONFIGS), read_grid(path)) for path in grids()]
    return [
        {"name": grid.name, "runs": _count(grid), "file": f"configs/{path.as_posix()}", "about": grid.about}
        for path, grid in found
    ]


def _count(grid: Grid) -> int:
    """Returns how many runs a grid stands for: of a search its trials and its final runs."""
    if grid.search is None:
        return len({repr(raw) for _, raw in grid.combinations()})  # sizes take long to find
    from bench.search.trials import groups

    found = [group for group, _, _ in groups(grid)]
    final = len(set(found)) * len(grid.final.seeds) if grid.final else 0
    return len(found) * grid.search.trials * len(grid.search.seeds) + final
