"""How processes begin: the server that workers are forked from, and the garbage collector while modules are imported.

The server is started before anything slow is imported: it imports meanwhile.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import sys
import threading
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

_ALWAYS = "bench.warm"
_TRACKED = "bench.warm_tracked"


def fork_server(tracked: bool = True) -> ForkServerContext:
    """A context whose server is up, and deaf to the Ctrl-C that is meant for the runs.

    Args:
        tracked: whether W&B will be used; only the first call of a process decides.
    """
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


USUAL = gc.get_threshold()
"""How often the collector looks, before :func:`patient`."""


def patient() -> None:
    """Has the garbage collector look rarely in a process that imports much and lives shortly, and not at its end."""
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)


def warm(*modules: str) -> None:
    """Imports modules in the server, for every worker at once.

    Imports make a million objects and hardly any garbage: looking for it would be a fifth of the time here, and more in
    every worker, which would copy each page it looks at. So they are kept from the collector, then and later.
    """
    atexit.register(_leave, os.getpid())
    gc.disable()
    try:
        for each in modules:
            import_module(each)
    finally:
        gc.freeze()
        gc.enable()


def _leave(server: int) -> None:
    """Ends the server at once: taking every module apart would be a second of processor time, for nothing."""
    if os.getpid() == server:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(0)
