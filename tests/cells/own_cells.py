"""Cells that somebody else might write, each a step that a kernel is derived from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, normal
from cells.fastgrnn import FastGRNN


class TwoMatrices(Cell):
    """A minimal gated unit with a matrix on h for its gate, and another for its update."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(2 * hidden_size, input_size, blocks=2)
        self.U_f, self.U_n = Weight(hidden_size, hidden_size), Weight(hidden_size, hidden_size)
        self.b = nn.Parameter(torch.randn(2 * hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        f, n = pre_BG.chunk(2, dim=-1)
        f = self.sigmoid(self.U_f(h) + f)
        return ((1 - f) * h + f * self.tanh(n + self.U_n(h)),)


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


class Odd(Cell):
    """exp, a quotient, clamps, a ReLU, a wide constant, pre-activations that are read twice, and a power of its own."""

    def __init__(self, input_size: int, hidden_size: int, power: float = 0.3) -> None:
        super().__init__(input_size, hidden_size)
        self.W, self.U = Weight(2 * hidden_size, input_size), Weight(2 * hidden_size, hidden_size, init=normal(0.1))
        self.scales, self.power = nn.Parameter(torch.rand(2 * hidden_size)), power
        self.offset = nn.Buffer(torch.tensor([1.5]))

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        u, v = (self.U(h, add=pre_BG) * self.scales).chunk(2, dim=-1)
        positive = torch.exp(-self.power * u) / (self.offset + self.relu(v) + torch.exp(u))
        return (positive.clamp(-0.4, 1.2) - 0.5 * h.clamp(max=0.7) + 0.1 * pre_BG[:, self.hidden_size :],)


class Trading(Cell):
    """Two states that trade places; the second sum is read by nobody, and no constant is."""

    states = 2

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W, self.U = Weight(3 * hidden_size, input_size), Weight(2 * hidden_size, hidden_size)

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        h, c = state
        p, _, q = pre_BG.chunk(3, dim=-1)
        return c, torch.tanh(self.U(h).chunk(2, dim=-1)[1] + p - c) * q


class Linear(Cell):
    """No product, nothing that is dear to compute."""

    def project(self, x_TBD: Tensor) -> Tensor:
        return x_TBD.sum(dim=-1, keepdim=True).expand(-1, -1, self.hidden_size)

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (0.5 * state[0] - pre_BG,)


class Normed(TwoMatrices):
    """A step that is no formula: a norm over the units."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (nn.functional.layer_norm(super().step(pre_BG, state)[0], (self.hidden_size,)),)


class Doubled(FastGRNN):
    """A subclass of a cell with a kernel, with a formula of its own."""

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (2 * super().step(pre_BH, state)[0],)


class Exponential(Linear):
    """exp of the input."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (torch.exp(pre_BG) + 0 * state[0],)


class Gated(TwoMatrices):
    """A product of a gated state, whose gate is used nowhere else."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        f, n = pre_BG.chunk(2, dim=-1)
        return (torch.tanh(n + self.U_n(self.U_f(h, add=f).sigmoid() * h)),)


class Minimal(TwoMatrices):
    """The minimal gated unit (Zhou et al., 2016): its gate acts before the product and after."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        f_in, c_in = pre_BG.chunk(2, dim=-1)
        f = self.sigmoid(self.U_f(h, add=f_in))
        c = self.tanh(self.U_n(f * h, add=c_in))
        return ((1 - f) * h + f * c,)


class GatedOnce(TwoMatrices):
    """A gate with a constant before the product, a second state, and a pre-activation that is read twice."""

    states = 2

    def step(self, pre_BG: Tensor, state: State) -> State:
        h, c = state
        f_in, c_in = pre_BG.chunk(2, dim=-1)
        gate = self.tanh(self.U_f(h) + f_in) * self.b[: self.hidden_size] + 0.5 * h
        c = 0.5 * c + self.tanh(self.U_n(gate, add=c_in)) * f_in
        return c * self.sigmoid(h), c


class Twice(TwoMatrices):
    """A product of a product of a product."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        f, n = pre_BG.chunk(2, dim=-1)
        return (torch.tanh(n + self.U_n(self.U_f(self.U_n(h).tanh()).sigmoid() * h) + f),)


class Three(Linear):
    """Three states."""

    states = 3

    def step(self, pre_BG: Tensor, state: State) -> State:
        a, b, c = state
        return pre_BG - c, 0.5 * a, 0.5 * b


class Wide(Linear):
    """Thirty gates."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.V = Weight(30 * hidden_size, hidden_size)

    def step(self, pre_BG: Tensor, state: State) -> State:
        return (sum((each.tanh() for each in self.V(state[0]).chunk(30, -1)), pre_BG),)


DERIVED = (Doubled, TwoMatrices, Peephole, Odd, Trading, Linear, Gated, Minimal, GatedOnce)
