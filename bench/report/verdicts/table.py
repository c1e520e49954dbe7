"""The claims as one table: the sentence, its source, the verdict, and the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.report.table import Column, Entry, Row, Table
from bench.report.verdicts.judge import Judged, Standing

_STUB = (Column("", align="left"), Column("Claim", align="left"))
_COLUMNS = (Column("Source", align="left"), Column("Verdict", align="left"), Column("Evidence", align="left"))


def table(judged: Sequence[Judged]) -> Table:
    """Returns a row for each claim."""
    counts = Counter(own.standing.value for own in judged)
    tally = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    rows = [
        Row(
            (own.claim.id, own.claim.says),
            (Entry(own.claim.source), Entry(own.standing.value), Entry(evidence(own))),
        )
        for own in judged
    ]
    caption = (
        f"Claims and verdicts: {tally}. Differences are by seed, above zero where the claim's side is better, with "
        "Student's 95 % interval; p of the sign-flip test, by Holm over the comparisons of a claim with seeds enough "
        "to reach 5 %. Fewer than three seeds decide nothing."
    )
    return Table("claims", caption, _COLUMNS, tuple(rows), stub=_STUB)


def tally(own: Judged) -> str:
    """Returns how much of what decides a claim holds, and how much there is: ``3 of 10``; empty where nothing does."""
    parts = [found.standing for found in own.decisive]
    return f"{parts.count(Standing.HOLDS)} of {len(parts)}" if parts else ""


def evidence(own: Judged) -> str:
    """Returns the evidence in words, or why there is none."""
    said = [f"{found.where}: {found.said} ({found.standing.value})" for found in own.evidence]
    return "; ".join([*said, own.reason] if own.reason else said)
