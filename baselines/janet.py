"""JANET: an LSTM of which only the forget gate is left."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register


@register(
    "janet",
    title="JANET",
    citation="""@misc{vanderwesthuizen2018unreasonable,
  author = {van der Westhuizen, Jos and Lasenby, Joan},
  title = {The unreasonable effectiveness of the forget gate},
  year = {2018},
  url = {https://arxiv.org/abs/1804.04849}
}""",
)
class JANET(Cell):
    """JANET (van der Westhuizen and Lasenby, 2018).

        s_t = W_s x_t + U_s h_{t-1} + b_s
        c_t = tanh(W_c x_t + U_c h_{t-1} + b_c)
        h_t = sigmoid(s_t) * h_{t-1} + (1 - sigmoid(s_t - beta)) * c_t

    With beta = 0 it is UGRNN's formula. Rows are in the order s, c. Initial values: W Glorot uniform and U orthogonal
    per gate, b_c 0, and b_s by the chrono rule, log u with u of U(1, steps - 1) (Tallec and Ollivier, ICLR 2018),
    so that the units remember for up to that many steps.

    Parameters: 2 (HD + H^2 + H).

    Args:
        input_size: D.
        hidden_size: H.
        beta: how much more is taken in than is forgotten; 1 in the paper.
        steps: the longest memory at first, above 2.
    """

    def __init__(self, input_size: int, hidden_size: int, *, beta: float = 1.0, steps: int = 128) -> None:
        super().__init__(input_size, hidden_size)
        if steps <= 2:
            raise ValueError(f"steps must be above 2, not {steps}")
        self.beta = beta
        self.W = Weight(2 * hidden_size, input_size, blocks=2)
        self.U = Weight(2 * hidden_size, hidden_size, blocks=2, init=nn.init.orthogonal_)
        self.b = nn.Parameter(torch.zeros(2 * hidden_size))
        with torch.no_grad():
            self.b[:hidden_size].uniform_(1, steps - 1).log_()

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b of both rows of gates: [T, B, 2H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        s_BH, c_BH = self.U(h_BH, add=pre_BG).chunk(2, dim=-1)
        taken_BH = 1 - self.sigmoid(s_BH - self.beta)
        return (self.sigmoid(s_BH) * h_BH + taken_BH * self.tanh(c_BH),)
