"""Values of SciPy and baycomp, which are no dependencies here, pinned with their versions in ``peers.json``.

Written again with ``python tests/report/statistics/peers.py`` in an environment that has both.
"""

from __future__ import annotations

import itertools
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")
PACKAGES = ("scipy", "baycomp")

STUDENT = [(t, df) for df in (1, 2, 5, 9, 30) for t in (-4.0, 0.0, 0.5, 3.0, 20.0)]
NONCENTRAL = [(t, df, shift) for df in (2, 7, 19) for t, shift in ((2.5, 1.0), (3.5, 3.0), (1.0, 4.0))]
QUANTILES = [(p, df) for p in (0.9, 0.975, 0.995) for df in (2, 5, 9)]
RANGES = [(p, k) for p in (0.9, 0.95) for k in (2, 4, 8, 15)]
DIFFERENCES = [
    [0.5, 1.25, -0.25],
    [1.5, 2.0, 0.75, 3.0, 2.25, 1.0],
    [0.75, -0.5, 2.5, 0.25, 1.5, -1.0, 3.25, 2.0],
    [1.0, 1.0, -1.0, 0.0, 2.0, -2.0, 1.0],
    [-3.0, -2.5, -1.0, 0.5, -4.0, -0.25, -2.0, -1.5, 0.125, -3.5],
]
RANKS = [[1, 2, 3, 4, 5, 6], [1, 2, -3, 4, 5, 6, 7, 8], [-1, 2, 3, -4, 5, 6, 7, 8, 9, 10]]
SKEWED = [0.0, 0.5, 1.0, 1.5, 7.0]
LEVELS = (0.8, 0.95)
ROPES = (0.25, 1.0)
T_POWER = [(11, 0.05 / 15), (12, 0.05), (12, 0.05 / 7), (16, 0.05), (20, 0.01)]
SCORES = [
    [[91.0, 90.0, 88.5, 92.0], [75.0, 77.5, 71.0, 79.0], [60.0, 61.0, 62.0, 63.0], [99.0, 98.0, 97.0, 96.0]],
    [[1.0, 1.0, 2.0], [3.0, 2.0, 2.0], [5.0, 5.0, 5.0], [1.0, 2.0, 3.0], [0.0, 4.0, 4.0]],
]


def all_means(values: list[float]) -> Any:
    """The mean of every resample with replacement: 5^5 of five values."""
    return np.array([np.mean(drawn) for drawn in itertools.product(values, repeat=len(values))])


def pinned() -> dict[str, Any]:
    """The values, by name of the lists above."""
    values: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return values


def _computed() -> dict[str, Any]:
    from baycomp import CorrelatedTTest  # type: ignore[import-not-found]
    from scipy import optimize, stats  # type: ignore[import-not-found]

    def percentile(values: list[float], level: float) -> list[float]:
        distribution = type("Result", (), {"bootstrap_distribution": all_means(values)})
        options = {
            "n_resamples": 0,
            "bootstrap_result": distribution,
            "confidence_level": level,
            "method": "percentile",
        }
        return [*stats.bootstrap((values,), np.mean, **options).confidence_interval]

    def flipped(values: list[float]) -> float:
        options = {"permutation_type": "samples", "n_resamples": np.inf, "vectorized": False}
        return float(stats.permutation_test((values,), np.mean, **options).pvalue)

    def bayes(values: list[float], rope: float) -> list[float]:
        """Worse, equivalent, better: baycomp takes second minus first, here minus the difference."""
        better, equivalent, worse = CorrelatedTTest.probs(np.array(values), np.zeros(len(values)), rope)
        return [worse, equivalent, better]

    def found(n: int, level: float) -> float:
        """The difference that the t-test finds in 80 % of experiments, at the level that 2^n signs can reach."""
        reachable = np.floor(level * 2 ** (n - 1)) / 2 ** (n - 1)
        critical = stats.t.isf(reachable / 2, n - 1)
        return float(optimize.brentq(lambda d: stats.nct.sf(critical, n - 1, d * np.sqrt(n)) - 0.8, 0.1, 4))

    return {
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "STUDENT": [stats.t.cdf(*each) for each in STUDENT],
        "NONCENTRAL": [stats.nct.cdf(*each) for each in NONCENTRAL],
        "QUANTILES": [stats.t.ppf(*each) for each in QUANTILES],
        "RANGES": [stats.studentized_range.ppf(*each, np.inf) for each in RANGES],
        "sign flip": [flipped(each) for each in DIFFERENCES],
        "t interval": [[*stats.ttest_1samp(each, 0).confidence_interval(0.95)] for each in DIFFERENCES],
        "wilcoxon": [stats.wilcoxon(each, method="exact").pvalue for each in RANKS],
        "percentile": [percentile(SKEWED, level) for level in LEVELS],
        "bayes": [[bayes(each, rope) for rope in ROPES] for each in DIFFERENCES],
        "T_POWER": [found(*each) for each in T_POWER],
        "friedman": [stats.friedmanchisquare(*map(list, zip(*each, strict=True))).statistic for each in SCORES],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(_computed(), indent=1) + "\n", encoding="utf-8")
