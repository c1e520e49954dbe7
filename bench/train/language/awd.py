"""AWD regularisation, for any cell: each technique by itself, as Merity et al. define it.

Stephen Merity, Nitish Shirish Keskar and Richard Socher: Regularizing and Optimizing LSTM Language Models, ICLR 2018,
https://arxiv.org/abs/1708.02182. Weight decay is the optimizer's.

Shapes: T time, B batch, D any width, V words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor
from torch.nn import functional

from cells import Cell
from cells.weight import materialised

_HALF_CHANCE, _SPREAD, _SHORTEST = 0.05, 5.0, 5


def weight_dropped(cell: Cell, p: float, matrix: str = "U") -> AbstractContextManager[None]:
    """DropConnect on the matrix that acts on the state: one mask for all steps of all sequences run inside.

    The dense matrix is dropped, however it is stored: of low rank, sparse, or a product of reflections. So scan and
    compiled kernels see the same matrix.

    Args:
        cell: the layer.
        p: the share of weights that are 0; the others are divided by 1 - p.
        matrix: its name in the cell; ``U`` stands for ``U_n``, too.

    Raises:
        ValueError: when the cell has no such matrix.
    """
    weights = cell.weights()
    dropped = [weight for name, weight in weights.items() if name == matrix or name.startswith(f"{matrix}_")]
    if not dropped:
        has = ", ".join(weights) or "none made of Weight"
        raise ValueError(f"it has no recurrent matrix {matrix!r} to drop weights of; it has {has}")
    return materialised(
        cell, lambda each: any(each is other for other in dropped), lambda dense: functional.dropout(dense, p)
    )


def locked_dropout(x_TBD: Tensor, p: float) -> Tensor:
    """Dropout with one mask for all steps (Gal and Ghahramani, NeurIPS 2016): another for each sequence.

    Args:
        x_TBD: inputs or states.
        p: the share that is 0; the others are divided by 1 - p.
    """
    if not p:
        return x_TBD
    return x_TBD * x_TBD.new_empty(1, *x_TBD.shape[1:]).bernoulli_(1 - p).div_(1 - p)


def word_dropout(x_TBD: Tensor, ids_TB: Tensor, words: int, p: float) -> Tensor:
    """Dropout of whole rows of the embedding: a word that is dropped is dropped wherever it stands.

    Args:
        x_TBD: embedded words.
        ids_TB: their ids.
        words: V.
        p: the share of words that are 0; the others are divided by 1 - p.
    """
    if not p:
        return x_TBD
    mask_V = x_TBD.new_empty(words).bernoulli_(1 - p).div_(1 - p)
    return x_TBD * mask_V[ids_TB].unsqueeze(-1)


def activation_regularisation(dropped_TBD: Tensor, alpha: float) -> Tensor:
    """AR: alpha times the mean square of the last layer's output, after its dropout."""
    return alpha * dropped_TBD.square().mean()


def temporal_activation_regularisation(raw_TBD: Tensor, beta: float) -> Tensor:
    """TAR: beta times the mean square of the change from step to step, before the dropout; 0 for a single step."""
    if len(raw_TBD) < 2:
        return raw_TBD.new_zeros(())
    return beta * (raw_TBD[1:] - raw_TBD[:-1]).square().mean()


def variable_lengths(total: int, bptt: int, generator: torch.Generator) -> list[int]:
    """Lengths of windows that make up a text: N(bptt, 5^2), or with probability 0.05 N(bptt / 2, 5^2), at least 5.

    The rate of a window is to be multiplied by its length / ``bptt``.

    Args:
        total: steps in all, that of the last window included, which has what is left.
        bptt: the base length.
        generator: draws them.
    """
    lengths: list[int] = []
    left = total
    while left:
        halve, noise = torch.rand((), generator=generator).item(), torch.randn((), generator=generator).item()
        base = bptt / 2 if halve < _HALF_CHANCE else bptt
        lengths.append(min(left, max(_SHORTEST, int(base + _SPREAD * noise))))
        left -= lengths[-1]
    return lengths


def stagnates(earlier: Sequence[float], now: float, patience: int) -> bool:
    """The non-monotonic criterion of NT-ASGD: ``now`` is worse than the best loss of ``patience`` epochs ago.

    Args:
        earlier: validation losses of the epochs before, oldest first.
        now: that of this epoch.
        patience: n of the paper, 5 there. As in the authors' code, whose epochs before are ``earlier[:-n]``.
    """
    return len(earlier) > patience and now > min(earlier[:-patience])


class Average:
    """The mean of parameters over the steps since it was begun (Polyak and Juditsky, 1992).

    ``torch.optim.ASGD`` with ``t0=0, lambd=0``, which the authors use, leaves the first of these steps out.

    Args:
        parameters: of the model, at the beginning.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        self.parameters = list(parameters)
        self.mean = [parameter.detach().clone() for parameter in self.parameters]
        self.steps = 0

    @torch.no_grad()
    def update(self) -> None:
        """Takes the parameters after a step into the mean."""
        self.steps += 1
        for mean, parameter in zip(self.mean, self.parameters, strict=True):
            mean.lerp_(parameter, 1 / self.steps)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchanges parameters and mean, in place."""
        for mean, parameter in zip(self.mean, self.parameters, strict=True):
            kept = parameter.clone()
            parameter.copy_(mean)
            mean.copy_(kept)
