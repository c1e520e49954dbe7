"""FastRNN: a plain RNN with a weighted residual connection."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from cells.cell import Cell, State, one_of
from cells.fastgrnn import FASTGRNN
from cells.registry import register
from cells.weight import Weight, normal


@register("fastrnn", title="FastRNN", citation=FASTGRNN)
class FastRNN(Cell):
    """FastRNN (Kusupati et al., NeurIPS 2018, section 3.1).

        c_t = activation(W x_t + U h_{t-1} + b)
        h_t = alpha * c_t + beta * h_{t-1}

    with alpha = sigmoid(raw_alpha) and beta = sigmoid(raw_beta): one number each, or one per hidden unit (the
    paper's FastRNN-vector, its Tables 13-15). Initial values are those of the authors' code: weights N(0, 0.1^2),
    bias 1, raw_alpha -3 (alpha 0.047), raw_beta 3 (beta 0.953). Tied, beta is 1 - alpha, to which the paper says that
    it comes by itself on long sequences.

    Parameters: HD + H^2 + H + 2 (scalar), + 2H (vector), or + 1 (tied).

    Args:
        input_size: D.
        hidden_size: H.
        activation: of the update; the paper reports the better of tanh and ReLU, chosen on validation data.
        residual: whether alpha and beta are scalars, vectors of H, or alpha a scalar and beta 1 - alpha.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        activation: Literal["tanh", "relu"] = "tanh",
        residual: Literal["scalar", "vector", "tied"] = "scalar",
    ) -> None:
        super().__init__(input_size, hidden_size)
        one_of("activation", activation, ("tanh", "relu"))
        one_of("residual", residual, ("scalar", "vector", "tied"))
        self.activation = activation
        self.W = Weight(hidden_size, input_size, init=normal(0.1))
        self.U = Weight(hidden_size, hidden_size, init=normal(0.1))
        self.b = nn.Parameter(torch.ones(hidden_size))
        shape = (hidden_size,) if residual == "vector" else ()
        self.raw_alpha = nn.Parameter(torch.full(shape, -3.0))
        self.raw_beta: nn.Parameter | None = None if residual == "tied" else nn.Parameter(torch.full(shape, 3.0))

    @property
    def alpha(self) -> Tensor:
        """The weight of the update: one number, or [H]."""
        return torch.sigmoid(self.raw_alpha)

    @property
    def beta(self) -> Tensor:
        """The weight of the state before: one number, or [H]."""
        return 1 - self.alpha if self.raw_beta is None else torch.sigmoid(self.raw_beta)

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b: [T, B, H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BH: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        c_BH = getattr(self, self.activation)(self.U(h_BH, add=pre_BH))
        return (self.alpha * c_BH + self.beta * h_BH,)
