"""Cells that somebody else might write, none of which the repository knows."""

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


class Halved(FastGRNN):
    """A subclass of a cell that is here, with a formula of its own."""

    def step(self, pre_BH: Tensor, state: State) -> State:
        return (0.5 * super().step(pre_BH, state)[0],)


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


class Third(TwoMatrices):
    """Three states, a product of the third, and one of a state that only the second reads."""

    states = 3

    def step(self, pre_BG: Tensor, state: State) -> State:
        a, b, c = state
        f, n = pre_BG.chunk(2, dim=-1)
        return self.tanh(self.U_f(c, add=f) + b), 0.5 * a - 0.1 * self.U_n(b), self.sigmoid(n + a) * c


class LookBack(Cell):
    """A window of three samples, gates in ``project``, and samples as they are, for D = H."""

    window, square = 3, True

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(2 * hidden_size, input_size, blocks=2)
        self.V = Weight(hidden_size, 2 * input_size)

    def project(self, x_TBD: Tensor, past: Tensor | None = None) -> Tensor:
        past = x_TBD.new_zeros(2, *x_TBD.shape[1:]) if past is None else past
        seen = torch.cat([past, x_TBD])
        z, f = self.W(seen[:-2]).chunk(2, dim=-1)
        z = self.tanh(z + self.V(torch.cat([seen[1:-1], x_TBD], dim=-1)))
        return torch.cat([z - 0.3 * seen[1:-1], self.sigmoid(f + x_TBD + seen[:-2])], dim=-1)

    def step(self, pre_BG: Tensor, state: State) -> State:
        z, f = pre_BG.chunk(2, dim=-1)
        return (f * state[0] + (1 - f) * z,)


class Blocks(Cell):
    """A block-diagonal matrix of two."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        first = (hidden_size + 1) // 2
        self.W, self.A = Weight(hidden_size, input_size), Weight(first, first)
        self.B = Weight(hidden_size - first, hidden_size - first) if hidden_size > first else None

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        U = torch.block_diag(*(part.matrix() for part in (self.A, self.B) if part is not None))
        return (self.tanh(nn.functional.linear(state[0], U) + pre_BG),)


class Skip(TwoMatrices):
    """The sample is added to the new state as it is, for D = H."""

    square = True

    def project(self, x_TBD: Tensor) -> Tensor:
        return torch.cat([self.W(x_TBD, add=self.b)[..., : self.hidden_size] + x_TBD, x_TBD], dim=-1)

    def step(self, pre_BG: Tensor, state: State) -> State:
        pre, x = pre_BG.chunk(2, dim=-1)
        return (self.tanh(self.U_f(state[0], add=pre)) + x,)


class Through(TwoMatrices):
    """A product of a product, nothing between them, and half of the sums are read by both."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        f, n = pre_BG.chunk(2, dim=-1)
        inner = self.U_f(state[0], add=f)
        return (self.tanh(self.U_n(inner, add=n)) - 0.2 * inner,)


class Tied(TwoMatrices):
    """One matrix for the gate and for the update, and twice in one sum."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        (h,) = state
        f, n = pre_BG.chunk(2, dim=-1)
        f = self.sigmoid(self.U_f(h, add=f))
        return (self.tanh(self.U_f(f * h, add=n) + self.U_f(h) - self.U_n(h)),)


class Joined(Cell):
    """One matrix on state and sample side by side, as many papers write it; ``project`` gives the sample."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(2 * hidden_size, hidden_size + input_size, blocks=2)
        self.b = nn.Parameter(torch.randn(2 * hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        return x_TBD

    def step(self, pre_BG: Tensor, state: State) -> State:
        z, n = self.W(torch.cat([state[0], pre_BG], dim=-1), add=self.b).chunk(2, dim=-1)
        return (torch.lerp(state[0], self.tanh(n), self.sigmoid(z)),)


class Waves(TwoMatrices):
    """The functions that no cell here has otherwise."""

    def step(self, pre_BG: Tensor, state: State) -> State:
        f, n = pre_BG.chunk(2, dim=-1)
        wave = torch.sin(self.U_f(0.3 * state[0], add=f)) * torch.cos(n)
        size = torch.sqrt(nn.functional.softplus(f) + 1.0).minimum(n.abs() + 1.0)
        return (wave / size + 0.1 * nn.functional.silu(self.U_n(wave)),)
