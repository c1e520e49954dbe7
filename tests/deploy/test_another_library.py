"""Another library beside ours: a made-up one whose cycles are known, and what is said when it cannot be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import Command

from bench import mcu
from bench.deploy import against
from bench.mcu import simulate
from bench.places import CONFIGS

pytestmark = pytest.mark.long

HARNESS = """
#include "mark.h"
#include "fake.h"
int main(void)
{
    MARK_NOTHING();
    MARK(STEP);
    fake_step();
    MARK(0);
    END();
    for (;;) {}
}
"""


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A library whose step takes UNITS + FEATURES cycles on any core beyond those of a call, and its description."""
    for board in ("uno", "due"):
        if lack := simulate.missing(mcu.board(board).target):
            pytest.skip(f"the simulation of the {board} needs {lack}")
    source = tmp_path / "library" / "src"
    source.mkdir(parents=True)
    (source / "fake.h").write_text("void fake_step(void);\n")
    nops = '__asm__ volatile(".rept %c0\\n\\tnop\\n\\t.endr" : : "i"(UNITS + FEATURES));'
    (source / "fake_step.c").write_text(f'#include "fake.h"\nvoid fake_step(void) {{ {nops} }}\n')
    (tmp_path / "harness.c").write_text(HARNESS.replace("STEP", "1"))
    describe(tmp_path)
    return tmp_path


def describe(folder: Path, **changed: Any) -> None:
    body = {
        "title": "Fake LSTM",
        "cell": "lstm",
        "shapes": [[64, 32], [5, 2]],
        "harness": "harness.c",
        "sources": ["src/fake_*.c"],
        "includes": ["src"],
        "differences": "it computes nothing",
    } | changed
    (folder / "fake.yaml").write_text(yaml.safe_dump(body))


def test_theirs_is_counted_and_ours_predicted_for_the_same_shape(rnnbench: Command, fake: Path) -> None:
    given = ["--against", fake / "fake.yaml", "--source", fake / "library"]
    command = ["simulate", *given, "--board", "uno", "--board", "due"]
    said = rnnbench(*command, "--json")
    assert said.code == 0, said.err
    rows = json.loads(said.out)
    own = [row for row in rows if row["library"] == "Fake LSTM"]
    assert [(row["board"], row["units"]) for row in own] == [("uno", 64), ("uno", 5), ("due", 64), ("due", 5)]
    for large, small in (own[:2], own[2:]):
        assert large["theirs"] - small["theirs"] == (64 + 32) - (5 + 2)
        assert 7 < small["theirs"] < 7 + 12
    assert own[0]["ours"] > 13 * 4 * 64 * (64 + 32)  # what AVR cannot beat
    for row in own:
        assert row["how"] == "simulated, built with -O3, no wait states; it computes nothing"
    board, edgemark = 120e6, 565.4e-3 / 100
    (published,) = [row for row in rows if "EdgeMark" in row["library"]]
    assert published["theirs"] == pytest.approx(board * edgemark)
    assert published["how"].startswith("published, measured on a board")
    assert "5 wait states" in published["how"]
    said = rnnbench(*command, "--out", fake / "tables")
    assert "Fake LSTM" in said.out
    assert "it computes nothing" in said.out
    text = (fake / "tables" / "against.md").read_text()
    assert f"| Fake LSTM | 64 | 32 | {own[0]['theirs']} | {own[0]['ours']} | 0.00 |" in text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sources": ["src/none*.c"]}, "library has no src/none*.c: is it a copy of Fake LSTM?"),
        ({"includes": []}, "does not build Fake LSTM: "),
        ({"harness": "other.c"}, "does not build Fake LSTM: "),
        ({"shapes": [[0, 2]]}, "fake.yaml: shapes.0.0: Input should be greater than 0"),
        ({"mine": 1}, "fake.yaml: mine: Extra inputs are not permitted"),
        ({"cell": "lstn"}, "did you mean 'lstm'"),
    ],
)
def test_a_fault_of_the_description_is_one_line(
    rnnbench: Command, fake: Path, change: dict[str, Any], says: str
) -> None:
    describe(fake, **change)
    said = rnnbench("simulate", "--against", fake / "fake.yaml", "--source", fake / "library", "--board", "due")
    assert said.code == 2
    assert says in said.err.replace("\n", "")


def test_a_harness_without_marks_and_a_missing_source_are_told(rnnbench: Command, fake: Path) -> None:
    (fake / "harness.c").write_text(HARNESS.replace("STEP", "2"))
    command = ["simulate", "--against", fake / "fake.yaml", "--board", "due"]
    assert "harness.c marks no step: MARK(1) before one" in rnnbench(*command, "--source", fake / "library").err
    assert "--source DIR is missing" in rnnbench(*command).err
    assert "nowhere is no folder" in rnnbench(*command, "--source", "nowhere").err
    assert "give both" in rnnbench("simulate", "--source", fake, "--elf", "a.elf").err


@pytest.mark.parametrize("path", sorted((CONFIGS / "peers").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_description_is_whole(path: Path) -> None:
    """It parses, and its harness stands beside it and marks steps as the docs say."""
    harness = (path.parent / against.read(path).harness).read_text(encoding="utf-8")
    assert all(call in harness for call in ("MARK_NOTHING()", "MARK(1)", "MARK(0)", "END()", "UNITS", "FEATURES"))
