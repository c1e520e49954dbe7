"""Trip counts of the generated kernels: how often each of their blocks runs, from sizes alone.

A kernel's cycles are a sum of trip counts times costs that do not depend on the sizes; the costs are in
``configs/kernels``, with how they were obtained. What depends on the data is left out: the branches of saturation, and
what soft float saves on easy numbers.
"""

from __future__ import annotations

from bench.mcu.graph import Linear
from bench.mcu.hardware import Target
from bench.mcu.layout import FAMILY, ROWS, tiled
from bench.mcu.program import MatVec, Pair, Scale
from bench.mcu.source import Call

Trips = dict[str, int]


def trips(call: Call, target: Target) -> Trips:
    """How often each block of a call runs, by the block's name; the call itself is one."""
    kernel = call.kernel
    counts: Trips = {"call": 1}
    if isinstance(kernel, MatVec):
        counts |= _sparse(kernel, target) if call.function.startswith("sparse") else _dense(call, kernel, target)
    elif isinstance(kernel, Linear):
        counts |= _real(call, kernel)
    else:
        counts["element"] = call.size
    if target == "avr":  # elsewhere any shift takes one cycle
        counts |= _shifted(call, counts)
    return {name: count for name, count in counts.items() if count}


def _shifted(call: Call, counts: Trips) -> Trips:
    """What shifts cost on AVR: whole bytes, and the bits beyond them, in 24 bits by multiplying, else one by one."""
    kernel = call.kernel
    if not isinstance(kernel, MatVec | Pair | Scale):
        return {}
    shift, left = kernel.shift, kernel.shift_a + kernel.shift_b if isinstance(kernel, Pair) else 0
    times = len(kernel.weight) if isinstance(kernel, MatVec) else call.size
    if isinstance(kernel, Pair) and kernel.function not in ("add", "sub", "mul"):
        return {"left": times * left}  # which is all that they shift
    # Loops that make the rounding's half and the powers of two to multiply with.
    once = {"half": 0 if isinstance(kernel, Scale) else shift, "power": (-shift & 7) + left}
    if isinstance(kernel, MatVec):
        if call.function.endswith("24"):
            return once | {"far": times * (shift > 8)}
        once["power"] = 0
    elif not _slow(kernel):
        return once | {"half": 0, "short_half": 0 if isinstance(kernel, Scale) else shift}
    else:
        once |= {"slow": counts.pop("element"), "left": times * left}
    return once | {"bit": times * (shift & 7), "byte": times * (shift >> 3 & 1), "two_bytes": times * (shift >> 4 & 1)}


def _slow(kernel: Pair | Scale) -> bool:
    """Whether a shift on AVR is none that 24 bits and one multiplication can do."""
    if isinstance(kernel, Pair) and kernel.function != "mul":
        return max(kernel.shift_a, kernel.shift_b) > 6 or not 1 <= kernel.shift <= 8
    return not 9 <= kernel.shift <= 16


def _real(call: Call, kernel: Linear) -> Trips:
    """A product in float32, row by row; with a 0 it costs less than another where a library multiplies."""
    rows = len(kernel.weight)
    nonzeros = int((kernel.weight != 0).sum())
    ends = {"bias": rows if kernel.bias is not None else 0, "add": rows if kernel.add is not None else 0}
    if call.function == "sparse":
        return {"row": rows, "pair": nonzeros, **ends}
    easy = round(call.zeros * nonzeros)
    return {"row": rows, "pair": nonzeros - easy, "zero": kernel.weight.size - nonzeros + easy, **ends}


def _ends(kernel: MatVec, rows: int) -> Trips:
    """What the ends of rows add."""
    return {
        "bias": rows if kernel.bias is not None else 0,
        "add": rows if kernel.add is not None else 0,
    }


def _sparse(kernel: MatVec, target: Target) -> Trips:
    rows = len(kernel.weight)
    stored = (kernel.weight != 0).sum(1)
    pairs = {"pair": kernel.nonzeros} if target == "avr" else {"two_pairs": int((-(-stored // 2)).sum())}
    return {"row": rows, "empty": int((stored == 0).sum()), **pairs, **_ends(kernel, rows)}


def _dense(call: Call, kernel: MatVec, target: Target) -> Trips:
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
        narrow = 0 if call.arguments[-1] == "32767" else tiles  # clamped by comparing
        body = {
            "narrow": narrow,
            "tile_step": tiles * (steps // 4),
            "tile_rest": tiles * (steps % 4),
            "tile_short": tiles * (steps < 4),
        }
    return {"tile": tiles, **body, "single": single, "single_step": single * alone, **entered, **_ends(kernel, rows)}
