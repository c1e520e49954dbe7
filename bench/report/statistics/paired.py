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
    return sign_flips([differences], seed)[0]


def sign_flips(many: Sequence[NDArray[np.float64]], seed: int = 0) -> list[float]:
    """Returns the p of :func:`sign_flip` of several samples of one length; they share the signs that are drawn.

    Args:
        many: each of the same number of differences, at least one.
        seed: draws the signs above 20 differences.
    """
    sizes = [np.abs(differences) for differences in many]
    limits = [abs(float(own.sum())) - _TIE * float(size.sum()) for own, size in zip(many, sizes, strict=True)]
    if not many or len(many[0]) <= EXACT_UP_TO:
        exact = zip(many, limits, strict=True)
        return [float((np.abs(flipped_sums(differences)) >= limit).mean()) for differences, limit in exact]
    random, columns = np.random.default_rng(seed), np.stack(sizes, axis=1)
    as_far = np.zeros(len(many), dtype=np.int64)
    for _ in range(_BATCHES):
        drawn = 2.0 * random.integers(2, size=(_BATCH, len(columns))) - 1
        as_far += (np.abs(drawn @ columns) >= limits).sum(axis=0)
    return [(1 + int(count)) / (1 + _FLIPS) for count in as_far]


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
