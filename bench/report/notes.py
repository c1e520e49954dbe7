"""Footnotes: why a place of the table has no number, or one to be read with care."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.errors import RnnbenchError
from bench.status import Status

DAGGER = "†"
_WORST_FIRST = (Status.FAILED, Status.INTERRUPTED, Status.RUNNING, Status.SKIPPED, Status.PLANNED)
_LONGEST = 90


class Notes:
    """Hands out marks in order of use; the same text has the same mark."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}
        self._daggers: dict[str, None] = {}

    def mark(self, text: str) -> str:
        """The letters of a text: a to z, then aa, ab, ..."""
        number, letters = self._marks.setdefault(text, ""), ""
        if not number:
            at = len(self._marks)
            while at:
                at, rest = divmod(at - 1, 26)
                letters = chr(ord("a") + rest) + letters
            self._marks[text] = letters
        return self._marks[text]

    def dagger(self, where: str) -> None:
        """Remembers a data set whose majority rate some row does not beat."""
        self._daggers[where] = None

    def listed(self) -> Iterator[tuple[str, str]]:
        """Marks and texts, in the order to print them."""
        if self._daggers:
            yield DAGGER, f"no better than always answering the most frequent class ({', '.join(self._daggers)})"
        yield from ((mark, text) for text, mark in self._marks.items())


def shorten(reason: str) -> str:
    """The first line of a reason, in at most 90 characters; what our own errors are called tells a reader nothing."""
    line = " ".join(next((line for line in reason.splitlines() if line.strip()), "").split())
    line = line.removeprefix(f"{RnnbenchError.__name__}: ")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def explain_runs(own: Sequence[Mapping[str, Any]], of_data: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The word for a combination that has no result, and which of its runs are missing and why.

    Args:
        own: the runs of one row on one data set.
        of_data: all runs on that data set; a seed that only others have was not run here.
    """
    if not own:
        return "not run", "no run of this combination has started"
    undone = [run for run in own if run["status"] != Status.DONE]
    worst = min((Status(run["status"]) for run in undone), key=_WORST_FIRST.index, default=Status.DONE)
    groups: dict[str, list[int]] = defaultdict(list)
    for run in undone:
        reason = shorten(run["reason"] or "")
        groups[f"{run['status']}: {reason}" if reason else run["status"]].append(run["seed"])
    absent = sorted({run["seed"] for run in of_data} - {run["seed"] for run in own})
    if absent:
        groups["not run"] = absent
    several = len(own) + len(absent) > 1
    what = "; ".join(f"{_seeds(seeds)} {how}" if several else how for how, seeds in groups.items())
    done = len(own) - len(undone)
    return worst.value, f"{done} of {len(own) + len(absent)} seeds; {what}" if what and done else what


def explain_majority(line: Mapping[str, Any], own: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """What to say of a mean, or else of single seeds, that no constant answer would have missed.

    Returns:
        The data set and its majority rate when the mean is not above it; a remark when only some seeds are not.
    """
    majority = line["majority"]
    if majority is None or line["accuracy_mean"] is None:
        return "", ""
    limit = majority + 1e-6  # less than one example of a million; float32 is no more exact
    if line["accuracy_mean"] <= limit:
        return f"{line['data_title']}: {100 * majority:.2f} %", ""
    low = [run for run in own if run["accuracy"] is not None and run["accuracy"] <= limit]
    some = f"{len(low)} of {line['n']} seeds no better than always answering the most frequent class"
    return "", some if low else ""


def explain_latency(line: Mapping[str, Any] | None, board: str) -> str:
    """Why a finished model has no latency on a board; empty when it has one."""
    if line is None:
        return f"no latency on {board} is in the records"
    missing = [what for what, fits in (("weights", line["fits_flash"]), ("state", line["fits_ram"])) if fits is False]
    if not missing:
        return ""
    where = {"weights": "the weights do not fit its flash", "state": "the state does not fit its RAM"}
    return f"not on {board}: {' and '.join(where[what] for what in missing)}"


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, sorted(seeds)))}"
