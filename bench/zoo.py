"""Every cell there is: the files of ``cells/`` and ``baselines/``, found by looking."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import traceback
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bench.errors import RnnbenchError, nearest

if TYPE_CHECKING:
    from cells import Cell

_CONTRACT = ("cell.py", "weight.py")


@dataclass(frozen=True)
class Option:
    """One option of a cell: a keyword-only argument of its ``__init__``."""

    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether a configuration must give it."""
        return self.default is inspect.Parameter.empty

    @property
    def shown(self) -> Any:
        """The default, or the word ``required``."""
        return "required" if self.required else self.default


def _packages() -> tuple[ModuleType, ModuleType]:
    # Here, for torch with them is slow to import, and a command that reads no cell should answer at once.
    import baselines
    import cells

    return cells, baselines


@cache
def _import_all() -> None:
    from cells import Cell

    for package in _packages():
        for found in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{found.name}"
            try:
                importlib.import_module(name)
            except Exception as error:  # whatever a user's file raises
                path = f"{name.replace('.', '/')}.py"
                raise RnnbenchError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    for cls in _all_subclasses(Cell):
        public = cls.__module__.partition(".")[0] in ("cells", "baselines") and not cls.__name__.startswith("_")
        if public and "name" not in vars(cls):
            raise RnnbenchError(f"{cls.__module__.replace('.', '/')}.py: class {cls.__name__} lacks @register(...)")


def _all_subclasses(cls: type[Cell]) -> Iterator[type[Cell]]:
    for below in cls.__subclasses__():
        yield below
        yield from _all_subclasses(below)


def all_cells() -> Mapping[str, type[Cell]]:
    """Every registered cell by name.

    Raises:
        RnnbenchError: when a file under ``cells/`` or ``baselines/`` cannot be imported.
    """
    from cells import registered

    _import_all()
    return registered()


def place_of(error: BaseException) -> str:
    """Where in a cell's file an error arose: ``" (cells/mgu.py:31: `the line`)"``, or ``""`` when in none."""
    folders = [Path(path).resolve() for package in _packages() for path in package.__path__]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename).resolve()
        if path.parent in folders and path.name not in _CONTRACT:
            return f" ({path.parent.name}/{path.name}:{frame.lineno}: `{frame.line}`)"
    return ""


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
