"""A language model: embedding, recurrent layers, softmax."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from bench.errors import RnnbenchError, nearest
from bench.measure import size
from bench.record import SizeFacts
from bench.spec import AwdPart, CellPart, CompressPart, RunSpec, parse
from bench.train.cell import build_cell, derive_seed, trained
from bench.train.language import awd
from bench.train.language.softmax import log_likelihood
from cells import Cell, State, Weight

_SPREAD = 0.1
"""The softmax begins in U(-0.1, 0.1), as AWD-LSTM's does."""
_READ = 1024
"""Words in a piece of a text that is evaluated; the state goes on, so it changes nothing."""

States = tuple[State, ...]


class LanguageModel(nn.Module):
    """Outputs for the next word, and the softmax that they go into.

    Args:
        layers: the cells; the first takes the embedding's size.
        words: V.
        part: AWD regularisation, at work in training only.
        tied: whether softmax and embedding share their matrix; the last layer then has the embedding's size.
        spread: the embedding begins in U(-spread, spread).
    """

    def __init__(
        self, layers: list[Cell], words: int, part: AwdPart, tied: bool = False, spread: float = _SPREAD
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.embedding = nn.Embedding(words, layers[0].input_size)
        self.softmax = nn.Linear(layers[-1].hidden_size, words)
        self.part = part
        nn.init.uniform_(self.embedding.weight, -spread, spread)
        nn.init.uniform_(self.softmax.weight, -_SPREAD, _SPREAD)
        nn.init.zeros_(self.softmax.bias)
        if tied:
            self.softmax.weight = self.embedding.weight

    def forward(self, ids_TB: Tensor, states: States | None = None) -> tuple[Tensor, Tensor, States]:
        """Runs all layers over a piece of text.

        Args:
            ids_TB: words.
            states: of the layers, as an earlier call gave them; ``None`` for zeros.

        Returns:
            The last layer's outputs [T, B, H] after their dropout, and before it; the states after the last step.
        """
        part, drops = self.part, self.training
        x = self.embedding(ids_TB)
        if drops:
            x = awd.word_dropout(x, ids_TB, self.embedding.num_embeddings, part.dropout_embedding)
            x = awd.locked_dropout(x, part.dropout_input)
        after = []
        for number, layer in enumerate(self.layers):
            with ExitStack() as stack:
                if drops and part.weight_drop:
                    assert isinstance(layer, Cell)  # noqa: S101
                    stack.enter_context(awd.weight_dropped(layer, part.weight_drop, part.weight_drop_matrix))
                raw, state = layer(x, None if states is None else states[number])
            after.append(state)
            last = number == len(self.layers) - 1
            x = awd.locked_dropout(raw, part.dropout_output if last else part.dropout_between) if drops else raw
        return x, raw, tuple(after)

    if TYPE_CHECKING:

        def __call__(self, ids_TB: Tensor, states: States | None = None) -> tuple[Tensor, Tensor, States]: ...  # noqa: D102

    @torch.no_grad()
    def begin_at_unigram(self, stream: Tensor) -> None:
        """Sets the softmax's bias to the log frequencies of a text's words, each counted once more than it is there.

        Args:
            stream: [n], the training text.
        """
        counts = torch.bincount(stream, minlength=len(self.softmax.bias)) + 1
        self.softmax.bias.copy_((counts / counts.sum()).log())

    @property
    def outside(self) -> int:
        """Numbers of embedding and softmax, a shared matrix once."""
        return sum(parameter.numel() for name, parameter in self.named_parameters() if not name.startswith("layers."))

    @torch.no_grad()
    def log_likelihood(self, stream: Tensor) -> float:
        """The sum of log P(word | all words before it) over a text, but for its first word, which follows none.

        The text is one sequence from end to end, the state carried over; nothing is dropped, padded or cut.

        Args:
            stream: [n], n >= 2.
        """
        training = self.training
        self.eval()
        total, states, text = 0.0, None, stream.long()
        for x, y in zip(torch.split(text[:-1], _READ), torch.split(text[1:], _READ), strict=True):
            h_T1H, _, states = self(x.unsqueeze(1), states)
            total += log_likelihood(h_T1H.squeeze(1), self.softmax.weight, self.softmax.bias, y)
        self.train(training)
        return total


def detached(states: States) -> States:
    """The states without their past: no gradient goes back over the border."""
    return tuple(tuple(vector.detach() for vector in state) for state in states)


def build_layers(spec: RunSpec) -> list[Cell]:
    """The cells of a language model; the first reads the embedding.

    Raises:
        RnnbenchError: when a cell cannot be built, or has not the matrix whose weights are to be dropped.
    """
    part, cell = spec.language, spec.cell
    embedding = part.embedding_size or cell.hidden_size
    if part.tied and part.layers == 1 and embedding != cell.hidden_size:
        raise RnnbenchError(
            f"language.tied: the one layer has {cell.hidden_size} units, the embedding {embedding}: leave "
            "language.embedding_size out, or take two layers, of which the last has the embedding's size"
        )
    layers: list[Cell] = []
    for number in range(part.layers):
        changes = dict(part.first) if number == 0 else {}
        if number == part.layers - 1 and part.tied:
            changes["hidden_size"] = embedding
        if "name" in changes:
            raise RnnbenchError("language.first has options of the same cell: leave `name` out of it")
        own = parse(CellPart, {**cell.model_dump(exclude={"options"}), **cell.options, **changes}, "language.first")
        layers.append(build_cell(own, layers[-1].hidden_size if layers else embedding, spec.compress))
        for name, factor in part.scale.items():
            _scale(layers[-1], name, factor)
        for name, value in part.begin.items():
            _begin(layers[-1], name, value)
    if spec.awd.weight_drop:
        _check_weight_drop(spec, layers[0])
    return layers


@torch.no_grad()
def _scale(cell: Cell, name: str, factor: float) -> None:
    """Multiplies what a matrix begins with; of a product of two, each by the root."""
    weights = cell.weights()
    if name not in weights:
        raise RnnbenchError(f"language.scale: cell {cell.name!r} has no matrix {name!r}{nearest(name, weights)}")
    weight = weights[name]
    if type(weight) is not Weight:
        raise RnnbenchError(f"language.scale: matrix {name!r} of cell {cell.name!r} has a scale of its own")
    for each in weight.parameters():
        each.mul_(factor if weight.rank is None else factor**0.5)


@torch.no_grad()
def _begin(cell: Cell, name: str, value: float) -> None:
    """Fills a vector or a scalar of the cell's own."""
    own = dict(cell.named_parameters(recurse=False))
    if name not in own:
        raise RnnbenchError(f"language.begin: cell {cell.name!r} has no vector {name!r}{nearest(name, own)}")
    own[name].fill_(value)


def _check_weight_drop(spec: RunSpec, layer: Cell) -> None:
    try:
        awd.weight_dropped(layer, spec.awd.weight_drop, spec.awd.weight_drop_matrix)
    except ValueError as error:
        raise RnnbenchError(
            f"awd.weight_drop on cell {spec.cell.name!r}: {error}: set awd.weight_drop_matrix to one of them, or "
            "awd.weight_drop to 0"
        ) from None


def build(spec: RunSpec, words: int) -> LanguageModel:
    """The language model of a run with its initial weights, drawn from the run's seed alone.

    Args:
        spec: the run.
        words: V.
    """
    torch.manual_seed(derive_seed(spec.seed, "init"))
    layers = build_layers(spec)
    return LanguageModel(layers, words, spec.awd, spec.language.tied, spec.language.spread)


def restore(spec: RunSpec, words: int, weights: dict[str, Tensor]) -> LanguageModel:
    """Returns the trained language model of a run, for evaluation.

    Args:
        spec: the run.
        words: V.
        weights: as ``model.pt`` has them.

    Raises:
        RnnbenchError: when they are of another version of the cell.
    """
    return trained(build(spec, words), spec, weights)


def size_facts(network: LanguageModel, compress: CompressPart) -> SizeFacts:
    """Returns the size of the layers, as the paper prints it; embedding and softmax are counted beside it."""
    counted = size(network.layers, 1 if compress.quantise else 4)
    return SizeFacts(**asdict(counted), embedding_parameters=network.outside)
