"""One process holds a run, whatever else wants it: also when many want it at once, or take over from one that died."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bench import claims
from bench.claims import Claim, Holder, LostError

RACER = """
import sys, time
from pathlib import Path
from bench import claims
root = Path(sys.argv[1])
(root / f"ready.{sys.argv[2]}").touch()
while not (root / "go").exists():
    pass
won = [n for n in range(int(sys.argv[3])) if claims.claim(root / str(n))]
print(*won, flush=True)
sys.stdin.read()
"""


def dead_claim(folder: Path) -> Claim:
    """A claim of a process of this machine that has ended."""
    code = "import sys; from pathlib import Path; from bench import claims; claims.claim(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    (file,) = (folder / "claim").iterdir()
    return Claim(folder, file.name)


def claim_elsewhere(folder: Path, age_s: float) -> Holder:
    """A claim of another machine, whose last heartbeat is so old."""
    who = Holder("far", "0123456789ab", os.getpid(), "1", "00000000")
    (folder / "claim").mkdir()
    (folder / "claim" / str(who)).touch()
    os.utime(folder / "claim" / str(who), (time.time() - age_s, time.time() - age_s))
    return who


@pytest.mark.parametrize("dead", [False, True], ids=["free runs", "runs of a process that died"])
def test_of_many_processes_that_want_a_run_one_has_it(tmp_path: Path, dead: bool) -> None:
    racers, runs = 4, 150
    for n in range(runs):
        (tmp_path / str(n)).mkdir()
    if dead:
        code = "import sys; from pathlib import Path; from bench import claims\n"
        code += "for each in Path(sys.argv[1]).iterdir(): claims.claim(each)"
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), str(n), str(runs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(racers)
    ]
    while len(list(tmp_path.glob("ready.*"))) < racers:
        time.sleep(0.01)
    (tmp_path / "go").touch()
    won = []
    for racer in started:
        assert racer.stdout is not None
        won += racer.stdout.readline().split()  # all live until the last has tried: none could take over from another
    for racer in started:
        racer.communicate("")
    assert sorted(map(int, won)) == list(range(runs))
    for n in range(runs):
        assert [path.name for path in (tmp_path / str(n)).iterdir()] == ["claim"]


def test_a_claim_is_held_until_it_is_released(tmp_path: Path) -> None:
    mine = claims.claim(tmp_path)
    assert mine is not None
    who = claims.holder(tmp_path)
    assert who is not None
    assert who.pid == os.getpid()
    assert claims.is_held(tmp_path)
    assert claims.claim(tmp_path) is None
    mine.release()
    assert not claims.is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert claims.claim(tmp_path) is not None


def test_a_process_that_is_late_does_not_take_over_from_the_one_that_was_quicker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = dead_claim(tmp_path)
    seen = claims._found(tmp_path)
    quick = claims.claim(tmp_path)
    assert quick is not None
    monkeypatch.setattr(claims, "_found", lambda folder: seen)  # what the late one saw before
    assert claims.claim(tmp_path) is None
    assert [path.name for path in (tmp_path / "claim").iterdir()] == [quick.name] != [dead.name]


@pytest.mark.parametrize(("age_s", "held"), [(0, True), (claims.STALE_S - 30, True), (claims.STALE_S + 30, False)])
def test_on_another_machine_the_heartbeat_says_whether_a_holder_lives(tmp_path: Path, age_s: float, held: bool) -> None:
    who = claim_elsewhere(tmp_path, age_s)
    assert claims.holder(tmp_path) == (who if held else None)
    assert (claims.claim(tmp_path) is None) == held


def test_a_living_process_of_this_machine_keeps_its_claim_however_long_it_sleeps(tmp_path: Path) -> None:
    mine = claims.claim(tmp_path)
    assert mine is not None
    os.utime(mine._path, (0, 0))
    assert claims.claim(tmp_path) is None


def test_a_process_that_has_another_ones_number_is_another_process(tmp_path: Path) -> None:
    mine = claims.claim(tmp_path)
    assert mine is not None
    who = Holder.parse(mine.name)
    mine._path.rename(mine._path.with_name(str(Holder(who.host, who.place, who.pid, "1", who.token))))
    assert claims.claim(tmp_path) is not None


def test_a_process_that_nobody_has_waited_for_is_dead(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from bench import claims; claims.claim(Path(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not claims.is_held(tmp_path)
    process.wait()


def test_a_claim_is_handed_over_once(tmp_path: Path) -> None:
    given = claims.claim(tmp_path)
    assert given is not None
    taken = given.adopt()
    with pytest.raises(LostError):
        given.adopt()
    with pytest.raises(LostError):
        given.touch()
    given.release()
    assert [path.name for path in (tmp_path / "claim").iterdir()] == [taken.name]


def test_a_claim_that_is_handed_over_late_is_not_taken_for_a_dead_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = claims.claim(tmp_path)
    assert given is not None
    os.utime(given._path, (0, 0))
    given.adopt()
    monkeypatch.setattr(claims, "_here", lambda: ("another", "machine"))
    assert claims.is_held(tmp_path)


@pytest.mark.parametrize("litter", ["claim", ".claim.somebody"])
def test_what_a_process_leaves_that_is_killed_while_it_claims_or_releases_is_in_nobodys_way(
    tmp_path: Path, litter: str
) -> None:
    (tmp_path / litter).mkdir()
    assert not claims.is_held(tmp_path)
    assert claims.claim(tmp_path) is not None


def test_who_only_looks_writes_nothing(tmp_path: Path) -> None:
    dead_claim(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    assert not claims.is_held(tmp_path)
    assert not claims.is_held(tmp_path / "nowhere")
    assert {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]} == before


def test_a_heart_beats_until_the_claim_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "HEARTBEAT_S", 0.01)
    mine = claims.claim(tmp_path)
    assert mine is not None
    os.utime(mine._path, (0, 0))
    told, beaten = threading.Event(), 0.0
    with claims.beating([mine], lambda error: told.set()):
        while not beaten:
            beaten = mine._path.stat().st_mtime
        assert abs(time.time() - beaten) < 60
        assert not told.is_set()
        other = mine.adopt()
        assert told.wait(60)
    assert other._path.exists()


def test_claims_are_released_when_their_block_ends_badly(tmp_path: Path) -> None:
    mine = claims.claim(tmp_path)
    assert mine is not None
    with pytest.raises(KeyboardInterrupt), claims.beating([mine]):
        raise KeyboardInterrupt
    assert not (tmp_path / "claim").exists()
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        claims.claim(tmp_path / "file")
