"""Statistics of a comparison, in NumPy: what ``docs/statistics.md`` explains, each number with its source."""

from bench.report.statistics.bootstrap import clustered
from bench.report.statistics.compare import Comparison, against
from bench.report.statistics.describe import deviation, mean
from bench.report.statistics.interval import Interval, t_interval
from bench.report.statistics.leaders import leaders
from bench.report.statistics.paired import Scores, holm, pair, sign_flip, smallest_p
from bench.report.statistics.power import smallest_difference
from bench.report.statistics.ranks import Ranking, critical_difference, rank
from bench.report.statistics.verdict import Posterior, Verdict, posterior

__all__ = [
    "Comparison",
    "Interval",
    "Posterior",
    "Ranking",
    "Scores",
    "Verdict",
    "against",
    "clustered",
    "critical_difference",
    "deviation",
    "holm",
    "leaders",
    "mean",
    "pair",
    "posterior",
    "rank",
    "sign_flip",
    "smallest_difference",
    "smallest_p",
    "t_interval",
]
