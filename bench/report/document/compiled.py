"""Compiles a document with pdflatex and bibtex, and says what does not fit its page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bench.errors import RnnbenchError

_NEEDED = ("pdflatex", "bibtex")
_LIMIT_S = 300
_TOO_LARGE = re.compile(r"^(Overfull \\[hv]box \((?!0\.)[\d.]+pt.*|LaTeX Warning: Float too large.*)$", re.MULTILINE)


def missing() -> str:
    """Returns the program that is not here and that compiling needs; empty when all are."""
    return next((name for name in _NEEDED if shutil.which(name) is None), "")


def compile_pdf(document: Path) -> list[str]:
    """Compiles a document in its folder, with its bibliography and references.

    Returns:
        What does not fit: boxes that are over by a point or more, and floats larger than a page, in TeX's words.

    Raises:
        RnnbenchError: when TeX stops at an error; names the log.
    """
    tex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", document.name]
    for command in (tex, ["bibtex", document.stem], tex, tex):
        try:
            done = subprocess.run(
                command,
                cwd=document.parent,
                capture_output=True,
                timeout=_LIMIT_S,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RnnbenchError(f"cannot run {command[0]}: {error}") from None
        if done.returncode and command is tex:
            said = next((line for line in done.stdout.decode(errors="replace").splitlines() if line[:1] == "!"), "")
            raise RnnbenchError(f"pdflatex stopped at {document}: {said}; see {document.with_suffix('.log')}")
    log = document.with_suffix(".log").read_text(encoding="latin-1")
    return _TOO_LARGE.findall(log)
