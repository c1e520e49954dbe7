"""Models, and anyone's firmware, on simulated boards."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bench import mcu
from bench.deploy.base import Model
from bench.deploy.export import excesses
from bench.deploy.model import Trained
from bench.errors import RnnbenchError
from bench.mcu import Board, Compared, Format, simulate
from bench.train.classification.integer import integer_answers

_ELF = b"\x7fELF"


def check_tools(boards: Iterable[Board]) -> None:
    """Looks for the compilers and simulators that boards need.

    Raises:
        RnnbenchError: when one is missing.
    """
    for board in boards:
        if lack := simulate.missing(board.target).partition(" (")[0]:
            raise RnnbenchError(f"to simulate the {board.title}, {lack} is needed: `make toolchains` installs it")


def simulated(
    model: Model,
    boards: Iterable[Board],
    formats: Sequence[Format] | None,
    *,
    count: int,
    steps: int,
    leave_out: Callable[[str], None] | None = None,
) -> list[Compared]:
    """Compiles and runs one model, board by board.

    Args:
        model: to run.
        boards: that it runs on.
        formats: of its numbers; those that there is code in, where none is given.
        count: sequences of the test set.
        steps: samples of each.
        leave_out: told of every program that does not fit its board, where some do; an error where ``None``.

    Raises:
        RnnbenchError: when a tool is missing, or programs do not fit.
    """
    found, excess = [], list[str]()
    for board, kind in itertools.product(boards, formats or model.formats):
        code = model.code(kind)
        try:
            found.append(mcu.compare(code, board, model.sequences(kind, count, steps)))
        except RnnbenchError:
            why = excesses(mcu.predict(code, board, steps=model.steps), board)
            if not why:
                raise
            if leave_out is None:
                raise RnnbenchError(f"{why}; choose another --board or --format") from None
            excess.append(f"{kind}: {why}")
    if not found:
        raise RnnbenchError(f"{'; '.join(excess)}; choose another --board or --format")
    if leave_out is not None:
        for why in excess:
            leave_out(f"{model.spec.id}, {why}")
    return found


def skipped(
    model: Model, board: Board, thresholds: Sequence[float], *, count: int, steps: int
) -> Iterator[tuple[simulate.Skipped, float | None]]:
    """Yields a model as it is and with delta execution, each with its accuracy over the whole test set.

    Args:
        model: to run; one that is not trained has no accuracy.
        board: that it runs on.
        thresholds: in the unit of the factors.
        count: sequences of the test set whose cycles are counted.
        steps: samples of each.

    Raises:
        RnnbenchError: when a tool is missing, the program does not fit the board, or nothing can be skipped.
    """
    if isinstance(model.program, mcu.TextProgram):
        raise RnnbenchError(f"{model.spec.id} is a language model, for which delta execution is not written")
    sequences = model.sequences("int8", count, steps)
    for found in simulate.skipping(model.program, board, sequences, thresholds):
        yield found, _accuracy(model, found.program) if isinstance(model, Trained) else None


def _accuracy(model: Trained, program: mcu.Program) -> float:
    test = model.dataset.test
    return float((integer_answers(program, test) == test.y).double().mean())


def intervals(elf: Path, boards: Sequence[Board], limit: float) -> list[tuple[int, float]]:
    """Runs a firmware to its end, and returns its marks with the cycles from each to the next.

    Args:
        elf: the firmware.
        boards: one, that it is for.
        limit: seconds.

    Raises:
        RnnbenchError: when the file is no program, no tool is there, or the program crashes or does not end.
    """
    try:
        with elf.open("rb") as file:
            head = file.read(len(_ELF))
    except OSError as error:
        raise RnnbenchError(f"cannot read {elf}: {error.strerror}") from None
    if head != _ELF:
        raise RnnbenchError(f"{elf} is no ELF program: give what the compiler links, such as model.elf")
    if len(boards) != 1:
        raise RnnbenchError("a firmware is for one board: name it with --board")
    check_tools(boards)
    return list(simulate.run_elf(elf, boards[0].target, limit=limit).intervals)
