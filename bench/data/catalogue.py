"""Finds the data sets, files of ``bench/data/sets/``, and opens them."""

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
from bench.data import fold, sets
from bench.data.corpus import Corpus
from bench.data.dataset import Dataset, DatasetInfo
from bench.data.fetch import data_folder
from bench.data.own import Source
from bench.errors import RnnbenchError, nearest
from bench.spec import Part, RunSpec, parse

T = TypeVar("T")
Chosen = TypeVar("Chosen", bound="Options")


class Options(Part):
    """The options of a data set, all with defaults."""


@dataclass(frozen=True)
class Recipe(Generic[T]):
    """Says how to make a data set; ``RECIPE`` in ``sets/NAME.py``.

    Attributes:
        info: the description.
        source: where the files come from.
        read: makes the data set from the checked files.
        version: is raised when ``read`` makes something else of the same files.
        note: is printed when the data is prepared, for instance about its licence.
    """

    info: DatasetInfo
    source: Source[T]
    read: Callable[[T], Dataset | Corpus]
    version: int = 1
    note: str = ""


@dataclass(frozen=True)
class Configurable(Generic[Chosen]):
    """Says how to make a data set that has options; ``RECIPE`` in ``sets/NAME.py``.

    Attributes:
        options: the names, types and defaults of the options.
        recipe: the recipe for given options; ``info.name`` does not depend on them.
    """

    options: type[Chosen]
    recipe: Callable[[Chosen], Recipe[Any]]

    @property
    def info(self) -> DatasetInfo:
        """The description of the data set with default options."""
        return self.recipe(self.options()).info


@cache
def _recipes() -> Mapping[str, Recipe[Any] | Configurable[Any]]:
    recipes: dict[str, Recipe[Any] | Configurable[Any]] = {}
    for module in pkgutil.iter_modules(sets.__path__):
        path = f"bench/data/sets/{module.name}.py"
        try:
            recipe = importlib.import_module(f"{sets.__name__}.{module.name}").RECIPE
        except Exception as error:  # whatever a user's file raises
            raise RnnbenchError(f"{path} cannot be used: {type(error).__name__}: {error}") from error
        if recipe.info.name in recipes:
            raise RnnbenchError(f"{path}: another data set has the name {recipe.info.name!r}; choose a new one")
        recipes[recipe.info.name] = recipe
    return dict(sorted(recipes.items()))


def _resolve(name: str, options: Mapping[str, Any] | None) -> tuple[Recipe[Any], dict[str, Any]]:
    """The recipe, and the options that differ from their defaults."""
    options = {key: value for key, value in (options or {}).items() if key != fold.KEY}
    known = _recipes()
    if name not in known:
        raise RnnbenchError(f"unknown data set {name!r}{nearest(name, known)}")
    recipe = known[name]
    if isinstance(recipe, Recipe):
        if options:
            raise RnnbenchError(f"data set {name!r} has no option {next(iter(options))!r}: it has none")
        return recipe, {}
    chosen = parse(recipe.options, options, f"data set {name!r}")
    return recipe.recipe(chosen), chosen.model_dump(mode="json", exclude_defaults=True)


def _place(name: str, recipe: Recipe[Any], options: Mapping[str, Any], folder: Path) -> Path:
    body = json.dumps([name, recipe.version, dict(options)], sort_keys=True)
    return folder / "prepared" / f"{name}-{hashlib.sha256(body.encode()).hexdigest()[:12]}"


def infos() -> dict[str, DatasetInfo]:
    """The descriptions of all data sets by name, in alphabetical order; opens and fetches nothing.

    Raises:
        RnnbenchError: when a file under ``bench/data/sets/`` cannot be imported or repeats a name.
    """
    return {name: recipe.info for name, recipe in _recipes().items()}


def describe(name: str, options: Mapping[str, Any] | None = None) -> DatasetInfo:
    """The description of a data set with these options.

    Every set of numbers also takes ``fold``: so many frames become one.

    Raises:
        RnnbenchError: when there is no such data set or option.
    """
    info = _resolve(name, options)[0].info
    return fold.folded_info(info, _fold(info, options))


def _fold(info: DatasetInfo, options: Mapping[str, Any] | None) -> int:
    return fold.checked(info, (options or {}).get(fold.KEY, 1))


def chosen_options(name: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The options that differ from their defaults: they are equal for equal data.

    Raises:
        RnnbenchError: when there is no such data set or option, or a value is out of range.
    """
    recipe, chosen = _resolve(name, options)
    frames = _fold(recipe.info, options)
    return chosen if frames == 1 else {**chosen, fold.KEY: frames}


def resolved(spec: RunSpec) -> RunSpec:
    """Returns a run without those options of its data set that equal their defaults.

    Raises:
        RnnbenchError: as :func:`chosen_options`.
    """
    options = chosen_options(spec.data.name, spec.data.options)
    if options == spec.data.options:
        return spec
    return spec.model_copy(update={"data": spec.data.model_copy(update={"options": options})})


def prepared(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> bool:
    """Whether the data set is prepared, so that it opens at once."""
    recipe, chosen = _resolve(name, options)
    return _place(name, recipe, chosen, folder or data_folder()).is_dir()


def stored_bytes(name: str, options: Mapping[str, Any] | None = None) -> int:
    """How much the prepared data set takes on disk, and in memory once all of it is read; 0 when it is not prepared."""
    recipe, chosen = _resolve(name, options)
    return sum(file.stat().st_size for file in _place(name, recipe, chosen, data_folder()).glob("*.npy"))


def available(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> bool:
    """Whether the data set is prepared or its files are here; their content is checked only when they are opened.

    Raises:
        RnnbenchError: when there is no such data set.
    """
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    return _place(name, recipe, chosen, folder).is_dir() or recipe.source.here(folder)


def absent(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> str:
    """Says in one line why the data set needs the user's help, and what to do; empty when it does not."""
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    return "" if _place(name, recipe, chosen, folder).is_dir() else recipe.source.absent(folder)


def note(name: str, options: Mapping[str, Any] | None = None) -> str:
    """The note to print when the data set is prepared."""
    return _resolve(name, options)[0].note


def prepare(
    name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None, again: bool = False
) -> Path:
    """Fetches, checks and converts the files of a data set, unless it is prepared.

    Args:
        name: the name of the data set.
        folder: the cache; :func:`data_folder` by default.
        options: the options of the data set.
        again: whether to prepare it even when it is prepared.

    Returns:
        The folder of the prepared tensors.

    Raises:
        RnnbenchError: when there is no such data set, or its files are missing or damaged.
    """
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    place = _place(name, recipe, chosen, folder)
    store.store(place, lambda: recipe.read(recipe.source.obtain(folder)), again)
    return place


def prepare_whole(name: str, *, options: Mapping[str, Any] | None = None) -> None:
    """Prepares a data set like :func:`prepare`, and reads every byte of one that is prepared.

    Raises:
        RnnbenchError: as :func:`prepare`, or when it was changed since.
    """
    store.check(prepare(name, options=options), describe(name, options))


def open_any(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> Dataset | Corpus:
    """Opens the data set or corpus of that name; otherwise as :func:`open_dataset`."""
    recipe, _ = _resolve(name, options)
    frames = _fold(recipe.info, options)
    opened = store.load(prepare(name, folder, options=options), recipe.info)
    return fold.fold_steps(opened, frames) if isinstance(opened, Dataset) else opened


def open_dataset(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> Dataset:
    """Opens a data set; prepares it first when it is not prepared.

    Args:
        name: the name of the data set.
        folder: the cache; :func:`data_folder` by default.
        options: the options of the data set.

    Raises:
        RnnbenchError: as :func:`prepare`, and when it is a corpus.
    """
    opened = open_any(name, folder, options=options)
    if isinstance(opened, Corpus):
        raise RnnbenchError(f"data set {name!r} is a text for language modelling, not sequences with classes")
    return opened


def open_corpus(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> Corpus:
    """Opens a corpus; otherwise as :func:`open_dataset`."""
    opened = open_any(name, folder, options=options)
    if isinstance(opened, Dataset):
        raise RnnbenchError(f"data set {name!r} holds sequences with classes, not a text for language modelling")
    return opened


def verify(name: str, folder: Path | None = None, *, options: Mapping[str, Any] | None = None) -> str:
    """Checks the fingerprint of a prepared data set, and the sums of its files where these are known.

    Returns:
        The fingerprint.

    Raises:
        RnnbenchError: when the data set is not prepared, or was changed since.
    """
    folder = folder or data_folder()
    recipe, chosen = _resolve(name, options)
    place = _place(name, recipe, chosen, folder)
    if not place.is_dir():
        raise RnnbenchError(f"data set {name!r} is not prepared; `rnnbench data prepare {name}` does it")
    fingerprint = store.check(place, recipe.info)
    if recipe.source.here(folder):
        recipe.source.obtain(folder)
    return fingerprint
