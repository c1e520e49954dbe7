"""Tells whoever listens how far a long preparation is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Listener = Callable[[str, int, int], None]
"""Is told what is counted, how many are done, and of how many."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_EVERY = 50


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block, ``listener`` is told of what :func:`track` counts."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def track(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items, as they come.

    Args:
        items: to go through.
        total: how many there are.
        what: they are, in the plural.
    """
    listener = _listener.get()
    for done, item in enumerate(items):
        if listener and done % _EVERY == 0:
            listener(what, done, total)
        yield item
    if listener:
        listener(what, total, total)
