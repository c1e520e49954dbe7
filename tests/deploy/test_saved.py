"""What is no ``model.pt`` of a finished run, and what is said then."""

from pathlib import Path

import pytest

from bench.deploy.saved import saved
from bench.errors import RnnbenchError


def test_a_results_folder_is_told_from_a_runs(tmp_path: Path) -> None:
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "model.pt").touch()
    with pytest.raises(RnnbenchError, match=r"is a results folder; give one of its runs in .*, such as .*/runs/one$"):
        saved(tmp_path)


def test_a_damaged_model_is_a_fault_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"no model")
    with pytest.raises(RnnbenchError, match="damaged"):
        saved(tmp_path)
