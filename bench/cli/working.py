"""The options that ``rnnbench run`` and ``rnnbench work`` share, and how both are told to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import FrameType
from typing import Annotated

import typer

from bench.cli.console import err


class Wandb(StrEnum):
    """Whether W&B may send, only write files, or do nothing."""

    OFFLINE = "offline"
    ONLINE = "online"
    DISABLED = "disabled"


Pack = Annotated[
    str, typer.Option(metavar="auto|off|N", help="Runs of one shape trained together: where it pays, none, up to N.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="ID|KEY=VALUE", help="Only these runs: an id, or cell=gru|lstm,seed=0; again for more."
    ),
]
WandbMode = Annotated[Wandb, typer.Option(help="What W&B may do.")]


@contextmanager
def interruptible() -> Iterator[None]:
    """Ends the command with exit code 130 when it is interrupted or told to end; its processes end too.

    A scheduler tells a job by SIGTERM, SIGUSR1 or SIGUSR2, and some by several of them: only the first is heard.
    """
    for number in _ASKS:
        signal.signal(number, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        err.print("interrupted; the same command goes on where this one stopped")
        raise typer.Exit(130) from None


_ASKS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for other in _ASKS:
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt
