"""The descriptions of the sets against what the FastGRNN paper and the publishers print."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bench.data import describe, infos
from bench.data.families import activity, audio, keywords
from bench.data.sets import digits, sc6, wakeword, watch7

ROOT = Path(__file__).parents[2]
PAPER = yaml.safe_load((ROOT / "results/published/fastgrnn_tables.yaml").read_text(encoding="utf-8"))
TABLE_1 = {row["dataset"]: row for row in PAPER["table_1"]["rows"]}

# A set of the paper, ours with its options, and whether the paper's training data includes ours for validation.
COUNTED: list[tuple[str, str, dict[str, str], bool]] = [
    ("Google-12", "google12", {}, False),
    ("Google-30", "google30", {}, False),
    ("HAR-2", "har2", {}, True),
    ("Pixel-MNIST-10", "mnist-pixel", {}, True),
    ("PTB-10000", "ptb", {}, False),
    ("DSA-19", "dsa19", {"protocol": "paper"}, True),
]
SHAPED = [*((paper, name) for paper, name, _, _ in COUNTED), ("Wakeword-2", "wakeword"), ("Yelp-5", "yelp5")]


@pytest.mark.parametrize(("paper", "name", "options", "joined"), COUNTED)
def test_counts_are_the_paper_s(paper: str, name: str, options: dict[str, str], joined: bool) -> None:
    train, validation, test = describe(name, options).counts or (0, 0, 0)
    assert (train + joined * validation, test) == (TABLE_1[paper]["train"], TABLE_1[paper]["test"])


@pytest.mark.parametrize(("paper", "name"), SHAPED)
def test_shapes_are_the_paper_s(paper: str, name: str) -> None:
    row, info = TABLE_1[paper], describe(name)
    assert (info.steps, info.classes) == (row["steps"], row["classes"])
    if row["input_size"]:
        assert info.features == row["input_size"]
        assert info.steps * info.features == row["features"]


@pytest.mark.parametrize(
    ("name", "options", "counts"),
    [
        # six speakers say ten digits fifty times; takes 0-4 test, 5-9 validate
        ("digits", {}, (6 * 10 * 40, 6 * 10 * 5, 6 * 10 * 5)),
        ("digits", {"speaker": "theo"}, (5 * 10 * 45, 5 * 10 * 5, 1 * 10 * 50)),
        ("digits-mfcc", {}, (10 * 210, 10 * 30, 10 * 60)),
        # nineteen activities of a subject, sixty segments each
        ("dsa19", {}, (3 * 19 * 60, 1 * 19 * 60, 4 * 19 * 60)),
        ("dsa19", {"protocol": "paper"}, (4 * 19 * 48, 4 * 19 * 12, 4 * 19 * 60)),
        ("yelp5", {}, (585_000, 65_000, 50_000)),
        ("sc6", {}, (6 * 430, 6 * 50, 406 + 402 + 412 + 396 + 425 + 408)),
    ],
)
def test_counts_follow_from_the_protocol(name: str, options: dict[str, str], counts: tuple[int, ...]) -> None:
    assert describe(name, options).counts == counts


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("har6", 10_299),
        ("hapt6", 7_415 + 2_996),
        ("watch7", 2_460 + 1_145),
        ("google30", 64_721),
        ("reviews5", 5 * 821),
        ("yelp5", 700_000),
        *((name, 70_000) for name in ("mnist-row", "mnist-pixel", "mnist-permuted")),
    ],
)
def test_the_counts_add_up_to_the_published_total(name: str, total: int) -> None:
    assert sum(describe(name).counts or ()) == total


def test_official_test_users_and_every_fifth_of_the_others() -> None:
    assert set(activity.TEST) == {2, 4, 9, 10, 12, 13, 18, 20, 24}  # UCI HAR's subject_test.txt
    others = [user for user in range(1, 31) if user not in activity.TEST]
    assert list(activity.VALIDATION) == [others[i] for i in (4, 9, 14, 19)]
    assert (set(watch7._TEST), set(watch7._VALIDATION)) == ({8, 9, 10}, {1})


@pytest.mark.parametrize(
    ("name", "hz", "what"),
    [
        ("google12", 1 / 0.01, "a frame every 10 ms"),
        ("digits", 1 / 0.01, "a frame every 10 ms"),
        ("digits-mfcc", 8_000 / 200, "a hop of 200 samples at 8 kHz"),
        ("har6", 50.0, "the archive's README"),
        ("dsa19", 125 / 5, "125 samples in a segment of 5 s"),
        ("watch7", 128 / 2.56, "128 samples in a window of 2.56 s"),
    ],
)
def test_rates_follow_from_what_the_sets_say(name: str, hz: float, what: str) -> None:
    assert describe(name).sample_hz == hz, what


def test_lengths_of_clips_by_hand() -> None:
    """25 ms windows every 10 ms at 16 kHz: 400 samples every 160, the last filled up with zeros."""
    assert keywords.STEPS == 99 == 1 + -(-(16_000 - 400) // 160)
    assert audio.frames_of(400 + 161 * 160, 16_000) == 162
    assert wakeword.LENGTH == 400 + 161 * 160
    assert describe("digits").steps == 227
    assert len(keywords.WORDS["0.01"]) == 30
    assert len(keywords.WORDS["0.02"]) == 35
    assert len(sc6.CLASSES) == describe("sc6").classes == 6
    assert len(digits.SPEAKERS) == 6


@pytest.mark.parametrize("name", [name for name, info in infos().items() if info.vocabulary is None])
def test_every_set_of_numbers_says_what_they_are(name: str) -> None:
    """Who builds a sensor for a model must know it; three axes of every instrument are three numbers of a step."""
    said = describe(name).inputs
    assert said
    instruments = said.count("x, y, z") * (5 if said.startswith("for torso") else 1)
    assert instruments * 3 == (describe(name).features if instruments else 0)


def test_the_channels_of_har_stand_in_the_order_of_its_files() -> None:
    """The files are body_acc, body_gyro and total_acc, each x, y, z; the README has g and radians a second."""
    words = {"body_acc": "acceleration of the body", "body_gyro": "angular velocity", "total_acc": "total acceleration"}
    files = dict.fromkeys(name[:-2] for name in activity._HAR_FILES)
    places = [describe("har6").inputs.index(f"{words[name]} x, y, z in ") for name in files]
    assert places == sorted(places)
    assert [name[-1] for name in activity._HAR_FILES] == [*"xyz"] * 3
