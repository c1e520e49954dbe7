"""The plain recurrent network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register


@register(
    "rnn",
    title="RNN",
    citation="""@article{elman1990finding,
  author = {Elman, Jeffrey L.},
  title = {Finding Structure in Time},
  journal = {Cognitive Science},
  volume = {14},
  number = {2},
  pages = {179--211},
  year = {1990},
  url = {https://doi.org/10.1207/s15516709cog1402_1}
}""",
)
class RNN(Cell):
    """A plain RNN (Elman, 1990).

        h_t = tanh(W x_t + U h_{t-1} + b)

    Initial values: W Glorot uniform, U orthogonal (Saxe et al., ICLR 2014), b 0.

    Parameters: HD + H^2 + H.

    Args:
        input_size: D.
        hidden_size: H.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(hidden_size, input_size)
        self.U = Weight(hidden_size, hidden_size, init=nn.init.orthogonal_)
        self.b = nn.Parameter(torch.zeros(hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b: [T, B, H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BH: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        return (self.tanh(self.U(h_BH, add=pre_BH)),)
