"""Like with like: what two runs must have in common for their scores to be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from bench.record import Record
from bench.report.notes import name_seeds
from bench.report.rows.origins import word
from bench.report.rows.summary import Summary
from bench.status import Status


def alike(summaries: Iterable[Summary]) -> list[list[Summary]]:
    """Sorts the rows of a data set into groups that are alike: the same seeds, each under the same conditions."""
    groups: dict[frozenset[Any], list[Summary]] = defaultdict(list)
    for summary in summaries:
        if summary.n:
            done = (run for run in summary.runs if run.done)
            groups[frozenset((run.seed, *run.conditions.items()) for run in done)].append(summary)
    return list(groups.values())


def varying(summaries: Sequence[Summary]) -> list[str]:
    """Returns the names of the conditions that keep rows from being alike: those that differ at a seed of two rows.

    Where none does, and rows have other seeds, those that differ among all runs; none where all rows are alike.
    """
    if len(alike(summaries)) < 2:
        return []
    at_a_seed: dict[tuple[str, int], set[str]] = defaultdict(set)
    at_all: dict[str, set[str]] = defaultdict(set)
    for run in (run for summary in summaries for run in summary.runs if run.done):
        for name, value in run.conditions.items():
            at_a_seed[name, run.seed].add(value)
            at_all[name].add(value)
    differ = dict.fromkeys(name for (name, _), values in at_a_seed.items() if len(values) > 1)
    return [*differ] or [name for name, values in at_all.items() if len(values) > 1]


def mixed(summary: Summary) -> str:
    """Says in what the finished runs behind a mean differ beside the seed; empty when in nothing.

    Within a row two things count that rows may differ in: the sources, which hold the cell's own file, and whether a
    compiled kernel ran it.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for run in (run for run in summary.runs if run.done):
        made, same = run.record.provenance, dict(run.conditions)
        code = {"code": word(made.get("sources") or same["commit"]), "scan": word(made.get("scan"))}
        del same["commit"]  # one that changed a page changed no run
        for name, value in {**code, **same}.items():
            found[name].add(value)
    different = [name for name, values in found.items() if len(values) > 1]
    return f"mean over runs that differ in {', '.join(different)}" if different else ""


def packed(records: Iterable[Record]) -> str:
    """Says how many finished runs were trained in packs, and what that means; empty when none was."""
    done = [record for record in records if record.status is Status.DONE]
    count = sum((record.provenance.get("pack") or 1) > 1 for record in done)
    if not count:
        return ""
    return (
        f"{count} of {len(done)} runs were trained in packs: who is together changes last bits, and with them a figure "
        "now and then."
    )


def unlike(own: Summary, reference: Summary) -> dict[str, str]:
    """Says in what the finished runs of two rows differ, seed by seed, by name of the condition or ``seeds``."""
    mine, theirs = ({run.seed: run.conditions for run in row.runs if run.done} for row in (own, reference))
    common = sorted(mine.keys() & theirs.keys())
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for seed in common:
        first, second = mine[seed], theirs[seed]
        for name in (name for name in first if first[name] != second[name]):
            found[name][f"{name} {first[name]} against {second[name]}"].append(seed)
    said = {
        name: "; ".join(_where(what, seeds, common) for what, seeds in each.items()) for name, each in found.items()
    }
    lacking = ((own, theirs.keys() - mine.keys()), (reference, mine.keys() - theirs.keys()))
    lacks = [f"{row.label} lacks {name_seeds(seeds)}" for row, seeds in lacking if seeds]
    return said | ({"seeds": "; ".join(lacks)} if lacks else {})


def _where(what: str, seeds: list[int], common: list[int]) -> str:
    return what if seeds == common else f"{what} ({name_seeds(seeds)})"
