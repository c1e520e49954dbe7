"""The commands about microcontrollers, on a run made here."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from large_model import large
from typer.testing import CliRunner

from bench.cli import app
from bench.data import open_dataset
from bench.data.normalise import Normalisation
from bench.deploy import model as models
from bench.mcu import simulate
from bench.mcu.target import targets
from bench.train.classification.network import build

pytestmark = pytest.mark.long

GRID = """
name: tiny
base: {train: {epochs: 1}}
grid:
  data: [watch7]
  cell: [{name: fastgrnn, hidden_size: 8, rank: {U: 3}}]
  seed: [0]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder, its weights at their initial values."""
    from bench.spec import read_grid

    folder = tmp_path_factory.mktemp("runs")
    (folder / "tiny.yaml").write_text(GRID)
    (spec,) = read_grid(folder / "tiny.yaml").runs()
    info = open_dataset("watch7").info
    network = build(spec, info.features, info.classes)
    torch.save({"spec": spec.model_dump(mode="json"), "state": network.state_dict()}, folder / "model.pt")
    return folder


def invoke(*arguments):
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_export_writes_code_that_meets_its_own_test_vector(run, tmp_path):
    body = json.loads(invoke("export", run, "--board", "mkr1000", "--out", tmp_path / "m", "--json"))
    names = {Path(each).relative_to(tmp_path / "m").as_posix() for each in body["files"]}
    assert {"src/rnn_model.c", "src/rnn_sensor.h", "README.md", "library.properties", "CMakeLists.txt"} < names
    assert abs(body["accuracy_float32"] - body["accuracy_int8"]) < 0.05
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Isrc", "extras/check.c", "-o", "check"]
    subprocess.run([*command, "src/rnn_model.c", "src/rnn_sensor.c"], cwd=tmp_path / "m", check=True)
    assert subprocess.run([tmp_path / "m" / "check"], check=False).returncode == 0
    readme = (tmp_path / "m" / "README.md").read_text()
    assert "rnn_feed(raw)" in readme
    assert "{{" not in readme
    assert "The 6 numbers of a sample: acceleration x, y, z in g, angular velocity x, y, z in rad/s." in readme
    header = (tmp_path / "m" / "src" / "rnn_sensor.h").read_text()
    assert "#define RNN_WINDOW 128 " in header
    assert f"test accuracy {body['accuracy_int8']:.2%} in int8" in header
    assert "licence of the data: BSD-3-Clause" in header


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_an_export_takes_a_sensors_numbers_where_the_data_say_how_they_were_normalised(
    run, monkeypatch, tmp_path, kind
):
    """The data as they are, as if they had been (number - 3) / 5: which normalising undoes."""
    model = models.load(run)
    known = Normalisation((3.0,) * 6, (5.0,) * 6)
    real, before = replace_normalisation(model, None).measured()
    model = replace_normalisation(model, known)
    raw = model.raw(kind)
    x = model._sequences(1)[0]
    found = raw.normalise(raw.quantise(x * 5 + 3))
    wanted = model.sequences(kind, 1, len(x))[0]
    assert abs(found.astype(float) - wanted).max() <= (6 if kind == "int8" else 1e-4)
    assert model.measured() == (real, pytest.approx(before, abs=0.01))


def replace_normalisation(model, known):
    data = dataclasses.replace(model.dataset, normalisation=known)
    model.__dict__["dataset"] = data  # where a cached property keeps its value
    return model


def test_what_does_not_fit_the_board_is_written_only_by_force(tmp_path):
    model, folder = large(tmp_path), tmp_path / "m"
    command = ["export", str(model), "--board", "uno", "--format", "float32", "--out", str(folder)]
    done = CliRunner().invoke(app, command)
    weights = 4 * 4 * 64 * (64 + 6)
    needed = re.search(
        r"does not fit the Arduino Uno: it takes ([0-9,]+) of 32,768 bytes of flash", str(done.exception)
    )
    assert needed is not None
    assert weights < int(needed[1].replace(",", "")) < 1.4 * weights
    assert "--force" in str(done.exception)
    assert not folder.exists()
    said = invoke(*command, "--force")
    assert f"warning: the model does not fit the Arduino Uno: it takes {needed[1]} of 32,768" in said
    assert (folder / "src" / "rnn_model.c").exists()
    invoke("export", model, "--board", "uno", "--out", tmp_path / "integers")


def test_a_readme_that_an_export_did_not_write_is_left_alone(run, tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("mine")
    command = ["export", str(run), "--board", "due", "--out", str(tmp_path)]
    with monkeypatch.context() as patch:
        patch.setattr(models, "load", lambda folder: pytest.fail("told after seconds of work"))
        done = CliRunner().invoke(app, command)
    assert "README.md was not written by an export: choose another --out, or overwrite it with --force" in str(
        done.exception
    )
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    invoke(*command, "--force")
    invoke(*command)  # its own it may overwrite
    assert "rnn_feed(raw)" in (tmp_path / "README.md").read_text()


def test_a_name_stands_before_every_name_of_the_code(run, tmp_path):
    invoke("export", run, "--board", "due", "--out", tmp_path / "m", "--name", "walk")
    assert (tmp_path / "m" / "src" / "walk_sensor.c").exists()
    done = CliRunner().invoke(app, ["export", str(run), "--board", "due", "--out", str(tmp_path), "--name", "Walk"])
    assert "--name Walk: names in the code cannot begin so" in str(done.exception)


def test_code_in_float32_says_its_accuracy_once(run, tmp_path):
    body = json.loads(invoke("export", run, "--board", "due", "--format", "float32", "--out", tmp_path, "--json"))
    header = (tmp_path / "src" / "rnn_sensor.h").read_text()
    assert f"; test accuracy {body['accuracy_float32']:.2%} in float32.\n" in header


def test_no_number_of_latency_is_cut_however_narrow_the_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    model = large(tmp_path)
    rows = json.loads(invoke("latency", model, "--json"))
    words = set(invoke("latency", model).split())
    for row in rows:
        numbers = [str(row[key]) for key in ("cycles_per_step", "answer_cycles", "flash_bytes", "ram_bytes")]
        assert {row["board"], row["format"], *numbers} <= words


@pytest.mark.parametrize("board", ["uno", "nano33ble"])
def test_a_missing_tool_is_told_before_any_work(run, monkeypatch, board):
    monkeypatch.setattr(simulate, "missing", lambda target: f"gcc of {target.name} (apt-get install it)")
    monkeypatch.setattr(models, "load", lambda folder: pytest.fail("told after seconds of work"))
    done = CliRunner().invoke(app, ["simulate", str(run), "--board", board])
    title, target = {"uno": ("Arduino Uno", "avr"), "nano33ble": ("Arduino Nano 33 BLE", "m4f")}[board]
    assert str(done.exception) == (f"to simulate the {title}, gcc of {target} is needed: `make toolchains` installs it")


def test_latency_of_a_run_is_that_of_its_grid(run):
    trained = json.loads(invoke("latency", run, "--board", "due", "--json"))
    planned = json.loads(invoke("latency", run / "tiny.yaml", "--board", "due", "--json"))
    assert [each["format"] for each in trained] == ["int8", "float32"]
    for one, other in zip(trained, planned, strict=True):  # a product's shift follows its weights: 0 to 2 cycles
        assert one["cycles"] == pytest.approx(other["cycles"], rel=0.003)
    low, ms, high = (trained[0][key] for key in ("ms_low", "ms", "ms_high"))
    assert low < ms < high
    said = " ".join(invoke("latency", run, "--board", "uno", "--board", "due").split())
    assert "x limit" in said
    assert "cycles/step at worst: uno" in said
    assert "due the same, no branch depends on data" in said


def test_simulate_says_predicted_and_counted(run):
    lack = simulate.missing(targets()["m0plus"])
    if lack:
        pytest.skip(f"the simulation needs {lack}")
    integer, real = json.loads(invoke("simulate", run, "--board", "mkr1000", "--steps", "8", "--json"))
    assert (integer["format"], real["format"]) == ("int8", "float32")
    assert integer["exact"]
    assert abs(integer["error"]) < 0.01
    assert real["agrees"]
    assert abs(real["error"]) < 0.06  # H 8: gates, whose cost depends on their numbers, are most of it
    assert integer["steps"] == 8


def test_simulate_says_what_skipped_columns_save(run):
    if lack := simulate.missing(targets()["m0plus"]):
        pytest.skip(lack)
    given = ("simulate", run, "--board", "mkr1000", "--steps", "8", "--delta", "0,1000", "--json")
    plain, exact, frozen = json.loads(invoke(*given))
    assert [row["threshold"] for row in (plain, exact, frozen)] == [None, 0, 1000]
    assert all(row["exact"] for row in (plain, exact, frozen))
    assert exact["accuracy"] == plain["accuracy"]
    assert frozen["saved"] > exact["saved"]
    assert frozen["ram_bytes"] > plain["ram_bytes"]


def test_simulate_counts_anyones_firmware(tmp_path):
    """Two AVR instructions of known cost between the marks: 8 nops are 8 cycles, and the stamp itself 1 or 2."""
    lack = simulate.missing(targets()["avr"])
    if lack:
        pytest.skip(f"the simulation needs {lack}")
    nops = "nop\\n" * 8
    (tmp_path / "a.c").write_text(
        "#include <avr/io.h>\nint main(void) { GPIOR0 = 255; GPIOR0 = 0; GPIOR0 = 7;"
        f'__asm__ volatile("{nops}"); GPIOR0 = 0; GPIOR2 = 1; for (;;) {{}} }}\n'
    )
    subprocess.run(["avr-gcc", "-O2", "-mmcu=atmega328p", "a.c", "-o", "a.elf"], cwd=tmp_path, check=True)
    (interval,) = json.loads(invoke("simulate", "--elf", tmp_path / "a.elf", "--board", "uno", "--json"))
    assert interval == {"mark": 7, "cycles": 8.0}


@pytest.mark.parametrize(("board", "target"), [("mkr1000", "m0plus"), ("due", "m3"), ("nano33ble", "m4f")])
def test_simulate_counts_anyones_firmware_on_arm(board, target, tmp_path):
    """Eight nops are 8 cycles, whatever the stamps cost, which a first empty pair says."""
    lack = simulate.missing(targets()[target])
    if lack:
        pytest.skip(f"the simulation of {target} needs {lack}")
    nops = "nop\\n" * 8
    (tmp_path / "a.c").write_text(
        "#define MARK(n) (*(volatile unsigned *)0xF0000000 = (n))\n"
        "__attribute__((noinline)) void stamp(unsigned n) { MARK(n); }\n"
        "int main(void) { stamp(255); stamp(0); stamp(7);"
        f'__asm__ volatile("{nops}"); stamp(0); *(volatile unsigned *)0xF0000008 = 1; for (;;) {{}} }}\n'
    )
    command = [targets()[target].compiler, "-O2", *targets()[target].flags, "a.c", "-o", "a.elf"]
    subprocess.run(command, cwd=tmp_path, check=True)
    (interval,) = json.loads(invoke("simulate", "--elf", tmp_path / "a.elf", "--board", board, "--json"))
    assert interval == {"mark": 7, "cycles": 8.0}


def test_tables_of_a_grid_are_written_for_a_page_and_a_paper(run, tmp_path):
    invoke("latency", run / "tiny.yaml", "--out", tmp_path / "t")
    heads = (tmp_path / "t" / "latency.csv").read_text().splitlines()
    assert len(heads) == 1 + 4 * 2  # boards, formats
    assert "keeps_up" in heads[0]
    assert "untrained" in (tmp_path / "t" / "latency.md").read_text()
    assert r"\toprule" in (tmp_path / "t" / "latency.tex").read_text()


def test_a_published_table_stands_beside_ours(tmp_path):
    table = Path(__file__).parents[2] / "results" / "published" / "fastgrnn_latency.yaml"
    rows = json.loads(invoke("latency", "--against", table, "--board", "mkr1000", "--json"))
    found = {(row["cell"], row["format"], row["data"]): row for row in rows}
    google = found["fastgrnn", "int8", "google12"]
    assert google["published_ms"] == 537
    assert google["ms"] < 537 / 4
    assert found["spectralrnn", "float32", "google12"]["ms"] is None  # its hidden size is not known
    assert found["lstm", "int8", "google12"]["published_ms"] is None
    invoke("latency", "--against", table, "--board", "mkr1000", "--out", tmp_path)
    text = (tmp_path / "published.md").read_text()
    assert "EdgeML issue 126" in text
    assert "untrained weights" in text


def test_times_that_others_measured_on_boards_stand_beside_ours():
    """Without --board on the boards of the table; a model whose shape is not printed has no time of ours."""
    table = Path(__file__).parents[2] / "results" / "published" / "boards.yaml"
    rows = json.loads(invoke("latency", "--against", table, "--json"))
    assert {row["board"] for row in rows} == {"l4r5zi", "uno", "g070rb"}
    found = {(row["board"], row["cell"], row["format"], row["data"]): row for row in rows}
    gru = found["l4r5zi", "gru", "int8", "edgemark"]
    assert gru["published_ms"] == 374.4
    assert 0 < gru["ms_high"] < 374.4 / 5
    har = found["g070rb", "gru", "float32", "har_table_0"]
    assert har["published_ms"] == pytest.approx(128 * 7.239)
    assert har["ms"] is None


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("export", "nowhere", "--board", "uno", "--out", "x"), "nowhere is not there; give the folder of a run"),
        (("latency", "nowhere"), "nowhere is not there; give the folder of a run"),
        (("latency", "docs"), "docs is no run's folder; give that of a run"),
        (("export", "nowhere", "--board", "uno1", "--out", "x"), "did you mean 'uno'"),
        (("simulate",), "--elf"),
        (("simulate", "--elf", "nowhere"), "cannot read nowhere: No such file"),
        (("simulate", "--elf", __file__, "--board", "uno"), "is no ELF program"),
        (("simulate", "--elf", sys.executable), "--board"),
        (("latency",), "--against"),
        (("latency", "--against", __file__), "YAML"),
    ],
)
def test_faults_are_one_line(arguments, word):
    done = CliRunner().invoke(app, list(arguments))
    assert word in str(done.exception)
    assert "\n" not in str(done.exception)
