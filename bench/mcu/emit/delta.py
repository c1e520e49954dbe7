"""The call of a product that skips columns, its weights column by column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.mcu.emit.layout import wide
from bench.mcu.emit.source import Call, Emitter
from bench.mcu.program import Delta, Int8

_FARTHEST = 63
"""Rows between two entries of a column whose sums, of four bytes each, a byte can say the way over."""


def call(emitter: Emitter, kernel: Delta, out: str, limit: str) -> Call:
    """Returns the call; zeros are not stored where that is smaller."""
    rows, columns = kernel.weight.shape
    stream = _stream(kernel.weight)
    sparse = stream is not None and stream.size < kernel.weight.size
    weights = stream if sparse and stream is not None else np.ascontiguousarray(kernel.weight.T).ravel()
    bits = ("32" if wide(kernel) else "24") if emitter.target.family == "avr" else ""
    arguments = (
        *(out, emitter.at(kernel.x), emitter.constant("d", weights)),
        "0" if kernel.bias is None else emitter.constant("b", kernel.bias),
        "0" if kernel.add is None else emitter.at(kernel.add),
        *(emitter.at(kernel.seen), f"(rnn_sum *){emitter.at(kernel.sums)}", str(rows), str(columns)),
        *(str(kernel.shift), limit, str(kernel.threshold)),
    )
    return Call(f"delta{'_sparse' if sparse else ''}{bits}", arguments, rows, kernel)


def _stream(weight: Int8) -> npt.NDArray[np.uint8] | None:
    """A column's number of entries, then for each four times the rows that it lies beyond the last, and the weight.

    Where a way is more than a byte, a weight of 0 stands between. ``None`` where a column has too many for a byte.
    """
    found: list[int] = []
    for column in weight.T:
        pairs, last = list[int](), -1
        for row in np.flatnonzero(column).tolist():
            while row - last - 1 > _FARTHEST:
                last += _FARTHEST + 1
                pairs += [4 * _FARTHEST, 0]
            pairs += [4 * (row - last - 1), int(column[row]) & 255]
            last = row
        if len(pairs) > 2 * 255:
            return None
        found += [len(pairs) // 2, *pairs]
    return np.array(found, np.uint8)
