"""The sketch of an export, built as Arduino builds it and fed a sensor's samples, prints the classes that are reported.

On an Uno it has Arduino's own core, flags and recipes, and its serial port is wired to simavr; on Arm cores it has as
much of Arduino as it uses.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.simulate import run_elf

pytestmark = pytest.mark.long

HERE = Path(__file__).parent / "arduino"
CORE = Path("/usr/share/arduino/hardware/arduino/avr")
STEPS, WINDOWS, NAMES = 40, 9, ["sit", "stand", "walk", "run"]
MEAN, DEVIATION = np.array([9.81, -3.0, 512.0]), np.array([0.4, 25.0, 100.0])
SAMD = "-Os -std=gnu++11 -ffunction-sections -fdata-sections -fno-threadsafe-statics -fno-rtti -fno-exceptions"
"""Arduino's flags of C++ for the MKR1000."""
GCC_5 = "-DDECIMAL_DIG=__DECIMAL_DIG__"
"""What Arduino's strings need, and GCC defines in C++ from 7 on."""


def exported(folder, board, kind):
    """An export of a GRU, the samples that a sensor gives as they travel, and the lines that must come back."""
    net = cases.network("gru", features=3, hidden=10, classes=4, seed=3)
    rng = np.random.default_rng(5)
    x = (rng.normal(size=(WINDOWS, STEPS, 3)) + rng.normal(size=(WINDOWS, 1, 3)) * 2) * DEVIATION + MEAN
    graph = mcu.lower(net.cell, net.head)
    program = mcu.quantise(graph, (x - MEAN) / DEVIATION)
    integer = kind == "int8"
    largest = np.abs(x).max((0, 1)).tolist()
    raw = (
        mcu.raw_input(program, MEAN, DEVIATION, largest) if integer else mcu.Normalised(*np.float32([MEAN, DEVIATION]))
    )
    model = program if integer else graph
    samples = raw.quantise(x)
    about = mcu.About("GRU on test", NAMES, STEPS, 50.0, raw, [])
    board = mcu.board(board)
    mcu.export(model, board, samples[0], mcu.predict(model, board, steps=STEPS), folder, about)
    scores = np.array([mcu.trajectory(model, raw.normalise(window))[-1] for window in samples])
    answers = scores.argmax(1)
    assert len(set(answers)) > 2
    real = scores / 2.0 ** program.buffers[program.scores.buffer].fraction if integer else scores
    sure = 255 / np.exp(real - real.max(1, keepdims=True)).sum(1)
    return samples, [(NAMES[answer], value) for answer, value in zip(answers, sure, strict=True)]


def check(text, wanted):
    """A line for every sample, empty but at the end of a window."""
    first, *lines = text.splitlines()
    assert first == "ready"
    assert len(lines) == STEPS * WINDOWS
    assert [number for number, line in enumerate(lines, 1) if line] == list(range(STEPS, STEPS * WINDOWS + 1, STEPS))
    for line, (name, sure) in zip(filter(None, lines), wanted, strict=True):
        assert line.split()[0] == name
        assert abs(int(line.split()[1]) - sure) <= 2


def properties():
    """Arduino's properties for an Uno."""
    lines = [*(CORE / "platform.txt").read_text().splitlines(), *(CORE / "boards.txt").read_text().splitlines()]
    pairs = dict(line.strip().split("=", 1) for line in lines if re.match(r"[a-z].*=", line))
    return pairs | {key.removeprefix("uno."): value for key, value in pairs.items() if key.startswith("uno.")}


def recipe(name, **values):
    """Runs one of Arduino's recipes; a property that nobody has set is empty, as there."""
    known = (
        properties() | {"runtime.ide.version": "10819", "build.arch": "AVR", "compiler.cpp.extra_flags": GCC_5} | values
    )
    text = known[f"recipe.{name}.pattern"]
    while re.search(r"{[\w.]+}", text):
        text = re.sub(r"{([\w.]+)}", lambda found: known.get(found[1], ""), text)
    done = subprocess.run(shlex.split(text), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def compiled(files, folder, build):
    """Object files by the recipe of each file's kind."""
    core, standard = CORE / "cores" / "arduino", CORE / "variants" / "standard"
    objects = []
    for file in files:
        name = {".c": "c.o", ".cpp": "cpp.o", ".S": "S.o"}[file.suffix]
        objects.append(str(build / f"{file.name}.o"))
        includes = f'"-I{core}" "-I{standard}" "-I{folder / "src"}"'
        recipe(name, includes=includes, source_file=str(file), object_file=objects[-1])
    return objects


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    """Arduino's core for an Uno as an archive."""
    cases.need(cases.TARGETS["avr"])
    if not CORE.is_dir():
        pytest.skip("no Arduino core for AVR here (apt-get install arduino-core-avr)")
    folder = tmp_path_factory.mktemp("core")
    for name in compiled(sorted((CORE / "cores" / "arduino").glob("*.[cS]*")), folder, folder):
        recipe("ar", archive_file_path=str(folder / "core.a"), object_file=name)
    return folder / "core.a"


def arduino_build(folder, core):
    """The ELF file of the sketch and the library."""
    sketch = folder / "feed.ino.cpp"
    sketch.write_text("#include <Arduino.h>\n" + (folder / "examples" / "feed" / "feed.ino").read_text())
    objects = compiled([sketch, *sorted((folder / "src").glob("*.c"))], folder, folder)
    shutil.copy(core, folder)
    names = {"build.path": str(folder), "build.project_name": "feed", "archive_file": core.name}
    recipe("c.combine", **names, object_files=shlex.join(objects))
    return folder / "feed.elf"


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_the_sketch_built_by_arduinos_core_says_the_reported_classes_on_an_uno(tmp_path, core, kind):
    samples, wanted = exported(tmp_path, "uno", kind)
    elf = arduino_build(tmp_path, core)
    subprocess.run(["gcc", "-O2", HERE / "uno.c", "-o", tmp_path / "uno", "-lsimavr", "-lelf"], check=True)
    (tmp_path / "samples").write_bytes(samples.tobytes())
    size = samples[0, 0].nbytes
    command = [tmp_path / "uno", elf, tmp_path / "samples", str(size)]
    check(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout, wanted)


@pytest.mark.parametrize(("board", "kind"), [("mkr1000", "int8"), ("nano33ble", "float32")])
def test_the_sketch_says_the_reported_classes_on_arm(tmp_path, board, kind):
    target = mcu.board(board).target
    cases.need(target)
    if not shutil.which("arm-none-eabi-g++"):
        pytest.skip("no arm-none-eabi-g++ on the path (apt-get install gcc-arm-none-eabi)")
    samples, wanted = exported(tmp_path, board, kind)
    data = samples.tobytes()
    numbers = ", ".join(map(str, data))
    text = (tmp_path / "examples" / "feed" / "feed.ino").read_text()
    (tmp_path / "feed.cpp").write_text(
        f"#include <Arduino.h>\n{text}\nextern const uint32_t arduino_count = {len(data)};\n"
        f"extern const uint8_t arduino_arrives[] = {{ {numbers} }};\n"
        "int main() { for (setup();;) loop(); }\n"
    )
    objects = []
    for file in [tmp_path / "feed.cpp", *sorted((tmp_path / "src").glob("*.c"))]:
        flags = (
            SAMD.split() if file.suffix == ".cpp" else ["-Os", "-std=gnu11", "-ffunction-sections", "-fdata-sections"]
        )
        objects.append(f"{file}.o")
        places = [f"-I{HERE}", f"-I{tmp_path / 'src'}"]
        subprocess.run([target.compiler, *target.processor, *flags, *places, "-c", file, "-o", objects[-1]], check=True)
    subprocess.run([target.compiler, *target.flags, *objects, "-o", tmp_path / "feed.elf", "-lm"], check=True)
    check(run_elf(tmp_path / "feed.elf", target).said.decode(), wanted)
