"""Claims of the paper, its reviews and the authors' answer, and what records and published figures say of them."""

from bench.report.verdicts.book import Check, Claim, read_claims
from bench.report.verdicts.judge import Evidence, Judged, Standing, judge
from bench.report.verdicts.table import table, tally

__all__ = ["Check", "Claim", "Evidence", "Judged", "Standing", "judge", "read_claims", "table", "tally"]
