"""Imports what every run needs; the fork server imports this module, once for all processes that it forks."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from importlib import import_module


def warm(*modules: str) -> None:
    """Imports modules, and keeps what they made from the garbage collector, then and later.

    Imports make a million objects and hardly any garbage: looking for it would be a fifth of the time here, and more in
    every forked process, which would copy each page it looks at.
    """
    gc.disable()
    try:
        for module in modules:
            import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _leave(server: int) -> None:
    """Ends the server at once: taking every module apart would be a second of processor time, for nothing."""
    if os.getpid() == server:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(0)


atexit.register(_leave, os.getpid())
for _number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):  # a scheduler tells all processes of a job
    signal.signal(_number, signal.SIG_IGN)
warm(f"{__package__}.child")
