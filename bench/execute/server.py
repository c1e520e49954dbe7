"""The server that processes are forked from. It is started before anything slow is imported: it imports meanwhile."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

_ALWAYS = f"{__package__}.warm"
_TRACKED = f"{__package__}.warm_tracked"

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "1")
"""For NumPy's products in a run, which else wait for each other: the integer test of a GRU took ten times as long."""
_LONGEST_FOLDER = 60
"""Bytes that multiprocessing's own names leave of the 92 to 108 that systems allow for the name of a socket."""
_SHORT_FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 (multiprocessing makes a private folder there)
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
        with _short_folder():
            forkserver.ensure_running()
    finally:
        if main:
            signal.signal(signal.SIGINT, before)
    return context


@contextmanager
def _short_folder() -> Iterator[None]:
    """Has sockets made in a folder whose name leaves room for theirs, where the user's own, TMPDIR, is too long."""
    before = tempfile.gettempdir()
    if len(before) > _LONGEST_FOLDER:
        tempfile.tempdir = next((name for name in _SHORT_FOLDERS if os.access(name, os.W_OK)), before)
    try:
        yield
    finally:
        tempfile.tempdir = before


def patient() -> None:
    """Has the garbage collector look rarely in a process that imports much and lives shortly, and not at its end."""
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
