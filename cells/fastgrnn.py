"""FastGRNN: one pair of matrices shared by the gate and the update, and a weighted residual connection."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from cells.cell import Cell, State, one_of
from cells.registry import register
from cells.weight import Weight, normal

FASTGRNN = """@inproceedings{kusupati2018fastgrnn,
  author = {Kusupati, Aditya and Singh, Manish and Bhatia, Kush and Kumar, Ashish and Jain, Prateek and Varma, Manik},
  title = {{FastGRNN}: A Fast, Accurate, Stable and Tiny Kilobyte Sized Gated Recurrent Neural Network},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {31},
  year = {2018},
  url = {https://arxiv.org/abs/1901.02358}
}"""


@register("fastgrnn", title="FastGRNN", citation=FASTGRNN)
class FastGRNN(Cell):
    """FastGRNN (Kusupati et al., NeurIPS 2018, section 3.2).

        a_t = W x_t + U h_{t-1}
        z_t = gate(a_t + b_z)
        c_t = tanh(a_t + b_h)
        h_t = (zeta (1 - z_t) + nu) * c_t + z_t * h_{t-1}

    with zeta = sigmoid(raw_zeta) and nu = sigmoid(raw_nu), so both stay in (0, 1). Initial values are those of the
    authors' code: weights N(0, 0.1^2), biases 1, raw_zeta 1 (zeta 0.731), raw_nu -4 (nu 0.018).

    Parameters: HD + H^2 + 2H + 2.

    Args:
        input_size: D.
        hidden_size: H.
        gate: the non-linearity of z; the paper chose sigmoid or tanh per data set (its Table 11). With ReLU z has no
            upper bound: above 1 the state grows at every step, and inputs of variance 1 overflow it in tens of steps.
    """

    def __init__(
        self, input_size: int, hidden_size: int, *, gate: Literal["sigmoid", "tanh", "relu"] = "sigmoid"
    ) -> None:
        super().__init__(input_size, hidden_size)
        one_of("gate", gate, ("sigmoid", "tanh", "relu"))
        self.gate = gate
        self.W = Weight(hidden_size, input_size, init=normal(0.1))
        self.U = Weight(hidden_size, hidden_size, init=normal(0.1))
        self.b_z = nn.Parameter(torch.ones(hidden_size))
        self.b_h = nn.Parameter(torch.ones(hidden_size))
        self.raw_zeta = nn.Parameter(torch.tensor(1.0))
        self.raw_nu = nn.Parameter(torch.tensor(-4.0))

    @property
    def zeta(self) -> Tensor:
        """The weight of the update where the gate is open."""
        return torch.sigmoid(self.raw_zeta)

    @property
    def nu(self) -> Tensor:
        """The weight of the update at least."""
        return torch.sigmoid(self.raw_nu)

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x, shared by gate and update: [T, B, H]."""
        return self.W(x_TBD)

    def step(self, pre_BH: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        a_BH = self.U(h_BH, add=pre_BH)
        z_BH = getattr(self, self.gate)(a_BH + self.b_z)
        c_BH = self.tanh(a_BH + self.b_h)
        # The device folds sigmoid(raw) into constants: neither depends on the input.
        zeta, nu = self.zeta, self.nu
        return ((zeta * (1 - z_BH) + nu) * c_BH + z_BH * h_BH,)
