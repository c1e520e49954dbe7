"""The features that a data set computes from audio, as code that computes them on a board."""

from __future__ import annotations

from dataclasses import fields

from bench import mcu
from bench.data import DatasetInfo
from bench.data.families.audio import LogMel, parameters


def front_end(info: DatasetInfo) -> mcu.FrontEnd | None:
    """The integer form of a data set's log-mel energies; ``None`` where a step is not those of one frame."""
    return None if info.audio_hz is None or info.frames > 1 else at(info.audio_hz)


def at(hz: int) -> mcu.FrontEnd:
    """The integer form of the log-mel energies of audio of so many samples a second."""
    known = parameters(hz)
    return mcu.front_end(**{field.name: getattr(known, field.name) for field in fields(LogMel)})
