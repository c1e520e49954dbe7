"""Prepared data on disk: equal to what was made, whole or absent, and never taken for whole when it is not."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data import (
    Configurable,
    Options,
    Recipe,
    available,
    catalogue,
    chosen_options,
    describe,
    open_corpus,
    open_dataset,
    prepare,
    prepare_whole,
    prepared,
    verify,
)
from bench.data.corpus import build_corpus
from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build
from bench.errors import RnnbenchError

pytestmark = pytest.mark.long

INFO = DatasetInfo(
    name="toy",
    title="Toy",
    task="classification",
    metric="accuracy",
    higher_is_better=True,
    steps=5,
    features=2,
    classes=2,
    about="noise",
    protocol="by group",
    licence="none",
    citation="@none",
    source="none",
    sample_hz=None,
)


def toy(info: DatasetInfo = INFO, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)

    def part(group: int) -> RawSplit:
        lengths = [5, 3, 4, 5]
        return RawSplit([rng.normal(size=(n, 2)) for n in lengths], np.array([0, 1, 0, 1]), np.full(4, group))

    return build(info, part(1), part(2), part(3), ("no", "yes"))


class Size(Options):
    seed: int = 0


class Here:
    """A source that is always there."""

    def here(self, folder: Path) -> bool:
        return True

    def absent(self, folder: Path) -> str:
        return ""

    def obtain(self, folder: Path) -> Path:
        return folder


TEXT = dataclasses.replace(INFO, name="toytext", task="language-modelling", vocabulary=4, classes=4)
LINES = [["a", "b"], ["b"]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sets toy (with an option) and toytext; the list grows with each making."""
    calls: list[int] = []

    def recipe(options: Size) -> Recipe[Path]:
        def read(folder: Path) -> Dataset:
            calls.append(options.seed)
            return toy(seed=options.seed)

        return Recipe(INFO, Here(), read)

    def text(folder: Path) -> object:
        return build_corpus(TEXT, LINES, LINES, [["c"]], ("a", "b", "<eos>", "<unk>"))

    sets = {"toy": Configurable(Size, recipe), "toytext": Recipe(TEXT, Here(), text)}  # type: ignore[arg-type]
    monkeypatch.setattr(catalogue, "_recipes", lambda: sets)
    return calls


def test_what_is_opened_is_what_was_made(made: list[int], tmp_path: Path) -> None:
    opened, expected = open_dataset("toy", tmp_path), toy()
    assert opened.fingerprint == expected.fingerprint
    assert opened.class_names == ("no", "yes")
    assert opened.normalisation == expected.normalisation is not None
    for name in ("train", "validation", "test"):
        for field in ("x", "lengths", "y", "group"):
            one, other = getattr(getattr(opened, name), field), getattr(getattr(expected, name), field)
            assert torch.equal(one, other)
            assert one.dtype == other.dtype
    open_dataset("toy", tmp_path)
    prepare("toy", tmp_path)
    assert made == [0]
    prepare("toy", tmp_path, again=True)
    assert made == [0, 0]


def test_normalisation_is_that_of_the_training_frames_and_absent_of_data_prepared_before(
    made: list[int], tmp_path: Path
) -> None:
    opened, rng = open_dataset("toy", tmp_path), np.random.default_rng(0)
    frames = np.concatenate([rng.normal(size=(n, 2)) for n in (5, 3, 4, 5)])
    assert opened.normalisation is not None
    assert opened.normalisation.mean == pytest.approx(frames.mean(0))
    assert opened.normalisation.deviation == pytest.approx(frames.std(0))
    (meta,) = tmp_path.glob("prepared/*/meta.json")
    body = json.loads(meta.read_text())
    del body["normalisation"]
    meta.write_text(json.dumps(body))
    before = open_dataset("toy", tmp_path)
    assert (before.normalisation, before.fingerprint) == (None, opened.fingerprint)


def test_a_corpus_comes_back(made: list[int], tmp_path: Path) -> None:
    corpus = open_corpus("toytext", tmp_path)
    assert corpus.train.tolist() == [0, 1, 2, 1, 2]
    assert corpus.test.tolist() == [3, 2]
    assert corpus.words == ("a", "b", "<eos>", "<unk>")
    assert verify("toytext", tmp_path) == corpus.fingerprint
    with pytest.raises(RnnbenchError, match="language modelling"):
        open_dataset("toytext", tmp_path)
    with pytest.raises(RnnbenchError, match="sequences with classes"):
        open_corpus("toy", tmp_path)


def test_options_are_different_data(made: list[int], tmp_path: Path) -> None:
    one, other = open_dataset("toy", tmp_path), open_dataset("toy", tmp_path, options={"seed": 1})
    assert one.fingerprint != other.fingerprint
    assert open_dataset("toy", tmp_path, options={"seed": 0}).fingerprint == one.fingerprint
    assert made == [0, 1]
    assert chosen_options("toy", {"seed": 0}) == {}
    assert chosen_options("toy", {"seed": 2}) == {"seed": 2}
    with pytest.raises(RnnbenchError, match=r"data set 'toy': unknown key 'sed'; did you mean 'seed'\?"):
        describe("toy", {"sed": 1})
    with pytest.raises(RnnbenchError, match=r"seed.*'x'"):
        describe("toy", {"seed": "x"})
    with pytest.raises(RnnbenchError, match="'toytext' has no option 'seed'"):
        describe("toytext", {"seed": 1})


def test_another_version_of_the_recipe_prepares_anew(
    made: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_corpus("toytext", tmp_path)
    newer = dataclasses.replace(catalogue._recipes()["toytext"], version=2)  # type: ignore[arg-type]
    monkeypatch.setattr(catalogue, "_recipes", lambda: {"toytext": newer})
    assert not prepared("toytext", tmp_path)


def test_a_failed_making_leaves_nothing(made: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = np.save
    saved = itertools.count()

    def full(*arguments: object) -> None:
        if next(saved) == 3:
            raise OSError(28, "No space left on device")
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(RnnbenchError, match="No space left on device"):
        prepare("toy", tmp_path)
    assert not prepared("toy", tmp_path)
    assert [path.name for path in (tmp_path / "prepared").iterdir() if not path.name.endswith(".lock")] == []
    monkeypatch.setattr(np, "save", real)
    assert open_dataset("toy", tmp_path).fingerprint == toy().fingerprint


@pytest.mark.parametrize("damage", ["cut", "missing", "meta"])
def test_damage_is_told_at_opening(made: list[int], tmp_path: Path, damage: str) -> None:
    place = prepare("toy", tmp_path)
    victim = place / ("meta.json" if damage == "meta" else "train.x.npy")
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-5])
    for ask in (open_dataset, verify):
        with pytest.raises(RnnbenchError, match=r"damaged .*data prepare toy --again"):
            ask("toy", tmp_path)
    prepare("toy", tmp_path, again=True)
    verify("toy", tmp_path)


@pytest.mark.parametrize("ask", [verify, lambda name, folder: prepare_whole(name)])
def test_a_changed_byte_is_found_by_who_reads_all(
    made: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str, Path], object]
) -> None:
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path))
    prepare_whole("toy")
    file = prepare("toy") / "test.x.npy"
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)
    with pytest.raises(RnnbenchError, match=r"damaged \(fingerprint .*data prepare toy --again"):
        ask("toy", tmp_path)


def test_what_is_stored_is_on_the_disk_before_it_counts(
    made: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut leaves files of the right sizes that hold zeros."""
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        done.append(os.readlink(f"/proc/self/fd/{handle}"))
        sync(handle)

    def move(source: Path, target: Path) -> None:
        if Path(source).is_dir():
            done.append("moved")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", move)
    place = prepare("toy", tmp_path)
    before, after = done[: done.index("moved")], done[done.index("moved") :]
    part = place.with_name(f".{place.name}.part")
    assert {str(part / file.name) for file in place.glob("*.npy")} | {str(part)} <= set(before)
    assert any(Path(name).name.startswith(".meta.json.") for name in before)
    assert str(place.parent) in after


def test_verify_of_what_is_not_prepared(made: list[int], tmp_path: Path) -> None:
    assert available("toy", tmp_path)
    with pytest.raises(RnnbenchError, match="not prepared"):
        verify("toy", tmp_path)
    assert not (tmp_path / "prepared").exists()


def test_a_write_protected_folder_with_prepared_data_is_enough(made: list[int], tmp_path: Path) -> None:
    place = prepare("toy", tmp_path)
    for path in (*place.iterdir(), place, place.parent, tmp_path):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert open_dataset("toy", tmp_path).fingerprint == toy().fingerprint
    finally:
        for path in (tmp_path, place.parent, place):
            path.chmod(0o755)


def test_meta_names_every_file(made: list[int], tmp_path: Path) -> None:
    place = prepare("toy", tmp_path)
    meta = json.loads((place / "meta.json").read_text())
    assert set(meta["sizes"]) | {"meta.json"} == {path.name for path in place.iterdir()}
