"""Runs exported code on this machine, to hold it against the interpreter."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np

from bench.errors import RnnbenchError
from bench.mcu.emit import STEM, Source
from bench.mcu.program import Int16, Int64

_MAIN = """#include "%(stem)s.h"
#include <stdio.h>
int main(void)
{
    static int16_t x[RNN_INPUTS];
    int32_t steps;
    while (fread(&steps, 4, 1, stdin) == 1) {
        rnn_reset();
        for (; steps; steps--) {
            uint8_t answer;
            if (fread(x, 2, RNN_INPUTS, stdin) != RNN_INPUTS) return 1;
            rnn_step(x);
            answer = rnn_answer();
            fwrite(rnn_scores(), 2, RNN_CLASSES, stdout);
            fputc(answer, stdout);
        }
    }
    return 0;
}
"""


def run(source: Source, sequences: list[Int16], folder: Path) -> list[tuple[Int64, Int64]]:
    """What the code says after every sample.

    Args:
        source: from :func:`bench.mcu.emit.emit`.
        sequences: each [T, D] in the program's format.
        folder: to compile in.

    Returns:
        For each sequence the scores [T, C] and the answers [T].

    Raises:
        RnnbenchError: when there is no C compiler, or it refuses the code.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RnnbenchError("no C compiler (gcc or cc) on the path; install one")
    for name, text in {**source.files, "main.c": _MAIN % {"stem": STEM}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    command = [compiler, *flags, "main.c", f"{STEM}.c", "-o", "model"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RnnbenchError(f"{compiler} refuses the exported code: {(done.stderr.strip().splitlines() or ['?'])[0]}")
    data = b"".join(len(each).to_bytes(4, "little") + each.astype("<i2").tobytes() for each in sequences)
    raw = subprocess.run([folder / "model"], input=data, capture_output=True, check=True).stdout
    classes = len(raw) // sum(map(len, sequences)) // 2
    table = np.frombuffer(raw, np.uint8).reshape(-1, 2 * classes + 1)
    scores, answers = table[:, :-1].copy().view("<i2").astype(np.int64), table[:, -1].astype(np.int64)
    ends = np.cumsum([len(each) for each in sequences])[:-1]
    return list(zip(np.split(scores, ends), np.split(answers, ends), strict=True))
