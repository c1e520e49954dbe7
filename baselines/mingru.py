"""minGRU: a GRU whose gate and candidate do not look at the state."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register, uniform


@register(
    "mingru",
    title="minGRU",
    citation="""@misc{feng2024were,
  author = {Feng, Leo and Tung, Frederick and Ahmed, Mohamed Osama and Bengio, Yoshua and Hajimirsadeghi, Hossein},
  title = {Were {RNN}s All We Needed?},
  year = {2024},
  url = {https://arxiv.org/abs/2410.01201}
}""",
)
class MinGRU(Cell):
    """minGRU (Feng et al., 2024), section 3.1.

        z_t = sigmoid(W_z x_t + b_z)
        c_t = W_c x_t + b_c
        h_t = (1 - z_t) * h_{t-1} + z_t * c_t

    Rows are in the order z, c. Initial values are those of torch.nn.Linear, of which the authors build it: all of
    U(-1 / sqrt(D), 1 / sqrt(D)).

    Parameters: 2 (HD + H).

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        draw = uniform(1 / math.sqrt(input_size))
        self.W = Weight(2 * hidden_size, input_size, init=draw)
        self.b = nn.Parameter(torch.empty(2 * hidden_size))
        draw(self.b)

    def project(self, x_TBD: Tensor) -> Tensor:
        """Gate and candidate of every step, for neither depends on the state: [T, B, 2H]."""
        z_TBH, c_TBH = self.W(x_TBD, add=self.b).chunk(2, dim=-1)
        return torch.cat([self.sigmoid(z_TBH), c_TBH], dim=-1)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        z_BH, c_BH = pre_BG.chunk(2, dim=-1)
        return (h_BH + z_BH * (c_BH - h_BH),)
