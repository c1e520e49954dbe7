"""Every cell there is: the files of ``cells/`` and ``baselines/``, found by looking."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import baselines
import cells
from bench.errors import RnnbenchError, nearest
from cells import Cell


@dataclass(frozen=True)
class Option:
    """One option of a cell: a keyword-only argument of its ``__init__``."""

    annotation: Any
    default: Any


@cache
def _import_all() -> None:
    for package in (cells, baselines):
        for found in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{found.name}"
            try:
                importlib.import_module(name)
            except Exception as error:  # whatever a user's file raises
                path = f"{name.replace('.', '/')}.py"
                raise RnnbenchError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error


def all_cells() -> Mapping[str, type[Cell]]:
    """Every registered cell by name.

    Raises:
        RnnbenchError: when a file under ``cells/`` or ``baselines/`` cannot be imported.
    """
    _import_all()
    return cells.registered()


def cell_class(name: str) -> type[Cell]:
    """The cell of that name.

    Raises:
        RnnbenchError: when there is none; names the nearest.
    """
    known = all_cells()
    if name not in known:
        raise RnnbenchError(f"unknown cell {name!r}{nearest(name, known)}")
    return known[name]


def options(cls: type[Cell]) -> dict[str, Option]:
    """The options that a cell takes, by name, with their types and defaults."""
    hints = typing.get_type_hints(cls.__init__)
    return {
        parameter.name: Option(hints.get(parameter.name, Any), parameter.default)
        for parameter in inspect.signature(cls.__init__).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
