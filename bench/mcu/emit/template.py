"""Templates of generated files, and numbers as C prints them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt


def source_of(name: str) -> str:
    """The text of a template."""
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 -- C, not HTML
        loader=jinja2.FunctionLoader(source_of),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )


def render(name: str, values: dict[str, Any]) -> str:
    """A template with its values."""
    return _environment().get_template(name).render(values)


def literal(value: float) -> str:
    """A number as C reads it back exactly."""
    if isinstance(value, float):
        text = f"{np.float32(value):.9g}"
        return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
    return "-32767 - 1" if value == -32768 else "-2147483647 - 1" if value == -(2**31) else str(value)


def as_c(values: npt.NDArray[Any]) -> str:
    """Numbers as the inside of an array's braces."""
    return ", ".join(map(literal, values.ravel().tolist()))
