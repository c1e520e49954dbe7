"""A small selective state-space model: what Mamba's layer does between its projections."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from cells import Cell, Spread, State, Weight, register, uniform


@register(
    "s6",
    title="S6",
    citation="""@inproceedings{gu2024mamba,
  author = {Gu, Albert and Dao, Tri},
  title = {Mamba: Linear-Time Sequence Modeling with Selective State Spaces},
  booktitle = {Conference on Language Modeling},
  year = {2024},
  url = {https://arxiv.org/abs/2312.00752}
}""",
)
class S6(Cell):
    """A selective state-space model (Gu and Dao, 2024), section 3.2, on one linear projection of the input.

        u_t = W_u x_t + b_u,   d_t = softplus(W_d x_t + b_d)
        s^n_t = exp(-d_t * a^n) * s^n_{t-1} + d_t * (B_n x_t) u_t     n = 1..N, a^n = exp(log_a^n)
        h_t = sum_n (C_n x_t) s^n_t + k * u_t

    u, d, s^n, a^n and k have H entries; B_n x and C_n x are one number each, the same for all units. Mamba's
    convolution, its gate and its residual blocks around this are left out. Rows are in the order u, d. Initial values
    are the authors': a^n = n, k 1, b_d so that softplus gives a step drawn log-uniformly from 0.001 to 0.1; matrices as
    torch.nn.Linear's, U(-1 / sqrt(D), 1 / sqrt(D)), b_u 0.

    Parameters: 2 (HD + H) + NH + 2 ND + H.

    Args:
        input_size: D.
        hidden_size: H.
        order: N, numbers of state for each unit, in 1..4.
    """

    def __init__(self, input_size: int, hidden_size: int, *, order: int = 1) -> None:
        super().__init__(input_size, hidden_size)
        if not 1 <= order <= 4:
            raise ValueError(f"order must be in 1..4, not {order}")
        self.order, self.states = order, 1 + order
        draw, ones = uniform(1 / math.sqrt(input_size)), torch.ones(hidden_size)
        self.W = Weight(2 * hidden_size, input_size, init=draw)
        for name in (f"{letter}_{n}" for letter in "BC" for n in range(1, order + 1)):
            self.add_module(name, Spread(ones, input_size, draw))
        step = torch.exp(torch.empty(hidden_size).uniform_(math.log(0.001), math.log(0.1)))
        self.b = nn.Parameter(torch.cat([torch.zeros(hidden_size), torch.log(torch.expm1(step))]))
        self.log_a = nn.Parameter(torch.log(torch.arange(1.0, order + 1)).repeat_interleave(hidden_size))
        self.k = nn.Parameter(torch.ones(hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        """All that depends on the input alone: k u, and for every n decay, what is added, C x: [T, B, (1 + 3N) H]."""
        u, d = self.W(x_TBD, add=self.b).chunk(2, dim=-1)
        d = functional.softplus(d)
        parts = [self.k * u]
        for n, log_a in enumerate(self.log_a.chunk(self.order), 1):
            B, C = self.get_submodule(f"B_{n}"), self.get_submodule(f"C_{n}")
            parts += [torch.exp(-d * torch.exp(log_a)), d * u * B(x_TBD), C(x_TBD)]
        return torch.cat(parts, dim=-1)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH, s1_BH, ...)."""
        _, *memories = state
        h_BH, *rest = torch.split(pre_BG, self.hidden_size, dim=-1)
        after = []
        for number, memory_BH in enumerate(memories):
            decay, added, read = rest[3 * number : 3 * number + 3]
            after.append(decay * memory_BH + added)
            h_BH = h_BH + read * after[-1]
        return (h_BH, *after)
