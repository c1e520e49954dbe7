"""A record is there whole or not at all, and its status is what happened."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import record
from bench.errors import RnnbenchError
from bench.record import Labels, Record, Times
from bench.spec import RunSpec
from bench.status import Status

SPEC = RunSpec.model_validate({"data": "watch7", "cell": "gru"})


def a_record(status: Status = Status.DONE) -> Record:
    return Record(
        id=SPEC.id,
        status=status,
        grid="g",
        spec=SPEC.written("classification"),
        labels=Labels(cell="GRU", variant=""),
        times=Times(started="2026-01-01T00:00:00+00:00"),
        provenance={"threads": 1},
    )


def put(results: Path, each: Record) -> Path:
    folder = record.runs_folder(results) / each.id
    folder.mkdir(parents=True)
    record.write(folder, each)
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    folder = put(tmp_path, a_record())
    assert record.read(folder) == a_record().model_copy(update={"folder": folder})


@pytest.mark.parametrize("fault", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_record_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    folder = put(tmp_path, a_record())
    before = (folder / "record.json").read_bytes()

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, fault, broken)
    with pytest.raises(OSError, match="No space left"):
        record.write(folder, a_record(status=Status.FAILED))
    assert (folder / "record.json").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["record.json"]


@pytest.mark.parametrize("place", [0, 1, 200, 380])
def test_a_kill_at_any_byte_of_the_writing_leaves_the_old_record(tmp_path: Path, place: int) -> None:
    """The writer dies after some bytes of the new record; the reader must see the old one."""
    folder = put(tmp_path, a_record())
    script = f"""
import io, os, sys
from pathlib import Path
from typing import Any
from bench import record
real = os.fdopen
class Dying(io.TextIOBase):
    def __init__(self, file): self.file = file
    def __enter__(self): return self
    def __exit__(self, *_): self.file.close()
    def write(self, text):
        self.file.write(text[:{place}]); self.file.flush(); os._exit(9)
os.fdopen = lambda handle, *a, **k: Dying(real(handle, *a, **k))
folder = Path(sys.argv[1])
record.write(folder, record.read(folder).model_copy(update={{"reason": "new"}}))
"""
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=False)
    assert done.returncode == 9
    assert record.read(folder) == a_record().model_copy(update={"folder": folder})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda body: {**body, "schema": 1}, ["schema 1", "reads 2", "choose another results folder"]),
        (lambda body: {**body, "schema": 99}, ["schema 99"]),
        (lambda body: {k: v for k, v in body.items() if k != "schema"}, ["schema None"]),
        (lambda body: {**body, "status": "dun"}, ["damaged", "status"]),
        (lambda body: {**body, "extra": 1}, ["damaged", "extra"]),
        (lambda body: {**body, "spec": {**body["spec"], "seed": 1}}, [SPEC.id, "is not that of its specification"]),
        (lambda body: {**body, "spec": {**body["spec"], "boards": []}}, ["damaged", "boards"]),
        (lambda body: {**body, "provenance": {"pack": "many"}}, ["damaged (provenance", "its pack is no int"]),
        (lambda body: {**body, "provenance": {"packages": []}}, ["damaged (provenance", "its packages is no dict"]),
        (lambda body: [], ["damaged (not a mapping)"]),
    ],
)
def test_a_record_that_cannot_be_read_says_so_and_stays(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], object], words: list[str]
) -> None:
    folder = put(tmp_path, a_record())
    path = folder / "record.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    before = path.read_bytes()
    with pytest.raises(RnnbenchError) as caught:
        record.observed(tmp_path)
    for word in [str(path), *words]:
        assert word in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["copy", SPEC.model_copy(update={"seed": 1}).id])
def test_a_record_in_the_folder_of_another_run_is_refused(tmp_path: Path, name: str) -> None:
    """Else that run would count as done, by its folder, and its row would have another's figures."""
    put(tmp_path, a_record()).rename(record.runs_folder(tmp_path) / name)
    with pytest.raises(RnnbenchError, match=f"{name} holds the record of run {SPEC.id}"):
        record.observed(tmp_path)


def test_an_id_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = put(tmp_path / "results", a_record(status=Status.RUNNING))
    body = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps({**body, "id": "../.."}))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RnnbenchError, match="is not that of its specification"):
        record.observed(tmp_path / "results")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_record_that_is_nested_too_deeply_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text("[" * 200_000 + "]" * 200_000)
    with pytest.raises(RnnbenchError, match=r"record\.json is damaged \(not JSON that can be read\)"):
        record.read(tmp_path)


def test_a_truncated_record_is_damaged(tmp_path: Path) -> None:
    folder = put(tmp_path, a_record())
    whole = (folder / "record.json").read_text()
    (folder / "record.json").write_text(whole[: len(whole) // 2])
    with pytest.raises(RnnbenchError, match="damaged"):
        record.read(folder)


def test_running_without_a_living_process_is_interrupted(tmp_path: Path) -> None:
    folder = put(tmp_path, a_record(status=Status.RUNNING))
    script = "import sys, time; from pathlib import Path; from bench import claims\n"
    script += "claims.claim(Path(sys.argv[1]))\nprint('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert record.observed(tmp_path)[SPEC.id][0] is Status.RUNNING
        holder.kill()
        holder.wait()
    assert record.observed(tmp_path)[SPEC.id][0] is Status.INTERRUPTED


def test_an_empty_folder_has_no_runs(tmp_path: Path) -> None:
    assert record.observed(tmp_path / "nothing") == {}


FIELDS = [
    "schema",
    "id",
    "status",
    "reason",
    "grid",
    "spec",
    "labels",
    "times",
    "provenance",
    "failure",
    "chosen",
    "data",
    "size",
    "result",
]


def test_the_fields_of_schema_2_are_frozen() -> None:
    """A change of this list is a change for every reader of records: raise SCHEMA, or only add."""
    assert list(json.loads(a_record().model_dump_json(by_alias=True))) == FIELDS
    assert record.SCHEMA == 2


def test_what_an_earlier_version_wrote_is_read_like_the_same_run_today(tmp_path: Path) -> None:
    """Keys that it could not know have their defaults, so that its seeds share a row with those of today."""
    folder = put(tmp_path, a_record())
    body = json.loads((folder / "record.json").read_text())
    for key in ("split", "sealed"):
        del body["spec"][key]
    del body["spec"]["train"]["select"]
    (folder / "record.json").write_text(json.dumps(body))
    assert record.read(folder).spec == a_record().spec


def test_a_record_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    folder = put(tmp_path, a_record())
    (folder / "record.json").unlink()
    (folder / "record.json").mkdir()
    for look in (record.read_all, record.observed):
        with pytest.raises(RnnbenchError, match=r"cannot read .*/record\.json: Is a directory"):
            look(tmp_path)
    (runs := folder.parent).joinpath("notes.txt").write_text("mine")
    (runs / "empty").mkdir()
    (folder / "record.json").rmdir()
    assert record.read_all(tmp_path) == []


def test_a_look_at_a_folder_opens_every_record_once_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        own = SPEC.model_copy(update={"seed": seed})
        put(tmp_path, a_record().model_copy(update={"id": own.id, "spec": own.written("classification")}))
    opened: list[str] = []
    usual = io.open

    def counted(path: Any, *given: Any, **more: Any) -> Any:
        opened.append(Path(path).name)
        return usual(path, *given, **more)

    monkeypatch.setattr("builtins.open", counted)
    monkeypatch.setattr("io.open", counted)
    assert len(record.observed(tmp_path)) == 5
    assert opened == ["record.json"] * 5
