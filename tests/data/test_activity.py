"""Activities: the windows of UCI HAR, UCI HAPT and DSA, their classes and their split by person."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from layouts import loose, read_dsa, read_dsa_as_paper, read_hapt, read_har
from published import dsa, hapt, har, write

from bench.data.families import activity
from bench.data.families import hapt as hapt_family
from bench.data.sets import dsa19, hapt2, hapt6, har2
from bench.data.tree import open_tree
from bench.errors import RnnbenchError


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
    assert hapt_family.read_hapt(path, loose(hapt2._INFO)).class_names == ("STAND_WALK_DOWN", "SIT_LAY_UP")


def test_dsa_by_subject(tmp_path: Path) -> None:
    path = write(tmp_path, dsa())
    data, paper = read_dsa(path), read_dsa_as_paper(path)
    assert [set(s.group.tolist()) for s in (data.train, data.validation, data.test)] == [{1, 2, 3}, {4}, {5, 6, 7, 8}]
    # segment 49 of each of 19 x 4 recordings validates
    assert [len(s) for s in (paper.train, paper.validation, paper.test)] == [19 * 4, 19 * 4, 19 * 4 * 2]


def test_a_dsa_without_a_subject_is_named(tmp_path: Path) -> None:
    files = {name: data for name, data in dsa().items() if "/p6/" not in name}
    with pytest.raises(RnnbenchError, match="subject 6 is missing"):
        dsa19.read(write(tmp_path, files))


class Part:
    """An object of pandas as the unpickler leaves it: its state and nothing else."""

    def __init__(self, state: object) -> None:
        self.state = state


def frame(signals: np.ndarray, labels: list[int]) -> Part:
    """A frame of the package: six signals in a block of floats; a user and a label in a block of integers."""
    columns = [*(f"{sensor}-{axis}" for sensor in ("acc", "gyro") for axis in "xyz"), "user", "label"]
    ints = np.array([[7] * len(labels), labels])
    blocks = {"axes": [{"data": columns}], "blocks": [{"values": signals.T}, {"values": ints}]}
    return Part({"_data": Part((None, {"0.14.1": blocks}))})


def test_the_package_s_frames_become_segments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Experiments count on over users; a run of one label is a segment; label 0 is none."""
    first, second, third = (np.random.default_rng(n).normal(size=(n, 6)) for n in (7, 2, 3))
    users = {2: [frame(third, [0, 6, 6])], 1: [frame(first, [0, 0, 4, 4, 4, 5, 0]), frame(second, [1, 1])]}
    monkeypatch.setattr(hapt_family, "unpickle", lambda data, frames: users if data == b"frames" and frames else None)
    tree = open_tree(write(tmp_path, {"a/res/HAPT.pkl.gz": gzip.compress(b"frames")}))
    raw = hapt_family._from_package(tree, "a/res/HAPT.pkl.gz")
    # experiment, user, activity, first and last sample
    assert raw.segments.tolist() == [[1, 1, 4, 2, 4], [1, 1, 5, 5, 5], [2, 1, 1, 0, 1], [3, 2, 6, 1, 2]]
    for number, signals in enumerate((first, second, third), start=1):
        assert np.array_equal(raw.signals[number], signals)


@pytest.mark.parametrize("columns", [["acc-x"], ["user", *"abcdefg"]])
def test_a_package_with_other_columns_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: list[str]
) -> None:
    blocks = {"axes": [{"data": columns}], "blocks": []}
    users = {1: [Part({"_data": Part(({"0.14.1": blocks},))})]}
    monkeypatch.setattr(hapt_family, "unpickle", lambda *_, **__: users)
    tree = open_tree(write(tmp_path, {"a/res/HAPT.pkl.gz": gzip.compress(b"")}))
    with pytest.raises(RnnbenchError, match=r"HAPT\.pkl\.gz in .*KeyError"):
        hapt_family._from_package(tree, "a/res/HAPT.pkl.gz")


def test_gravity_and_body_add_up_to_the_whole(tmp_path: Path) -> None:
    """A phone at rest: all of a constant acceleration is gravity, none of it the body's; 720 counts are a g."""
    still = np.tile([360 / 720, -0.25, 1.0, 0.0, 0.0, np.deg2rad(0.0175 * 100)], (300, 1))
    segments = np.array([[1, 1, 1, 0, 299]])
    channels = hapt_family._channels(hapt6.INFO, hapt_family.Recordings({1: still}, segments, "here"))[1][100:200]
    np.testing.assert_allclose(channels[:, 6:], still[100:200, :3], atol=2**-16)
    np.testing.assert_allclose(channels[:, :3], 0, atol=2**-16)
    np.testing.assert_allclose(channels[:, 3:6], still[100:200, 3:], atol=2**-16)
    assert np.array_equal(np.rint(channels * 2**16), channels * 2**16)
    with pytest.raises(RnnbenchError, match="experiment 1 has 127 samples, less than a window"):
        hapt_family._channels(hapt6.INFO, hapt_family.Recordings({1: still[:127]}, segments, "here"))
