"""The paired test: differences by seed, the exact sign-flip test of their mean, Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Scores = Mapping[int, float]
"""A figure of every seed's run."""
EXACT_UP_TO = 20
"""The most differences whose 2^n signs are all tried."""
_BATCHES, _BATCH = 100, 1000
_FLIPS = _BATCHES * _BATCH
_TIE = 1e-9  # of the sum of sizes: sums closer than this are equal but for rounding


def pair(own: Scores, reference: Scores) -> NDArray[np.float64]:
    """Returns own minus reference for the seeds that both have, in order of seed.

    A pair shares what the seed decides, such as the order of the data, which cancels in the difference.
    """
    return np.array([own[seed] - reference[seed] for seed in sorted(own.keys() & reference.keys())], dtype=float)


def smallest_p(n: int) -> float:
    """Returns the least p that the sign-flip test of ``n`` differences can give: 2 of 2^n choices, all signs alike."""
    return min(1.0, 2.0 ** (1 - n)) if n <= EXACT_UP_TO else 1 / (_FLIPS + 1)


def sign_flip(differences: NDArray[np.float64], seed: int = 0) -> float:
    """Returns the two-sided p of the hypothesis that differences are distributed symmetrically about zero.

    It is the share of all 2^n choices of signs that give a mean at least as far from zero as the mean observed. Above
    20 differences, 100,000 random choices are tried, and p = (1 + as far) / (1 + tried), which is never zero.

    Source: Fisher, The Design of Experiments (1935), section 21; Pitman, Supplement to the Journal of the Royal
    Statistical Society 4 (1937), 119-130; p of random choices: Phipson and Smyth, Statistical Applications in
    Genetics and Molecular Biology 9 (2010), article 39.

    Args:
        differences: at least one.
        seed: draws the signs above 20 differences.
    """
    sizes = np.abs(differences)
    limit = abs(float(differences.sum())) - _TIE * float(sizes.sum())
    if len(sizes) <= EXACT_UP_TO:
        return float((np.abs(flipped_sums(differences)) >= limit).mean())
    random = np.random.default_rng(seed)
    signs = (2 * random.integers(2, size=(_BATCH, len(sizes))) - 1 for _ in range(_BATCHES))
    as_far = sum(int((np.abs(drawn @ sizes) >= limit).sum()) for drawn in signs)
    return (1 + as_far) / (1 + _FLIPS)


def flipped_sums(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the sums under all choices of signs up to a common sign, which is the first difference's own.

    Args:
        differences: by place along the first axis; sums are taken over it, and other axes are kept.
    """
    sums = differences[:1]
    for other in differences[1:]:
        sums = np.concatenate([sums + other, sums - other])
    return sums


def holm(ps: Sequence[float]) -> list[float]:
    """Returns p values corrected for their number, in the same order.

    The smallest of m is multiplied by m, the next by m - 1, and so on; none becomes smaller than one before it, or
    larger than 1. Rejecting those at or below a level keeps the chance of any false rejection at that level.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6
    (1979), 65-70.
    """
    corrected, largest = [0.0] * len(ps), 0.0
    for before, at in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        largest = max(largest, min(1.0, (len(ps) - before) * ps[at]))
        corrected[at] = largest
    return corrected
