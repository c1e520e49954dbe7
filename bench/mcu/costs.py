"""What the generated kernels cost, as data: one file for a processor and a format, with where the figures come from."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Annotated, TypeVar

import yaml
from pydantic import Field, ValidationError

from bench.errors import RnnbenchError
from bench.mcu.emit.template import source_of
from bench.mcu.hardware import Figure, Format, Processor, Strict
from bench.mcu.products.shape import STEPS
from bench.mcu.target import Target
from bench.mcu.trips import Trips
from bench.places import CONFIGS
from bench.spec.yaml import QuickLoader

Cycles = Annotated[float, Field(ge=-200)]


class Provenance(Strict):
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


class Function(Strict):
    """A kernel's costs: cycles by block, at nominal branch refill, and what one more cycle of refill adds.

    ``spread``: by block, the most that data can add, of kernels that :data:`bench.mcu.worst.SPREAD` does not have.
    """

    cycles: dict[str, Cycles]
    refill: dict[str, Cycles] = Field(default_factory=dict)
    spread: dict[str, Cycles] = Field(default_factory=dict)
    code_bytes: int


class TextCosts(Strict):
    """The costs of a language model's own kernels on one processor; the others are those of its integer kernels."""

    target: Processor
    provenance: Provenance
    functions: dict[str, Function]


class KernelCosts(Strict):
    """Every kernel's costs on one processor.

    Attributes:
        target: the processor.
        format: of the numbers.
        provenance: how the costs were obtained.
        limit: cycles of one int8 x int16 multiplication that nothing on the core can beat; of float32 none is known.
        step_glue: cycles of a step beyond its kernels.
        answer_glue: cycles of an answer beyond its kernels and its classes.
        class_glue: cycles of an answer for each class.
        code_bytes: code beyond the kernels and their calls.
        call_bytes: code of one call.
        functions: by kernel.
    """

    target: Processor
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
        """Cycles of one call at zero wait states.

        Args:
            function: the kernel.
            trips: from :func:`bench.mcu.trips.trips`.
            refill: cycles of branch refill beyond nominal.
        """
        costs = self.functions[function]
        return sum(
            times * (costs.cycles.get(name, 0.0) + refill * costs.refill.get(name, 0.0))
            for name, times in trips.items()
        )

    def spread(self, function: str, trips: Trips) -> float:
        """The most cycles that data can add to one call, where the costs say it."""
        known = self.functions.get(function)
        return 0.0 if known is None else sum(times * known.spread.get(name, 0.0) for name, times in trips.items())


def text_hash() -> str:
    """A hash of the source of the kernels of embedding and softmax."""
    return _hash("prelude.c.j2", "embed.c.j2", "softmax.c.j2")


def kernel_hash(target: Target, format: Format) -> str:
    """A hash of the source of a processor's kernels."""
    matvec = () if target.family in STEPS else (f"matvec_{target.family}.c.j2",)
    integer = ("kernels.c.j2", *matvec, "delta.c.j2")
    names = ("prelude.c.j2", *(integer if format == "int8" else ("kernels_float.c.j2",)))
    return _hash(*names)


def _hash(*names: str) -> str:
    return hashlib.sha256("".join(map(source_of, names)).encode()).hexdigest()[:16]


@cache
def kernel_costs(target: Target, format: Format) -> KernelCosts:
    """The costs of a processor's kernels in a format, in integers with those of language models.

    Raises:
        RnnbenchError: when a file is missing or is not what :class:`KernelCosts` or :class:`TextCosts` says.
    """
    costs = read_costs(KernelCosts, f"{target.name}-{format}.yaml")
    if format == "float32":
        return costs
    words = read_costs(TextCosts, f"{target.name}-words.yaml")
    return costs.model_copy(update={"functions": costs.functions | words.functions})


C = TypeVar("C", bound=Strict)


def read_costs(kind: type[C], name: str) -> C:
    """A file of ``configs/kernels`` as what it is.

    Raises:
        RnnbenchError: when it is missing or is not that.
    """
    file = CONFIGS / "kernels" / name
    try:
        return kind.model_validate(yaml.load(file.read_bytes(), Loader=QuickLoader))  # noqa: S506 (it is safe)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise RnnbenchError(f"configs/kernels/{file.name}: {' '.join(str(error).split())[:200]}") from error
