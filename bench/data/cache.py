"""Stores prepared data sets on disk, whole or not at all, and maps them into memory.

``prepared/NAME-KEY/`` below the data folder holds ``meta.json`` and an ``.npy`` file per tensor. The key is a hash of
the name, the options and the version of the recipe, so that a changed recipe is prepared anew.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from bench.data.corpus import Corpus, corpus_fingerprint
from bench.data.dataset import Dataset, DatasetInfo, Split, fingerprint
from bench.data.fetch import unusable
from bench.data.normalise import Normalisation
from bench.errors import RnnbenchError
from bench.record import to_disk, write_atomically

if TYPE_CHECKING:
    from torch import Tensor

_SPLITS = ("train", "validation", "test")
_FIELDS = ("x", "lengths", "y", "group")
_META = "meta.json"


def store(place: Path, make: Callable[[], Dataset | Corpus], again: bool = False) -> None:
    """Makes a data set and stores it, unless it is stored.

    Several processes may call this at once: the first makes the set while the others wait. The remains of a killed
    process are removed.

    Args:
        place: the folder, which appears when all files are written.
        make: makes the data set.
        again: whether to make it even when it is stored.

    Raises:
        RnnbenchError: as ``make``, or when the folder cannot be written.
    """
    if place.exists() and not again:
        return
    part = place.with_name(f".{place.name}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_name(f".{place.name}.lock")):
            if place.exists() and not again:
                return
            shutil.rmtree(part, ignore_errors=True)
            try:
                dataset = make()
                part.mkdir()
                _write(part, dataset)
                shutil.rmtree(place, ignore_errors=True)
                os.replace(part, place)
                to_disk(place.parent)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
        raise unusable(place.parent.parent, error) from error


def load(place: Path, info: DatasetInfo) -> Dataset | Corpus:
    """The data set that :func:`store` wrote; its tensors are mapped, not read.

    Raises:
        RnnbenchError: when it is damaged; says how to make it again.
    """
    try:
        meta = json.loads((place / _META).read_text(encoding="utf-8"))
        for name, size in meta["sizes"].items():
            if (place / name).stat().st_size != size:
                raise ValueError(f"{name} has another size")
        tensors = {name: _map(place / f"{name}.npy") for name in meta["arrays"]}
        if "words" in meta:
            streams = {name: tensors[name] for name in _SPLITS}
            return Corpus(info, **streams, fingerprint=meta["fingerprint"], words=tuple(meta["words"]))
        splits = {name: Split(**{field: tensors[f"{name}.{field}"] for field in _FIELDS}) for name in _SPLITS}
        kept = meta.get("normalisation")  # not of a set that an earlier version prepared
        normalisation = kept and Normalisation(tuple(kept["mean"]), tuple(kept["deviation"]))
        return Dataset(
            info,
            **splits,
            fingerprint=meta["fingerprint"],
            class_names=tuple(meta["class_names"]),
            normalisation=normalisation,
            words=tuple(meta["vocabulary"]) if "vocabulary" in meta else None,
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(place, info, str(error)) from error


def check(place: Path, info: DatasetInfo) -> str:
    """The fingerprint of the stored data set, computed from every byte: some 0.5 to 2 GB a second.

    Raises:
        RnnbenchError: as :func:`load`, or when it is not the one that was stored.
    """
    opened = load(place, info)
    found = _fingerprint_of(opened)
    if found != opened.fingerprint:
        raise _damaged(place, info, f"fingerprint {found}, expected {opened.fingerprint}")
    return found


def _damaged(place: Path, info: DatasetInfo, why: str) -> RnnbenchError:
    return RnnbenchError(f"{place} is damaged ({why}); `rnnbench data prepare {info.name} --again` repairs it")


def _fingerprint_of(opened: Dataset | Corpus) -> str:
    if isinstance(opened, Corpus):
        streams = {"train": opened.train, "validation": opened.validation, "test": opened.test}
        return corpus_fingerprint(streams, opened.words)
    return fingerprint({"train": opened.train, "validation": opened.validation, "test": opened.test})


def _map(path: Path) -> Tensor:
    import torch  # here: slow to import, and most commands open no data

    # Copy on write, for torch refuses read-only arrays; nobody writes.
    return torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))


def _write(folder: Path, dataset: Dataset | Corpus) -> None:
    meta: dict[str, Any] = {"name": dataset.info.name, "fingerprint": dataset.fingerprint}
    arrays: Mapping[str, Tensor]
    if isinstance(dataset, Corpus):
        arrays = {name: getattr(dataset, name) for name in _SPLITS}
        meta["words"] = dataset.words
    else:
        arrays = {f"{name}.{field}": getattr(getattr(dataset, name), field) for name in _SPLITS for field in _FIELDS}
        meta["class_names"] = dataset.class_names
        if dataset.normalisation is not None:
            meta["normalisation"] = asdict(dataset.normalisation)
        if dataset.words is not None:
            meta["vocabulary"] = dataset.words
    for name, tensor in arrays.items():
        np.save(folder / f"{name}.npy", tensor.numpy())
        to_disk(folder / f"{name}.npy")
    meta |= {"arrays": list(arrays), "sizes": {file.name: file.stat().st_size for file in sorted(folder.iterdir())}}
    write_atomically(folder / _META, json.dumps(meta, indent=1))
