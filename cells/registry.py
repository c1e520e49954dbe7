"""The cells that are known by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from cells.cell import Cell

_REGISTRY: dict[str, type[Cell]] = {}
_C = TypeVar("_C", bound="Cell")


def register(name: str, *, title: str, citation: str) -> Callable[[type[_C]], type[_C]]:
    """Makes a cell known under ``name``.

    Args:
        name: as configurations say it: lower case, letters and digits.
        title: as tables print it.
        citation: a BibTeX entry with author, title, year and url.

    Raises:
        ValueError: when another class has the name, or the name is not lower-case letters and digits.
    """
    if not (name.isascii() and name.isalnum() and name == name.lower()):
        raise ValueError(f"cell name {name!r} must be lower-case letters and digits")

    def remember(cls: type[_C]) -> type[_C]:
        other = _REGISTRY.get(name)
        if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(f"two cells are named {name!r}: {other.__module__} and {cls.__module__}")
        cls.name, cls.title, cls.citation = name, title, citation
        _REGISTRY[name] = cls
        return cls

    return remember


def registered() -> Mapping[str, type[Cell]]:
    """Every cell registered so far, by name, in alphabetical order."""
    return dict(sorted(_REGISTRY.items()))


def forget(module: str) -> None:
    """Forgets the cells of a module, so that an edited copy of it can be registered."""
    for name in [name for name, cls in _REGISTRY.items() if cls.__module__ == module]:
        del _REGISTRY[name]
