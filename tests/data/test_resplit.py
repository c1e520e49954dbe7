"""Folds and joined data: groups stay whole, the test set stays, channels are normalised by what trains now."""

import dataclasses

import pytest
import torch

from bench.data import Dataset, open_dataset
from bench.data.normalise import Normalisation
from bench.data.resplit import folded, joined
from bench.errors import RnnbenchError


@pytest.fixture(scope="module")
def watch() -> Dataset:
    return open_dataset("watch7")


def test_folds_part_the_people_and_each_validates_once(watch: Dataset) -> None:
    people = {*watch.train.group.tolist(), *watch.validation.group.tolist()}
    seen: list[int] = []
    for fold in range(3):
        data = folded(watch, fold, 3)
        held = set(data.validation.group.tolist())
        assert held.isdisjoint(data.train.group.tolist())
        assert held | set(data.train.group.tolist()) == people
        assert len(data.train) + len(data.validation) == len(watch.train) + len(watch.validation)
        assert torch.equal(data.test.y, watch.test.y)
        seen += held
    assert sorted(seen) == sorted(people)


def test_channels_are_normalised_by_what_trains(watch: Dataset) -> None:
    data = folded(watch, 1, 3)
    live = torch.arange(data.train.x.shape[1]) < data.train.lengths[:, None]
    frames = data.train.x[live].double()
    torch.testing.assert_close(frames.mean(0), torch.zeros_like(frames[0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(frames.std(0, correction=0), torch.ones_like(frames[0]), atol=1e-5, rtol=0)
    # the test set went through the same affine map: differences between its frames keep their ratio, channel by channel
    first, second = (each.test.x[0, :2].double() for each in (watch, data))
    third, fourth = (each.test.x[1, :2].double() for each in (watch, data))
    ratio = (second[1] - second[0]) / (first[1] - first[0])
    torch.testing.assert_close((fourth[1] - fourth[0]) / (third[1] - third[0]), ratio, rtol=1e-3, atol=1e-4)
    assert data.fingerprint != watch.fingerprint != folded(watch, 0, 3).fingerprint


def test_normalisation_leads_back_to_the_same_numbers_however_the_data_are_dealt(watch: Dataset) -> None:
    """Test frames times deviation plus mean are in the units of the files, before and after."""
    whole = dataclasses.replace(watch, normalisation=Normalisation((3.0,) * 6, (5.0,) * 6))
    data = folded(whole, 1, 3)
    assert data.normalisation is not None
    mean, deviation = (torch.tensor(numbers) for numbers in dataclasses.astuple(data.normalisation))
    torch.testing.assert_close(data.test.x[0] * deviation + mean, watch.test.x[0] * 5 + 3, rtol=1e-4, atol=1e-4)
    assert folded(dataclasses.replace(watch, normalisation=None), 1, 3).normalisation is None


def test_joined_data_hold_nothing_back(watch: Dataset) -> None:
    data = joined(watch)
    assert (len(data.train), len(data.validation)) == (len(watch.train) + len(watch.validation), 0)
    assert torch.equal(data.test.group, watch.test.group)


def test_more_folds_than_people_are_one_line(watch: Dataset) -> None:
    with pytest.raises(RnnbenchError, match="groups to train and validate on"):
        folded(watch, 0, 99)
