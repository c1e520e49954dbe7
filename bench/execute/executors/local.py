"""Workers on this machine: their runs train in processes forked from one warm server."""

from __future__ import annotations

from bench.execute.launch import Launch
from bench.execute.worker import Worker


def start(launch: Launch) -> Worker:
    """Starts the workers, as many as ``launch.workers``."""
    return Worker(launch)
