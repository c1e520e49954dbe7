"""The quasi-recurrent network: gates from a convolution over the inputs, and a pooling that has no matrix."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, one_of, register

_GATES = {"f": 2, "fo": 3, "ifo": 4}


@register(
    "qrnn",
    title="QRNN",
    citation="""@inproceedings{bradbury2017quasi,
  author = {Bradbury, James and Merity, Stephen and Xiong, Caiming and Socher, Richard},
  title = {Quasi-Recurrent Neural Networks},
  booktitle = {International Conference on Learning Representations},
  year = {2017},
  url = {https://arxiv.org/abs/1611.01576}
}""",
)
class QRNN(Cell):
    """QRNN (Bradbury et al., ICLR 2017), section 2.

        z, f[, o][, i] = W [x_{t-k+1}; ...; x_t] + b,   z through tanh, the gates through the sigmoid
        f-pooling:    h_t = f * h_{t-1} + (1 - f) * z
        fo-pooling:   c_t = f * c_{t-1} + (1 - f) * z,  h_t = o * c_t
        ifo-pooling:  c_t = f * c_{t-1} + i * z,        h_t = o * c_t

    with k the window; inputs before the first are 0. f keeps, as in the paper; the authors' code calls f what the
    paper calls 1 - f. Zoneout keeps a unit's state for a step with probability p (f = 1, and i = 0) in training,
    and takes the expectation (1 - f, and i, times 1 - p) in evaluation. Initial values: W Glorot uniform, b 0.

    Parameters: G H (k D + 1), with G = 2, 3, 4 for f, fo, ifo.

    Args:
        input_size: D.
        hidden_size: H.
        pooling: f, fo or ifo.
        window: k, at least 1.
        zoneout: p, in [0, 1).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        pooling: Literal["f", "fo", "ifo"] = "fo",
        window: int = 1,
        zoneout: float = 0.0,
    ) -> None:
        super().__init__(input_size, hidden_size)
        one_of("pooling", pooling, tuple(_GATES))
        if window < 1:
            raise ValueError(f"window must be at least 1, not {window}")
        if not 0 <= zoneout < 1:
            raise ValueError(f"zoneout must be in [0, 1), not {zoneout}")
        self.pooling, self.window, self.zoneout = pooling, window, zoneout
        self.states = 1 if pooling == "f" else 2
        gates = _GATES[pooling]
        self.W = Weight(gates * hidden_size, window * input_size, blocks=gates)
        self.b = nn.Parameter(torch.zeros(gates * hidden_size))

    def project(self, x_TBD: Tensor, past: Tensor | None = None) -> Tensor:
        """All gates of every step, activated, for none depends on the state.

        Args:
            x_TBD: the inputs.
            past: the ``window - 1`` inputs before them, [window - 1, B, D]; zeros when ``None``.

        Returns:
            [T, B, GH]: z, f[, o][, i].
        """
        T, B, D = x_TBD.shape
        if self.window > 1:
            if past is None:
                past = x_TBD.new_zeros(self.window - 1, B, D)
            seen = torch.cat([past, x_TBD])
            x_TBD = torch.cat([seen[k : k + T] for k in range(self.window)], dim=-1)
        pre_TBG = self.W(x_TBD, add=self.b)
        H = self.hidden_size
        z_TBH = self.tanh(pre_TBG[..., :H])
        gates = list(torch.split(self.sigmoid(pre_TBG[..., H:]), H, dim=-1))
        if self.zoneout:
            take: Tensor | float = 1 - self.zoneout
            if self.training:
                take = torch.empty_like(z_TBH).bernoulli_(1 - self.zoneout)
            gates[0] = 1 - take * (1 - gates[0])
            if self.pooling == "ifo":
                gates[2] = take * gates[2]
        return torch.cat([z_TBH, *gates], dim=-1)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the pooling: (h_BH,) for f, else (h_BH, c_BH)."""
        z_BH, f_BH, *rest = torch.split(pre_BG, self.hidden_size, dim=-1)
        c_BH = state[-1]
        if self.pooling == "ifo":
            c_BH = f_BH * c_BH + rest[1] * z_BH
        else:
            c_BH = f_BH * c_BH + (1 - f_BH) * z_BH
        return (c_BH,) if self.pooling == "f" else (rest[0] * c_BH, c_BH)
