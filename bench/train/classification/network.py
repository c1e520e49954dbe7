"""The network of a classifier: a cell, and a classifier on its last state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from bench.data import DatasetInfo
from bench.spec import RunSpec
from bench.train.cell import build_cell, derive_seed, make_small, trained
from cells import Cell, State, Weight


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

    def forward(self, x_TBD: Tensor, lengths_B: Tensor, state: State | None = None) -> Tensor:
        """Scores of padded sequences, each read at its own last step.

        Args:
            x_TBD: inputs, anything after a sequence's end; with an embedding [T, B], ids of words.
            lengths_B: steps of each sequence, 1..T.
            state: before the first step; zeros when ``None``.

        Returns:
            [B, C]. Cells are causal, so what stands after a sequence's end does not matter.
        """
        inputs = x_TBD if self.embedding is None else self.embedding(x_TBD)
        scores: Tensor = self.head(self.cell.last(inputs, lengths_B, state))
        return scores

    if TYPE_CHECKING:

        def __call__(self, x_TBD: Tensor, lengths_B: Tensor, state: State | None = None) -> Tensor: ...  # noqa: D102


def build(spec: RunSpec, features: int, classes: int, vocabulary: int | None = None) -> Network:
    """Returns the network of a run at its initial weights, which are drawn from the run's seed alone.

    Args:
        spec: the run.
        features: D.
        classes: C.
        vocabulary: ids of words, 0 for the padding not counted; ``None`` for a set of numbers.
    """
    torch.manual_seed(derive_seed(spec.seed, "init"))
    return Network(build_cell(spec.cell, features, spec.compress), classes, vocabulary)


def restore(spec: RunSpec, info: DatasetInfo, weights: dict[str, Tensor]) -> Network:
    """Returns the trained network of a run, for evaluation.

    Args:
        spec: the run.
        info: of its data set.
        weights: as ``model.pt`` has them.

    Raises:
        RnnbenchError: when they are of another version of the cell.
    """
    network = build(spec, info.features, info.classes, info.vocabulary)
    make_small(network.cell, spec.cell, spec.compress)
    return trained(network, spec, weights)
