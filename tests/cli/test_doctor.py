"""``rnnbench doctor``: each fault, put in by hand, is said with what mends it; only what is essential fails."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from commands import Command

from bench import doctor, track
from bench.doctor import Finding
from cells import scan

Usage = namedtuple("Usage", "total used free")


def find(check: str) -> list[Finding]:
    return list(doctor.CHECKS[check]())


@pytest.mark.long
def test_a_line_for_every_item_and_no_essential_one_missing_here(
    rnnbench: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path))
    said = rnnbench("doctor")
    assert said.code == 0
    rows = json.loads(rnnbench("doctor", "--json").out)
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == [row["state"] for row in rows]
    for line, row in zip(lines, rows, strict=True):
        assert row["item"] in line
        assert row["what"] in line
        assert row["mend"] in line
        assert row["state"] == "works" or row["mend"] or row["item"] == "CUDA"


def test_no_programs_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(scan, "_known", {})
    (kernels,) = find("kernels")
    assert kernels.state == "absent"
    assert "no C++ compiler" in kernels.what
    assert "apt-get install g++" in kernels.mend
    simulators = find("simulators")
    assert {finding.state for finding in simulators} == {"absent"}
    by_name = {finding.item: finding for finding in simulators}
    assert by_name["simulator avr"].mend == "apt-get install gcc-avr avr-libc"
    assert "no arm-none-eabi-gcc" in by_name["simulator m0plus"].what
    (tex,) = find("TeX")
    assert (tex.state, "no pdflatex" in tex.what) == ("absent", True)
    assert tex.mend.startswith("apt-get install texlive")


def test_tex_without_a_package_of_the_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, body in {"pdflatex": "", "kpsewhich": 'test "$1" = booktabs.sty'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tex,) = find("TeX")
    assert (tex.state, tex.what) == ("absent", "no siunitx.sty, which the tables need")


def test_kernels_that_are_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan._Settings, "mode", "off")
    (kernels,) = find("kernels")
    assert (kernels.state, kernels.mend) == ("absent", "unset RNNBENCH_KERNELS")


def test_wandb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.delenv("WANDB_IDENTITY_TOKEN_FILE", raising=False)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    (finding,) = find("W&B")
    assert (finding.state, "no login" in finding.what, "wandb login" in finding.mend) == ("absent", True, True)
    assert "WANDB_MODE=disabled is set" in finding.what
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nothing listens there
    (finding,) = find("W&B")
    assert (finding.state, "runs keep offline files" in finding.what) == ("absent", True)
    monkeypatch.setattr(track, "reach", lambda: "ann")
    (finding,) = find("W&B")
    assert (finding.state, finding.what.partition(";")[0]) == ("works", "logged in as ann")


def test_data_that_is_there_and_that_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RNNBENCH_DATA", str(tmp_path))
    (finding,) = find("data")
    where = dict(part.split(": ") for part in finding.what.split("; ")[1:])
    assert "prepared" not in where
    assert "digits-mfcc" in where["fetched at first use"].split()
    assert "google12" in where["yours to bring"].split()
    assert finding.mend == f"rnnbench data prepare {where['yours to bring'].split()[0]} says what to put where"


@pytest.mark.parametrize(("free_mb", "state"), [(100, "broken"), (1000, "works"), (100_000, "works")])
def test_a_disk_that_is_full(monkeypatch: pytest.MonkeyPatch, free_mb: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2**50, 0, free_mb * 2**20))
    findings = find("disk")
    assert [finding.item for finding in findings] == ["disk, results", "disk, data", "disk, kernels"]
    assert {finding.state for finding in findings} == {state}
    assert all(("little" in finding.what) == (free_mb == 1000) for finding in findings)


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert {(finding.state, finding.mend) for finding in find("disk")} == {("broken", "choose another folder")}


def test_a_package_that_is_missing_or_too_old(monkeypatch: pytest.MonkeyPatch, rnnbench: Command) -> None:
    needs = ["numpy>=9999", "no-such-package>=1", "pyyaml>=6", "no-such-extra; extra == 'dev'"]
    fake = SimpleNamespace(**{**vars(doctor.metadata), "requires": lambda name: needs})
    monkeypatch.setattr(doctor, "metadata", fake)
    (finding,) = find("packages")
    assert finding.state == "broken"
    assert "no-such-package is not installed" in finding.what
    assert "is not >=9999" in finding.what
    assert "pyyaml" not in finding.what
    assert "extra" not in finding.what
    monkeypatch.setattr(doctor, "CHECKS", {"packages": doctor.CHECKS["packages"]})
    assert rnnbench("doctor").code == 1


def test_torch_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(doctor, "CHECKS", {"torch": doctor.CHECKS["torch"]})
    (finding,) = doctor.findings()
    assert (finding.item, finding.state) == ("torch", "broken")
    assert finding.what.startswith("ModuleNotFoundError")


def test_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    _, cuda = find("torch")
    assert (cuda.state, cuda.what) == ("works", "a GPU: used with RNNBENCH_DEVICE=auto")
