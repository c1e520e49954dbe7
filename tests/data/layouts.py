"""Readers of the tiny sets in ``published``, with the promises that a tiny set cannot keep left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from published import Files, digits, dsa, hapt, har, mnist, remembered, speech_commands, yelp

from bench.data import Dataset, describe
from bench.data.families import activity, images, keywords
from bench.data.families import hapt as hapt_family
from bench.data.sets import digits as digits_set
from bench.data.sets import dsa19, google12, hapt6, har6, mnist_row, wakeword, yelp5
from bench.data.sets import speech_commands as words_set

THREE = ("bed", "go", "yes")
DIGITS_STEPS = 1 + -(-(1200 + 7 * 240 - 200) // 80)


def loose(info: Any, **changes: Any) -> Any:
    """The description of a set without the counts, which a tiny set does not have."""
    return dataclasses.replace(info, counts=None, **changes)


def read_words(path: Path) -> Dataset:
    return words_set.read(path, loose(describe("speech-commands", {"words": list(THREE)})), THREE)


def read_wakeword(path: Path) -> Dataset:
    return wakeword.read(path, loose(describe("wakeword", {"word": "go"})), "go")


def read_google12(path: Path) -> Dataset:
    return google12.read(path, loose(google12._INFO))


def read_har(path: Path) -> Dataset:
    return activity.read_har(path, loose(har6.INFO))


def read_hapt(path: Path) -> Dataset:
    return hapt_family.read_hapt(path, loose(hapt6.INFO))


def read_dsa(path: Path) -> Dataset:
    return dsa19.read(path, loose(dsa19._INFO))


def read_dsa_as_paper(path: Path) -> Dataset:
    return dsa19.read(path, loose(dsa19._INFO), "paper")


def read_yelp(path: Path) -> Dataset:
    return yelp5.read(path, loose(yelp5._INFO, steps=39, vocabulary=40), None)


def read_mnist(path: Path) -> Dataset:
    return images.read(path, loose(mnist_row._INFO), lambda image: image, sums={})


def read_digits(path: Path) -> Dataset:
    return digits_set.read(path, loose(digits_set._INFO, steps=DIGITS_STEPS))


def read_left_out(path: Path) -> Dataset:
    return digits_set.read(path, loose(digits_set._INFO, steps=DIGITS_STEPS), "theo")


@remembered
def words_tree() -> Files:
    return speech_commands(THREE, length=lambda i: 16_000 - 37 * (i % 5))


@remembered
def commands_tree() -> Files:
    return speech_commands([*keywords.COMMANDS, "bed", "cat"], each=2)


SETS: dict[str, tuple[Callable[[], Files], Callable[[Path], Dataset]]] = {
    "speech-commands": (words_tree, read_words),
    "wakeword": (words_tree, read_wakeword),
    "google12": (commands_tree, read_google12),
    "har6": (har, read_har),
    "hapt6": (hapt, read_hapt),
    "dsa19": (dsa, read_dsa),
    "yelp5": (yelp, read_yelp),
    "mnist": (mnist, read_mnist),
    "digits": (digits, read_digits),
    "digits theo": (digits, read_left_out),
}


def part_of(clip: str) -> str:
    """The part of a clip by its speaker."""
    return keywords.which_part(clip.split("/")[1].split("_nohash_")[0])


def first_clips(files: Files) -> tuple[str, str, str]:
    """A clip of training, validation and test."""
    first = {part_of(name): name for name in reversed(list(files)) if "_nohash_" in name}
    return first["training"], first["validation"], first["testing"]
