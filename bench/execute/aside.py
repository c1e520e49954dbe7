"""A call in a process of its own, forked from the server, which has imported what is slow to import."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from bench.errors import RnnbenchError
from bench.execute.server import fork_server
from bench.train import signals

T = TypeVar("T")


def aside(what: str, function: Callable[..., T], *arguments: Any) -> T:
    """Calls a function and returns what it returns; a crash of it is an error like any other.

    Args:
        what: is done, for the error: ``"trying the cells out"``.
        function: of a module; it, its arguments and its result can be pickled.
        *arguments: its own.

    Raises:
        RnnbenchError: the function's, or when its process ends without a word.
    """
    context = fork_server()
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(writer, function, arguments))
    try:
        process.start()
        writer.close()
        fault, result = reader.recv()
    except EOFError:
        process.join()
        raise RnnbenchError(f"{what}: the process died (exit code {process.exitcode})") from None
    finally:
        if process.pid is not None:
            process.terminate()  # when we were interrupted; it has nothing to lose
            process.join()
    if fault:
        raise RnnbenchError(fault)
    found: T = result
    return found


def _call(writer: Connection, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    signals.end_with_parent()
    try:
        writer.send(("", function(*arguments)))
    except RnnbenchError as error:
        writer.send((str(error), None))
