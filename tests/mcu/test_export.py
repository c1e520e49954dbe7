"""An export as its user has it: from a sensor's numbers to an answer, on this machine."""

import shutil
import subprocess

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.errors import RnnbenchError
from bench.mcu.emit.export import MARK, paths

pytestmark = [pytest.mark.long, pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")]
MEAN, DEVIATION = [9.81, -3.0, 512.0, 0.0, 0.5], [0.4, 25.0, 100.0, 1.0, 2.0]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all"]


def exported(folder, board="uno", kind="int8", name="rnn", seed=0, window=6):
    """An export of a small GRU, the model and raw samples [24, 5]."""
    net = cases.network("gru", features=5, hidden=9, classes=4, seed=seed)
    graph = mcu.lower(net.cell, net.head)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(24, 5)) * DEVIATION + MEAN
    program = mcu.quantise(graph, (x[None] - MEAN) / DEVIATION)
    model = program if kind == "int8" else graph
    if kind == "int8":
        raw = mcu.raw_input(program, MEAN, DEVIATION, np.abs(x).max(0).tolist())
    else:
        raw = mcu.Normalised(np.float32(MEAN), np.float32(DEVIATION))
    about = mcu.About("GRU on test", ["sit", 'say "a"', "walk", "run"], window, 50.0, raw, ["Run x; licence y."], name)
    latency = mcu.predict(model, mcu.board(board), steps=window)
    files = mcu.export(model, mcu.board(board), raw.quantise(x), latency, folder, about)
    return files, model, raw, raw.quantise(x)


def built(folder, main, name="rnn", more=()):
    """What a program says that is linked with an export."""
    (folder / "main.c").write_text(main)
    files = [f"src/{name}_model.c", f"src/{name}_sensor.c", *more]
    subprocess.run(["gcc", *STRICT, "-Isrc", "main.c", *files, "-o", "main", "-lm"], cwd=folder, check=True)
    return subprocess.run([folder / "main"], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("kind", ["int8", "float32"])
@pytest.mark.parametrize("board", ["uno", "mkr1000", "nano33ble"])
def test_every_boards_code_meets_its_test_vector_on_this_machine(tmp_path, board, kind):
    exported(tmp_path, board, kind)
    assert built(tmp_path, (tmp_path / "extras" / "check.c").read_text()) == ["the", "test", "vector", "is", "met"]


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_feeding_a_sensors_numbers_answers_once_a_window_and_says_how_sure(tmp_path, kind):
    """Softmax of the interpreter's scores at every window's end; the integers' is within two of 255."""
    _, model, raw, samples = exported(tmp_path, kind=kind)
    numbers = ", ".join(f"{number:.9g}" for number in samples.ravel().tolist())
    said = built(
        tmp_path,
        '#include "rnn_sensor.h"\n#include <stdio.h>\n'
        f"static const rnn_raw_number raw[] = {{ {numbers} }};\n"
        "int main(void) { for (int n = 0; n < 24; n++) if (rnn_feed(raw + n * RNN_INPUTS)) "
        "{ const unsigned a = rnn_answer(); "
        'printf("%d %u %u %g\\n", n, a, rnn_confidence(), (double)rnn_margin()); } }\n',
    )
    rows = np.array(said, float).reshape(-1, 4)
    assert rows[:, 0].tolist() == [5, 11, 17, 23]
    for row, window in zip(rows, samples.reshape(4, 6, 5), strict=True):
        scores = mcu.trajectory(model, raw.normalise(window))[-1].astype(float)
        assert row[1] == scores.argmax()
        best, second = np.sort(scores)[:-3:-1]
        assert row[3] == pytest.approx(best - second, abs=1e-4)
        real = scores / 2.0 ** model.buffers[model.scores.buffer].fraction if kind == "int8" else scores
        assert row[2] == pytest.approx(255 / np.exp(real - real.max()).sum(), abs=2)


def test_two_models_link_into_one_program_and_keep_apart(tmp_path):
    exported(tmp_path, name="walk", seed=1)
    exported(tmp_path / "b", board="due", name="talk", seed=2)
    shutil.copytree(tmp_path / "b" / "src", tmp_path / "src", dirs_exist_ok=True)
    main = (
        '#include "walk_test_vector.h"\n#include "talk_test_vector.h"\n#include <stdio.h>\n'
        'int main(void) { printf("%u %u\\n", walk_test(), talk_test()); return 0; }\n'
    )
    assert built(tmp_path, main, "walk", ["src/talk_model.c", "src/talk_sensor.c"]) == ["0", "0"]


def test_streams_that_are_saved_and_loaded_do_not_disturb_each_other(tmp_path):
    """Two streams, sample by sample in turn, end with the scores that each has alone."""
    _, model, raw, samples = exported(tmp_path)
    numbers = ", ".join(map(str, raw.normalise(samples).ravel().tolist()))
    said = built(
        tmp_path,
        '#include "rnn_model.h"\n#include <stdio.h>\n'
        f"static const int16_t x[] = {{ {numbers} }};\n"
        "int main(void) { static rnn_state s[2]; for (int n = 0; n < 24; n++) { rnn_load(s + n % 2);"
        " rnn_step(x + n * RNN_INPUTS); rnn_save(s + n % 2); if (n >= 22) { rnn_answer();"
        ' for (int c = 0; c < RNN_CLASSES; c++) printf("%d\\n", rnn_scores()[c]); } } return 0; }\n',
    )
    wanted = [mcu.trajectory(model, raw.normalise(samples[first::2]))[-1].tolist() for first in (0, 1)]
    assert np.array(said, int).reshape(2, 4).tolist() == wanted


def test_every_file_says_who_wrote_it_and_none_keeps_a_place_to_fill(tmp_path):
    files, *_ = exported(tmp_path, name="walk")
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == set(files) == set(paths("walk")) - {"words.tsv"}, "a language model's file"
    for text in files.values():
        assert MARK in text.lower()
        assert "{{" not in text
        assert "rnn_" not in text
    assert '#define WALK_CLASS_NAMES "sit", "say \\"a\\"", "walk", "run"' in files["src/walk_sensor.h"]


@pytest.mark.parametrize("kind", ["int8", "float32"])
@cases.ON
def test_a_boards_own_compiler_warns_of_nothing(tmp_path, target, kind):
    if not shutil.which(target.compiler):
        pytest.skip(f"no {target.compiler} on the path")
    exported(tmp_path, cases.BOARDS[target].name, kind)
    for stem in ("model", "sensor"):
        command = [target.compiler, *target.processor, "-Os", "-Wall", "-Wextra", "-Werror", "-Isrc", "-c"]
        subprocess.run([*command, f"src/rnn_{stem}.c", "-o", f"{stem}.o"], cwd=tmp_path, check=True)


def test_an_answer_from_samples_that_are_no_numbers_is_not_sure(tmp_path):
    """Casting what is no number to an integer is undefined; a window later the model is itself again."""
    exported(tmp_path, kind="float32")
    said = built(
        tmp_path,
        '#include "rnn_sensor.h"\n#include <math.h>\n#include <stdio.h>\nint main(void) { int n, from;\n'
        "for (from = 0; from < 2; from++) { for (n = 0; n < RNN_WINDOW; n++) {\n"
        "const rnn_raw_number raw[RNN_INPUTS] = { from ? 9.81f : NAN, -3, 512, 0, 0.5f }; rnn_feed(raw); }\n"
        'rnn_answer(); printf("%d\\n", rnn_confidence()); } return 0; }\n',
        more=["-fsanitize=float-cast-overflow"],
    )
    assert int(said[0]) == 0
    assert int(said[1]) >= 255 // 4  # the largest of four shares


@pytest.mark.parametrize("name", ["", "1a", "a b", "A"])
def test_a_name_that_c_or_files_cannot_have_is_refused(name):
    with pytest.raises(RnnbenchError, match="small letters"):
        paths(name)


@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake on the path")
def test_cmake_builds_and_runs_the_check(tmp_path):
    exported(tmp_path)
    for command in (["cmake", "-B", "build"], ["cmake", "--build", "build"], ["ctest", "--test-dir", "build"]):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
