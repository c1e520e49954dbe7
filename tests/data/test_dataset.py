"""The one builder: normalisation and padding against float64 numpy, the fingerprint, and every check."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bench.data.dataset import Dataset, DatasetInfo, RawSplit, build, fingerprint
from bench.errors import RnnbenchError

INFO = DatasetInfo(
    name="toy",
    title="Toy",
    task="classification",
    metric="accuracy",
    higher_is_better=True,
    steps=9,
    features=3,
    classes=2,
    about="noise",
    protocol="by group",
    licence="none",
    citation="none",
    source="none",
    sample_hz=None,
)


def raw(first_group: int, count: int = 8, seed: int = 0) -> RawSplit:
    rng = np.random.default_rng(seed + first_group)
    lengths = [INFO.steps, *rng.integers(1, INFO.steps + 1, size=count - 1).tolist()]
    sequences = [rng.normal(5.0, [1.0, 20.0, 0.1], size=(length, 3)) for length in lengths]
    return RawSplit(sequences, np.arange(count) % 2, np.full(count, first_group))


def toy(**changed: RawSplit) -> Dataset:
    parts = {"train": raw(1, 40), "validation": raw(2), "test": raw(3)} | changed
    return build(INFO, **parts, class_names=["no", "yes"])


def test_training_frames_are_normalised_by_themselves_alone() -> None:
    dataset = toy()
    frames = np.concatenate([x[:n].numpy() for x, n in zip(dataset.train.x, dataset.train.lengths, strict=True)])
    assert np.abs(frames.astype(np.float64).mean(axis=0)).max() < 1e-6
    assert np.abs(frames.astype(np.float64).std(axis=0) - 1).max() < 1e-6
    # the other splits use the training split's statistics, whatever they hold themselves
    source = np.concatenate(raw(1, 40).sequences)
    for split, untouched in ((dataset.validation, raw(2)), (dataset.test, raw(3))):
        for x, length, sequence in zip(split.x, split.lengths.tolist(), untouched.sequences, strict=True):
            expected = (sequence - source.mean(axis=0)) / source.std(axis=0)
            np.testing.assert_allclose(x[:length].numpy(), expected, rtol=1e-5, atol=1e-5)


def test_statistics_ignore_validation_and_test() -> None:
    far = raw(2)
    far = dataclasses.replace(far, sequences=[sequence + 1e6 for sequence in far.sequences])
    assert torch.equal(toy().train.x, toy(validation=far).train.x)


def test_padding_is_zero_and_types_are_fixed() -> None:
    dataset = toy()
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split.x.shape == (len(split), 9, 3)
        assert split.x.dtype == torch.float32
        assert {split.lengths.dtype, split.y.dtype, split.group.dtype} == {torch.int64}
        padding = torch.arange(9) >= split.lengths[:, None]
        assert padding.any()
        assert not split.x[padding].any()
        assert split.x[~padding].all()


def test_a_constant_channel_is_centred_not_divided() -> None:
    train = raw(1, 40)
    for sequence in train.sequences:
        sequence[:, 1] = 0.1  # its mean is not exactly representable
    x = toy(train=train).train.x
    assert torch.isfinite(x).all()
    assert x[:, :, 1].abs().max() < 1e-12


def test_majority_answers_with_the_training_class() -> None:
    train, test = raw(1, 40), raw(3)
    train.y[:] = 1
    train.y[0] = 0
    test.y[:] = [0, 0, 0, 0, 0, 0, 1, 1]  # the majority of the test split is the other class
    assert toy(train=train, test=test).majority() == 0.25


def test_fingerprint_is_stable_and_sees_every_value() -> None:
    first, second = toy(), toy()
    assert first.fingerprint == second.fingerprint
    assert len(first.fingerprint) == 64
    splits = {"train": first.train, "validation": first.validation, "test": first.test}
    assert fingerprint(splits) == first.fingerprint
    seen = {first.fingerprint}
    for name, split in splits.items():
        for field in ("x", "lengths", "y", "group"):
            tensor = getattr(split, field).clone()
            tensor.view(-1)[-1] += 1
            seen.add(fingerprint(splits | {name: dataclasses.replace(split, **{field: tensor})}))
    assert len(seen) == 1 + 3 * 4
    assert fingerprint({"a": first.train, "b": first.test}) != fingerprint({"b": first.train, "a": first.test})


def spoil(**fields: Any) -> Callable[[RawSplit], RawSplit]:
    return lambda split: dataclasses.replace(split, **fields)


def with_nan(split: RawSplit) -> RawSplit:
    split.sequences[2][0, 1] = np.nan
    return split


FAULTS = {
    "the test split is empty": spoil(sequences=[], y=np.zeros(0, int), group=np.zeros(0, int)),
    "8 test sequences, but labels": spoil(y=np.zeros(7, int)),
    "8 test sequences, but groups float": spoil(group=np.zeros(8)),
    "test labels 0 to 2 are not within 0 to 1": spoil(y=np.arange(8) % 3),
    "test labels -1 to 0": spoil(y=-(np.arange(8) % 2)),
    "group 1 is in both train and test": spoil(group=np.full(8, 1)),
    "test sequence 0 is [10, 3]": spoil(sequences=[np.ones((10, 3))] * 8),
    "test sequence 0 is [0, 3]": spoil(sequences=[np.ones((0, 3))] * 8),
    "test sequence 0 is [4, 2]": spoil(sequences=[np.ones((4, 2))] * 8),
    "test sequence 2 holds a value that is not finite": with_nan,
}


@pytest.mark.parametrize("says", FAULTS)
def test_faults_are_one_line(says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        toy(test=FAULTS[says](raw(3)))
    assert says in str(error.value)
    assert str(error.value).startswith("data set toy: ")
    assert "\n" not in str(error.value)


def test_what_the_set_promises_must_hold() -> None:
    train = raw(1, 40)
    train.y[:] = 1
    with pytest.raises(RnnbenchError, match="no training sequence of class no"):
        toy(train=train)
    parts = (raw(1, 40), raw(2), raw(3))
    with pytest.raises(RnnbenchError, match="longest sequence has 9 steps, not 10"):
        build(dataclasses.replace(INFO, steps=10), *parts, class_names=["no", "yes"])
    with pytest.raises(RnnbenchError, match="1 class names for 2 classes"):
        build(INFO, *parts, class_names=["no"])
