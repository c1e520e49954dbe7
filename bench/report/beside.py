"""Published figures beside measured ones: columns, entries and notes for any table whose rows are summaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.report.notes import Notes
from bench.report.rows.published import Target, target
from bench.report.rows.summary import DataSet, Summary
from bench.report.table import DASH, Column, Entry, Spanner, as_printed, number


class Beside:
    """The published figures of some rows.

    Args:
        summaries: rows of a table, on all its data sets.
    """

    def __init__(self, summaries: Sequence[Summary]) -> None:
        self._found: dict[str, dict[str, Target]] = {}
        self._titles = {summary.data.name: summary.data.title for summary in summaries}
        for summary in summaries:
            own = target(summary) if summary.n else None
            if own is not None:
                self._found.setdefault(summary.data.name, {})[summary.label] = own

    def columns(self, data: DataSet, spanner: Spanner | None = None) -> list[Column]:
        """Returns the columns of a data set: the paper's figure, the difference, the paper's KB; none without any."""
        if data.name not in self._found:
            return []
        return [
            Column("paper", spanner, places=2),
            Column("difference", spanner, places=2),
            Column("paper KB", spanner),
        ]

    def entries(self, summary: Summary, notes: Notes) -> list[Entry]:
        """Returns a row's entries for these columns; a footnote says what of its protocol is not as in all its rows."""
        own = self._found.get(summary.data.name, {}).get(summary.label)
        if own is None:
            return [DASH] * len(self.columns(summary.data))
        common = self._common(summary.data.name, own.paper)
        rest = "; ".join(said for said in own.differences if said not in common)
        marks = notes.mark(f"ours: {rest}" if rest else "")
        mean = summary.mean(summary.data.quality)
        difference = number(None if mean is None else summary.data.scale * mean - own.value)
        return [replace(number(own.value), marks=marks), difference, as_printed(own.kb)]

    def remarks(self, difference: bool = True) -> Iterator[str]:
        """Yields for each data set where its figures are published, and what of the protocol is not the same.

        Args:
            difference: whether the table has differences to them.
        """
        caveats: dict[str, None] = {}
        for name, targets in self._found.items():
            for paper in dict.fromkeys(own.paper for own in targets.values()):
                own_targets = [own for own in targets.values() if own.paper == paper]
                where = ", ".join(dict.fromkeys(own.where for own in own_targets))
                common = self._common(name, paper)
                noted = any(set(own.differences) - set(common) for own in own_targets)
                protocol = f"not the same protocol: {'; '.join(common)}" if common else "the protocol is the paper's"
                also = f"{', and' if common else ' but for'} what the footnotes say" if noted else ""
                caveats |= dict.fromkeys(caveat for own in own_targets for caveat in own.caveats)
                yield f"{self._titles[name]}: paper: {paper}, {where}; {protocol}{also}."
        if self._found:
            yield " ".join([*(["Difference: ours less the paper's."] if difference else []), *caveats])

    def _common(self, data: str, paper: str) -> list[str]:
        """Returns the differences that all rows of a paper have on a data set."""
        first, *others = (own.differences for own in self._found[data].values() if own.paper == paper)
        return [said for said in first if all(said in other for other in others)]
