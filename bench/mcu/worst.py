"""How many cycles data can add to a step: the most by which paths through a kernel differ, element by element.

Loops run as often as sizes say, and no instruction takes longer for other numbers, but UDIV: so cycles depend on data
only where a branch does, and an element's branches depend on that element alone. These branch:

- loops of element-wise operations, where a number saturates or is chosen on AVR, Cortex-M0+ and RISC-V: by what they
  skip otherwise. Cortex-M3 and M4 do the same without a branch.
- rows of a product on AVR: at most 5 cycles more for what saturates, and where shifts take the slow way 11 more for
  what saturates; sparse rows of 24 bits by what they skip otherwise; on Cortex-M0+ by what dense ones skip where
  nothing saturates, and rows of sparse ones; on Cortex-M3 and M4 rows of sparse ones alone.
- the choice of the best class, where it is so short that compilers unroll it.
- products of delta execution: at their rows, and where a change is compared with the threshold; here every column is
  applied, so that what remains are these few cycles.
- divisions: a bit at a time without a divider, else UDIV's 2 to 12 cycles, of which simulators charge 7, or DIVU's,
  of which they charge 10.

``tests/mcu/test_worst.py`` runs every kernel on every pair of extremes.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.mcu.emit import Call
from bench.mcu.emit.layout import is_sparse, wide
from bench.mcu.fused import cycles
from bench.mcu.program import Delta, MatVec, Pair
from bench.mcu.target import Target

_UDIV = 5
"""Cycles of UDIV at most beyond those that simulators charge."""
_DIVU = 25
"""Likewise of RISC-V's DIVU: what was measured is 10, of one pair of numbers; CV32E40P takes 35 at most."""
SPREAD: dict[str, dict[str, int]] = {
    "avr": {"slow": 11, "dense": 5, "sparse": 2, "delta": 2, "column": 9, "div": 674, "best": 2},
    "thumb": {"sparse": 3, "delta": 1, "column": 4, "div": 258, "best": 7},
    "plain": {"sparse": 1, "delta": 7, "column": 2, "div": 15 + _UDIV, "best": 1},
    "dsp": {"sparse": 1, "delta": 7, "column": 2, "div": 15 + _UDIV, "best": 1},
    "m33": {"sparse": 3, "delta": 5, "column": 3, "div": 15 + _UDIV, "best": 2},
    "riscv": {"sparse": 3, "delta": 9, "column": 1, "div": 22 + _DIVU, "best": 4},
}
"""Cycles by which an element's dearest path exceeds its cheapest, by family of kernels, or by a core's name
where its branches cost otherwise; 0 where none is given."""
BEST = "best"
"""The key of the choice of the best class, once an answer."""


def spread(calls: Sequence[Call], target: Target) -> int:
    """Returns the cycles by which a run of kernels on some data can exceed one on other data, at most.

    Args:
        calls: of a step, or of an answer without its choice of the best class.
        target: the processor.
    """
    costs = paths(target)
    return sum(
        cycles.spread(call.loop, target)
        if call.loop
        else call.size * costs.get(kind(call, target), 0) + _columns(call) * costs["column"]
        for call in calls
    )


def paths(target: Target) -> dict[str, int]:
    """A processor's part of :data:`SPREAD`."""
    return SPREAD.get(target.name, SPREAD[target.family])


def _columns(call: Call) -> int:
    return call.kernel.x.size if isinstance(call.kernel, Delta) else 0


def kind(call: Call, target: Target) -> str:
    """Returns what in a kernel that is no loop branches on data, a key of :data:`SPREAD`."""
    match call.kernel:
        case MatVec(shift=shift) as kernel:
            if target.family == "avr" and wide(kernel) and not 8 < shift <= 23:
                return "slow"
            if isinstance(kernel, Delta):
                return "delta"
            return "sparse" if is_sparse(kernel, target) else "dense"
        case Pair():
            return "div"
    return ""
