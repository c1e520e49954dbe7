"""The compiled kernel of a formula: its source, its library, and what it is given of a cell."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from cells.formula import Formula, constants_of
from cells.formula.units import expand
from cells.scan.native.build import library
from cells.scan.native.emit import Emitter
from cells.scan.native.layout import lay_out

if TYPE_CHECKING:
    from cells.cell import Cell


Constants = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]
"""The matrices and the vectors that a kernel reads."""


class Kernel:
    """A kernel, compiled when it is first called.

    Args:
        title: what the log calls it.
        formula: of the cell.
        H: hidden size.
        inputs: numbers of a sample, or of the pre-activations of a formula that is given them.

    Attributes:
        formula: the formula.
        states: how many states it has.
        window: how many samples a step reads.
        given: whether its samples are pre-activations.
        products: how many matrices it is given.

    Raises:
        RefusedError: when the formula is beyond what a kernel can do.
    """

    def __init__(self, title: str, formula: Formula, H: int, inputs: int) -> None:
        layout = lay_out(expand(formula, H, inputs))
        self.formula, self.states, self.window = formula, len(formula.after), formula.window
        self.given = formula.given
        gates = [gate for section in layout.sections for gate in section.gates.values()]
        self._matrices = sorted({gate.constant for gate in gates})
        self._vectors = sorted({layout.units.nodes[node].numbers[0] for node in layout.vectors})
        self._title, self.products = title, len(self._matrices)
        stored = [formula.transposed(constant) for constant in self._matrices]
        self._sources = [(c, True) if s is None else (s, False) for c, s in zip(self._matrices, stored, strict=True)]
        self._shapes: dict[str, list[int]] = {}
        self._wanted = [*(number for number, _ in self._sources), *self._vectors]
        self.source = Emitter(layout, self.window, self._matrices, self._vectors).text()

    @cached_property
    def library(self) -> ctypes.CDLL:
        """The compiled kernel.

        Raises:
            NoKernelError: when there is none on this machine.
        """
        made = library(self._title, self.source)
        made.rnnbench_kept.argtypes, made.rnnbench_kept.restype = [ctypes.c_int64], ctypes.c_int64
        made.rnnbench_lanes.restype = ctypes.c_int64
        made.rnnbench_multiply_adds.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_float)]
        made.rnnbench_multiply_adds.restype = ctypes.c_int64
        for function in (made.rnnbench_forward, made.rnnbench_backward):
            function.argtypes, function.restype = [ctypes.c_void_p], None
        return made

    def constants(self, cell: Cell) -> Constants:
        """The matrices [outputs, inputs] and the vectors that the kernel reads, functions of the cell's parameters.

        Args:
            cell: its matrices are materialised.
        """
        found: list[Any] = constants_of(cell, self.formula, self._wanted)
        matrices = (found[number].t() if turned else found[number] for number, turned in self._sources)
        return tuple(m.contiguous() for m in matrices), tuple(found[number].contiguous() for number in self._vectors)

    def shapes(self, matrices: Sequence[Tensor], vectors: Sequence[Tensor], models: int) -> dict[str, list[int]]:
        """Rows and columns of the matrices, sizes of the vectors: always the same, so they are counted once."""
        if not self._shapes:
            self._shapes = {
                "rows": [matrix.shape[-2] for matrix in matrices],
                "columns": [matrix.shape[-1] for matrix in matrices],
                "sizes": [vector.numel() // models for vector in vectors],
            }
        return self._shapes

    def widen(self, x: Tensor, past: Tensor | None) -> Tensor:
        """The samples that a call reads, the past ones before the first: [window - 1 + T, B, D], rows dense."""
        if self.window > 1:
            assert past is not None  # noqa: S101
            x = torch.cat([past, x], dim=-3)
        return x if x.stride(-1) == 1 else x.contiguous()
