"""Trip counts of the generated kernels: how often each of their blocks runs, from sizes alone.

A kernel's cycles are a sum of trip counts times costs that do not depend on the sizes; the costs are in
``configs/kernels``, one file a target, with how they were obtained. What depends on the data is left out: the branches
of saturation, and on AVR the signs of factors of a few C products.
"""

from __future__ import annotations

from bench.mcu.emit import Call
from bench.mcu.hardware import Target
from bench.mcu.layout import FAMILY, ROWS, tiled
from bench.mcu.program import Copy, Limit, MatVec, Scale, Sum, Table

Trips = dict[str, int]


def trips(call: Call, target: Target) -> Trips:
    """How often each block of a call runs, by the block's name; the call itself is one."""
    kernel = call.kernel
    counts: Trips = {"call": 1}
    if isinstance(kernel, MatVec):
        counts |= _sparse(kernel, target) if call.function == "sparse" else _dense(kernel, target)
    else:
        counts["element"] = _elements(call)
        if isinstance(kernel, Sum):
            counts |= {"left": counts["element"] * (kernel.shift_a + kernel.shift_b)}
        counts["ends"] = counts["element"]
    bits = counts.pop("ends", 0)
    if target == "avr" and not isinstance(kernel, Table | Limit | Copy | None):  # elsewhere any shift takes one cycle
        counts |= _shifted(bits, kernel.shift, fast=call.function == "matvec24")
        counts["half"] = 0 if isinstance(kernel, Scale) else kernel.shift  # the loop that makes the rounding's half
    else:
        counts.pop("left", None)
    return {name: count for name, count in counts.items() if count}


def _shifted(times: int, shift: int, *, fast: bool) -> Trips:
    """A shift of 32 bits on AVR: by whole bytes, then bit by bit; a product has a way of its own for one byte."""
    if fast:
        if shift == 8:
            return {"one_byte": times}
        way = "more" if shift > 8 else "less"
        return {f"{way}_than_byte": times, f"{way}_bit": times * abs(shift - 8)}
    return {"bit": times * (shift & 7), "byte": times * (shift >> 3 & 1), "two_bytes": times * (shift >> 4 & 1)}


def _elements(call: Call) -> int:
    position = 2 if call.function.startswith(("copy", "scale", "limit")) else 3
    return int(call.arguments[position]) if call.arguments[position].isdigit() else 0


def _ends(kernel: MatVec, rows: int) -> Trips:
    """What the ends of rows add."""
    return {
        "bias": rows if kernel.bias is not None else 0,
        "add": rows if kernel.add is not None else 0,
        "ends": rows,
    }


def _sparse(kernel: MatVec, target: Target) -> Trips:
    rows = len(kernel.weight)
    stored = (kernel.weight != 0).sum(1)
    pairs = {"pair": kernel.nonzeros} if target == "avr" else {"two_pairs": int((-(-stored // 2)).sum())}
    return {"row": rows, "empty": int((stored == 0).sum()), **pairs, **_ends(kernel, rows)}


def _dense(kernel: MatVec, target: Target) -> Trips:
    rows, columns = kernel.weight.shape
    family = FAMILY[target]
    if not tiled(kernel, target):
        return {"row": rows, "column": rows * columns, **_ends(kernel, rows)}
    tiles, single = divmod(rows, ROWS[family])
    steps = columns if family == "avr" else -(-columns // 4)
    alone = 4 * steps if family == "plain" else steps
    entered = {"tiles": int(tiles > 0), "singles": int(single > 0)}
    body = {"tile_step": tiles * steps}
    if family == "dsp":
        body = {"tile_step": tiles * (steps // 4), "tile_rest": tiles * (steps % 4), "tile_short": tiles * (steps < 4)}
    return {"tile": tiles, **body, "single": single, "single_step": single * alone, **entered, **_ends(kernel, rows)}
