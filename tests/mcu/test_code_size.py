"""Bytes of flash: those predicted are those of the built program, and code is told from the constants beside it."""

import shutil
import subprocess

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.calibration import drawn
from bench.mcu.calibration.code_size import code_bytes
from bench.mcu.emit import emit

pytestmark = [pytest.mark.long, pytest.mark.skipif(not shutil.which("avr-gcc"), reason="no avr-gcc on the path")]

AVR = cases.TARGETS["avr"]
EMPTY = "int main(void) { return 0; }\n"
MAIN = """#include "rnn_model.h"
int main(void)
{
    static volatile rnn_number x[RNN_INPUTS];
    rnn_reset();
    rnn_step((const rnn_number *)x);
    return rnn_answer();
}
"""


def built(folder, files):
    """Flash of a program for an Uno as Arduino builds it, by avr-size: of code, constants and initial values."""
    for name, text in files.items():
        (folder / name).write_text(text)
    sections = ("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections")
    sources = [name for name in files if name.endswith(".c")]
    subprocess.run([AVR.compiler, "-Os", *sections, *AVR.flags, *sources, "-o", "a.elf", "-lm"], cwd=folder, check=True)
    done = subprocess.run(["avr-size", "a.elf"], cwd=folder, check=True, capture_output=True, text=True)
    text, data = done.stdout.splitlines()[1].split()[:2]
    return int(text) + int(data)


@pytest.mark.parametrize("format", ["int8", "float32"])
@pytest.mark.parametrize("cell", ["fastgrnn", "lstm"])
def test_predicted_flash_is_that_of_the_built_program_beyond_an_empty_one(cell, format, tmp_path):
    net = cases.network(cell)
    model = cases.program(net) if format == "int8" else mcu.lower(net.cell, net.head)
    wanted = built(tmp_path, {**emit(model, AVR).files, "main.c": MAIN}) - built(tmp_path, {"main.c": EMPTY})
    assert mcu.predict(model, mcu.board("uno"), steps=1).flash_bytes == pytest.approx(wanted, rel=0.06)


def test_weights_are_no_code():
    """AVR's lie in the section of the code, so that a larger model's would count."""
    small, large = (code_bytes(drawn.random_graph(np.random.default_rng(0), most), AVR)[2] for most in (5, 50))
    assert small == large
