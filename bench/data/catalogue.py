"""Every data set there is: the files of ``bench/data/sets/``, found by looking, and the one way in."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from bench.data import cache as store
from bench.data import sets
from bench.data.corpus import Corpus
from bench.data.dataset import Dataset, DatasetInfo
from bench.data.fetch import data_folder
from bench.data.own import Source
from bench.errors import RnnbenchError, nearest
from bench.spec import Part, parse

T = TypeVar("T")
Chosen = TypeVar("Chosen", bound="Options")


class Options(Part):
    """The options of a data set; every one has a default."""


@dataclass(frozen=True)
class Recipe(Generic[T]):
    """All that ``sets/NAME.py`` says.

    Attributes:
        info: what is known without opening anything.
        source: where the files come from.
        read: from the checked files to the data set.
        version: to be raised when ``read`` makes something else of the same files.
        note: printed when the data is prepared, for instance on its licence.
    """

    info: DatasetInfo
    source: Source[T]
    read: Callable[[T], Dataset | Corpus]
    version: int = 1
    note: str = ""


@dataclass(frozen=True)
class Configurable(Generic[Chosen]):
    """What ``sets/NAME.py`` says when the data set has options.

    Attributes:
        options: their names, types and defaults.
        recipe: of the data set with these options; ``info.name`` is the same for all.
    """

    options: type[Chosen]
    recipe: Callable[[Chosen], Recipe[Any]]

    @property
    def info(self) -> DatasetInfo:
        """What is known of the data set as it is without options."""
        return self.recipe(self.options()).info


@cache
def _recipes() -> Mapping[str, Recipe[Any] | Configurable[Any]]:
    found: dict[str, Recipe[Any] | Configurable[Any]] = {}
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


def _resolve(name: str, options: Mapping[str, Any] | None) -> tuple[Recipe[Any], dict[str, Any]]:
    """The recipe, and those of the options that differ from their defaults."""
    known = _recipes()
    if name not in known:
        raise RnnbenchError(f"unknown data set {name!r}{nearest(name, known)}")
    recipe = known[name]
    if isinstance(recipe, Recipe):
        if options:
            raise RnnbenchError(f"data set {name!r} has no option {next(iter(options))!r}: it has none")
        return recipe, {}
    chosen = parse(recipe.options, dict(options or {}), f"data set {name!r}")
    return recipe.recipe(chosen), chosen.model_dump(mode="json", exclude_defaults=True)


def _place(name: str, recipe: Recipe[Any], options: Mapping[str, Any], folder: Path) -> Path:
    body = json.dumps([name, recipe.version, dict(options)], sort_keys=True)
    return folder / "prepared" / f"{name}-{hashlib.sha256(body.encode()).hexdigest()[:12]}"


def infos() -> dict[str, DatasetInfo]:
    """What is known of every data set, by name, in alphabetical order; opens and fetches nothing.

    Raises:
        RnnbenchError: when a file under ``bench/data/sets/`` cannot be imported or takes a name twice.
    """
    return {name: recipe.info for name, recipe in _recipes().items()}


def describe(name: str, options: Mapping[str, Any] | None = None) -> DatasetInfo:
    """What is known of a data set with these options.

    Raises:
        RnnbenchError: when there is no such data set or option.
    """
    return _resolve(name, options)[0].info


def chosen_options(name: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Those of the options that differ from their defaults: equal for equal data.

    Raises:
        RnnbenchError: when there is no such data set or option, or a value is out of range.
    """
    return _resolve(name, options)[1]


def prepared(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> bool:
    """Whether the data set is prepared, so that opening it takes no time."""
    recipe, chosen = _resolve(name, options)
    return _place(name, recipe, chosen, folder or data_folder()).is_dir()


def available(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> bool:
    """Whether the data set is prepared, or its files are here; what they hold is checked only when they are opened.

    Raises:
        RnnbenchError: when there is no such data set.
    """
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    return _place(name, recipe, chosen, folder).is_dir() or recipe.source.here(folder)


def absent(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> str:
    """Why the data set cannot be had without the user's help, in one line; empty when it can."""
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    return "" if _place(name, recipe, chosen, folder).is_dir() else recipe.source.absent(folder)


def note(name: str, options: Mapping[str, Any] | None = None) -> str:
    """What a user should be told when the data set is prepared."""
    return _resolve(name, options)[0].note


def prepare(
    name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None, again: bool = False
) -> Path:
    """Fetches the files of a data set, checks and converts them, unless that was done before.

    Args:
        name: the data set.
        folder: the cache; :func:`data_folder` by default.
        options: of the data set.
        again: do it even when it was done.

    Returns:
        The folder of the prepared tensors.

    Raises:
        RnnbenchError: when there is no such data set, or its files can be neither had nor trusted.
    """
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    place = _place(name, recipe, chosen, folder)
    store.store(place, lambda: recipe.read(recipe.source.obtain(folder)), again)
    return place


def open_any(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> Dataset | Corpus:
    """The data set or the corpus of that name; otherwise as :func:`open_dataset`."""
    return store.load(prepare(name, folder, options=options), describe(name, options))


def open_dataset(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> Dataset:
    """The data set, prepared first when it is not.

    Args:
        name: the data set.
        folder: the cache; :func:`data_folder` by default.
        options: of the data set.

    Raises:
        RnnbenchError: as :func:`prepare`, and when it is a corpus.
    """
    opened = open_any(name, folder, options=options)
    if isinstance(opened, Corpus):
        raise RnnbenchError(f"data set {name!r} is a text for language modelling, not sequences with classes")
    return opened


def open_corpus(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> Corpus:
    """The corpus, prepared first when it is not; otherwise as :func:`open_dataset`."""
    opened = open_any(name, folder, options=options)
    if isinstance(opened, Dataset):
        raise RnnbenchError(f"data set {name!r} holds sequences with classes, not a text for language modelling")
    return opened


def verify(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> str:
    """Computes the fingerprint of a prepared data set anew, and the sums of its files where these are known.

    Returns:
        The fingerprint.

    Raises:
        RnnbenchError: when it is not prepared, or not what was prepared.
    """
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    place = _place(name, recipe, chosen, folder)
    if not place.is_dir():
        raise RnnbenchError(f"data set {name!r} is not prepared; `rnnbench data prepare {name}` does it")
    opened = store.load(place, recipe.info)
    found = store.fingerprint_of(opened)
    if found != opened.fingerprint:
        again = f"`rnnbench data prepare {name} --again` mends it"
        raise RnnbenchError(f"{place} is damaged: fingerprint {found}, expected {opened.fingerprint}; {again}")
    if recipe.source.here(folder):
        recipe.source.obtain(folder)
    return found
