"""Long short-term memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register


@register(
    "lstm",
    title="LSTM",
    citation="""@article{hochreiter1997long,
  author = {Hochreiter, Sepp and Schmidhuber, J{\\"u}rgen},
  title = {Long Short-Term Memory},
  journal = {Neural Computation},
  volume = {9},
  number = {8},
  pages = {1735--1780},
  year = {1997},
  url = {https://doi.org/10.1162/neco.1997.9.8.1735}
}""",
)
class LSTM(Cell):
    """LSTM (Hochreiter and Schmidhuber, 1997) with a forget gate (Gers et al., 2000), no peepholes.

        i, f, g, o = W x_t + U h_{t-1} + b              (rows in this order, as in torch.nn.LSTM)
        c_t = sigmoid(f) * c_{t-1} + sigmoid(i) * tanh(g)
        h_t = sigmoid(o) * tanh(c_t)

    One bias per gate, as the sizes printed by the FastGRNN paper require; torch.nn.LSTM has two. Initial values:
    W Glorot uniform and U orthogonal per gate, b 0 but 1 for the forget gate (Jozefowicz et al., ICML 2015).

    Parameters: 4 (HD + H^2 + H).

    Args:
        input_size: D.
        hidden_size: H.
    """

    states = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(4 * hidden_size, input_size, blocks=4)
        self.U = Weight(4 * hidden_size, hidden_size, blocks=4, init=nn.init.orthogonal_)
        b = torch.zeros(4, hidden_size)
        b[1] = 1.0
        self.b = nn.Parameter(b.flatten())

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b of the four gates: [T, B, 4H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH, c_BH)."""
        h_BH, c_BH = state
        i_BH, f_BH, g_BH, o_BH = self.U(h_BH, add=pre_BG).chunk(4, dim=-1)
        c_BH = self.sigmoid(f_BH) * c_BH + self.sigmoid(i_BH) * self.tanh(g_BH)
        return self.sigmoid(o_BH) * self.tanh(c_BH), c_BH
