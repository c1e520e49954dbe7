"""Which runs share a process."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from bench.data import describe
from bench.errors import RnnbenchError
from bench.train import Job, shape_of

MOST = 16
"""Runs in a pack at most, when nobody says: above, a step of all takes as long as so many steps."""
_PAYS_TO = 64
"""The hidden size up to which a pack pays: above, the time of a step is the products'."""
_ROOM = 2**24
"""Numbers in the states of all steps of a pack; what training keeps of them is some six times as much."""


def limit(chosen: str) -> int | None:
    """Runs in a pack at most: a number, 1 for ``off``, ``None`` for ``auto``.

    Raises:
        RnnbenchError: when it is none of these.
    """
    if chosen in ("auto", "off"):
        return None if chosen == "auto" else 1
    if not re.fullmatch("[1-9][0-9]{0,3}", chosen):
        raise RnnbenchError(f"--pack takes auto, off or a number above 0, not {chosen!r}")
    return int(chosen)


def packs(jobs: Sequence[Job], most: int | None, workers: int) -> list[tuple[Job, ...]]:
    """Deals jobs into packs, each for a process: the longest first, so that no worker is left with it at the end.

    Equally long ones, and all where there is one worker, are in the order of their first jobs.

    Args:
        jobs: in the order to start them.
        most: see :func:`limit`; ``None`` packs where it pays.
        workers: processes at once: none of them is left without work for the sake of a larger pack.
    """
    size = min(MOST if most is None else most, math.ceil(len(jobs) / workers))
    dealt: dict[str, list[list[Job]]] = {}
    for job in jobs:
        here = size if most is not None else min(size, _paying(job))
        shape = shape_of(job.spec) if here > 1 else None
        groups = dealt.setdefault(shape or job.spec.id, [[]])
        if len(groups[-1]) == here:
            groups.append([])
        groups[-1].append(job)
    order = {job.spec.id: number for number, job in enumerate(jobs)}
    made = [tuple(group) for groups in dealt.values() for group in groups]
    return sorted(made, key=lambda pack: (-_work(pack) if workers > 1 else 0, order[pack[0].spec.id]))


def _work(pack: Sequence[Job]) -> int:
    """Returns what a pack takes, roughly: the products of all its steps, with those of the head."""
    work = 0
    for job in pack:
        spec, H = job.spec, job.spec.cell.hidden_size
        info = describe(spec.data.name, spec.data.options)
        work += spec.train.length * info.epoch_steps * H * (H + info.features + info.classes)
    return work


def _paying(job: Job) -> int:
    """How many runs like this one to train together, 1 when it does not pay."""
    spec, H = job.spec, job.spec.cell.hidden_size
    steps = describe(spec.data.name, spec.data.options).steps
    return max(1, _ROOM // (steps * spec.train.batch_size * H)) if H <= _PAYS_TO else 1
