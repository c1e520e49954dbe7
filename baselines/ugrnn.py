"""The update-gate recurrent network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register


@register(
    "ugrnn",
    title="UGRNN",
    citation="""@inproceedings{collins2017capacity,
  author = {Collins, Jasmine and Sohl-Dickstein, Jascha and Sussillo, David},
  title = {Capacity and Trainability in Recurrent Neural Networks},
  booktitle = {International Conference on Learning Representations},
  year = {2017},
  url = {https://arxiv.org/abs/1611.09913}
}""",
)
class UGRNN(Cell):
    """UGRNN (Collins et al., ICLR 2017).

        g, c = W x_t + U h_{t-1} + b
        h_t = sigmoid(g) * h_{t-1} + (1 - sigmoid(g)) * tanh(c)

    The gate starts open: its bias is 1 at first, which is the forget bias of TensorFlow's UGRNNCell and the initial
    bias of EdgeML's. Initial values: W Glorot uniform and U orthogonal per gate, b of c 0.

    Parameters: 2 (HD + H^2 + H).

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(2 * hidden_size, input_size, blocks=2)
        self.U = Weight(2 * hidden_size, hidden_size, blocks=2, init=nn.init.orthogonal_)
        self.b = nn.Parameter(torch.cat([torch.ones(hidden_size), torch.zeros(hidden_size)]))

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b of gate and update: [T, B, 2H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        g_BH, c_BH = self.U(h_BH, add=pre_BG).chunk(2, dim=-1)
        c_BH = self.tanh(c_BH)
        return (c_BH + self.sigmoid(g_BH) * (h_BH - c_BH),)
