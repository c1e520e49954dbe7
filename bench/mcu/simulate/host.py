"""Runs exported code on this machine, to compare it with the interpreter."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.errors import RnnbenchError
from bench.mcu.emit import Source
from bench.mcu.emit.source import STEM
from bench.mcu.interpreter import Samples
from bench.mcu.simulate.run import WIRE, Said, said

_MAIN = """#include "%(stem)s.h"
#include <stdio.h>
int main(void)
{
    int32_t steps;
    while (fread(&steps, 4, 1, stdin) == 1) {
        rnn_reset();
        for (; steps; steps--) {
%(step)s
        }
    }
    return 0;
}
"""
_SAMPLE = """
            static rnn_number x[RNN_INPUTS];
            if (fread(x, sizeof *x, RNN_INPUTS, stdin) != RNN_INPUTS) return 1;
            rnn_step(x);
"""
_WORD = """
            uint16_t word;
            if (fread(&word, 2, 1, stdin) != 1) return 1;
            rnn_step(word);
"""
_CLASS = """
            const uint8_t answer = rnn_answer();
            fwrite(rnn_scores(), sizeof(rnn_number), RNN_CLASSES, stdout);
            fputc(answer, stdout);
"""
_NEXT = """
            const uint16_t answer = rnn_answer();
            const uint32_t loss = rnn_loss(answer);
            fwrite(rnn_scores(), sizeof(rnn_number), RNN_WORDS, stdout);
            fwrite(&answer, 2, 1, stdout);
            fwrite(&loss, 4, 1, stdout);
"""


def run(source: Source, sequences: Sequence[Samples], folder: Path) -> Said:
    """The scores and answers of the code after every sample.

    Args:
        source: from :func:`bench.mcu.emit.emit`.
        sequences: each [T, D], in the model's format, or words [T].
        folder: to compile in.

    Raises:
        RnnbenchError: when there is no C compiler, or it refuses the code.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RnnbenchError("no C compiler (gcc or cc) on the path; install one")
    step = (_WORD if source.words else _SAMPLE) + (_NEXT if source.softmax else _CLASS)
    for name, text in {**source.files, "main.c": _MAIN % {"stem": STEM, "step": step}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    command = [compiler, *flags, "main.c", f"{STEM}.c", "-o", "model", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RnnbenchError(f"{compiler} refuses the exported code: {(done.stderr.strip().splitlines() or ['?'])[0]}")
    wire = "<u2" if source.words else WIRE[source.format]
    data = b"".join(len(x).to_bytes(4, "little") + x.astype(wire).tobytes() for x in sequences)
    raw = subprocess.run([folder / "model"], input=data, capture_output=True, check=True).stdout
    return said(source, raw, sequences)
