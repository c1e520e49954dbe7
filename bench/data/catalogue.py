"""Every data set there is: the files of ``bench/data/sets/``, found by looking, and the one way in."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from bench.data import sets
from bench.data.dataset import Dataset, DatasetInfo
from bench.data.fetch import data_folder
from bench.errors import RnnbenchError, nearest


class Source(Protocol):
    """Where the one file of a data set comes from."""

    def path(self, folder: Path) -> Path:
        """Where the file lies, or would lie, in the cache folder."""

    def obtain(self, folder: Path) -> Path:
        """The file, checked against its pinned sum; fetched first when it is not there."""


@dataclass(frozen=True)
class Recipe:
    """All that ``sets/NAME.py`` says.

    Attributes:
        info: what is known without opening anything.
        source: where the file comes from.
        read: from the checked file to the data set.
    """

    info: DatasetInfo
    source: Source
    read: Callable[[Path], Dataset]


@cache
def _recipes() -> Mapping[str, Recipe]:
    found: dict[str, Recipe] = {}
    for module in pkgutil.iter_modules(sets.__path__):
        path = f"bench/data/sets/{module.name}.py"
        try:
            recipe = importlib.import_module(f"{sets.__name__}.{module.name}").RECIPE
        except Exception as error:  # whatever a user's file raises
            raise RnnbenchError(f"{path} cannot be used: {type(error).__name__}: {error}") from error
        if recipe.info.name in found:
            raise RnnbenchError(f"{path}: another data set has the name {recipe.info.name!r}; choose a new one")
        found[recipe.info.name] = recipe
    return dict(sorted(found.items()))


def _recipe(name: str) -> Recipe:
    known = _recipes()
    if name not in known:
        raise RnnbenchError(f"unknown data set {name!r}{nearest(name, known)}")
    return known[name]


def infos() -> dict[str, DatasetInfo]:
    """What is known of every data set, by name, in alphabetical order; opens and fetches nothing.

    Raises:
        RnnbenchError: when a file under ``bench/data/sets/`` cannot be imported or takes a name twice.
    """
    return {name: recipe.info for name, recipe in _recipes().items()}


def available(name: str, folder: Path | None = None) -> bool:
    """Whether the file of the data set is in the cache; its sum is checked only when it is opened.

    Raises:
        RnnbenchError: when there is no such data set.
    """
    source = _recipe(name).source
    return source.path(folder or data_folder()).is_file()


def prepare(name: str, folder: Path | None = None) -> Path:
    """Fetches the file of a data set, unless it is in the cache, and checks it.

    Args:
        name: the data set.
        folder: the cache; :func:`data_folder` by default.

    Returns:
        The file.

    Raises:
        RnnbenchError: when there is no such data set, or its file can be neither fetched nor trusted.
    """
    source = _recipe(name).source
    return source.obtain(folder or data_folder())


def open_dataset(name: str, folder: Path | None = None) -> Dataset:
    """The data set, fetched first when its file is not in the cache.

    Args:
        name: the data set.
        folder: the cache; :func:`data_folder` by default.

    Raises:
        RnnbenchError: as :func:`prepare`, and when the file does not hold what is expected.
    """
    return _recipe(name).read(prepare(name, folder))
