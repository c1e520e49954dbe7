"""What a cell is held to: its formula in NumPy, its size, its matrices, its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Options = Mapping[str, Any]
Vectors = tuple[Array, ...]


@dataclass(frozen=True)
class Activations:
    """The non-linearities of a step, so that a test can put piecewise-linear ones in their place."""

    sigmoid: Callable[[Array], Array]
    tanh: Callable[[Array], Array]
    relu: Callable[[Array], Array]


SMOOTH = Activations(lambda x: 1 / (1 + np.exp(-x)), np.tanh, lambda x: np.maximum(x, 0))
# quantSigm and quantTanh of the authors' code.
PIECEWISE = Activations(lambda x: np.clip((x + 1) / 2, 0, 1), lambda x: np.clip(x, -1, 1), SMOOTH.relu)


class Parameters:
    """The parameters of a cell as arrays."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = arrays

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def matrix(self, name: str) -> Array:
        """A matrix, multiplied out when it is stored as two factors."""
        if f"{name}.left" in self._arrays:
            return self[f"{name}.left"] @ self[f"{name}.right"].T
        return self[f"{name}.value"]

    def gates(self, count: int) -> list[tuple[Array, Array, Array]]:
        """(W, U, b) of each gate, where all gates are stacked in ``W``, ``U``, ``b``."""
        parts = (np.split(array, count) for array in (self.matrix("W"), self.matrix("U"), self["b"]))
        return list(zip(*parts, strict=True))


# The step of one sample: parameters, options, the last inputs (oldest first, this one last), state, activations.
Step = Callable[[Parameters, Options, list[Array], Vectors, Activations], Vectors]
Count = Callable[[int, int, Options], int]


@dataclass(frozen=True)
class Reference:
    """What a cell is held to."""

    step: Step
    parameters: Count
    """The number of parameters, from D, H and the options."""
    matrices: Callable[[int, int, Options], dict[str, tuple[int, int]]]
    """(rows, columns) of each dense matrix, by name."""
    variants: Callable[[int], list[dict[str, Any]]]
    """The options to test, for a hidden size."""


def grid(**choices: list[Any]) -> list[dict[str, Any]]:
    """All combinations."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
