"""The non-linearities of gates: smooth ones, and the piecewise lines that integers compute without a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Nonlinearity = Callable[[Tensor], Tensor]


def piecewise_sigmoid(x: Tensor) -> Tensor:
    """clip((x + 1) / 2, 0, 1): ``quantSigm`` of the FastGRNN paper's code (EdgeML)."""
    return torch.clamp((x + 1) * 0.5, 0.0, 1.0)


def piecewise_tanh(x: Tensor) -> Tensor:
    """clip(x, -1, 1): ``quantTanh`` of the FastGRNN paper's code (EdgeML)."""
    return torch.clamp(x, -1.0, 1.0)


SMOOTH: Mapping[str, Nonlinearity] = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
PIECEWISE: Mapping[str, Nonlinearity] = {"sigmoid": piecewise_sigmoid, "tanh": piecewise_tanh, "relu": torch.relu}
