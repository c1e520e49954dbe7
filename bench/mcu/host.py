"""Runs exported code on this machine, to hold it against the interpreter."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.errors import RnnbenchError
from bench.mcu.simulation import WIRE, Said, Samples, said
from bench.mcu.source import STEM, Source

_MAIN = """#include "%(stem)s.h"
#include <stdio.h>
int main(void)
{
    static rnn_number x[RNN_INPUTS];
    int32_t steps;
    while (fread(&steps, 4, 1, stdin) == 1) {
        rnn_reset();
        for (; steps; steps--) {
            uint8_t answer;
            if (fread(x, sizeof *x, RNN_INPUTS, stdin) != RNN_INPUTS) return 1;
            rnn_step(x);
            answer = rnn_answer();
            fwrite(rnn_scores(), sizeof *x, RNN_CLASSES, stdout);
            fputc(answer, stdout);
        }
    }
    return 0;
}
"""


def run(source: Source, sequences: Sequence[Samples], folder: Path) -> Said:
    """What the code says after every sample.

    Args:
        source: from :func:`bench.mcu.emit.emit`.
        sequences: each [T, D], int16 in the program's format, or float32.
        folder: to compile in.

    Returns:
        Of each sequence the scores [T, C] and the answers [T].

    Raises:
        RnnbenchError: when there is no C compiler, or it refuses the code.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RnnbenchError("no C compiler (gcc or cc) on the path; install one")
    for name, text in {**source.files, "main.c": _MAIN % {"stem": STEM}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    command = [compiler, *flags, "main.c", f"{STEM}.c", "-o", "model", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RnnbenchError(f"{compiler} refuses the exported code: {(done.stderr.strip().splitlines() or ['?'])[0]}")
    data = b"".join(len(each).to_bytes(4, "little") + each.astype(WIRE[source.format]).tobytes() for each in sequences)
    raw = subprocess.run([folder / "model"], input=data, capture_output=True, check=True).stdout
    return said(source, raw, sequences)
