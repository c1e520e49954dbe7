"""The server that processes are forked from. It is started before anything slow is imported: it imports meanwhile."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import threading
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

_ALWAYS = f"{__package__}.warm"
_TRACKED = f"{__package__}.warm_tracked"

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "1")
"""For NumPy's products in a run, which else wait for each other: the integer test of a GRU took ten times as long."""
USUAL = gc.get_threshold()
"""How often the garbage collector looks, before :func:`patient`."""


def fork_server(tracked: bool = True) -> ForkServerContext:
    """Returns a context whose server is up, and deaf to the Ctrl-C that is meant for the runs.

    Args:
        tracked: whether W&B will be used; only the first call of a process decides.
    """
    os.environ.setdefault(*ONE_THREAD)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_ALWAYS, *([_TRACKED] if tracked else ())])
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        forkserver.ensure_running()
    finally:
        if main:
            signal.signal(signal.SIGINT, before)
    return context


def patient() -> None:
    """Has the garbage collector look rarely in a process that imports much and lives shortly, and not at its end."""
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
