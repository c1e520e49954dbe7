"""The real files, fetched as the product fetches them: counts, protocol and content.

What needs the user's files is tested when ``$RNNBENCH_DATA`` holds them, else from tiny ones (``published.py``).
"""

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

from bench.data import Dataset, Split, absent, available, infos, open_dataset
from bench.data.sets import watch7

pytestmark = pytest.mark.long

CLASSIFIED = [
    *((name, {}) for name, info in infos().items() if info.task == "classification"),
    ("digits", {"speaker": "theo"}),
    ("dsa19", {"protocol": "paper"}),
]


@pytest.fixture(scope="module", params=CLASSIFIED, ids=lambda each: " ".join([each[0], *each[1].values()]))
def dataset(request: pytest.FixtureRequest) -> Dataset:
    """A set that is here or can be fetched."""
    name, options = request.param
    if why := absent(name, options=options):
        pytest.skip(why)
    return open_dataset(name, options=options)


def opened(name: str) -> Dataset:
    if why := absent(name):
        pytest.skip(why)
    return open_dataset(name)


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
    assert info.counts in (None, tuple(len(split) for split in splits(dataset)))
    assert len(dataset.class_names) == len(set(dataset.class_names)) == info.classes
    for split in splits(dataset):
        inside = torch.arange(info.steps) < split.lengths[:, None]
        if info.vocabulary is None:
            assert split.x.shape == (len(split), info.steps, info.features)
            assert split.x.dtype == torch.float32
            assert bool(torch.isfinite(split.x).all())
        else:
            assert split.x.shape == (len(split), info.steps)
            assert 1 <= int(split.x[inside].min()) <= int(split.x.max()) <= info.vocabulary
        assert split.lengths.shape == split.y.shape == split.group.shape == (len(split),)
        assert set(split.y.tolist()) == set(range(info.classes))
        assert not split.x[~inside].any()
    assert max(int(split.lengths.max()) for split in splits(dataset)) == info.steps


def test_no_group_and_no_sequence_in_two_splits(dataset: Dataset) -> None:
    groups = [set(split.group.tolist()) for split in splits(dataset)]
    bytes_of = [{hashlib.sha256(x.numpy()).digest() for x in split.x} for split in splits(dataset)]
    for parts in (groups, bytes_of):
        for one, other in itertools.combinations(parts, 2):
            assert not one & other


def test_training_frames_have_mean_0_and_variance_1(dataset: Dataset) -> None:
    if dataset.info.vocabulary:
        pytest.skip("words are not normalised")
    used = torch.arange(dataset.info.steps) < dataset.train.lengths[:, None]
    frames = dataset.train.x[used]
    constant = (frames == 0).all(dim=0)
    for channel in frames.T[~constant]:
        assert abs(float(channel.double().mean())) < 1e-5
        assert abs(float(channel.double().var(correction=0)) - 1) < 1e-5
    # and the others were not normalised by themselves
    for split in (dataset.validation, dataset.test):
        other = split.x[torch.arange(dataset.info.steps) < split.lengths[:, None]]
        assert other.mean(dim=0).abs().max() > 1e-3


# Results are compared by these: a change of protocol, of normalisation or of one bit makes another data set.
FINGERPRINTS = {
    "DSA-19": "6af8f02c54c09cb5a4369851403ae76b33e4ba56f28e966c3be3a27ea5c8c9ca",
    "DSA-19 (4,560 train)": "ffe46fbcf3f54b066d9bd1ac66413179d43b5ccdd9daac22dd22460a04e238c4",
    "Digits": "0e5f7e4670aad6bbfb7d48db562ed0e793ade0c1f482f85b3a417955b35cc08f",
    "Digits, theo left out": "3712e625c6dc01967f1cfac8205c77b986daedacea0d2c0bfad230f0d3326be1",
    "Digits-MFCC": "5f3088851b84e6f6e64e09c83501e742590be832f71b869238c3bc9b0967bec7",
    "HAPT-2": "0be2e8129b574862f8df7a4e7addcb6db86b762055591970cddff03cfaf394c4",
    "HAPT-6": "050ded0368bcf64790d5aef23c91413bf074aa75a5f9235dbb3b535d484387a6",
    "MNIST rows": "b9611d98f113df1601fcfc8987ddc440abe0298432289cb69f0d8417f735d5bc",
    "Permuted MNIST": "eb62d0a8e5eea74ec5506e36a3f47a9bfc063d44346d8da72e5a4c3d43bae41e",
    "Pixel-MNIST-10": "3792423e04e2a2d1f01af2664e8814a2e79a4750da1aedeaa4b01b904c50e678",
    "Reviews-5": "84edf55775dbfa65cd89f7780ea02c857a546c37c0b269c91c98e6a63b60c583",
    "SC-6": "5dd284370cc664335b6aa533c75f9836082780a22fb39c96f11782e45967c9dd",
    "Watch-7": "71a81cb7fb04ef061f3cd5acbea4ba5bdf61c8dd565aaf64584f8bf221a4d2d5",
}


def test_fingerprint(dataset: Dataset) -> None:
    if dataset.info.title in FINGERPRINTS:
        assert dataset.fingerprint == FINGERPRINTS[dataset.info.title]


def test_mnist_counts() -> None:
    rows, pixels, permuted = (opened(name) for name in ("mnist-row", "mnist-pixel", "mnist-permuted"))
    assert (len(rows.train) + len(rows.validation), len(rows.test)) == (60_000, 10_000)
    # images of each digit as published
    every = torch.bincount(torch.cat([rows.train.y, rows.validation.y]))
    assert every.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert torch.bincount(rows.test.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    # one pixel a step has one mean and deviation: as published .1307 and .3081 of the whole training set
    dark, light = float(pixels.train.x.min()), float(pixels.train.x.max())
    assert -dark / (light - dark) == pytest.approx(0.1307, abs=3e-4)
    assert 1 / (light - dark) == pytest.approx(0.3081, abs=5e-4)
    # the permuted images hold the same pixels in another order, the same for all
    from bench.data.sets.mnist_permuted import ORDER

    assert sorted(ORDER.tolist()) == list(range(784))
    assert torch.equal(pixels.test.x[:50, torch.from_numpy(ORDER)], permuted.test.x[:50])
    assert torch.equal(pixels.test.y, permuted.test.y)


def test_hapt_counts() -> None:
    """Windows as counted from the labels: 7,415 and 2,996; official users; the paper's merge halves them."""
    six, two = opened("hapt6"), opened("hapt2")
    assert (len(six.train) + len(six.validation), len(six.test)) == (7_415, 2_996)
    assert set(six.test.group.tolist()) == {2, 4, 9, 10, 12, 13, 18, 20, 24}
    assert set(six.train.group.tolist()) | set(six.validation.group.tolist()) | set(six.test.group.tolist()) == set(
        range(1, 31)
    )
    assert torch.equal(six.test.x, two.test.x)
    assert two.majority() == pytest.approx(0.509, abs=1e-3)


def test_dsa_counts() -> None:
    data = opened("dsa19")
    assert sum(len(split) for split in splits(data)) == 9_120
    assert [set(split.group.tolist()) for split in splits(data)] == [{1, 2, 3}, {4}, {5, 6, 7, 8}]
    assert torch.bincount(data.test.y).tolist() == [240] * 19


def test_sc6_counts() -> None:
    data = opened("sc6")
    assert torch.bincount(data.train.y).tolist() == [430] * 6
    assert torch.bincount(data.validation.y).tolist() == [50] * 6
    assert torch.bincount(data.test.y).tolist() == [406, 402, 412, 396, 425, 408]


def test_fsdd_counts() -> None:
    data = opened("digits")
    assert sum(len(split) for split in splits(data)) == 3_000
    assert torch.bincount(data.test.y).tolist() == [30] * 10


def test_reviews_counts() -> None:
    data = opened("reviews5")
    assert torch.bincount(torch.cat([split.y for split in splits(data)])).tolist() == [821] * 5


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
