"""Reads what ``project`` does, when it is one matrix on the input and constants added to that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from cells.replay.formula import Formula
from cells.replay.record import Recorder
from cells.replay.recorded import Recorded, RefusedError, place

if TYPE_CHECKING:
    from cells.cell import Cell


@dataclass(frozen=True, eq=False)
class Projection:
    """``x @ matrix + the sum of biases``.

    Attributes:
        recorded: the constants.
        matrix: which of them, [D, G].
        biases: which of them, each [G].
        outputs: G.
    """

    recorded: Recorded
    matrix: int
    biases: tuple[int, ...]
    outputs: int


def project(cell: Cell, x_TBD: Tensor) -> Projection:
    """Runs ``project`` on the first steps and reads it.

    Args:
        cell: its matrices are materialised.
        x_TBD: inputs.

    Raises:
        RefusedError: when it is anything else.
    """
    # A step more than one, so that none of it can be lost; dense, for how a batch lies does not change what it is.
    x = x_TBD[:2].detach().clone(memory_format=torch.contiguous_format).requires_grad_()
    with _Recorder(cell, [x]) as seen:
        made = cell.project(x)
    found: Projection = seen.projection(made)
    return found


class _Recorder(Recorder):  # type: ignore[no-untyped-call]  # as there
    """Values that depend on the input are the input itself or a sum, in any shape that keeps the rows in order."""

    def _lay(self, leaves: list[Tensor]) -> None:
        self.sums: dict[Any, tuple[int, tuple[int, ...]] | None] = {place(leaves[0]): None}
        self.rows[place(leaves[0])] = []

    def _read_rows(self, func: Any, name: str, args: Any, kwargs: dict[str, Any], made: tuple[Any, ...]) -> None:
        self.sums[place(made[0])] = self._sum(func, name, args, kwargs)
        self.rows[place(made[0])] = []

    def _sum(self, func: Any, name: str, args: Any, kwargs: dict[str, Any]) -> tuple[int, tuple[int, ...]] | None:
        first = self.sums.get(place(args[0]), ()) if isinstance(args[0], Tensor) else ()
        if name in ("view", "_unsafe_view") and first != () and args[1][-1] == args[0].shape[-1]:
            return first  # type: ignore[return-value]
        if name == "mm" and first is None:
            return self._constant(args[1]).number, ()
        if name == "addmm" and not kwargs and args[0].dim() == 1 and self.sums.get(place(args[1]), ()) is None:
            return self._constant(args[2]).number, (self._constant(args[0]).number,)
        if name == "add" and not kwargs and len(args) == 2 and first and isinstance(args[1], Tensor):
            matrix, biases = first
            if args[1].shape == args[0].shape[-1:]:
                return matrix, (*biases, self._constant(args[1]).number)
        raise RefusedError(f"the operation {func} in project")

    def projection(self, made: Tensor) -> Projection:
        """What was read, when autograd saw it alike."""
        if self.refusal:
            raise RefusedError(self.refusal)
        found = self.sums.get(place(made))
        if found is None or made.dim() != 3:
            raise RefusedError("a project that is no matrix")
        for each in (*self.used, made):
            self._check(each)
        return Projection(Recorded(Formula(), tuple(self.sources), tuple(self.hoisted)), *found, made.shape[-1])
