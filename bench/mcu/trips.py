"""How often each block of a generated kernel runs, from sizes alone.

A kernel's cycles are a sum of trip counts times costs that do not depend on the sizes; the costs are in
``configs/kernels``, with how they were obtained. What depends on the data is left out: the branches of saturation, and
what soft float saves on easy numbers.
"""

from __future__ import annotations

import numpy as np

from bench.mcu.emit.layout import TILE
from bench.mcu.emit.source import Call
from bench.mcu.graph import Linear
from bench.mcu.program import Delta, MatVec, Pair
from bench.mcu.target import Target

Trips = dict[str, float]


def trips(call: Call, target: Target, *, most: bool = False) -> Trips:
    """How often each block of a call runs, by the block's name; the call itself is one.

    Args:
        call: of a kernel.
        target: the processor.
        most: every column of delta execution, rather than as many as were counted on data.
    """
    kernel = call.kernel
    counts: Trips = {"call": 1}
    if isinstance(kernel, Delta):
        counts |= _delta(call, kernel, target, most)
    elif isinstance(kernel, MatVec):
        counts |= _sparse(kernel, target) if call.function.startswith("sparse") else _dense(call, kernel, target)
    elif isinstance(kernel, Linear):
        counts |= _real(call, kernel)
    else:
        counts["element"] = call.size
    if target.family == "avr":  # elsewhere any shift takes one cycle
        counts |= _shifted(call)
    return {name: count for name, count in counts.items() if count}


def _shifted(call: Call) -> Trips:
    """What shifts cost on AVR: whole bytes, and the bits beyond them, in 24 bits by multiplying, else one by one."""
    kernel = call.kernel
    if isinstance(kernel, Pair):
        return {"left": call.size * (kernel.shift_a + kernel.shift_b)}
    if not isinstance(kernel, MatVec):
        return {}
    shift, times = kernel.shift, len(kernel.weight)
    # Loops that make the rounding's half and the powers of two to multiply with.
    once: Trips = {"half": shift, "power": -shift & 7}
    if call.function.endswith("24"):
        return once | {"far": times * (shift > 8)}
    if 9 <= shift <= 23:
        return once | {"far": times * (shift > 16)}
    bits: Trips = {"bit": times * (shift & 7), "byte": times * (shift >> 3 & 1), "two_bytes": times * (shift >> 4 & 1)}
    return once | {"slow": times} | bits


def _ends(kernel: MatVec | Linear) -> Trips:
    """What the ends of rows add."""
    rows = len(kernel.weight)
    return {"bias": rows if kernel.bias is not None else 0, "add": rows if kernel.add is not None else 0}


def _real(call: Call, kernel: Linear) -> Trips:
    """A product in float32, row by row; with a 0 it costs less than another where a library multiplies."""
    rows, nonzeros = len(kernel.weight), int((kernel.weight != 0).sum())
    if call.function == "sparse":
        return {"row": rows, "pair": nonzeros, **_ends(kernel)}
    easy = round(call.zeros * nonzeros)
    return {"row": rows, "pair": nonzeros - easy, "zero": kernel.weight.size - nonzeros + easy, **_ends(kernel)}


def _sparse(kernel: MatVec, target: Target) -> Trips:
    rows, stored = len(kernel.weight), (kernel.weight != 0).sum(1)
    pairs: Trips = {"pair": kernel.nonzeros} if target.family == "avr" else {"two_pairs": int((-(-stored // 2)).sum())}
    return {"row": rows, "empty": int((stored == 0).sum()), **pairs, **_ends(kernel)}


def _delta(call: Call, kernel: Delta, target: Target, most: bool) -> Trips:
    rows, columns = kernel.weight.shape
    often = np.ones(columns) if most or kernel.applied is None else kernel.applied
    applied = float(often.sum())
    if call.function.startswith("delta_sparse"):
        body = {"pair": float(often @ (kernel.weight != 0).sum(0))}
    elif target.family == "avr":
        body = {"product": applied * rows}
    else:
        body = {"four_products": applied * (rows // 4), "product": applied * (rows % 4)}
    return {"row": rows, "column": columns, "applied": applied, **body, **_ends(kernel)}


def _dense(call: Call, kernel: MatVec, target: Target) -> Trips:
    rows, columns = kernel.weight.shape
    tiles, single = divmod(rows, TILE[target.family])
    together = 1 if target.family == "avr" else 2
    steps = -(-columns // together)
    entered: Trips = {"tiles": int(tiles > 0), "singles": int(single > 0)}
    narrow = 0 if call.arguments[-1] == "32767" else tiles  # clamped by comparing
    body: Trips = {"tile_step": tiles * steps, "odd": tiles * (steps & 1)}
    if call.function == "matvec32":
        blocks = -(-columns // int(call.arguments[7]))
        body |= {"block": tiles * blocks, "single_block": single * blocks}
    ends = _tiled_ends(kernel, tiles, single, narrow) if call.function == "matvec24" else _ends(kernel)
    return {"tile": tiles, **body, "single": single, "single_step": single * steps * together, **entered, **ends}


def _tiled_ends(kernel: MatVec, tiles: int, single: int, narrow: int) -> Trips:
    """What the ends of rows add on AVR: of a tile's four together where they shift by a byte at most, into 16 bits."""
    together = tiles if kernel.shift <= 8 and not narrow else 0
    counts: Trips = {"byte_ends": together if kernel.shift == 8 else 0, "ends": together if kernel.shift < 8 else 0}
    if kernel.bias is not None:
        counts |= {"tile_bias": tiles, "bias": single}
    if kernel.add is not None:
        counts |= {"tile_add": together, "add": single + 4 * (tiles - together)}
    return counts
