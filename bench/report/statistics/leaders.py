"""The leaders of a column: the best mean, and all that is not significantly worse."""

from __future__ import annotations

from collections.abc import Mapping

from bench.report.statistics.describe import mean
from bench.report.statistics.paired import Scores, holm, pair, sign_flips, smallest_p


def leaders(scores: Mapping[str, Scores], upwards: bool = True, level: float = 0.05) -> frozenset[str]:
    """Returns the best mean and all that is not significantly worse, by name.

    Every other is compared with the best mean by the paired sign-flip test, corrected by Holm. Those that lack a seed
    of another are left out. Nobody leads where so few seeds could not have shown a difference: if all were bold, bold
    would say nothing.

    Args:
        scores: by seed, by name.
        upwards: whether a higher score is better.
        level: of significance.
    """
    seeds = {seed for own in scores.values() for seed in own}
    means = {name: mean(own.values()) or 0.0 for name, own in scores.items() if own.keys() == seeds}
    if len(means) < 2 or (len(means) - 1) * smallest_p(len(seeds)) > level:
        return frozenset()
    best = (max if upwards else min)(means, key=means.__getitem__)
    others = [name for name in means if name != best]
    corrected = holm(sign_flips([pair(scores[best], scores[name]) for name in others]))
    return frozenset([best, *(name for name, p in zip(others, corrected, strict=True) if p > level)])
