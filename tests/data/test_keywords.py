"""Sets of Speech Commands: the published split, silence, unknown words, and what is no complete tree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from layouts import (
    THREE,
    commands_tree,
    first_clips,
    loose,
    part_of,
    read_google12,
    read_wakeword,
    read_words,
    words_tree,
)
from published import noise, speakers, speech_commands, tgz, wav, write

from bench.data import describe
from bench.data.families import keywords
from bench.data.sets import google12, sc6, wakeword
from bench.data.sets import speech_commands as words_set
from bench.errors import RnnbenchError


def test_words_are_split_by_the_published_rule_and_lists(tmp_path: Path) -> None:
    files = words_tree()
    for part in ("validation", "testing"):
        for name in files[f"{part}_list.txt"].decode().split():
            assert part_of(name) == part
    data = read_words(write(tmp_path, files))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [9, 9, 9]
    assert data.class_names == THREE
    assert torch.bincount(data.test.y).tolist() == [3, 3, 3]


def test_a_repeated_clip_stays_on_the_side_of_the_test(tmp_path: Path) -> None:
    files = words_tree()
    train, validation, test = first_clips(files)
    files[train] = files[test]
    files[validation] = files[test]
    data = read_words(write(tmp_path, files))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [8, 8, 9]


def test_wakeword_has_162_frames_and_silence_before(tmp_path: Path) -> None:
    data = read_wakeword(write(tmp_path, words_tree()))
    assert tuple(data.train.x.shape[1:]) == (162, 32)
    assert data.class_names == ("other", "go")
    assert torch.bincount(data.test.y).tolist() == [6, 3]
    # 10,160 samples of silence: 61 frames end before the sound
    assert (data.train.x[:, :60] == data.train.x[:, :1]).all()


def test_google12_adds_a_tenth_twice(tmp_path: Path) -> None:
    """ceil(20 / 10) = 2 unknown and 2 silent clips to the 20 of each part."""
    data = read_google12(write(tmp_path, commands_tree()))
    for split in (data.train, data.validation, data.test):
        assert torch.bincount(split.y, minlength=12).tolist() == [2] * 12
    assert data.class_names[-2:] == ("_silence_", "_unknown_")


def test_google12_s_published_counts_follow_from_the_rule() -> None:
    """18,538, 2,577 and 2,567 clips of the ten words give the counts of the paper's Table 1."""
    assert [n + 2 * -(-n // 10) for n in (18_538, 2_577, 2_567)] == list(describe("google12").counts or ())


def test_silence_of_two_parts_shares_no_sample() -> None:
    source = np.arange(20 * 16_000) % 30_000
    cut = [round(share * len(source)) for share in (0.8, 0.9)]
    for part, (low, high) in {
        "training": (0, cut[0]),
        "validation": (cut[0], cut[1]),
        "testing": (cut[1], len(source)),
    }.items():
        for number in range(50):
            noise_file = np.zeros(len(source), np.int16)
            noise_file[low:high] = 10_000
            assert (np.unique(google12.piece([noise_file], part, number)).size) == 1  # type: ignore[arg-type]


def test_a_subset_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    info = describe("google30")
    with pytest.raises(RnnbenchError, match=r"\(51088, 6798, 6835\)"):
        words_set.read(write(tmp_path, speech_commands(keywords.WORDS["0.01"], each=1)), info, keywords.WORDS["0.01"])


def test_sc6_takes_its_test_from_the_other_archive(tmp_path: Path) -> None:
    words = ("down", "go", "left", "right", "up", "bed")
    files = {n: d for n, d in speech_commands(words, each=2).items() if "_nohash_" not in n or part_of(n) != "testing"}
    test = {}
    names = [*sc6.CLASSES, "yes", "_silence_"]
    for i, (name, speaker) in enumerate(zip(names, speakers("testing", 8), strict=True)):
        prefix, suffix = ("cat_", ".wav") if name == "_unknown_" else ("", "")
        test[f"{name}/{prefix}{speaker}_nohash_0.wav{suffix}"] = wav(noise(5000 + i))
    test["_silence_/12.wav"] = wav(noise(6000))
    data = sc6.read((write(tmp_path / "a", files), tgz(tmp_path / "b.tar.gz", test)), loose(sc6._INFO))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [12, 12, 6]
    assert data.test.y.tolist() == [5, 0, 1, 2, 3, 4]  # in order of name, _unknown_ first
    info = loose(describe("wakeword", {"version": "sc6", "word": "left"}))
    wake = wakeword.read_small((tmp_path / "a", tmp_path / "b.tar.gz"), info, "left")
    assert wake.test.y.tolist() == [0, 0, 0, 1, 0, 0]
    assert wake.test.x.shape[1] == 162
    with pytest.raises(RnnbenchError, match="not the subset"):
        sc6.read((write(tmp_path / "c", speech_commands(words, each=1)), tmp_path / "b.tar.gz"), loose(sc6._INFO))
