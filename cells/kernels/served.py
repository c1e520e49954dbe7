"""Which cells have a kernel, and what it is given of them.

A cell is known by the full name of its class, so a subclass, which may have another formula, has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from cells.gates import PIECEWISE
from cells.kernels.build import PIECEWISE_SUFFIX
from cells.kernels.native import Operands

if TYPE_CHECKING:
    from cells.cell import Cell

_TITLES = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}
Parts = dict[str, Any]


def _one_matrix(title: str) -> Callable[[Any], Parts]:
    """W, U, b and a ReLU or tanh: RNN and SpectralRNN."""

    def parts(cell: Any) -> Parts:
        activation = _TITLES[getattr(cell, "activation", "tanh")]
        return {"kernel": f"{title}<{activation}>", "P": cell.b.view(1, -1)}

    return parts


def _fastrnn(cell: Any) -> Parts:
    H = cell.hidden_size
    factors = [torch.sigmoid(each).expand(H) for each in (cell.raw_alpha, cell.raw_beta)]
    return {"kernel": f"FastRNN<{_TITLES[cell.activation]}>", "P": torch.stack([cell.b, *factors])}


def _fastgrnn(cell: Any) -> Parts:
    H = cell.hidden_size
    factors = torch.sigmoid(torch.stack([cell.raw_zeta, cell.raw_nu])).view(2, 1).expand(2, H)
    return {
        "kernel": f"FastGRNN<{_TITLES[cell.gate]}>",
        "P": torch.cat([cell.b_z.view(1, H), cell.b_h.view(1, H), factors]),
    }


def _gates(kernel: str, count: int) -> Callable[[Any], Parts]:
    """One bias per gate and nothing else."""
    return lambda cell: {"kernel": kernel, "P": cell.b.view(count, -1)}


def _gru(cell: Any) -> Parts | None:
    return _gates("GRU", 3)(cell) if cell.reset == "after" else None


_POOLS = {"f": ("PoolF", 2), "fo": ("PoolFO", 3), "ifo": ("PoolIFO", 4)}

_SERVED: Mapping[str, Callable[[Any], Parts | None]] = {
    "cells.fastrnn.FastRNN": _fastrnn,
    "cells.fastgrnn.FastGRNN": _fastgrnn,
    "baselines.rnn.RNN": _one_matrix("RNN"),
    "baselines.spectralrnn.SpectralRNN": _one_matrix("RNN"),
    "baselines.ugrnn.UGRNN": _gates("UGRNN", 2),
    "baselines.gru.GRU": _gru,
    "baselines.lstm.LSTM": _gates("LSTM", 4),
    "baselines.qrnn.QRNN": lambda cell: _gates(*_POOLS[cell.pooling])(cell),
}


def parts_of(cell: Cell) -> Parts | None:
    """The kernel of a cell and its vectors P, or ``None`` when it, or this variant of it, has none."""
    cls = type(cell)
    served = _SERVED.get(f"{cls.__module__}.{cls.__qualname__}")
    parts = None if served is None else served(cell)
    if parts is not None and cell.nonlinearities == PIECEWISE:
        parts["kernel"] += PIECEWISE_SUFFIX
    return parts


def operands(cell: Any, parts: Parts, x_TBD: Tensor, state: tuple[Tensor, ...]) -> tuple[Operands, tuple[Tensor, ...]]:
    """The operands of a call, and the past inputs that the next one needs."""
    past: tuple[Tensor, ...] = ()
    if cell.window > 1:
        *state_parts, before = state
        seen = torch.cat([before, x_TBD])
        T = x_TBD.shape[0]
        x_TBD = torch.cat([seen[k : k + T] for k in range(cell.window)], dim=-1)
        state, past = tuple(state_parts), (seen[1 - cell.window :],)
    zoneout = getattr(cell, "zoneout", 0.0)
    mask = None
    if zoneout and cell.training:  # drawn as the cell itself draws it
        mask = x_TBD.new_empty(*x_TBD.shape[:2], cell.hidden_size).bernoulli_(1 - zoneout)
    made = Operands(
        x=x_TBD if x_TBD.stride(2) == 1 else x_TBD.contiguous(),
        h0=state[0].contiguous(),
        c0=state[1].contiguous() if len(state) > 1 else None,
        W=cell.W.matrix().contiguous(),
        U=cell.U.matrix().contiguous() if hasattr(cell, "U") else None,
        take=mask,
        let=1.0 if mask is not None else 1.0 - zoneout,
        kernel=parts["kernel"],
        P=parts["P"].contiguous(),
    )
    return made, past
