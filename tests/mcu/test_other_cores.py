"""The processors of boards beyond the usual ones: bits, cycles however built, and qemu as a second opinion."""

import shutil
import subprocess

import mcu_cases as cases
import numpy as np
import pytest

from bench import mcu
from bench.mcu.emit import emit
from bench.mcu.emit.template import as_c
from bench.mcu.simulate import run
from bench.mcu.simulate.firmware import BUILDS
from bench.mcu.simulate.run import said

pytestmark = pytest.mark.long

CELLS = {
    "fastgrnn-sparse": ("fastgrnn", 16, 0.75, 32, 64),
    "lstm": ("lstm", None, 0.0, 7, 33),
}
QEMU = {"esp32c3": ("qemu-riscv32",), "m33": ("qemu-arm",)}
_MAIN = """#include "rnn_model.h"
static long call(long number, long a, long b, long c)
{
    REGISTERS
    return r0;
}
static const rnn_number samples[] = { %(samples)s };
int main(void)
{
    unsigned n;
    rnn_reset();
    for (n = 0; n < %(steps)d; n++) {
        uint8_t answer;
        rnn_step(samples + n * RNN_INPUTS);
        answer = rnn_answer();
        call(%(write)d, 1, (long)rnn_scores(), RNN_CLASSES * sizeof(rnn_number));
        call(%(write)d, 1, (long)&answer, 1);
    }
    call(%(exit)d, 0, 0, 0);
    return 0;
}
"""
_RISC_V = """register long r0 __asm__("a0") = a, r1 __asm__("a1") = b, r2 __asm__("a2") = c, r7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");"""
_ARM = """register long r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c, r7 __asm__("r7") = number;
    __asm__ volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");"""


def sequences(program, rng):
    """Ordinary samples, and extremes."""
    limit = program.buffers[0].limit
    size = program.buffers[0].size
    extreme = rng.choice([-limit - 1, limit, 0, 1, -1], (4, size)).astype(np.int16)
    return [mcu.quantise_input(program, rng.normal(size=(4, size))), extreme, np.full((3, size), limit, np.int16)]


@cases.ON_OTHERS
@pytest.mark.parametrize("name", cases.NAMES)
def test_every_cell_has_the_interpreters_bits_and_the_cycles_that_are_predicted(name, target):
    cases.need(target)
    options = cases.OPTIONS.get(name, ({},))[-1]
    program = cases.program(cases.network(name, None, options, features=9, hidden=26, classes=6), 9)
    x = sequences(program, np.random.default_rng(1))
    ran = run(emit(program, target), target, x)
    cases.agree(program, ran, x)
    predicted = mcu.predict(program, cases.BOARDS[target], steps=4)
    assert predicted.cycles_per_step == pytest.approx(np.mean(ran.step_cycles[:4]), rel=0.01, abs=25)


@cases.ON_OTHERS
@pytest.mark.parametrize("case", CELLS)
def test_predicted_cycles_are_those_of_every_build_within_two_hundredths(target, case):
    cases.need(target)
    name, rank, zeros, features, hidden = CELLS[case]
    program = cases.program(cases.network(name, rank, features=features, hidden=hidden, zeros=zeros), features)
    x = sequences(program, np.random.default_rng(1))[:1]
    predicted = mcu.predict(program, cases.BOARDS[target], steps=3)
    for build in BUILDS:
        ran = run(emit(program, target), target, x, build=build)
        cases.agree(program, ran, x)
        assert predicted.cycles_per_step == pytest.approx(np.mean(ran.step_cycles), rel=0.02), build
        assert predicted.answer_cycles == pytest.approx(np.mean(ran.answer_cycles), rel=0.05), build


@cases.ON_OTHERS
def test_float32_is_numpys_and_takes_the_cycles_that_are_predicted(target):
    cases.need(target)
    net = cases.network("lstm", features=9, hidden=24)
    x = np.random.default_rng(3).normal(size=(6, 9)).astype(np.float32)
    compared = mcu.compare(mcu.lower(net.cell, net.head), cases.BOARDS[target], [x])
    assert compared.agrees, compared.worst
    assert abs(compared.error) <= 0.04


@pytest.mark.parametrize("name", QEMU)
@pytest.mark.parametrize("case", CELLS)
def test_qemu_says_the_same_bits(tmp_path, name, case):
    """In user mode, with another main; for Arm as a core with all instructions: a Cortex-M has no user mode."""
    target = cases.TARGETS[name]
    cases.need(target)
    if shutil.which(QEMU[name][0]) is None:
        pytest.skip(f"{QEMU[name][0]} (apt-get install qemu-user)")
    cell, rank, zeros, features, hidden = CELLS[case]
    program = cases.program(cases.network(cell, rank, features=features, hidden=hidden, zeros=zeros), features)
    x = np.concatenate(sequences(program, np.random.default_rng(2)))
    source = emit(program, target)
    registers, write, leave = (_RISC_V, 64, 93) if name == "esp32c3" else (_ARM, 4, 1)
    main = _MAIN.replace("REGISTERS", registers) % {"samples": as_c(x), "steps": len(x), "write": write, "exit": leave}
    for file, text in {**source.files, "main.c": main}.items():
        (tmp_path / file).write_text(text)
    flags = ["-Os", "-ffreestanding", "-nostdlib", "-Wl,-e,main", "-Wl,--no-relax", "-Wl,-Ttext-segment=0x100000"]
    command = [target.compiler, *target.processor, *flags, "main.c", "rnn_model.c", "-lc", "-lgcc", "-o", "a.elf"]
    subprocess.run(command, cwd=tmp_path, check=True)
    spoken = subprocess.run([*QEMU[name], tmp_path / "a.elf"], capture_output=True, check=True).stdout
    cases.agree(program, said(source, spoken, [x]), [x])
