"""The gated recurrent unit."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, one_of, register


@register(
    "gru",
    title="GRU",
    citation="""@inproceedings{cho2014learning,
  author = {Cho, Kyunghyun and van Merri{\\"e}nboer, Bart and Gulcehre, Caglar and Bahdanau, Dzmitry and
            Bougares, Fethi and Schwenk, Holger and Bengio, Yoshua},
  title = {Learning Phrase Representations using {RNN} Encoder--Decoder for Statistical Machine Translation},
  booktitle = {Conference on Empirical Methods in Natural Language Processing},
  year = {2014},
  url = {https://arxiv.org/abs/1406.1078}
}""",
)
class GRU(Cell):
    """GRU (Cho et al., EMNLP 2014), in both of its common forms.

        r, z = sigmoid(W_rz x_t + U_rz h_{t-1} + b_rz)
        n = tanh(W_n x_t + r * (U_n h_{t-1}) + b_n)     reset = after (torch, cuDNN)
        n = tanh(W_n x_t + U_n (r * h_{t-1}) + b_n)     reset = before (Cho et al., TensorFlow 1, EdgeML)
        h_t = (1 - z) * n + z * h_{t-1}

    Rows are in the order r, z, n of torch.nn.GRU; one bias per gate, where torch.nn.GRU has two (its second bias
    of n, inside the product with r, is left out). Initial values: W Glorot uniform and U orthogonal per gate, b 0.

    Parameters: 3 (HD + H^2 + H).

    Args:
        input_size: D.
        hidden_size: H.
        reset: where the reset gate acts: on U_n h, or on h.
    """

    def __init__(self, input_size: int, hidden_size: int, *, reset: Literal["after", "before"] = "after") -> None:
        super().__init__(input_size, hidden_size)
        one_of("reset", reset, ("after", "before"))
        self.reset = reset
        self.W = Weight(3 * hidden_size, input_size, blocks=3)
        gates = 3 if reset == "after" else 2
        self.U = Weight(gates * hidden_size, hidden_size, blocks=gates, init=nn.init.orthogonal_)
        if reset == "before":
            self.U_n = Weight(hidden_size, hidden_size, init=nn.init.orthogonal_)
        self.b = nn.Parameter(torch.zeros(3 * hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b of the three gates: [T, B, 3H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        H = self.hidden_size
        pre_rz, pre_n = torch.split(pre_BG, [2 * H, H], dim=-1)
        if self.reset == "after":
            u_rz, u_n = torch.split(self.U(h_BH), [2 * H, H], dim=-1)
            r_BH, z_BH = self.sigmoid(pre_rz + u_rz).chunk(2, dim=-1)
            n_BH = self.tanh(pre_n + r_BH * u_n)
        else:
            r_BH, z_BH = self.sigmoid(self.U(h_BH, add=pre_rz)).chunk(2, dim=-1)
            n_BH = self.tanh(self.U_n(r_BH * h_BH, add=pre_n))
        return (n_BH + z_BH * (h_BH - n_BH),)
