"""SpectralRNN: a recurrent matrix kept near orthogonal through its singular value decomposition."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from cells import Cell, State, Weight, one_of, register
from cells.weight import Initialiser


def _reflections(rows_RN: Tensor) -> Tensor:
    """The product of the Householder reflections of the rows, first row leftmost: [N, N].

    Compact WY form: prod_i (I - 2 v_i v_i^T / |v_i|^2) = I - V^T S^-1 V, S the upper triangle of V V^T with half its
    diagonal (Joffrain et al., "Accumulating Householder transformations, revisited", ACM TOMS 2006).
    """
    gram = rows_RN @ rows_RN.T
    s = torch.triu(gram, 1) + torch.diag(gram.diagonal() / 2)
    eye = torch.eye(rows_RN.shape[1], dtype=rows_RN.dtype, device=rows_RN.device)
    solved: Tensor = torch.linalg.solve_triangular(s, rows_RN, upper=True)
    return eye - rows_RN.T @ solved


class SpectralWeight(Weight):
    """A square matrix P diag(s) Q^T, P and Q products of R Householder reflections, s in [1 - radius, 1 + radius].

    Reflector i acts on the last N - i coordinates, so only those numbers are stored:
    2 (RN - R (R - 1) / 2) for both factors, and N for s = 1 + 2 radius (sigmoid(p) - 1/2), p = 0 at first.

    Args:
        size: N.
        reflectors: R, 1..N.
        radius: how far a singular value may stray from 1.

    Raises:
        ValueError: when ``reflectors`` or ``radius`` is out of range.
    """

    def __init__(self, size: int, reflectors: int, radius: float) -> None:
        if not 1 <= reflectors <= size:
            raise ValueError(f"reflectors must be in 1..{size} (the hidden size), not {reflectors}")
        if not 0 <= radius < 1:
            raise ValueError(f"radius must be in [0, 1), not {radius}")
        self.reflectors, self.radius = reflectors, radius
        super().__init__(size, size, init=nn.init.normal_)
        rows, columns = torch.triu_indices(reflectors, size)
        self.register_buffer("live", rows * size + columns, persistent=False)

    def _make_parameters(self, init: Initialiser, blocks: int) -> None:
        stored = sum(self.inputs - i for i in range(self.reflectors))
        self.p_reflectors = nn.Parameter(torch.empty(stored))
        self.q_reflectors = nn.Parameter(torch.empty(stored))
        self.p_singular = nn.Parameter(torch.zeros(self.inputs))
        init(self.p_reflectors)
        init(self.q_reflectors)

    def factorise(self, rank: int) -> None:
        """Refuses: the matrix has full rank by construction."""
        raise ValueError("a SpectralRNN's recurrent matrix has full rank by construction; choose `reflectors` instead")

    def factors(self) -> tuple[nn.Parameter, ...]:
        """Refuses: reflectors are directions, of which no entry is a weight to drop."""
        raise ValueError("a SpectralRNN's recurrent matrix is orthogonal by construction and cannot be made sparse")

    def stored_dense(self) -> bool:
        """A device keeps the dense matrix.

        2 R reflections cost 4 R N multiplications and round 4 R times; the dense product costs N^2 and rounds once. The
        authors' R is N / 4.
        """
        return True

    def _rows(self, stored: Tensor) -> Tensor:
        """Stored numbers to unit reflectors: [R, N]. A reflection does not depend on the length of its vector."""
        live = self.get_buffer("live")
        flat = stored.new_zeros(self.reflectors * self.inputs).index_put((live,), stored)
        rows = flat.view(self.reflectors, self.inputs)
        return nn.functional.normalize(rows, dim=1, eps=0.0)

    def singular_values(self) -> Tensor:
        """s: [N]."""
        return 1 + 2 * self.radius * (torch.sigmoid(self.p_singular) - 0.5)

    def compute(self) -> Tensor:
        """The dense N x N matrix."""
        left, right = _reflections(self._rows(self.p_reflectors)), _reflections(self._rows(self.q_reflectors))
        return self._stored(left * self.singular_values() @ right.T)

    def factored(self, x: Tensor) -> Tensor:
        """Reflects 2 R times, as a device does that stores only the reflectors: [..., N] -> [..., N]."""
        for row in self._rows(self.q_reflectors).unbind(0):
            x = x - (x * row).sum(-1, keepdim=True) * (2 * row)
        x = x * self.singular_values()
        for row in self._rows(self.p_reflectors).flip(0).unbind(0):
            x = x - (x * row).sum(-1, keepdim=True) * (2 * row)
        return x

    def forward(self, x: Tensor, add: Tensor | None = None) -> Tensor:
        """Multiplies, and adds: through the dense matrix when it is held, else by reflections."""
        if self._dense is not None or self.rounding is not None:
            return super().forward(x, add)
        product = self.factored(x)
        return product if add is None else product + add


@register(
    "spectralrnn",
    title="SpectralRNN",
    citation="""@inproceedings{zhang2018stabilizing,
  author = {Zhang, Jiong and Lei, Qi and Dhillon, Inderjit},
  title = {Stabilizing Gradients for Deep Neural Networks via Efficient {SVD} Parameterization},
  booktitle = {International Conference on Machine Learning},
  year = {2018},
  url = {https://arxiv.org/abs/1803.09327}
}""",
)
class SpectralRNN(Cell):
    """SpectralRNN (Zhang et al., ICML 2018).

        h_t = activation(W x_t + P diag(s) Q^T h_{t-1} + b),   s in [1 - radius, 1 + radius]

    P and Q are products of Householder reflections. Defaults follow the authors' code (ReLU, H // 4 reflectors,
    radius 0.01); where it renormalises the reflectors after every step, here they are normalised in the formula.
    Initial values: W Glorot uniform, reflectors N(0, 1), s 1, b 0.

    Parameters: HD + 2 (RH - R (R - 1) / 2) + H + H, with R reflectors.

    Args:
        input_size: D.
        hidden_size: H.
        reflectors: R, in 1..H; ``None`` means max(1, H // 4).
        radius: in [0, 1).
        activation: ReLU as in the authors' code, or tanh.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        reflectors: int | None = None,
        radius: float = 0.01,
        activation: Literal["relu", "tanh"] = "relu",
    ) -> None:
        super().__init__(input_size, hidden_size)
        one_of("activation", activation, ("relu", "tanh"))
        self.activation = activation
        self.W = Weight(hidden_size, input_size)
        self.U = SpectralWeight(hidden_size, max(1, hidden_size // 4) if reflectors is None else reflectors, radius)
        self.b = nn.Parameter(torch.zeros(hidden_size))

    def project(self, x_TBD: Tensor) -> Tensor:
        """W x + b: [T, B, H]."""
        return self.W(x_TBD, add=self.b)

    def step(self, pre_BH: Tensor, state: State) -> State:
        """One step of the recurrence: (h_BH,)."""
        (h_BH,) = state
        return (getattr(self, self.activation)(self.U(h_BH, add=pre_BH)),)
