"""Counts the cycles of a frame's log-mel energies on every processor and writes ``configs/kernels/listen.yaml``.

To be run after the code of the features or a compiler changed: ``python -m tools.listen``; it needs the simulators.
"""

from __future__ import annotations

import numpy as np
import yaml

from bench.deploy.listening import at
from bench.mcu.features.code import simulate
from bench.mcu.features.cycles import FILE, code_hash
from bench.mcu.features.front_end import sound
from bench.mcu.simulate.firmware import compiler_version
from bench.mcu.simulate.run import simulator_version
from bench.mcu.target import targets

_HEAD = (
    "# Cycles of a frame's log-mel energies at zero wait states, by `python -m tools.listen`. No board was attached.\n"
)
RATES = (8_000, 16_000)


def main() -> None:
    """Counts and writes."""
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
    main()
