"""Costs of the generated kernels as data: one file a target, with where they come from."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import RnnbenchError
from bench.mcu.hardware import Figure, Format, Target
from bench.mcu.layout import FAMILY
from bench.mcu.source import environment
from bench.mcu.structure import Trips
from bench.places import CONFIGS

Cycles = Annotated[float, Field(ge=-200)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(_Strict):
    """How the costs were obtained.

    Attributes:
        basis: ``fit``: least squares of simulated cycles over trip counts.
        simulator: and its version.
        compiler: with its version and flags.
        kernels: sha256 of the kernels' source, by which stale costs are found.
        fitted_on: the shapes.
        error: the largest error of a held-out call of 500 cycles or more.
    """

    basis: str
    simulator: str
    compiler: str
    kernels: str
    fitted_on: str
    error: float


class Function(_Strict):
    """A kernel's costs: cycles by block, at nominal branch refill, and what one more cycle of refill adds."""

    cycles: dict[str, Cycles]
    refill: dict[str, Cycles] = {}
    code_bytes: int


class KernelCosts(_Strict):
    """Every kernel's costs on one target.

    Attributes:
        target: the processor.
        provenance: how they were obtained.
        format: of the numbers.
        limit: cycles of one int8 x int16 multiplication that nothing on the core can beat; of float32 none is known.
        step_glue: cycles of a step beyond its kernels.
        answer_glue: cycles of an answer beyond its kernels.
        class_glue: of which for each class.
        code_bytes: code beyond the kernels and their calls.
        call_bytes: code of one call.
        functions: by kernel.
    """

    target: Target
    format: Format
    provenance: Provenance
    limit: Figure | None
    step_glue: Cycles
    answer_glue: Cycles
    class_glue: Cycles
    code_bytes: int
    call_bytes: float
    functions: dict[str, Function]

    def cycles(self, function: str, trips: Trips, refill: int = 0) -> float:
        """Of one call, at zero wait states.

        Args:
            function: the kernel.
            trips: from :func:`bench.mcu.structure.trips`.
            refill: cycles of branch refill beyond nominal.
        """
        costs = self.functions[function]
        return sum(
            times * (costs.cycles.get(name, 0.0) + refill * costs.refill.get(name, 0.0))
            for name, times in trips.items()
        )


def kernel_hash(target: Target, format: Format = "int8") -> str:
    """Of the source of a target's kernels."""
    loader = environment().loader
    assert loader is not None  # noqa: S101 -- set where it is made
    elements = "elements_avr.c.j2" if target == "avr" else "elements.c.j2"
    integer = ("kernels.c.j2", f"matvec_{FAMILY[target]}.c.j2", elements)
    names = integer if format == "int8" else ("kernels_float.c.j2",)
    text = "".join(loader.get_source(environment(), name)[0] for name in ("prelude.c.j2", *names))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def kernel_costs(target: Target, format: Format = "int8") -> KernelCosts:
    """The costs of a target's kernels in a format.

    Raises:
        RnnbenchError: when its file is missing or is not what :class:`KernelCosts` says.
    """
    file = CONFIGS / "kernels" / f"{target}-{format}.yaml"
    try:
        return KernelCosts.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise RnnbenchError(f"configs/kernels/{file.name}: {' '.join(str(error).split())[:200]}") from error
