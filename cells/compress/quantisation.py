"""Eight-bit weights with a power-of-two scale for each stored matrix, and training that feels the rounding.

The gradient passes straight through the rounding (Bengio et al., "Estimating or propagating gradients through
stochastic neurons", arXiv:1308.3432). The 16 bits of states and the 32 of accumulators are not imitated in training:
they are orders of magnitude finer than a weight's 8.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cells.weight import Weight

_LARGEST = 127.49
"""The largest number that rounds to the largest int8."""
_MOST = 14


def int8_fraction(matrix: Tensor) -> Tensor:
    """Bits after the binary point with which the largest entry just fits an int8; 14 at most, and for zeros.

    Returns:
        A tensor of one whole number, which may be negative, so that tracing sees no data-dependent branch.
    """
    largest = matrix.detach().abs().amax().double().clamp_min(2.0**-20)
    return torch.log2(_LARGEST / largest).floor().clamp_max(_MOST)


def to_int8(matrix: Tensor) -> Tensor:
    """The matrix with every entry rounded to what an int8 holds; its gradient is the identity's."""
    scale = torch.exp2(int8_fraction(matrix)).to(matrix.dtype)
    rounded = torch.round(matrix.detach() * scale) / scale
    return matrix + (rounded - matrix).detach()


def quantise_weights(model: nn.Module, on: bool = True) -> None:
    """Rounds the matrices of a model to int8 wherever they are used from now on, or no longer.

    Args:
        model: what holds the weights.
        on: whether to round.

    Raises:
        ValueError: when a parameter is not finite: what diverged cannot be quantised.
    """
    for name, parameter in model.named_parameters():
        if on and not bool(torch.isfinite(parameter).all()):
            raise ValueError(f"{name} is not finite: a model that diverged cannot be quantised")
    for each in model.modules():
        if isinstance(each, Weight):
            each.rounding = to_int8 if on else None
