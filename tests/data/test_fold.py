"""Folded sequences: k frames in one, nothing lost, nothing mixed between sequences."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bench.data import chosen_options, describe, open_dataset
from bench.data.dataset import Dataset, DatasetInfo, Split
from bench.data.fold import fold_steps
from bench.data.normalise import Normalisation
from bench.errors import RnnbenchError


def made(x: torch.Tensor, lengths: list[int]) -> Dataset:
    info = DatasetInfo(
        name="x",
        title="X",
        steps=x.shape[1],
        features=x.shape[2],
        classes=2,
        about="",
        protocol="",
        licence="",
        citation="",
        source="",
        sample_hz=50.0,
        inputs="pressure, heat",
    )
    split = Split(x, torch.tensor(lengths), torch.zeros(len(x), dtype=torch.int64), torch.arange(len(x)))
    return Dataset(info, split, split, split, "0" * 64, ("a", "b"))


def test_five_frames_by_two_are_three_of_twice_the_width() -> None:
    """Frames (1, 2), (3, 4), ... (9, 10): the last is filled with zeros; a sequence of 3 frames has 2 then."""
    x = torch.arange(1.0, 11.0).view(1, 5, 2).repeat(2, 1, 1)
    x[1, 3:] = 0
    folded = fold_steps(made(x, [5, 3]), 2)
    assert folded.train.x[0].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 0, 0]]
    assert folded.train.x[1].tolist() == [[1, 2, 3, 4], [5, 6, 0, 0], [0, 0, 0, 0]]
    assert folded.train.lengths.tolist() == [3, 2]
    assert (folded.info.steps, folded.info.features, folded.info.title) == (3, 4, "X, T 3")
    assert folded.info.sample_hz == 25.0
    assert folded.info.inputs == "2 samples one after another, each pressure, heat"
    assert folded.fingerprint != "0" * 64 != fold_steps(made(x, [5, 3]), 3).fingerprint


def test_folded_numbers_lead_back_to_those_of_the_files() -> None:
    """Two channels with means (1, -2) and deviations (3, 0.5): a number x of the fold was x * deviation + mean."""
    x = torch.arange(1.0, 9.0).view(1, 4, 2)
    files = x * torch.tensor([3.0, 0.5]) + torch.tensor([1.0, -2.0])
    known = Normalisation((1.0, -2.0), (3.0, 0.5))
    folded = fold_steps(replace(made(x, [4]), normalisation=known), 2)
    assert folded.normalisation is not None
    back = folded.train.x * torch.tensor(folded.normalisation.deviation) + torch.tensor(folded.normalisation.mean)
    assert torch.equal(back, files.view(1, 2, 4))


def test_a_folded_step_of_audio_is_no_step_of_log_mel_energies() -> None:
    whole, folded = describe("google12"), describe("google12", {"fold": 3})
    assert (whole.frames, folded.frames, folded.audio_hz) == (1, 3, 16_000)


def test_the_lengths_of_table_7() -> None:
    """HAR-2 at T = 128, 64, 32, 16, 8; Google-12 at 99, 33, 11, 9, 3; MNIST at 112, 56, 28, 14, 7."""
    for name, folds, steps in (
        ("har2", (1, 2, 4, 8, 16), (128, 64, 32, 16, 8)),
        ("google12", (1, 3, 9, 11, 33), (99, 33, 11, 9, 3)),
        ("mnist-pixel", (7, 14, 28, 56, 112), (112, 56, 28, 14, 7)),
    ):
        assert tuple(describe(name, {"fold": fold}).steps for fold in folds) == steps
        plain, last = describe(name), describe(name, {"fold": folds[-1]})
        assert last.features == folds[-1] * plain.features


@pytest.mark.parametrize("fold", [0, 129, 2.0, True, "2"])
def test_what_is_no_fold_is_one_line(fold: object) -> None:
    with pytest.raises(RnnbenchError, match="'har2', fold: give a whole number from 1 to 128"):
        describe("har2", {"fold": fold})


@pytest.mark.parametrize("name", ["ptb", "reviews5"])
def test_words_are_not_folded(name: str) -> None:
    with pytest.raises(RnnbenchError, match="cannot be folded"):
        describe(name, {"fold": 2})


def test_it_is_an_option_beside_the_set_s_own_and_one_is_none() -> None:
    assert chosen_options("dsa19", {"protocol": "paper", "fold": 5}) == {"protocol": "paper", "fold": 5}
    assert chosen_options("dsa19", {"fold": 1}) == {}
    assert describe("dsa19", {"fold": 5}).steps == 25


@pytest.mark.long
def test_a_real_set_opens_folded() -> None:
    plain, folded = (open_dataset("watch7", options=options) for options in ({}, {"fold": 4}))
    assert folded.info.steps == folded.test.x.shape[1] == 32
    assert folded.test.x.shape[2] == 4 * plain.info.features
    assert torch.equal(folded.test.x[5, 2], plain.test.x[5, 8:12].flatten())
