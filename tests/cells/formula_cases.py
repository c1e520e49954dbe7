"""A cell of somebody's whose step is one function, and formulas as text."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight
from cells.formula import Formula, Hoisted
from cells.formula.graph import Constant

D, H = 3, 4
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "greater": ">"}


class Own(Cell):
    """``step`` is a function of the cell, W x and the state; ``project`` may be one of the cell and the samples."""

    def __init__(self, function: Any, states: int = 1, project: Any = None, window: int = 1) -> None:
        super().__init__(D, H)
        torch.manual_seed(0)
        self.states, self.function, self.window, self.projection = states, function, window, project
        self.W, self.U, self.V = Weight(H, D), Weight(H, H), Weight(2 * H, H)
        self.b, self.c, self.scale = (
            nn.Parameter(torch.randn(H)),
            nn.Parameter(torch.randn(2 * H)),
            nn.Parameter(torch.rand(1)),
        )
        self.square, self.kept = nn.Parameter(torch.randn(H, H)), nn.Buffer(torch.rand(H))

    def project(self, x_TBD: Tensor, past: Tensor | None = None) -> Tensor:
        if self.projection is None:
            return self.W(x_TBD)
        past = x_TBD.new_zeros(self.window - 1, *x_TBD.shape[1:]) if past is None else past
        made: Tensor = self.projection(self, x_TBD) if self.window == 1 else self.projection(self, x_TBD, past)
        return made

    def step(self, pre_BG: Tensor, state: State) -> State:
        made = self.function(self, pre_BG, *state)
        return made if isinstance(made, tuple) else (made,)


def texts(formula: Formula) -> list[str]:
    """Each new state as a text: ``h``, ``s1`` are states, ``x``, ``x-2`` samples, ``W(x)`` is x times W transposed."""
    return [_text(formula, node) for node in formula.after]


def _text(formula: Formula, node: int) -> str:
    op, reads, numbers, _ = formula.nodes[node]
    parts = [_text(formula, read) for read in reads]
    if op == "input":
        return ("pre" if formula.given else "x") + (f"-{numbers[0]}" if numbers[0] else "")
    if op == "state":
        return f"s{numbers[0]}" if numbers[0] else "h"
    if op == "number":
        return f"{numbers[0]:g}"
    if op == "constant":
        return _constant(formula, numbers[0])
    if op == "product":
        name = _constant(formula, numbers[0])
        return f"{name.removeprefix('t(')[:-1]}({parts[0]})" if name.startswith("t(") else f"({parts[0]} @ {name})"
    if op in _SIGNS:
        return f"({parts[0]} {_SIGNS[op]} {parts[1]})"
    if op == "slice":
        return f"{parts[0]}[{numbers[0]}:{numbers[1]}]"
    if op == "cat":
        return f"[{', '.join(parts)}]"
    return f"{op}({', '.join([*parts, *(f'{number:g}' for number in numbers)])})"


def _constant(formula: Formula, number: int) -> str:
    if number < len(formula.sources):
        return formula.sources[number][1]
    first = len(formula.sources)
    for made in formula.hoisted:
        if number < first + made.results:
            return _hoisted(formula, made)
        first += made.results
    raise AssertionError(number)


def _hoisted(formula: Formula, made: Hoisted) -> str:
    name = made.function._schema.name.removeprefix("aten::")
    given = made.arguments[0] if isinstance(made.arguments[0], list) else made.arguments
    return f"{name}({', '.join(_constant(formula, a.number) if isinstance(a, Constant) else f'{a}' for a in given)})"
