"""Measures the exported code of log-mel energies: its cycles, or its error on recordings.

``python -m tools.listen`` counts the cycles of a frame on every processor and writes ``configs/kernels/listen.yaml``.
To be run after the code or a compiler changed; it needs the simulators. ``python -m tools.listen FOLDER`` says how far
the integers are from the energies that training saw, on all .wav files below a folder.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import numpy as np
import yaml

from bench.data.families.audio import log_mel, read_wav
from bench.deploy.listening import at
from bench.mcu.features.code import simulate
from bench.mcu.features.cycles import FILE, code_hash
from bench.mcu.features.front_end import FRACTION, sound
from bench.mcu.simulate.firmware import compiler_version
from bench.mcu.simulate.run import simulator_version
from bench.mcu.target import targets

_HEAD = (
    "# Cycles of a frame's log-mel energies at zero wait states, by `python -m tools.listen`. No board was attached.\n"
)
RATES = (8_000, 16_000)


def error(folder: Path) -> str:
    """Says how far energies in integers are from those in float, in standard deviations of each energy."""
    real, integer = [], []
    for path in sorted(folder.rglob("*.wav")):
        with wave.open(str(path)) as file:
            rate = file.getframerate()
        front, audio = at(rate), read_wav(path.read_bytes(), rate, path.name)
        energies = log_mel(audio, rate)
        short = max(0, (len(energies) - 1) * front.hop + front.frame - len(audio))
        real.append(energies)
        integer.append(front.logs(np.pad(audio, (0, short)))[: len(energies)] / 2.0**FRACTION)
    wanted = np.concatenate(real)
    off = np.abs(np.concatenate(integer) - wanted) / wanted.std(0)
    half, most = np.quantile(off, [0.5, 0.99])
    rms = float(np.sqrt((off**2).mean()))
    said = f"rms {rms:.3f}, half within {half:.4f}, 99 % within {most:.3f}, at most {off.max():.2f}"
    return f"{len(wanted):,} frames: {said}"


def count() -> None:
    """Counts cycles and writes them."""
    cycles: dict[str, dict[int, int]] = {}
    for name, target in targets().items():
        for rate in RATES:
            front = at(rate)
            audio = sound(front.held + 6 * front.hop)
            cycles.setdefault(name, {})[rate] = round(float(np.mean(simulate(front, audio, target)[1])))
    body = {
        "code": code_hash(),
        "simulators": sorted({simulator_version(target) for target in targets().values()}),
        "compilers": sorted({compiler_version(target) for target in targets().values()}),
        "cycles": cycles,
    }
    FILE.write_text(_HEAD + yaml.safe_dump(body, sort_keys=False, width=120), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(error(Path(sys.argv[1])))
    else:
        count()
