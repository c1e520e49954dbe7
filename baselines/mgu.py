"""The minimal gated unit: a GRU with one gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register


@register(
    "mgu",
    title="MGU",
    citation="""@article{zhou2016minimal,
  author = {Zhou, Guo-Bing and Wu, Jianxin and Zhang, Chen-Lin and Zhou, Zhi-Hua},
  title = {Minimal Gated Unit for Recurrent Neural Networks},
  journal = {International Journal of Automation and Computing},
  volume = {13},
  number = {3},
  pages = {226--234},
  year = {2016},
  url = {https://arxiv.org/abs/1603.09420}
}""",
)
class MGU(Cell):
    """MGU (Zhou et al., 2016).

        f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)
        c_t = tanh(W_c x_t + U_c (f_t * h_{t-1}) + b_c)
        h_t = (1 - f_t) * h_{t-1} + f_t * c_t

    Rows of W and b are in the order f, c. Initial values: W Glorot uniform, U orthogonal, b 0.

    Parameters: 2 (HD + H^2 + H).

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(2 * hidden_size, input_size, blocks=2)
        self.U = Weight(hidden_size, hidden_size, init=nn.init.orthogonal_)
        self.U_c = Weight(hidden_size, hidden_size, init=nn.init.orthogonal_)
        self.b = nn.Parameter(torch.zeros(2 * hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b of gate and candidate: [T, B, 2H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        pre_f, pre_c = pre_BG.chunk(2, dim=-1)
        f_BH = self.sigmoid(self.U(h_BH, add=pre_f))
        c_BH = self.tanh(self.U_c(f_BH * h_BH, add=pre_c))
        return (h_BH + f_BH * (c_BH - h_BH),)
