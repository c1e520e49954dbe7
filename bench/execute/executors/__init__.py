"""Ways to start workers: each is a file of this folder with a function ``start(launch) -> Workers``.

A new one is one more file. ``rnnbench run --executor NAME`` takes the file's name and imports no other.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Protocol, cast

from bench.errors import RnnbenchError, nearest
from bench.execute.launch import Launch


class Workers(Protocol):
    """Workers that were started."""

    def wait(self, timeout_s: float) -> bool:
        """Waits until every worker has ended, at most so long; whether they have."""

    def stop(self) -> None:
        """Tells the workers to end, and waits until they have: what they train is recorded as interrupted."""


class Executor(Protocol):
    """A way to start workers: a module of this folder."""

    def start(self, launch: Launch) -> Workers:
        """Starts workers, ``launch.workers`` at most, each of which does :func:`bench.execute.worker.work`."""


def names() -> list[str]:
    """The names of all executors."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def executor(name: str) -> Executor:
    """The executor of that name.

    Raises:
        RnnbenchError: when there is none; names the nearest.
    """
    if name not in names():
        raise RnnbenchError(f"unknown executor {name!r}{nearest(name, names())}")
    return cast(Executor, import_module(f"{__name__}.{name}"))
