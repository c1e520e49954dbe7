"""Tables and figures, found by the folder that their files lie in."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from bench.errors import RnnbenchError
from bench.report import figures, tables
from bench.report.figure import Figure
from bench.report.results import Results
from bench.report.table import Table


def all_tables(results: Results) -> dict[str, Table]:
    """The tables of the results by name of their files, the comparison first."""
    made = {name: module.table(results) for name, module in _modules(tables, "table")}
    return {name: table for name, table in made.items() if table is not None}


def all_figures(results: Results) -> dict[str, Figure]:
    """The figures of the results by name of their files."""
    made = {name: module.figure(results) for name, module in _modules(figures, "figure")}
    return {name: figure for name, figure in made.items() if figure is not None}


def _modules(package: ModuleType, function: str) -> Iterator[tuple[str, ModuleType]]:
    """The modules of a package, in order of name.

    Raises:
        RnnbenchError: when one has not the function that makes its table or figure.
    """
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        if not hasattr(module, function):
            raise RnnbenchError(f"{module.__file__} has no function {function}(results)")
        yield found.name, module
