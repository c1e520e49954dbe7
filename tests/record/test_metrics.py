"""The epochs of a run, whole or not at all."""

from pathlib import Path

import pytest

from bench.record import metrics


@pytest.mark.parametrize("half", ["", "3", "3,0.", "3,0.3,", "3,0.3,den", "3,0.3,dense"])
def test_a_half_written_epoch_is_left_out(half: str, tmp_path: Path) -> None:
    """One that lacks the end of its line: its last number may be `0.3` of `0.35`."""
    (tmp_path / "metrics.csv").write_text(f'epoch,loss,stage\n1,0.5,dense\n2,"0.4",dense\n{half}')
    assert metrics(tmp_path) == (["epoch", "loss", "stage"], [["1", "0.5", "dense"], ["2", "0.4", "dense"]])


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b'epoch\n"' + 200_000 * b"1" + b"\n"])
def test_a_missing_or_damaged_file_has_no_epochs(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "metrics.csv").write_bytes(content)
    assert metrics(tmp_path) == ([], [])
