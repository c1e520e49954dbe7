"""A weight matrix, however it is parametrised: every cell is built from these.

A cell says ``self.W = Weight(hidden, inputs)`` and calls it. Whether the matrix is dense or of low rank, sparse or
quantised (:mod:`cells.compress`) is decided from outside, on the finished cell.

Shapes: O outputs, I inputs, R rank; ``...`` any leading dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

Initialiser = Callable[[Tensor], object]


def normal(std: float) -> Initialiser:
    """An initialiser that draws from N(0, std^2)."""

    def fill(tensor: Tensor) -> None:
        nn.init.normal_(tensor, std=std)

    return fill


def uniform(bound: float) -> Initialiser:
    """An initialiser that draws from U(-bound, bound)."""

    def fill(tensor: Tensor) -> None:
        nn.init.uniform_(tensor, -bound, bound)

    return fill


class Weight(nn.Module):
    """An O x I matrix that multiplies row vectors: ``weight(x)[..., o] = sum_i matrix[o, i] x[..., i]``.

    Args:
        outputs: O, the rows.
        inputs: I, the columns.
        init: fills a dense block in place; Glorot's uniform by default (Glorot and Bengio, AISTATS 2010).
        blocks: how many gates are stacked in the rows; each block is initialised as a matrix of its own.

    Attributes:
        rank: R, or ``None`` for a dense matrix.
        diagonal: how many blocks on the diagonal of every gate's matrix are stored; 1 for all of it.
        rounding: applied to each stored matrix before it is used; ``None`` for nothing.

    Raises:
        ValueError: when a size is below 1 or the rows do not divide into ``blocks``.
    """

    def __init__(
        self, outputs: int, inputs: int, *, init: Initialiser = nn.init.xavier_uniform_, blocks: int = 1
    ) -> None:
        super().__init__()
        if outputs < 1 or inputs < 1:
            raise ValueError(f"a weight matrix needs sizes of at least 1, not {outputs} x {inputs}")
        if blocks < 1 or outputs % blocks:
            raise ValueError(f"{outputs} rows do not divide into {blocks} gates")
        self.outputs = outputs
        self.inputs = inputs
        self.gates = blocks
        self.rank: int | None = None
        self.diagonal = 1
        self.rounding: Callable[[Tensor], Tensor] | None = None
        self._dense: Tensor | None = None
        self._make_parameters(init, blocks)

    def _make_parameters(self, init: Initialiser, blocks: int) -> None:
        value = torch.empty(self.outputs, self.inputs)
        for block in value.chunk(blocks):
            init(block)
        self.value = nn.Parameter(value)

    def factorise(self, rank: int) -> None:
        """Replaces the dense matrix by ``left @ right.T``, its best approximation of that rank (truncated SVD).

        Args:
            rank: R; ``left`` becomes O x R and ``right`` I x R.

        Raises:
            ValueError: when the rank is not in 1..min(O, I), or the matrix is factorised already.
        """
        full = min(self.outputs, self.inputs)
        if not 1 <= rank <= full:
            raise ValueError(f"rank {rank} is not in 1..{full} for a {self.outputs} x {self.inputs} matrix")
        if self.rank is not None or self.diagonal > 1:
            raise ValueError("the matrix is of low rank already" if self.rank else "the matrix is of diagonal blocks")
        left, scale, right = torch.linalg.svd(self.value.detach(), full_matrices=False)
        root = scale[:rank].sqrt()
        del self.value
        self.left = nn.Parameter(left[:, :rank] * root)
        self.right = nn.Parameter(right[:rank].T * root)
        self.rank = rank

    def block_diagonal(self, count: int) -> None:
        """Keeps the blocks on the diagonal of every gate's matrix, so that groups of units do not see each other.

        What is kept is multiplied by the root of ``count``, for sums of as many fewer numbers to begin as large.

        Args:
            count: how many blocks; rows of a gate and columns are multiples of it.

        Raises:
            ValueError: when they are not, or the matrix is of low rank.
        """
        rows = self.outputs // self.gates
        if count < 1 or rows % count or self.inputs % count:
            raise ValueError(f"{count} blocks do not divide a gate's {rows} x {self.inputs} matrix")
        if self.rank is not None:
            raise ValueError("a matrix of low rank has no blocks on its diagonal")
        gates = self.value.detach().view(self.gates, count, rows // count, count, self.inputs // count)
        kept = torch.diagonal(gates, dim1=1, dim2=3).permute(0, 3, 1, 2)
        self.value = nn.Parameter(count**0.5 * kept.reshape(self.outputs, self.inputs // count))
        self.diagonal = count

    def _spread(self, blocks: Tensor) -> Tensor:
        """The blocks on the diagonal, [O, I / count], as the O x I matrix."""
        if self.diagonal == 1:
            return blocks
        shape = (self.gates, self.diagonal, -1, blocks.shape[1])
        place = torch.eye(self.diagonal, dtype=blocks.dtype, device=blocks.device)
        dense = blocks.view(shape).unsqueeze(3) * place[:, None, :, None]
        return dense.reshape(self.outputs, self.inputs)

    def factors(self) -> tuple[nn.Parameter, ...]:
        """The matrices whose entries are the parameters: ``value``, or ``left`` and ``right``."""
        return (self.value,) if self.rank is None else (self.left, self.right)

    def stored_dense(self) -> bool:
        """Whether a device keeps the product of the factors: when that takes no more multiplications than they do."""
        if self.rank is None:
            return True
        through = sum(int(torch.count_nonzero(factor.detach())) for factor in self.factors())
        return through >= self.outputs * self.inputs

    def stored(self) -> tuple[Tensor, ...]:
        """The matrices that a device keeps: the parameters, or when they are rounded what was rounded."""
        if self.rounding is None:
            return tuple(self.parameters())
        return self.factors() if self.diagonal > 1 or not self.stored_dense() else (self.compute(),)

    def multiplied(self) -> tuple[Tensor, ...]:
        """The matrices that a device multiplies by, the first first, rounded as they are stored."""
        return (self.compute(),) if self.stored_dense() else (self._stored(self.right).T, self._stored(self.left))

    def compute(self) -> Tensor:
        """The dense O x I matrix, computed from the parameters, rounded as it is stored."""
        if self.rank is None:
            return self._spread(self._stored(self.value))
        if self.rounding is None or self.stored_dense():
            return self._stored(self.left @ self.right.T)
        return self._stored(self.left) @ self._stored(self.right).T

    def _stored(self, matrix: Tensor) -> Tensor:
        return matrix if self.rounding is None else self.rounding(matrix)

    def matrix(self) -> Tensor:
        """The dense O x I matrix: the one held by :func:`materialised`, or computed now."""
        return self.compute() if self._dense is None else self._dense

    def factored(self, x: Tensor) -> Tensor:
        """Multiplies through the factors, as a device does that stores nothing else: [..., I] -> [..., O]."""
        return functional.linear(functional.linear(x, self._stored(self.right).T), self._stored(self.left))

    def forward(self, x: Tensor, add: Tensor | None = None) -> Tensor:
        """Multiplies, and adds.

        Args:
            x: [..., I].
            add: [O] or [..., O], added to the product; fused into it where torch can.

        Returns:
            [..., O].
        """
        dense = self._dense
        if dense is None and self.rank is None:
            dense = self.compute()
        if dense is None:
            product = self.factored(x)
            return product if add is None else product + add
        if add is None or add.dim() == 1:
            return functional.linear(x, dense, add)
        if x.dim() == 2 and add.shape == (x.shape[0], self.outputs):
            return torch.addmm(add, x, dense.t())
        return functional.linear(x, dense) + add

    if TYPE_CHECKING:

        def __call__(self, x: Tensor, add: Tensor | None = None) -> Tensor: ...  # noqa: D102

    def extra_repr(self) -> str:
        """Shape and rank, for ``repr``."""
        shape = f"{self.outputs} x {self.inputs}" + (f", {self.diagonal} blocks" if self.diagonal > 1 else "")
        return shape if self.rank is None else f"{shape}, rank {self.rank}"


def exact(fixed: Tensor) -> Tensor:
    """Float64 numbers as the integers of their bits: a buffer of these keeps every digit when its module is cast."""
    return fixed.to(torch.float64).view(torch.int64)


def numbers(held: Tensor) -> Tensor:
    """The float64 numbers that :func:`exact` put away."""
    return held.view(torch.float64)


class Spread(Weight):
    """The matrix s v^T: one number, v^T x, spread over the outputs by a fixed s. Of rank 1, with only v learnt.

    Args:
        over: s, [O].
        inputs: I.
        init: fills v.
    """

    def __init__(self, over: Tensor, inputs: int, init: Initialiser) -> None:
        super().__init__(len(over), inputs, init=init)
        del self.value
        self.register_buffer("over", exact(over.unsqueeze(1)), persistent=False)
        self.right = nn.Parameter(torch.empty(inputs, 1))
        init(self.right)
        self.rank = 1

    @property
    def left(self) -> Tensor:  # type: ignore[override]  # fixed here, a parameter there
        """s, as a matrix of one column."""
        return numbers(self.get_buffer("over")).to(self.right)

    def factorise(self, rank: int) -> None:
        """Refuses: the matrix is of rank 1."""
        raise ValueError("one number spread over the units is of rank 1 by construction")

    def factors(self) -> tuple[nn.Parameter, ...]:
        """Refuses: half of the matrix is fixed."""
        raise ValueError("one number spread over the units comes from one vector, which cannot be made sparse")

    def stored_dense(self) -> bool:
        """Whether a device keeps the product: never, but for one output or one input."""
        return min(self.outputs, self.inputs) == 1

    def stored(self) -> tuple[Tensor, ...]:
        """v, or when it is rounded what a device keeps: both vectors, or their product."""
        if self.rounding is None:
            return (self.right,)
        return (self.compute(),) if self.stored_dense() else (self.right, self.left)


def outside(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """The parameters that belong to no :class:`Weight`, by name."""
    inside = {id(one) for each in model.modules() if isinstance(each, Weight) for one in each.parameters()}
    yield from ((name, parameter) for name, parameter in model.named_parameters() if id(parameter) not in inside)


def _weights(module: nn.Module) -> Iterator[Weight]:
    """As ``modules()``, without its bookkeeping, which a small cell's step feels."""
    for child in module._modules.values():
        if isinstance(child, Weight):
            yield child
        elif child is not None:
            yield from _weights(child)


@contextmanager
def materialised(
    module: nn.Module,
    where: Callable[[Weight], bool] = lambda _: True,
    through: Callable[[Tensor], Tensor] = lambda dense: dense,
) -> Iterator[None]:
    """Computes each dense matrix of ``module`` once, for the length of a sequence, so that a scan only multiplies.

    Args:
        module: what holds the weights.
        where: which of them; all otherwise.
        through: what a matrix goes through before it is held, for instance a dropout.
    """
    weights = [weight for weight in _weights(module) if where(weight)]
    held = [weight._dense for weight in weights]
    try:
        for weight in weights:
            hold(weight, through(weight.matrix()))
        yield
    finally:
        for weight, before in zip(weights, held, strict=True):
            hold(weight, before)


def hold(weight: Weight, dense: Tensor | None) -> None:
    """Makes a weight use a matrix in place of its own; ``None`` gives it its own back."""
    # Past nn.Module, which would take a matrix that is a parameter for one more of its own.
    object.__setattr__(weight, "_dense", dense)
