"""From a specification to a network: cell, classifier, seeds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from bench import zoo
from bench.compression import CompressPart
from bench.errors import RnnbenchError, nearest
from bench.spec import CellPart, RunSpec
from cells import Cell, Weight, outside
from cells.compress import HardThreshold
from cells.gates import PIECEWISE


class Classifier(nn.Module):
    """Scores from the state: W h + b.

    Args:
        hidden_size: H.
        classes: C.
    """

    def __init__(self, hidden_size: int, classes: int) -> None:
        super().__init__()
        self.W = Weight(classes, hidden_size)
        self.b = nn.Parameter(torch.zeros(classes))

    def forward(self, h_BH: Tensor) -> Tensor:
        """Scores [B, C] of states [B, H]."""
        return self.W(h_BH, add=self.b)


class Network(nn.Module):
    """A cell that reads a sequence, and a classifier on its last state.

    Args:
        cell: the recurrent layer.
        classes: C.
        vocabulary: of a set of texts, how many words have ids, from 1 on; an embedding makes the cell's inputs of them.
    """

    def __init__(self, cell: Cell, classes: int, vocabulary: int | None = None) -> None:
        super().__init__()
        self.cell = cell
        self.head = Classifier(cell.hidden_size, classes)
        # Last, so that the others begin as they do without it.
        self.embedding = None if vocabulary is None else nn.Embedding(vocabulary + 1, cell.input_size, padding_idx=0)

    def forward(self, x_TBD: Tensor, lengths_B: Tensor) -> Tensor:
        """Scores of padded sequences, each read at its own last step.

        Args:
            x_TBD: inputs, anything after a sequence's end; with an embedding [T, B], ids of words.
            lengths_B: steps of each sequence, 1..T.

        Returns:
            [B, C]. Cells are causal, so what stands after a sequence's end does not matter.
        """
        inputs = x_TBD if self.embedding is None else self.embedding(x_TBD)
        scores: Tensor = self.head(self.cell.last(inputs, lengths_B))
        return scores

    if TYPE_CHECKING:

        def __call__(self, x_TBD: Tensor, lengths_B: Tensor) -> Tensor: ...  # noqa: D102


def derive_seed(seed: int, part: str) -> int:
    """A seed of its own for a named part, so that one cell's initial weights do not shift another's data order."""
    return int.from_bytes(hashlib.sha256(f"{part}:{seed}".encode()).digest()[:7], "big")


def build_cell(part: CellPart, features: int, compress: CompressPart | None = None) -> Cell:
    """The cell of a specification, its matrices factorised and its gates chosen as it says.

    Args:
        part: name, sizes, options.
        features: D.
        compress: how it will be made small; not at all by default.

    Raises:
        RnnbenchError: when an option is out of range, a rank or a kept fraction names no matrix, a rank does not fit
            it, or it cannot be made sparse.
    """
    try:
        cell = zoo.cell_class(part.name)(features, part.hidden_size, **part.options)
        weights = cell.weights()
        for name, rank in part.rank.items():
            if name not in weights:
                raise ValueError(f"it has no matrix {name!r}{nearest(name, weights)}")
            weights[name].factorise(rank)
        if compress is not None:
            HardThreshold(cell, compress.keep)
            if compress.quantise:
                _all_in_weights(cell)
            if compress.quantise == "piecewise":
                cell.nonlinearities.update(PIECEWISE)
    except ValueError as error:
        raise RnnbenchError(f"cell {part.name!r}: {error}") from None
    return cell


def _all_in_weights(cell: Cell) -> None:
    for name, each in outside(cell):
        if each.dim() > 1:
            raise ValueError(f"its matrix {name!r} is no Weight, so training cannot round it to 8 bits: make it one")


def build(spec: RunSpec, features: int, classes: int, vocabulary: int | None = None) -> Network:
    """The network of a run with its initial weights, drawn from the run's seed alone.

    Args:
        spec: the run.
        features: D.
        classes: C.
        vocabulary: ids of words, 0 for the padding not counted; ``None`` for a set of numbers.
    """
    torch.manual_seed(derive_seed(spec.seed, "init"))
    return Network(build_cell(spec.cell, features, spec.compress), classes, vocabulary)
