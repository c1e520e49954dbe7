"""Imports what every run needs; the fork server imports this module, once for all processes that it forks."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from functools import partial
from importlib import import_module
from types import FrameType


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


def _overhear(server: int, number: int, frame: FrameType | None) -> None:
    """Has the server not end when a scheduler tells all processes of a job to stop; what is forked from it does."""
    if os.getpid() != server:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


atexit.register(_leave, os.getpid())
for _number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(_number, partial(_overhear, os.getpid()))
warm(f"{__package__}.child")
