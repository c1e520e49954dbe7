"""Being told to stop, and not in the middle of a record."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupted(BaseException):
    """Somebody asked the process to stop."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Holds signals back: what a run has reached is written before it hears that it should stop."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
