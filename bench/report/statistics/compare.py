"""Comparisons of several cells with one reference, by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.report.statistics.describe import deviation
from bench.report.statistics.interval import Interval, t_interval
from bench.report.statistics.paired import Scores, holm, pair, sign_flip, smallest_p
from bench.report.statistics.power import smallest_difference
from bench.report.statistics.verdict import Posterior, Verdict, decide, posterior


@dataclass(frozen=True)
class Comparison:
    """A cell compared with the reference over the seeds that both have.

    Attributes:
        differences: by seed, so signed that upwards is better for the cell.
        interval: of their mean, at 95 %; ``None`` of fewer than two seeds.
        p: two-sided, of the sign-flip test.
        corrected_p: by Holm over the comparisons made together.
        reachable_p: the least corrected p that this many seeds and comparisons can give, before others' turn.
        posterior: the probabilities of worse, equivalent and better; ``None`` of fewer than two seeds.
        verdict: what is shown.
        smallest: the true difference that would have been found in 80 % of such experiments; ``None`` for none.
    """

    differences: dict[int, float]
    interval: Interval | None
    p: float
    corrected_p: float
    reachable_p: float
    posterior: Posterior | None
    verdict: Verdict
    smallest: float | None

    @property
    def n(self) -> int:
        """How many seeds were compared."""
        return len(self.differences)

    @property
    def mean(self) -> float:
        """The mean difference."""
        return sum(self.differences.values()) / self.n


def against(
    reference: Scores, others: Mapping[str, Scores], rope: float = 1.0, upwards: bool = True, level: float = 0.05
) -> dict[str, Comparison]:
    """Compares each of several cells with the reference, p corrected over them; a cell without common seeds has none.

    Args:
        reference: scores by seed.
        others: scores by seed, by name.
        rope: half the width of the region of practical equivalence, in the unit of the scores.
        upwards: whether a higher score is better.
        level: of significance, for the verdict and the smallest difference.
    """
    sign = 1 if upwards else -1
    differences = {name: sign * pair(own, reference) for name, own in others.items() if own.keys() & reference.keys()}
    ps = {name: sign_flip(found) for name, found in differences.items()}
    m = len(ps)
    comparisons: dict[str, Comparison] = {}
    for (name, p), corrected_p in zip(ps.items(), holm([*ps.values()]), strict=True):
        found = differences[name]
        n, shares, sd = len(found), posterior(found, rope), deviation(found.tolist())
        factor = smallest_difference(n, level, m)
        comparisons[name] = Comparison(
            dict(zip(sorted(others[name].keys() & reference.keys()), found.tolist(), strict=True)),
            t_interval(found),
            p,
            corrected_p,
            min(1.0, m * smallest_p(n)),
            shares,
            decide(shares, n, corrected_p, level),
            None if factor is None or sd is None else factor * sd,
        )
    return comparisons
