"""sLSTM: an LSTM with exponential gates, a normaliser and a stabiliser."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from cells import Cell, State, Weight, one_of, register


@register(
    "slstm",
    title="sLSTM",
    citation="""@inproceedings{beck2024xlstm,
  author = {Beck, Maximilian and P{\\"o}ppel, Korbinian and Spanring, Markus and Auer, Andreas and Prudnikova,
            Oleksandra and Kopp, Michael and Klambauer, G{\\"u}nter and Brandstetter, Johannes and Hochreiter, Sepp},
  title = {{xLSTM}: Extended Long Short-Term Memory},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2024},
  url = {https://arxiv.org/abs/2405.04517}
}""",
)
class SLSTM(Cell):
    """sLSTM (Beck et al., NeurIPS 2024), section 2.2, with its stabilised gates.

        i, f, z, o = W x_t + U h_{t-1} + b
        m_t = max(log F(f) + m_{t-1}, i)
        c_t = exp(log F(f) + m_{t-1} - m_t) * c_{t-1} + exp(i - m_t) * tanh(z)
        n_t = exp(log F(f) + m_{t-1} - m_t) * n_{t-1} + exp(i - m_t)
        h_t = sigmoid(o) * c_t / n_t

    with F the sigmoid, as in the authors' code, or exp. From zeros m_1 is max(log F(f), i) where theirs is i; c and n
    are both scaled by that, and h, their quotient, is the same. Rows are in the order i, f, z, o. Initial values: W
    Glorot uniform and U orthogonal per gate, b of f 1, else 0 (theirs is for deep stacks, with biases of 3 to 6). The
    paper's blocks around the cell are left out.

    Parameters: 4 (HD + H^2 + H).

    Args:
        input_size: D.
        hidden_size: H.
        forget: sigmoid or exp.
    """

    states = 4

    def __init__(self, input_size: int, hidden_size: int, *, forget: Literal["sigmoid", "exp"] = "sigmoid") -> None:
        super().__init__(input_size, hidden_size)
        one_of("forget", forget, ("sigmoid", "exp"))
        self.forget = forget
        self.W = Weight(4 * hidden_size, input_size, blocks=4)
        self.U = Weight(4 * hidden_size, hidden_size, blocks=4, init=nn.init.orthogonal_)
        bias = torch.zeros(4 * hidden_size)
        bias[hidden_size : 2 * hidden_size] = 1
        self.b = nn.Parameter(bias)

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b of the four gates: [T, B, 4H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH, c_BH, n_BH, m_BH)."""
        h_BH, c_BH, n_BH, m_BH = state
        i_BH, f_BH, z_BH, o_BH = self.U(h_BH, add=pre_BG).chunk(4, dim=-1)
        kept_BH = m_BH + (f_BH if self.forget == "exp" else -functional.softplus(-f_BH))
        m_BH = torch.maximum(kept_BH, i_BH)
        keep_BH, take_BH = torch.exp(kept_BH - m_BH), torch.exp(i_BH - m_BH)
        c_BH = keep_BH * c_BH + take_BH * self.tanh(z_BH)
        n_BH = keep_BH * n_BH + take_BH
        return self.sigmoid(o_BH) * c_BH / n_BH, c_BH, n_BH, m_BH
