"""The epochs of a run, whole or not at all."""

from pathlib import Path

import pytest

from bench.record import metrics


def test_a_half_written_epoch_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text('epoch,loss,stage\n1,0.5,dense\n2,"0.4",dense\n3,0.')
    assert metrics(tmp_path) == (["epoch", "loss", "stage"], [["1", "0.5", "dense"], ["2", "0.4", "dense"]])


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b'epoch\n"' + 200_000 * b"1"])
def test_a_missing_or_damaged_file_has_no_epochs(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "metrics.csv").write_bytes(content)
    assert metrics(tmp_path) == ([], [])
