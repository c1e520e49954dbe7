"""coRNN: coupled oscillators, damped and driven."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, register, uniform


@register(
    "cornn",
    title="coRNN",
    citation="""@inproceedings{rusch2021coupled,
  author = {Rusch, T. Konstantin and Mishra, Siddhartha},
  title = {Coupled Oscillatory Recurrent Neural Network ({coRNN}): An accurate and (gradient) stable architecture for
           learning long time dependencies},
  booktitle = {International Conference on Learning Representations},
  year = {2021},
  url = {https://arxiv.org/abs/2010.00951}
}""",
)
class CoRNN(Cell):
    """coRNN (Rusch and Mishra, ICLR 2021), its explicit scheme, as in the authors' code.

        z_t = z_{t-1} + dt (tanh(W x_t + U h_{t-1} + U_z z_{t-1} + b) - gamma h_{t-1} - epsilon z_{t-1})
        h_t = h_{t-1} + dt z_t

    Defaults are those of the authors' command for HAR-2. Initial values are torch.nn.Linear's for the three matrices
    as one, as in their code: all of U(-k, k) with k = 1 / sqrt(D + 2H).

    Parameters: HD + 2 H^2 + H.

    Args:
        input_size: D.
        hidden_size: H.
        dt: the time step, above 0.
        gamma: the oscillators' frequency, at least 0.
        epsilon: their damping, at least 0.
    """

    states = 2

    def __init__(
        self, input_size: int, hidden_size: int, *, dt: float = 0.1, gamma: float = 0.2, epsilon: float = 6.4
    ) -> None:
        super().__init__(input_size, hidden_size)
        if dt <= 0 or gamma < 0 or epsilon < 0:
            raise ValueError(
                f"dt must be above 0, gamma and epsilon at least 0, not dt {dt}, gamma {gamma}, epsilon {epsilon}"
            )
        self.dt, self.gamma, self.epsilon = dt, gamma, epsilon
        draw = uniform(1 / math.sqrt(input_size + 2 * hidden_size))
        self.W = Weight(hidden_size, input_size, init=draw)
        self.U = Weight(hidden_size, hidden_size, init=draw)
        self.U_z = Weight(hidden_size, hidden_size, init=draw)
        self.b = nn.Parameter(torch.empty(hidden_size))
        draw(self.b)

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b: [T, B, H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BH: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH, z_BH)."""
        h_BH, z_BH = state
        force_BH = self.tanh(self.U_z(z_BH, add=self.U(h_BH, add=pre_BH)))
        z_BH = z_BH + self.dt * (force_BH - self.gamma * h_BH - self.epsilon * z_BH)
        return h_BH + self.dt * z_BH, z_BH
