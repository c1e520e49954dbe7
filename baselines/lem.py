"""LEM: two states, each with a time step of its own that is learnt."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register, uniform


@register(
    "lem",
    title="LEM",
    citation="""@inproceedings{rusch2022long,
  author = {Rusch, T. Konstantin and Mishra, Siddhartha and Erichson, N. Benjamin and Mahoney, Michael W.},
  title = {Long Expressive Memory for Sequence Modeling},
  booktitle = {International Conference on Learning Representations},
  year = {2022},
  url = {https://arxiv.org/abs/2110.04744}
}""",
)
class LEM(Cell):
    """LEM (Rusch et al., ICLR 2022), as in the authors' code.

        d_t = dt sigmoid(W_d x_t + U_d h_{t-1} + b_d)
        e_t = dt sigmoid(W_e x_t + U_e h_{t-1} + b_e)
        z_t = (1 - d_t) * z_{t-1} + d_t * tanh(W_z x_t + U_u h_{t-1} + b_z)
        h_t = (1 - e_t) * h_{t-1} + e_t * tanh(W_h x_t + U_h z_t + b_h)

    h is the paper's y, the output; U_d, U_e and U_u are stacked in U, and W and b are in the order d, e, z, h. The
    authors' code has two biases for all but the last, of which one is left out. Initial values: all of
    U(-1 / sqrt(H), 1 / sqrt(H)).

    Parameters: 4 (HD + H^2 + H).

    Args:
        input_size: D.
        hidden_size: H.
        dt: the longest time step, in (0, 1].
    """

    states = 2

    def __init__(self, input_size: int, hidden_size: int, *, dt: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        if not 0 < dt <= 1:
            raise ValueError(f"dt must be in (0, 1], not {dt}")
        self.dt = dt
        draw = uniform(1 / math.sqrt(hidden_size))
        self.W = Weight(4 * hidden_size, input_size, init=draw)
        self.U = Weight(3 * hidden_size, hidden_size, init=draw)
        self.U_h = Weight(hidden_size, hidden_size, init=draw)
        self.b = nn.Parameter(torch.empty(4 * hidden_size))
        draw(self.b)

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b of the four rows of gates: [T, B, 4H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH, z_BH)."""
        h_BH, z_BH = state
        H = self.hidden_size
        pre_dez, pre_h = torch.split(pre_BG, [3 * H, H], dim=-1)
        d_BH, e_BH, u_BH = self.U(h_BH, add=pre_dez).chunk(3, dim=-1)
        z_BH = z_BH + self.dt * self.sigmoid(d_BH) * (self.tanh(u_BH) - z_BH)
        out_BH = self.tanh(self.U_h(z_BH, add=pre_h))
        return h_BH + self.dt * self.sigmoid(e_BH) * (out_BH - h_BH), z_BH
