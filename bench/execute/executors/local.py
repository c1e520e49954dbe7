"""Workers on this machine: their runs train in processes forked from one warm server."""

from __future__ import annotations

from bench.execute.executors import refuse_others
from bench.execute.launch import Launch, cores
from bench.execute.worker import Worker


def workers() -> int:
    """One per core."""
    return cores()


def start(launch: Launch) -> Worker:
    """Starts the workers, as many as ``launch.workers``."""
    refuse_others(launch, "local")
    return Worker(launch)
