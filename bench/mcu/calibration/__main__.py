"""``python -m bench.mcu.calibration [TARGET | FORMAT | TARGET-FORMAT ...]`` writes ``configs/kernels``.

``words`` is a format here: the costs of a language model's own kernels.

To be run after a kernel or a compiler changed; it needs the simulators, and takes minutes.
"""

import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import get_args

import yaml

from bench.mcu.calibration.fit import calibrate
from bench.mcu.calibration.text import calibrate_text
from bench.mcu.hardware import Format
from bench.mcu.target import targets

_HEAD = """\
# Cycles of the generated kernels at zero wait states, by block: see bench/mcu/trips.py. No board was attached.
"""


def main(names: Sequence[str]) -> None:
    """Fits and writes the costs of the processors and formats named, or of all."""
    for (name, target), format in product(targets().items(), (*get_args(Format), "words")):
        if names and not {name, format, f"{name}-{format}"} & set(names):
            continue
        costs = calibrate_text(target) if format == "words" else calibrate(target, format)
        body = yaml.safe_dump(costs, sort_keys=False, width=120)
        Path("configs/kernels", f"{name}-{format}.yaml").write_text(_HEAD + body, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
