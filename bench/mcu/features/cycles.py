"""Cycles of a frame's features, counted in the simulators and kept in ``configs/kernels/listen.yaml``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

import yaml
from pydantic import ValidationError

from bench.errors import RnnbenchError
from bench.mcu.emit.template import source_of
from bench.mcu.features.front_end import FrontEnd
from bench.mcu.hardware import Strict
from bench.mcu.target import Target
from bench.places import CONFIGS

FILE = CONFIGS / "kernels" / "listen.yaml"


class Counted(Strict):
    """Cycles of a frame at zero wait states, the mean over a sound.

    Attributes:
        code: sha256 of the code's source, by which stale cycles are found.
        simulators: with their versions.
        compilers: with their versions and flags.
        cycles: by processor, then by samples a second.
    """

    code: str
    simulators: tuple[str, ...]
    compilers: tuple[str, ...]
    cycles: Mapping[str, Mapping[int, int]]


def code_hash() -> str:
    """A hash of the source of the features' code."""
    return hashlib.sha256(source_of("log_mel.c.j2").encode()).hexdigest()[:16]


@cache
def counted() -> Counted:
    """What was counted.

    Raises:
        RnnbenchError: when the file is missing or is not what :class:`Counted` says.
    """
    try:
        return Counted.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise RnnbenchError(f"configs/kernels/{FILE.name}: {' '.join(str(error).split())[:200]}") from error


def frame_cycles(front: FrontEnd, target: Target) -> int | None:
    """Cycles of a frame's features on a processor, at zero wait states; ``None`` where they were not counted."""
    return counted().cycles.get(target.name, {}).get(front.hz)
