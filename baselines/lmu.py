"""The Legendre memory unit: a sliding window of one signal as coefficients of Legendre polynomials."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cells import Cell, Spread, State, Weight, register, uniform
from cells.weight import exact, numbers


def legendre(order: int, theta: float) -> tuple[Tensor, Tensor]:
    """The matrices of a window of ``theta`` steps, discretised by a zero-order hold: A [N, N] and B [N], in float64.

        theta dm/dt = a m + b u,   a_ij = (2i + 1) (-1 if i < j else (-1)^(i-j+1)),   b_i = (2i + 1) (-1)^i

    Source: Voelker et al. (2019), equations 1 and 2.
    """
    i, j = (axis.to(torch.float64) for axis in torch.meshgrid(torch.arange(order), torch.arange(order), indexing="ij"))
    sign = torch.where((i - j) % 2 == 0, -1.0, 1.0)
    a = (2 * i + 1) * torch.where(i < j, torch.tensor(-1.0, dtype=torch.float64), sign)
    b = (2 * i[:, 0] + 1) * torch.where(i[:, 0] % 2 == 0, 1.0, -1.0)
    whole = torch.zeros(order + 1, order + 1, dtype=torch.float64)  # expm of both at once: [[A, B], [0, 1]]
    whole[:order, :order], whole[:order, order] = a / theta, b / theta
    held = torch.linalg.matrix_exp(whole)
    return held[:order, :order], held[:order, order]


class Memory(Weight):
    """The matrix A + B e^T that takes a memory one step on: A and B fixed, e learnt, kept as one matrix on a device.

    Args:
        hold: A, [N, N].
        into: B, [N].
    """

    def __init__(self, hold: Tensor, into: Tensor) -> None:
        super().__init__(len(into), len(into), init=nn.init.zeros_)
        del self.value
        self.register_buffer("hold", exact(hold), persistent=False)
        self.register_buffer("into", exact(into.unsqueeze(1)), persistent=False)
        self.e = nn.Parameter(torch.zeros(len(into)))

    def factorise(self, rank: int) -> None:
        """Refuses: A has full rank."""
        raise ValueError("the memory of an LMU has full rank by construction")

    def factors(self) -> tuple[nn.Parameter, ...]:
        """Refuses: all but a vector of the matrix is fixed."""
        raise ValueError("the memory of an LMU is fixed by construction and cannot be made sparse")

    def stored(self) -> tuple[Tensor, ...]:
        """e, or when it is rounded what a device keeps: the whole matrix."""
        return (self.e,) if self.rounding is None else (self.compute(),)

    def compute(self) -> Tensor:
        """The dense N x N matrix."""
        hold, into = (numbers(self.get_buffer(name)).to(self.e) for name in ("hold", "into"))
        return self._stored(hold + into * self.e)


@register(
    "lmu",
    title="LMU",
    citation="""@inproceedings{voelker2019legendre,
  author = {Voelker, Aaron R. and Kaji{\\'c}, Ivana and Eliasmith, Chris},
  title = {Legendre Memory Units: Continuous-Time Representation in Recurrent Neural Networks},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2019},
  url = {https://papers.nips.cc/paper/2019/hash/952285b9b7e7a1be5aa7849f32ffff05-Abstract.html}
}""",
)
class LMU(Cell):
    """The Legendre memory unit (Voelker et al., NeurIPS 2019).

        u_t = e_x^T x_t + e_h^T h_{t-1} + e_m^T m_{t-1}
        m_t = A m_{t-1} + B u_t
        h_t = tanh(W x_t + U h_{t-1} + V m_t)

    with A and B fixed by theta (:func:`legendre`). The memory's order is the hidden size here, where the paper chooses
    it apart, and there is no bias, as in the paper. Initial values are those of the authors' code: e_x and e_h of
    LeCun's uniform U(-sqrt(3 / n), sqrt(3 / n)), e_m 0, W, U and V Glorot normal.

    Parameters: HD + 2 H^2 + D + 2H. A and B are not learnt, but a device keeps A: its H^2 numbers count in flash, and
    in the KB of a quantised model.

    Args:
        input_size: D.
        hidden_size: H.
        theta: length of the window in steps, above 0.
    """

    states = 2

    def __init__(self, input_size: int, hidden_size: int, *, theta: float = 128.0) -> None:
        super().__init__(input_size, hidden_size)
        if theta <= 0:
            raise ValueError(f"theta must be above 0, not {theta}")
        hold, into = legendre(hidden_size, theta)
        self.W = Weight(hidden_size, input_size, init=nn.init.xavier_normal_)
        self.U = Weight(hidden_size, hidden_size, init=nn.init.xavier_normal_)
        self.V = Weight(hidden_size, hidden_size, init=nn.init.xavier_normal_)
        self.E_x = Spread(into, input_size, uniform(math.sqrt(3 / input_size)))
        self.E_h = Spread(into, hidden_size, uniform(math.sqrt(3 / hidden_size)))
        self.M = Memory(hold, into)

    def project(self, x_TBD: Tensor) -> Tensor:
        """B e_x^T x for the memory, and W x: [T, B, 2H]."""
        return torch.cat([self.E_x(x_TBD), self.W(x_TBD)], dim=-1)

    def step(self, pre_BG: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH, m_BH)."""
        h_BH, m_BH = state
        into_BH, pre_BH = pre_BG.chunk(2, dim=-1)
        m_BH = self.M(m_BH, add=self.E_h(h_BH, add=into_BH))
        return self.tanh(self.V(m_BH, add=self.U(h_BH, add=pre_BH))), m_BH
