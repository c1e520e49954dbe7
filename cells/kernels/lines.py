"""Nodes of a formula as statements of C++."""

from __future__ import annotations

import math

import torch

from cells.replay.formula import Formula
from cells.replay.recorded import RefusedError

_OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_FUNCTIONS = {"exp": "exp", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "positive": "positive"}
_BETWEEN = {"clamp": "clamp", "inside": "within"}
_SLOPES = {"sigmoid_backward": "sigmoid_slope", "tanh_backward": "tanh_slope"}


def _literal(number: float) -> str:
    """The float32 nearest to a number, exactly."""
    value = float(torch.tensor(number, dtype=torch.float32))
    if math.isnan(value):
        raise RefusedError("a number that is none")
    if math.isinf(value):
        return "-__builtin_inff()" if value < 0 else "__builtin_inff()"
    return f"{value.hex()}f"


class Lines:
    """Statements that compute nodes, each once, as ``n`` and its number.

    Args:
        formula: theirs.
        known: what stands for a node; grows.
    """

    def __init__(self, formula: Formula, known: dict[int, str]) -> None:
        self.formula, self.known, self.lines = formula, known, list[str]()

    def add(self, nodes: list[int]) -> None:
        """Computes nodes, in order; what they read must be known or stand before them."""
        for each in nodes:
            if each not in self.known:
                self.lines.append(f"const V n{each} = {self._expression(each)};")
                self.known[each] = f"n{each}"

    def _expression(self, node: int) -> str:
        op, reads, numbers = self.formula.nodes[node]
        values = [self.known[each] for each in reads]
        if op == "number":
            return f"splat({_literal(numbers[0])})"
        if op in _OPERATORS:
            return f"{values[0]} {_OPERATORS[op]} {values[1]}"
        if op in _FUNCTIONS:
            return f"{_FUNCTIONS[op]}({values[0]})"
        if op in _SLOPES:
            return f"{values[0]} * {_SLOPES[op]}({values[1]})"
        if op in _BETWEEN:
            ends = [
                _literal(end if each is None else each)
                for each, end in zip(numbers, (-math.inf, math.inf), strict=True)
            ]
            return f"{_BETWEEN[op]}({values[0]}, {', '.join(ends)})"
        if op in ("neg", "copy"):
            return f"{'-' if op == 'neg' else ''}{values[0]}"
        raise RefusedError(f"the operation {op}")
