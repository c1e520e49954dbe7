"""IndRNN: every unit looks back at itself alone."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, one_of, register


@register(
    "indrnn",
    title="IndRNN",
    citation="""@inproceedings{li2018independently,
  author = {Li, Shuai and Li, Wanqing and Cook, Chris and Zhu, Ce and Gao, Yanbo},
  title = {Independently Recurrent Neural Network ({IndRNN}): Building A Longer and Deeper {RNN}},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year = {2018},
  url = {https://arxiv.org/abs/1803.04831}
}""",
)
class IndRNN(Cell):
    """IndRNN (Li et al., CVPR 2018).

        h_t = activation(W x_t + u * h_{t-1} + b)

    with u a vector, one number for each unit. Initial values: u of U(0, 1) and b 0, as in the authors' code; W Glorot
    uniform, where theirs are small and followed by batch normalisation. Theirs also clips u after every step.

    Parameters: HD + 2H.

    Args:
        input_size: D.
        hidden_size: H.
        activation: ReLU as in the paper, or tanh.
    """

    def __init__(self, input_size: int, hidden_size: int, *, activation: Literal["relu", "tanh"] = "relu") -> None:
        super().__init__(input_size, hidden_size)
        one_of("activation", activation, ("relu", "tanh"))
        self.activation = activation
        self.W = Weight(hidden_size, input_size)
        self.u = nn.Parameter(torch.rand(hidden_size))
        self.b = nn.Parameter(torch.zeros(hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b: [T, B, H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BH: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        return (getattr(self, self.activation)(pre_BH + self.u * h_BH),)
