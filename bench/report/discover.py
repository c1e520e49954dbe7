"""Tables and figures, found by the folder that their files lie in."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from bench.errors import RnnbenchError
from bench.report import figures, tables
from bench.report.figure import Figure
from bench.report.rows.results import Results
from bench.report.table import Table

MAIN = "comparison"
"""The table whose files have the grid's name and nothing more."""
FORMATS = "formats"
"""The table that says most where every cell is there in float32 and in int8."""

SETTINGS = "settings"
"""The table that a terminal does not print: it is of no result."""


def all_tables(results: Results) -> dict[str, Table]:
    """Makes the tables of the results, by name of their modules, the comparison first."""
    made = {name: module.table(results) for name, module in _modules(tables, "table")}
    names = sorted(made, key=lambda name: (name != MAIN, name))
    return {name: made[name] for name in names if made[name] is not None}


def table_names() -> set[str]:
    """Returns the names of all tables that there are."""
    return {name for name, _ in _modules(tables, "table")}


def all_figures(results: Results) -> dict[str, Figure]:
    """Makes the figures of the results, by name of their modules."""
    made = {name: module.figure(results) for name, module in _modules(figures, "figure")}
    return {name: figure for name, figure in made.items() if figure is not None}


def _modules(package: ModuleType, function: str) -> Iterator[tuple[str, ModuleType]]:
    """Imports the modules of a package, in order of name.

    Raises:
        RnnbenchError: when a module lacks the function that makes its table or figure.
    """
    for file in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{file.name}")
        if not hasattr(module, function):
            raise RnnbenchError(f"{module.__file__} has no function {function}(results)")
        yield file.name, module
