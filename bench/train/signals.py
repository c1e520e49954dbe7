"""Being told to stop, and not in the middle of a record."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import FrameType

TOLD_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""A terminal, a launcher, and a scheduler that wants its processors back or whose time limit is near."""


class Interrupted(BaseException):
    """Somebody asked the process to stop."""


def hear() -> None:
    """Has this process raise :class:`Interrupted` when it is told to stop, once.

    A terminal's Ctrl-C and the parent's word both arrive, and the second must not break the writing of a record. It is
    a flag, not SIG_IGN: Lightning puts back the handlers that it found when training began.
    """
    stopping = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise Interrupted

    for number in TOLD_TO_STOP:
        signal.signal(number, interrupt)


def end_with_parent() -> None:
    """Has this process told to end (SIGTERM) when its parent is gone, so that no orphan goes on."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101

    def end() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, name="end-with-parent", daemon=True).start()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Holds signals back: what a run has reached is written before it hears that it should stop."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TOLD_TO_STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
