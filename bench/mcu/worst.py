"""How many cycles data can add to a step: the most by which paths through a kernel differ, element by element.

Loops run as often as sizes say, and no instruction takes longer for other numbers, but UDIV: so cycles depend on data
only where a branch does, and an element's branches depend on that element alone. These branch:

- rounding, which clamps. AVR: 7 cycles for what lies within and is not negative, 9 for any other, and where shifts take
  the slow way 19 more for what saturates. Cortex-M3, M4: up to 7 more for what saturates, at nominal branch refill.
  Cortex-M0+: none, for a branch that is taken costs as much as the instruction that it skips.
- rows of a product: as rounding on AVR; elsewhere only sparse ones, for dense ones clamp without a branch.
- choices: a branch each, but in greater, maximum and minimum on Arm.
- the choice of the best class, where it is so short that compilers unroll it.
- divisions: a bit at a time without a divider, else UDIV's 2 to 12 cycles, of which simulators charge 7.

``tests/mcu/test_worst.py`` runs every kernel on every pair of extremes.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.mcu.emit.layout import is_sparse, wide
from bench.mcu.program import Kernel, MatVec, Pair, Scale, Select
from bench.mcu.target import Family, Target
from bench.mcu.trips import slow

_UDIV = 5
"""Cycles of UDIV at most beyond those that simulators charge."""
SPREAD: dict[Family, dict[str, int]] = {
    "avr": {"round": 2, "slow": 19, "dense": 2, "sparse": 2, "greater": 3, "select": 2, "div": 674, "best": 2},
    "thumb": {"sparse": 3, "select": 1, "div": 258, "best": 7},
    "plain": {"round": 7, "sparse": 1, "select": 4, "div": 15 + _UDIV, "best": 1},
    "dsp": {"round": 7, "sparse": 1, "select": 4, "div": 15 + _UDIV, "best": 1},
}
"""Cycles by which an element's dearest path exceeds its cheapest, by family of kernels; 0 where none is given."""
BEST = "best"
"""The key of the choice of the best class, once an answer."""


def spread(kernels: Sequence[Kernel], target: Target) -> int:
    """Returns the cycles by which a run of kernels on some data can exceed one on other data, at most.

    Args:
        kernels: of a step, or of an answer without its choice of the best class.
        target: the processor.
    """
    costs = SPREAD[target.family]
    return sum(kernel.out.size * costs.get(kind(kernel, target), 0) for kernel in kernels)


def kind(kernel: Kernel, target: Target) -> str:
    """Returns what in a kernel branches on data, a key of :data:`SPREAD`."""
    match kernel:
        case MatVec(shift=shift):
            if target.family == "avr" and wide(kernel) and not 8 < shift <= 23:
                return "slow"
            return "sparse" if is_sparse(kernel, target) else "dense"
        case Pair(function="div" | "greater" | "maximum" | "minimum" as function):
            return function
        case Pair() | Scale():
            return "slow" if target.family == "avr" and slow(kernel) else "round"
        case Select():
            return "select"
    return ""
