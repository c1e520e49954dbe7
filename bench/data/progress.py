"""Reports the progress of a long preparation to a listener."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Listener = Callable[[str, int, int], None]
"""Receives what is counted, how many are done, and how many there are."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_EVERY = 50


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Calls ``listener`` with the counts of :func:`track` inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def track(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yields the items and counts them.

    Args:
        items: the items.
        total: how many there are.
        what: a name for them, in the plural.
    """
    listener = _listener.get()
    for done, item in enumerate(items):
        if listener and done % _EVERY == 0:
            listener(what, done, total)
        yield item
    if listener:
        listener(what, total, total)
