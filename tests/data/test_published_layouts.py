"""Every set that needs the user's files, from tiny ones in the true format: tree and archive, honesty, faults."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from layouts import SETS, first_clips
from published import Files, idx, noise, tgz, wav, write, zipped

from bench.data import Dataset
from bench.errors import RnnbenchError

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=SETS)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Dataset]:
    """A set from its tree and from its archive."""
    make, read = SETS[request.param]
    files, folder = make(), tmp_path_factory.mktemp("set")
    archive = tgz(folder / "a.tar.gz", files)
    if request.param.startswith(("har", "dsa")):
        archive = folder / "b.zip"
        archive.write_bytes(zipped({"inner.zip": zipped(files)}))
    return read(write(folder / "tree", files)), read(archive)


def test_tree_and_archive_are_the_same_data(opened: tuple[Dataset, Dataset]) -> None:
    assert opened[0].fingerprint == opened[1].fingerprint


def test_no_group_and_no_sequence_in_two_splits(opened: tuple[Dataset, Dataset]) -> None:
    splits = (opened[0].train, opened[0].validation, opened[0].test)
    for one, other in itertools.combinations(splits, 2):
        assert not set(one.group.tolist()) & set(other.group.tolist())
        assert not {x.numpy().tobytes() for x in one.x} & {x.numpy().tobytes() for x in other.x}


# What is wrong, the set, the change of the files, and what the error says.
def _without(name: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        del files[name]

    return change


def _with(name: str, change: Callable[[bytes], bytes]) -> Callable[[Files], None]:
    def do(files: Files) -> None:
        files[name] = change(files[name])

    return do


def _on_clip(number: int, change: Callable[[bytes], bytes]) -> Callable[[Files], None]:
    """Changes a clip of training (0), validation (1) or test (2)."""
    return lambda files: _with(first_clips(files)[number], change)(files)


HAR = "UCI HAR Dataset/train"
FAULTS = {
    "a truncated wav": (
        "speech-commands",
        _on_clip(0, lambda d: d[:5000]),
        "_nohash_0.wav",
    ),
    "a wrong rate": ("speech-commands", _on_clip(1, lambda _: wav(noise(1), 8_000)), "8000"),
    "a clip too long": ("speech-commands", _on_clip(1, lambda _: wav(noise(1, 16_001))), "16001"),
    "no lists": ("speech-commands", _without("validation_list.txt"), "validation_list.txt"),
    "no noise": (
        "google12",
        lambda f: [f.pop(n) for n in list(f) if n.startswith("_background")],
        "_background_noise_",
    ),
    "a missing signal": ("har6", _without(f"{HAR}/Inertial Signals/body_acc_z_train.txt"), "body_acc_z_train.txt"),
    "a missing user": (
        "har6",
        lambda f: f.update({f"{HAR}/subject_train.txt": f[f"{HAR}/subject_train.txt"].replace(b"30\n", b"29\n")}),
        "user 30 is missing",
    ),
    "a cut table": ("har6", _with(f"{HAR}/Inertial Signals/body_acc_x_train.txt", lambda d: d[:-300]), "body_acc_x"),
    "an activity of none": ("har6", _with(f"{HAR}/y_train.txt", lambda d: d.replace(b"6", b"7")), "not 1 to 6"),
    "a missing experiment": ("hapt6", _without("RawData/gyro_exp03_user03.txt"), "gyro_exp03_user03.txt"),
    "a segment past the end": (
        "hapt6",
        _with("RawData/labels.txt", lambda d: d.replace(b"1 1 6 1000 1199", b"1 1 6 1000 1300")),
        "experiment 1 ends after it",
    ),
    "a short segment": ("dsa19", _with("data/a02/p3/s49.txt", lambda d: d[: len(d) // 2]), "data/a02/p3/s49.txt"),
    "no number": ("dsa19", _with("data/a02/p3/s49.txt", lambda d: b"x" + d), "data/a02/p3/s49.txt"),
    "not UTF-8": ("yelp5", _with("yelp_review_full_csv/train.csv", lambda d: d + b'"1","\xff"\n'), "not UTF-8"),
    "an open quote": ("yelp5", _with("yelp_review_full_csv/test.csv", lambda d: d + b'"1","abc'), "test.csv"),
    "six stars": ("yelp5", _with("yelp_review_full_csv/test.csv", lambda d: d + b'"6","abc"\n'), "'6' is not 1 to 5"),
    "three columns": ("yelp5", _with("yelp_review_full_csv/test.csv", lambda d: d + b'"1","a","b"\n'), "3 columns"),
    "no labels": ("mnist", _without("t10k-labels-idx1-ubyte.gz"), "t10k-labels-idx1-ubyte"),
    "a cut gzip": ("mnist", _with("train-images-idx3-ubyte.gz", lambda d: d[:-50]), "train-images-idx3-ubyte"),
    "a cut idx": (
        "mnist",
        lambda f: f.update({"t10k-labels-idx1-ubyte": idx(np.zeros(30, np.uint8))[:-1]}),
        "stated size",
    ),
    "another rate": ("digits", lambda f: f.update({"recordings/3_theo_0.wav": wav(noise(1))}), "3_theo_0.wav"),
    "another speaker": ("digits", lambda f: f.update({"recordings/3_anna_0.wav": wav(noise(1), 8000)}), "'anna'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_its_file(tmp_path: Path, fault: str) -> None:
    name, change, says = FAULTS[fault]
    make, read = SETS[name]
    files = make()
    change(files)  # type: ignore[no-untyped-call]
    with pytest.raises(RnnbenchError) as error:
        read(write(tmp_path, files))
    assert says in str(error.value)
    assert "\n" not in str(error.value)
