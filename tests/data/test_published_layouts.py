"""Every set that needs the user's files, from tiny ones in the true format: tree and archive, honesty, faults."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from published import (
    Files,
    digits,
    dsa,
    hapt,
    har,
    idx,
    mnist,
    noise,
    speech_commands,
    table,
    tgz,
    wav,
    write,
    yelp,
    zipped,
)

from bench.data import Dataset, describe
from bench.data.families import activity, images, keywords
from bench.data.families import hapt as hapt_module
from bench.data.sets import digits as digits_set
from bench.data.sets import (
    dsa19,
    google12,
    hapt2,
    hapt6,
    har2,
    har6,
    mnist_pixel,
    mnist_row,
    reviews5,
    sc6,
    wakeword,
    yelp5,
)
from bench.data.sets import speech_commands as words_set
from bench.errors import RnnbenchError

THREE = ("bed", "go", "yes")


def loose(info: Any, **changes: Any) -> Any:
    """What is known of a set, without the counts that a tiny one cannot have."""
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
    return hapt_module.read_hapt(path, loose(hapt6.INFO))


def read_dsa(path: Path) -> Dataset:
    return dsa19.read(path, loose(dsa19._INFO))


def read_dsa_as_paper(path: Path) -> Dataset:
    return dsa19.read(path, loose(dsa19._INFO), "paper")


def read_yelp(path: Path) -> Dataset:
    return yelp5.read(path, loose(yelp5._INFO, steps=39, vocabulary=40), None)


def read_mnist(path: Path) -> Dataset:
    return images.read(path, loose(mnist_row._INFO), lambda image: image, sums={})


def read_digits(path: Path) -> Dataset:
    return digits_set.read(path, loose(digits_set._INFO, steps=frames_of_digits()))


def read_left_out(path: Path) -> Dataset:
    return digits_set.read(path, loose(digits_set._INFO, steps=frames_of_digits()), "theo")


def frames_of_digits() -> int:
    return 1 + -(-(1200 + 7 * 240 - 200) // 80)


def words_tree() -> Files:
    return speech_commands(THREE, length=lambda i: 16_000 - 37 * (i % 5))


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


def test_words_are_split_by_the_published_rule_and_lists(tmp_path: Path) -> None:
    files = words_tree()
    for part in ("validation", "testing"):
        for name in files[f"{part}_list.txt"].decode().split():
            assert keywords.which_part(name.split("/")[1].split("_nohash_")[0]) == part
    data = read_words(write(tmp_path, files))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [9, 9, 9]
    assert data.class_names == THREE
    assert torch.bincount(data.test.y).tolist() == [3, 3, 3]


def test_a_repeated_clip_stays_on_the_side_of_the_test(tmp_path: Path) -> None:
    files = words_tree()
    train, validation, test = _three(files)
    files[train] = files[test]
    files[validation] = files[test]
    data = read_words(write(tmp_path, files))
    assert [len(s) for s in (data.train, data.validation, data.test)] == [8, 8, 9]


def _three(files: Files) -> tuple[str, str, str]:
    clips = [name for name in files if "_nohash_" in name]
    first = {keywords.which_part(name.split("/")[1].split("_nohash_")[0]): name for name in reversed(clips)}
    return first["training"], first["validation"], first["testing"]


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


def test_har_is_the_file_s_windows(tmp_path: Path) -> None:
    files = har()
    data = read_har(write(tmp_path, files))
    assert set(data.test.group.tolist()) == {2, 4, 9, 10, 12, 13, 18, 20, 24}
    assert [len(s) for s in (data.train, data.validation, data.test)] == [17 * 12, 4 * 12, 9 * 12]
    lines = files["UCI HAR Dataset/test/Inertial Signals/body_gyro_y_test.txt"].decode().splitlines()
    third = np.array(lines[3].split(), dtype=np.float32)
    found = data.test.x[3, :, 4].numpy()
    assert np.corrcoef(found, third)[0, 1] > 1 - 1e-6


def test_har2_is_the_paper_s_merge(tmp_path: Path) -> None:
    """Sitting, laying, walking upstairs against standing, walking, walking downstairs (its Appendix B)."""
    path = write(tmp_path, har())
    six, two = read_har(path), activity.read_har(path, loose(har2._INFO))
    names = {six.class_names[a] for a, b in zip(six.test.y.tolist(), two.test.y.tolist(), strict=True) if b == 1}
    assert names == {"SITTING", "LAYING", "WALKING_UPSTAIRS"}
    # the published counts of the test classes: 1,499 and 1,448
    assert sum(n for n, b in zip((496, 471, 420, 491, 532, 537), activity.HAR2, strict=True) if b) == 1499


def test_hapt_windows_lie_in_segments(tmp_path: Path) -> None:
    """200 samples hold floor((200 - 128) / 64) + 1 = 2 windows, six segments a user; transitions give none."""
    path = write(tmp_path, hapt())
    data = read_hapt(path)
    assert [len(s) for s in (data.train, data.validation, data.test)] == [17 * 12, 4 * 12, 9 * 12]
    assert hapt_module.read_hapt(path, loose(hapt2._INFO)).class_names == ("STAND_WALK_DOWN", "SIT_LAY_UP")


def test_dsa_by_subject(tmp_path: Path) -> None:
    path = write(tmp_path, dsa())
    data, paper = read_dsa(path), read_dsa_as_paper(path)
    assert [set(s.group.tolist()) for s in (data.train, data.validation, data.test)] == [{1, 2, 3}, {4}, {5, 6, 7, 8}]
    # segment 49 of each of 19 x 4 recordings validates
    assert [len(s) for s in (paper.train, paper.validation, paper.test)] == [19 * 4, 19 * 4, 19 * 4 * 2]


def test_yelp_reads_newlines_and_keeps_the_test_set(tmp_path: Path) -> None:
    data = read_yelp(write(tmp_path, yelp()))
    assert len(data.test) == 50
    assert len(data.train) + len(data.validation) == 199  # one of 200 is in the test set
    assert data.train.x.dtype == torch.int32
    # a word of training has an id from 2 to the size of the vocabulary; what is left is the unknown, 1
    assert int(data.train.x.max()) == 40
    assert (data.train.x > 0).sum() == data.train.lengths.sum()


def test_yelp_is_cut_at_300_words_as_in_the_paper(tmp_path: Path) -> None:
    long = [[str(1 + i % 5), f"w{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10]} " * 400] for i in range(100)]
    path = write(tmp_path, {"train.csv": table(long), "test.csv": table([["1", "one two three"]])})
    data = yelp5.read(path, loose(yelp5._INFO), None)
    assert data.train.x.shape[1] == 300


def test_pixels_are_the_rows_in_order(tmp_path: Path) -> None:
    path = write(tmp_path, mnist())
    rows = read_mnist(path)
    pixels = images.read(path, loose(mnist_pixel._INFO), lambda image: image.reshape(-1, 1), sums={})
    assert torch.equal(rows.train.y, pixels.train.y)
    one, other = rows.test.x[4].reshape(-1), pixels.test.x[4, :, 0]
    assert np.corrcoef(one, other)[0, 1] > 0.99


# What is wrong, the set, the change of the files, and what the error says.
def _without(name: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        del files[name]

    return change


def _with(name: str, change: Callable[[bytes], bytes]) -> Callable[[Files], None]:
    def do(files: Files) -> None:
        files[name] = change(files[name])

    return do


HAR = "UCI HAR Dataset/train"
FAULTS = {
    "a truncated wav": ("speech-commands", lambda f: f.update({_three(f)[0]: f[_three(f)[0]][:5000]}), "_nohash_0.wav"),
    "a wrong rate": ("speech-commands", lambda f: f.update({_three(f)[1]: wav(noise(1), 8_000)}), "8000"),
    "a clip too long": ("speech-commands", lambda f: f.update({_three(f)[1]: wav(noise(1, 16_001))}), "16001"),
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


def test_a_dsa_without_a_subject_is_named(tmp_path: Path) -> None:
    files = {name: data for name, data in dsa().items() if "/p6/" not in name}
    with pytest.raises(RnnbenchError, match="subject 6 is missing"):
        dsa19.read(write(tmp_path, files))


def test_a_subset_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    info = describe("google30")
    with pytest.raises(RnnbenchError, match=r"\(51088, 6798, 6835\)"):
        words_set.read(write(tmp_path, speech_commands(keywords.WORDS["0.01"], each=1)), info, keywords.WORDS["0.01"])


def test_another_mnist_is_found_by_its_sum(tmp_path: Path) -> None:
    with pytest.raises(RnnbenchError, match=r"train-images-idx3-ubyte .* md5"):
        images.read(write(tmp_path, mnist()), loose(mnist_row._INFO), lambda image: image)


def test_sc6_takes_its_test_from_the_other_archive(tmp_path: Path) -> None:
    words = ("down", "go", "left", "right", "up", "bed")
    files = {n: d for n, d in speech_commands(words, each=2).items() if "_nohash_" not in n or _part(n) != "testing"}
    test = {}
    for i, name in enumerate([*sc6.CLASSES, "yes", "_silence_"]):
        prefix, suffix = ("cat_", ".wav") if name == "_unknown_" else ("", "")
        test[f"{name}/{prefix}{keywords_speaker(i)}_nohash_0.wav{suffix}"] = wav(noise(5000 + i))
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


def keywords_speaker(number: int) -> str:
    from published import speakers

    return speakers("testing", 8)[number]


def _part(name: str) -> str:
    return keywords.which_part(name.split("/")[1].split("_nohash_")[0])


def test_reviews_are_balanced_and_whole(tmp_path: Path) -> None:
    header = ["", "Clothing ID", "Age", "Title", "Review Text", "Rating", *"abcde"]
    rows = [
        [str(i), "1", "30", "", f"word{'abcdefghij'[i % 10]}\n" * (1 + i // 10), str(1 + i % 5), *"abcde"]
        for i in range(150)
    ]
    rows += [["151", "1", "30", "", "", "5", *"abcde"]]  # no text
    path = write(tmp_path, {"Womens Clothing E-Commerce Reviews.csv": table([header, *rows])})
    data = reviews5.read(path, loose(reviews5._INFO, steps=15), sha1="", each=25)
    every = torch.cat([data.train.y, data.validation.y, data.test.y])
    assert torch.bincount(every).tolist() == [25] * 5
    with pytest.raises(RnnbenchError, match="sha1"):
        reviews5.read(path)
