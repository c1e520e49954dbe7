"""Published cells that are not here, as a user would write them."""

from __future__ import annotations

import torch
from own_cells import TwoMatrices
from torch import Tensor, nn

from cells import Cell, State, Weight


class Peephole(Cell):
    """An LSTM whose gates read c (Gers and Schmidhuber, 2000), with peepholes of one number or of one per unit."""

    states = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W, self.U = (Weight(4 * hidden_size, each, blocks=4) for each in (input_size, hidden_size))
        self.p_i, self.p_f = nn.Parameter(torch.randn(hidden_size)), nn.Parameter(torch.randn(()))
        self.p_o = nn.Parameter(torch.randn(()))

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        h, c = state
        i, f, g, o = self.U(h, add=pre_BG).chunk(4, dim=-1)
        c = torch.sigmoid(f + self.p_f * c) * c + torch.sigmoid(i + self.p_i * c) * torch.tanh(g)
        return torch.sigmoid(o + self.p_o * c) * torch.tanh(c), c


class CoRNN(TwoMatrices):
    """Two states, products of both and of no gate (Rusch and Mishra, ICLR 2021): h swings, z is its speed."""

    states = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(hidden_size, input_size)
        self.dt, self.gamma, self.eps = 0.3, 1.5, 0.7

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD, add=self.b[: self.hidden_size])

    def step(self, pre_BG: Tensor, state: State) -> State:
        y, z = state
        z = z + self.dt * (torch.tanh(self.U_f(y, add=pre_BG) + self.U_n(z)) - self.gamma * y - self.eps * z)
        return y + self.dt * z, z


class LEM(Cell):
    """Long expressive memory (Rusch et al., ICLR 2022): the new z is multiplied before the new y is known."""

    states = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(4 * hidden_size, input_size, blocks=4)
        self.V, self.V_z = Weight(3 * hidden_size, hidden_size, blocks=3), Weight(hidden_size, hidden_size)
        self.b = nn.Parameter(torch.randn(4 * hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        y, z = state
        H = self.hidden_size
        one, two, to_z = self.V(y, add=pre_BG[:, : 3 * H]).chunk(3, dim=-1)
        one, two = 0.5 * self.sigmoid(one), 0.5 * self.sigmoid(two)
        z = (1 - one) * z + one * self.tanh(to_z)
        return (1 - two) * y + two * self.tanh(self.V_z(z, add=pre_BG[:, 3 * H :])), z


class SLSTM(Cell):
    """An LSTM with exponential gates and a stabiliser (Beck et al., NeurIPS 2024), its normaliser at least 1/2."""

    states = 4

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W, self.U = (Weight(4 * hidden_size, size, blocks=4) for size in (input_size, hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        h, c, n, m = state
        z, i, f, o = self.U(h, add=pre_BG).chunk(4, dim=-1)
        most = torch.maximum(f + m, i)
        i, f = torch.exp(i - most), torch.exp(f + m - most)
        c, n = f * c + i * self.tanh(z), f * n + i
        return self.sigmoid(o) * c / torch.where(n.abs() <= 0.5, 0.5, n), c, n, most
