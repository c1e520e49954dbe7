"""The server that workers are forked from, started before anything slow is imported: it imports meanwhile."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

_ALWAYS = ("bench.execute.worker",)
_TRACKED = ("wandb", "wandb.sdk.launch")
"""W&B imports the second at its first run in a process."""


def fork_server(tracked: bool = True) -> ForkServerContext:
    """A context whose server is up, and deaf to the Ctrl-C that is meant for the runs.

    Args:
        tracked: whether W&B will be used; only the first call of a process decides.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_ALWAYS, *(_TRACKED if tracked else ())])
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        forkserver.ensure_running()
    finally:
        if main:
            signal.signal(signal.SIGINT, before)
    return context
