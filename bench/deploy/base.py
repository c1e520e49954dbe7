"""What commands ask of a model, whatever its task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import ClassVar

from bench import mcu
from bench.data import DatasetInfo
from bench.errors import RnnbenchError
from bench.mcu import Format
from bench.mcu.text import NO_FLOATS
from bench.spec import RunSpec

KEPT = 8
"""Sequences that a model can be tried on."""


class Model(ABC):
    """A network, and the code that is made of it, each when it is wanted.

    Args:
        spec: the run.
        info: its data set.

    Attributes:
        trained: whether it is of a finished run.
    """

    trained: ClassVar[bool]

    def __init__(self, spec: RunSpec, info: DatasetInfo) -> None:
        self.spec, self.info = spec, info

    @property
    @abstractmethod
    def title(self) -> str:
        """The cell's title."""

    @property
    def formats(self) -> tuple[Format, ...]:
        """Of the numbers of its code."""
        return ("int8", "float32")

    @property
    def data_title(self) -> str:
        """What an inference reads."""
        return self.info.title

    @property
    def steps(self) -> int:
        """Steps of an inference."""
        return self.info.steps

    @cached_property
    @abstractmethod
    def program(self) -> mcu.Program:
        """The model in integers."""

    @cached_property
    @abstractmethod
    def graph(self) -> mcu.Graph:
        """The model in float32; a :class:`RnnbenchError` when the cell is no formula."""

    def code(self, kind: Format) -> mcu.Program | mcu.Graph:
        """The model in a format of numbers.

        Raises:
            RnnbenchError: when there is no code in it.
        """
        if kind not in self.formats:
            raise RnnbenchError(f"{self.spec.id}: {NO_FLOATS}")
        return self.program if kind == "int8" else self.graph

    @abstractmethod
    def sequences(self, kind: Format, count: int, steps: int) -> list[mcu.Samples]:
        """The first sequences in a format of numbers, cut after ``steps``; 8 at most."""
