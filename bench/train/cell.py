"""From a specification to a cell, and the seeds of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from bench import zoo
from bench.errors import RnnbenchError, nearest
from bench.spec import CellPart, CompressPart, RunSpec
from cells import Cell, Weight, outside
from cells.compress import HardThreshold, quantise_weights
from cells.gates import PIECEWISE
from cells.hold import hold_at

N = TypeVar("N", bound=nn.Module)


def derive_seed(seed: int, part: str) -> int:
    """A seed of its own for a named part, so that one cell's initial weights do not shift another's data order."""
    return int.from_bytes(hashlib.sha256(f"{part}:{seed}".encode()).digest()[:7], "big")


class _Uncomputed(TorchFunctionMode):
    """Leaves the values out that it takes long to compute: random ones, orthogonal ones, singular ones."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        if func in (torch.linalg.qr, torch.linalg.svd):
            rows, columns = args[0].shape
            left, right = torch.zeros(rows, min(rows, columns)), torch.zeros(min(rows, columns), columns)
            return (left, right) if func is torch.linalg.qr else (left, torch.zeros(min(rows, columns)), right)
        return func(*args, **(kwargs or {}))


@contextmanager
def one_thread() -> Iterator[None]:
    """Has torch use one thread in its block: those of small operations wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def uncomputed() -> Iterator[None]:
    """Has cells that are built in its block begin with any values: for their shapes, in a fraction of the time.

    A cell that reads its weights while it is built may raise an error that it would not raise otherwise.
    """
    with _Uncomputed():
        yield


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
        cell = _made(part, features)
        for name, value in part.hold.items():
            hold_at(cell, name, value)
        for name, count in part.blocks.items():
            _matrix(cell, name).block_diagonal(count)
        if compress is None or compress.apply == "training":
            _factorise(cell, part.rank)
        if compress is not None:
            HardThreshold(cell, compress.keep)
            if compress.quantise:
                _all_in_weights(cell)
            if compress.quantise == "piecewise":
                cell.nonlinearities.update(PIECEWISE)
    except ValueError as error:
        raise RnnbenchError(f"cell {part.name!r}: {error}") from None
    return cell


def _made(part: CellPart, features: int) -> Cell:
    cls = part.cell_class
    try:
        return cls(features, part.hidden_size, **part.options)
    except (ValueError, RnnbenchError):
        raise
    except Exception as error:  # whatever a user's cell raises
        what = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise RnnbenchError(f"cell {part.name!r} cannot be built: {what}{zoo.place_of(error)}") from error


def make_small(cell: Cell, part: CellPart, compress: CompressPart) -> None:
    """Approximates a trained dense cell where ``compress.apply`` says so: its ranks, then its largest entries.

    Raises:
        RnnbenchError: as :func:`build_cell`.
    """
    if compress.apply == "training":
        return
    try:
        _factorise(cell, part.rank)
        HardThreshold(cell, compress.keep).threshold()
    except ValueError as error:
        raise RnnbenchError(f"cell {part.name!r}: {error}") from None


def _factorise(cell: Cell, ranks: Mapping[str, int]) -> None:
    for name, rank in ranks.items():
        _matrix(cell, name).factorise(rank)


def _matrix(cell: Cell, name: str) -> Weight:
    weights = cell.weights()
    if name not in weights:
        raise ValueError(f"it has no matrix {name!r}{nearest(name, weights)}")
    return weights[name]


def _all_in_weights(cell: Cell) -> None:
    for name, each in outside(cell):
        if each.dim() > 1:
            raise ValueError(f"its matrix {name!r} is no Weight, so training cannot round it to 8 bits: make it one")


def trained(network: N, spec: RunSpec, weights: dict[str, Tensor]) -> N:
    """Gives a run's network its trained weights, rounded where the run is quantised, and returns it for evaluation.

    Args:
        network: of the run, as it was built.
        spec: the run.
        weights: as ``model.pt`` has them.

    Raises:
        RnnbenchError: when they are of another version of the cell.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise RnnbenchError(
            f"the weights of {spec.id} are of another version of cell {spec.cell.name!r}: run its grid again"
        ) from None
    if spec.compress.quantise:
        quantise_weights(network)
    return network.eval()
