"""LRU: a linear recurrence of complex units, stable by construction."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, normal, one_of, register


@register(
    "lru",
    title="LRU",
    citation="""@inproceedings{orvieto2023resurrecting,
  author = {Orvieto, Antonio and Smith, Samuel L. and Gu, Albert and Fernando, Anushan and Gulcehre, Caglar and
            Pascanu, Razvan and De, Soham},
  title = {Resurrecting Recurrent Neural Networks for Long Sequences},
  booktitle = {International Conference on Machine Learning},
  year = {2023},
  url = {https://arxiv.org/abs/2303.06349}
}""",
)
class LRU(Cell):
    """The linear recurrent unit (Orvieto et al., ICML 2023), section 3.

        s_t = lambda * s_{t-1} + gamma * (B x_t),   s complex, lambda = exp(-exp(nu) + i exp(theta))
        h_t = Re(C s_t) + D x_t                     readout = mixed, as in the paper
        h_t = Re(s_t)                               readout = real: what follows the cell takes the place of C

    So |lambda| < 1, whatever nu is. A complex number is a pair of real ones: B is the matrix B of 2H rows, real parts
    first, and C s is C_re re(s) - C_im im(s). Initial values are the paper's: |lambda|^2 of U(0, 1) and the phase of
    U(0, 2 pi), B of N(0, 1 / (2D)), C of N(0, 1 / H), D of N(0, 1), gamma = sqrt(1 - |lambda|^2), which is learnt as
    exp(log_gamma). The paper's layer has a gated linear unit after it, which this cell has not.

    Parameters: 2 HD + 3H (real); + 2 H^2 + HD (mixed).

    Args:
        input_size: D.
        hidden_size: H, complex units.
        readout: mixed by C, or the real parts as they are.
    """

    def __init__(self, input_size: int, hidden_size: int, *, readout: Literal["mixed", "real"] = "mixed") -> None:
        super().__init__(input_size, hidden_size)
        one_of("readout", readout, ("mixed", "real"))
        self.readout = readout
        self.states = 3 if readout == "mixed" else 2
        self.B = Weight(2 * hidden_size, input_size, init=normal(1 / math.sqrt(2 * input_size)))
        # Below 1, for log; a unit whose |lambda| is 1 in float32 would never forget.
        decay = -0.5 * torch.log(torch.rand(hidden_size).clamp(1e-4, 1 - 1e-4))
        self.nu = nn.Parameter(torch.log(decay))
        self.theta = nn.Parameter(torch.log(2 * math.pi * torch.rand(hidden_size).clamp(min=1e-4)))
        self.log_gamma = nn.Parameter(0.5 * torch.log(1 - torch.exp(-2 * decay)))
        if readout == "mixed":
            draw = normal(1 / math.sqrt(hidden_size))
            self.C_re, self.C_im = (Weight(hidden_size, hidden_size, init=draw) for _ in range(2))
            self.D = Weight(hidden_size, input_size, init=normal(1.0))

    def eigenvalues(self) -> tuple[Tensor, Tensor]:
        """lambda, its real and imaginary parts: [H] each."""
        size, angle = torch.exp(-torch.exp(self.nu)), torch.exp(self.theta)
        return size * torch.cos(angle), size * torch.sin(angle)

    def project(self, x_TBD: Tensor) -> Tensor:
        """Gamma * (B x), real and imaginary, and with a mixed readout D x: [T, B, 2H] or [T, B, 3H]."""
        gamma = torch.exp(self.log_gamma)
        parts = [gamma * part for part in self.B(x_TBD).chunk(2, dim=-1)]
        if self.readout == "mixed":
            parts.append(self.D(x_TBD))
        return torch.cat(parts, dim=-1)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH, re_BH, im_BH), or (re_BH, im_BH) where h is re."""
        re_BH, im_BH = state[-2:]
        into_re, into_im, *direct = torch.split(pre_BG, self.hidden_size, dim=-1)
        a, b = self.eigenvalues()
        now_re = a * re_BH - b * im_BH + into_re
        now_im = b * re_BH + a * im_BH + into_im
        if self.readout == "real":
            return now_re, now_im
        return self.C_re(now_re, add=direct[0]) - self.C_im(now_im), now_re, now_im
