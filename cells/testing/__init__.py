"""The contract of a cell as a test that anyone can run on a cell of their own.

    from cells.testing import check
    check(MyCell)            # raises with the points that failed

:func:`verdicts` gives every point with its verdict. A point that cannot hold for a cell (a step that is no formula has
no kernel) is ``not possible``, with the reason, and is no failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch

from cells.cell import Cell
from cells.testing import behaviour, reading
from cells.testing.points import D, H, NotPossibleError, Point

__all__ = ["POINTS", "NotPossibleError", "Point", "Verdict", "check", "verdicts"]

POINTS: tuple[Point, ...] = (*behaviour.POINTS, *reading.POINTS)
"""The points of the contract, in order."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one point of the contract.

    Attributes:
        point: what was tried.
        outcome: ``passed``, ``failed``, or ``not possible`` for this cell.
        why: the reason, where it did not pass.
    """

    point: str
    outcome: Literal["passed", "failed", "not possible"]
    why: str = ""


def check(cls: type[Cell], **options: Any) -> None:
    """Tries a cell on every point of the contract.

    Args:
        cls: the cell.
        **options: its own.

    Raises:
        AssertionError: names every point that failed, and why.
    """
    failed = [verdict for verdict in verdicts(cls, **options) if verdict.outcome == "failed"]
    if failed:
        raise AssertionError("; ".join(f"{verdict.point}: {verdict.why}" for verdict in failed))


def verdicts(cls: type[Cell], more: tuple[Point, ...] = (), **options: Any) -> Iterator[Verdict]:
    """Tries a cell on every point of the contract, one after another.

    Args:
        cls: the cell.
        more: further points.
        **options: the cell's own.
    """

    def build(inputs: int = D, hidden: int = H) -> Cell:
        torch.manual_seed(0)
        return cls(inputs, hidden, **options).eval()

    for name, test in (*POINTS, *more):
        try:
            test(build)
        except NotPossibleError as error:
            yield Verdict(name, "not possible", str(error))
        except Exception as error:  # whatever a stranger's cell raises
            text = str(error).strip().partition("\n")[0] or "it does not hold"
            yield Verdict(
                name, "failed", text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
            )
        else:
            yield Verdict(name, "passed")
