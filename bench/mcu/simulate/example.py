"""Writes a minimal project whose cycles the simulator counts, to begin one's own from."""

from __future__ import annotations

from pathlib import Path

from bench.errors import RnnbenchError
from bench.mcu.emit.template import render
from bench.mcu.hardware import Board

MARK = "written by rnnbench simulate --example"
"""Stands in every file, which the next example may overwrite."""
_FILES = {"mark.h": "mark.h.j2", "main.c": "example_main.c.j2", "Makefile": "example_Makefile.j2"}
_LINKED = {"board.ld": "example.ld.j2"}


def example(board: Board, folder: Path) -> tuple[Path, ...]:
    """Writes a header with the marks, a program, a Makefile and, but on AVR, a linker script.

    Args:
        board: that the project is for.
        folder: is made where it is missing.

    Returns:
        The files.

    Raises:
        RnnbenchError: when a file is there that no example wrote, or the folder cannot be written.
    """
    target = board.target
    avr = target.pipeline is None
    values = {
        "mark": MARK,
        "avr": avr,
        "riscv": target.family == "riscv",
        "name": board.name,
        "board": board.title,
        "flash": int(board.flash_bytes.value),
        "ram": int(board.ram_bytes.value),
        "compiler": target.compiler,
        "flags": " ".join([*target.processor, *([] if avr else ["-ffreestanding", "-nostartfiles"])]),
    }
    files = {folder / name: template for name, template in (_FILES if avr else _FILES | _LINKED).items()}
    for path in files:
        if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
            raise RnnbenchError(f"{path} was not written by an example: choose another --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, template in files.items():
            path.write_text(render(template, values), encoding="utf-8")
    except OSError as error:
        raise RnnbenchError(f"cannot write to {folder}: {error.strerror}") from None
    return tuple(files)
