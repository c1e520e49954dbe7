"""Activities: the windows of UCI HAR, UCI HAPT and DSA, their classes and their split by person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from layouts import loose, read_dsa, read_dsa_as_paper, read_hapt, read_har
from published import dsa, hapt, har, write

from bench.data.families import activity
from bench.data.families import hapt as hapt_family
from bench.data.sets import dsa19, hapt2, har2
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
