"""The public face of rnnbench, for notebooks and scripts; described in ``docs/python.md``.

    import rnnbench as rb

    results = rb.run("configs/demo.yaml")            # a results folder, as `rnnbench run` leaves it
    frame = rb.load(results)                         # a pandas frame: a row for every run and board
    rb.table(results)                                # the table of a paper, shown by the notebook
    rb.figure(results, "size-hapt2")

Nothing lives here: names are imported from the rooms when they are wanted, so that ``import rnnbench`` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnnbench._read import figure, load, table
from rnnbench._work import check, run

if TYPE_CHECKING:
    from bench.errors import RnnbenchError
    from bench.spec import Grid
    from cells import Cell, State, Weight, register

__all__ = [
    "Cell",
    "Grid",
    "RnnbenchError",
    "State",
    "Weight",
    "check",
    "figure",
    "load",
    "register",
    "run",
    "table",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "RnnbenchError":
        import bench.errors as errors

        return errors.RnnbenchError
    if name == "Grid":
        import bench.spec as spec

        return spec.Grid
    import cells as contract

    return getattr(contract, name)


def __dir__() -> list[str]:
    return __all__
