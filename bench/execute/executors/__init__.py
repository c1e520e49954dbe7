"""Ways to start workers: each is a file of this folder with a function ``start(launch) -> Workers``.

A new one is one more file. ``rnnbench run --executor NAME`` takes the file's name and imports no other.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

import yaml

from bench.errors import RnnbenchError, nearest
from bench.execute.launch import Launch
from bench.spec import ExecutorPart, parse, read_yaml


class Workers(Protocol):
    """Workers that were started."""

    def wait(self, timeout_s: float) -> bool:
        """Waits until every worker has ended, at most so long; whether they have."""

    def stop(self) -> None:
        """Tells the workers to end, and waits until they have: what they train is recorded as interrupted."""


class Executor(Protocol):
    """A way to start workers: a module of this folder.

    One whose workers may outlive the command that starts them (``--detach``) says ``OUTLIVES = True``, and the ``str``
    of its workers says where they are.
    """

    def workers(self) -> int:
        """How many workers there are when nobody says."""

    def start(self, launch: Launch) -> Workers:
        """Starts workers, ``launch.workers`` at most, each of which does what ``rnnbench work`` does.

        Raises:
            RnnbenchError: when an option is not one of its, or they cannot be started.
        """


def asked_for(noted: ExecutorPart, name: str | None, given: Iterable[str]) -> ExecutorPart:
    """Returns which executor is wanted, and its options: those of a command over those of the grid.

    Args:
        noted: what the grid says.
        name: what the command says; the grid's options are for the executor that it names.
        given: ``KEY=VALUE``.

    Raises:
        RnnbenchError: when an option has no value.
    """
    body = noted.model_dump() if name in (None, noted.name) else {"name": name}
    for option in given:
        key, equals, value = option.partition("=")
        if not key or not equals:
            raise RnnbenchError(f"--with takes KEY=VALUE, such as partition=cpu, not {option!r}")
        body[key] = _value(value)
    return parse(ExecutorPart, body, "executor")


def _value(text: str) -> Any:
    """Returns the value of an option: a number, yes or no, or a list as YAML has it; else the text as it is.

    A template such as ``{worker} # mine`` is a mapping and a remark to YAML.
    """
    try:
        value = read_yaml(text)
    except yaml.YAMLError:
        return text
    quoted = text.lstrip()[:1] in ("'", '"')
    return value if quoted or isinstance(value, (int, float, list)) else text


def executor_of(part: ExecutorPart, detach: bool = False) -> Executor:
    """Returns the executor that is wanted.

    Raises:
        RnnbenchError: when there is none of that name, or its workers cannot be left alone.
    """
    how = executor(part.name)
    if detach and not getattr(how, "OUTLIVES", False):
        raise RnnbenchError(f"--detach needs an executor whose workers go on alone, slurm or command, not {part.name}")
    return how


def refuse_others(launch: Launch, name: str, known: Iterable[str] = ()) -> None:
    """Refuses options that an executor does not have.

    Raises:
        RnnbenchError: names the first, and the nearest that it has.
    """
    known = tuple(known)
    for key in launch.options:
        if key not in known:
            raise RnnbenchError(f"executor {name}: there is no option {key!r}{nearest(key, known)}")


def whole_number(options: Mapping[str, Any], key: str, default: int) -> int:
    """Returns an option that is a whole number from 1 on.

    Raises:
        RnnbenchError: when it is something else.
    """
    value = options.get(key, default)
    if type(value) is not int or value < 1:
        raise RnnbenchError(f"--with {key}: give a whole number from 1 on, not {value!r}")
    return value


def names() -> list[str]:
    """The names of all executors."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def executor(name: str) -> Executor:
    """The executor of that name.

    Raises:
        RnnbenchError: when there is none; names the nearest.
    """
    if name not in names():
        raise RnnbenchError(f"unknown executor {name!r}{nearest(name, names())}")
    return cast(Executor, import_module(f"{__name__}.{name}"))
