"""How much memory runs will take, roughly, and how much there is: a process too many would take the machine down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.data import describe, stored_bytes
from bench.train import Job

_BASE_MB = 200.0
"""A process of its own: what it has beside the server that it was forked from."""
_KEPT = 6
"""Numbers that training keeps for each in the states of all steps."""
_COPIES = 5
"""Numbers kept for every parameter: itself, its gradient, two moments of Adam, the best epoch's."""
_CGROUP = Path("/sys/fs/cgroup")


def needed_mb(jobs: Sequence[Job]) -> float:
    """Estimates what a process takes that trains some runs together, in 2^20 bytes: the scale, not the figure."""
    spec = jobs[0].spec
    info = describe(spec.data.name, spec.data.options)
    H, B = spec.cell.hidden_size, spec.train.batch_size
    texts = info.task == spec.language.task
    steps = spec.language.bptt if texts else info.steps
    numbers = len(jobs) * _KEPT * B * steps * H * (spec.language.layers if texts else 1)
    if texts:  # scores of every word and their gradient; the matrices of embedding and softmax
        E = spec.language.embedding_size or H
        numbers += 2 * B * steps * info.classes + _COPIES * info.classes * (H + E)
    return _BASE_MB + (4 * numbers + stored_bytes(spec.data.name, spec.data.options)) / 2**20


def free_mb() -> float:
    """The memory that can still be had, on the machine and in this container; infinite where nobody says."""
    found = [math.inf]
    with suppress(OSError, ValueError, IndexError):
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        found.append(int(text.split("MemAvailable:")[1].split()[0]) / 1024)
    with suppress(OSError, ValueError):  # "max" is no limit
        limit, used = (int((_CGROUP / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current"))
        found.append((limit - used) / 2**20)
    return min(found)


def affordable(packs: Sequence[Sequence[Job]], workers: int) -> tuple[int, str]:
    """How many processes fit into memory at once, at least 1, and a remark where they are fewer than asked for.

    Args:
        packs: what is to be trained; the largest decides.
        workers: asked for.
    """
    largest = max(map(needed_mb, packs), default=0.0)
    free = free_mb()
    if largest * workers <= free:
        return workers, ""
    fit = max(1, int(free // largest))
    return fit, (
        f"memory: {fit} of {workers} at once, since a process may take {largest / 1024:.1f} GiB and {free / 1024:.1f} "
        "are free; a smaller train.batch_size or --pack off takes less"
    )


def oom_kills() -> int:
    """How many processes the system has killed so far since memory was short; 0 where nobody says."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/vmstat").read_text(encoding="ascii").split("oom_kill ")[1].split()[0])
    return 0
