"""Sends the runs of a results folder to W&B while they go on, from a thread that no run waits for.

What cannot be sent stays in the files of the run, and ``rnnbench sync`` sends it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import claims, record
from bench.status import Status
from bench.track import sync
from bench.track.project import project_of, shelf
from bench.track.sending import Sending, run_folder
from bench.track.server import NoServerError, reach
from bench.track.sync import BATCH, Say, unsent

_LOOK_S = 2.0
_LIVE_AFTER_S = 15.0
"""A run that is over sooner is sent whole, together with others, which costs a tenth."""
_LIVE = 8
"""Runs that are followed at once: each takes two processes and some 100 MB."""
_TAIL_S = 20.0
"""Seconds after the end of a run in which what follows it must be through."""
_LAST_S = 60.0
"""How long the end of a command waits for what is still to be sent."""
_AGAIN_S = 60.0
"""Seconds between two looks for a server that could not be reached."""

_log = logging.getLogger(__name__)


@contextmanager
def mirrored(results: Path, online: bool, say: Say) -> Iterator[None]:
    """Sends the runs of a results folder while the block runs, and what is left at its end, for a minute at most.

    Args:
        results: the results folder, which exists.
        online: whether to send anything.
        say: told a line for a person, now and then.
    """
    if not online:
        yield
        return
    sender = Sender(results, say)
    try:
        yield
    except BaseException:
        sender.end(0)
        raise
    sender.end(_LAST_S)


class Sender:
    """Sends the runs of a results folder. Of several senders of a folder one works; the others wait for it to end.

    Args:
        results: the results folder.
        say: told a line for a person, now and then.
    """

    def __init__(self, results: Path, say: Say) -> None:
        self._results, self._say = results, say
        self._project = project_of(results)
        self._going: list[Sending] = []
        self._sent: set[str] = set()
        self._tried: set[tuple[str, bool]] = set()
        self._since: dict[str, float] = {}
        self._why, self._ask_at, self._greeted = "", 0.0, False
        self._over, self._last_s, self._until = threading.Event(), 0.0, 0.0
        self._thread = threading.Thread(target=self._work, name="wandb-sender", daemon=True)
        self._thread.start()

    def end(self, last_s: float) -> None:
        """Ends sending, and says what came of it.

        Args:
            last_s: how long to wait for what is still to be sent, at most; 0 for not at all.
        """
        self._last_s = last_s
        self._over.set()
        self._thread.join(last_s + 2 * _LOOK_S)
        for sending in list(self._going):
            sending.stop()
            sending.settle()
        holder = claims.holder(shelf(self._results))
        if not any(unsent(self._results, self._project, self._sent)):
            self._say(f"W&B: all runs of {self._results} are sent")
        elif holder is not None and holder.pid != os.getpid():
            self._say(f"W&B: another process goes on sending the runs of {self._results}")
        else:
            left = sync.note(
                self._results, self._project, self._sent, self._why or "the command ended before it was sent"
            )
            why = f" ({self._why})" if self._why else ""
            self._say(
                f"W&B: runs not sent: {left}{why}; their files are kept, `rnnbench sync {self._results}` sends them"
            )

    def _work(self) -> None:
        try:
            while (mine := claims.claim(shelf(self._results))) is None:
                if self._is_served():
                    return
            with claims.beating([mine]):
                self._send()
        except Exception as error:  # a fault here must not end the command, and is said at its end
            _log.warning("sending to W&B has ended", exc_info=True)
            self._why = f"{type(error).__name__}: {error}"

    def _is_served(self) -> bool:
        """Waits a little for another sender; whether this one need not wait, as all is sent, nor can for longer."""
        if not self._over.wait(_LOOK_S):
            return False
        self._until = self._until or time.monotonic() + self._last_s
        time.sleep(min(_LOOK_S, max(0.0, self._until - time.monotonic())))
        return time.monotonic() >= self._until or not any(unsent(self._results, self._project, self._sent))

    def _send(self) -> None:
        wait_s = 0.0
        while not self._over.wait(wait_s):
            began = time.thread_time()
            self._settle()
            if self._is_reachable():
                self._begin()
            wait_s = max(_LOOK_S, 20 * (time.thread_time() - began))  # a large folder is looked through less often
        until = self._until or time.monotonic() + self._last_s
        while self._going and time.monotonic() < until:
            self._settle()
            time.sleep(0.2)
        if self._last_s:
            self._why = sync.send(self._results, self._project, self._sent, self._say, until)

    def _is_reachable(self) -> bool:
        """Whether the server has answered; asks again only after a failure, now and then, and says what has changed."""
        if time.monotonic() < self._ask_at:
            return not self._why
        before, self._ask_at = self._why, time.monotonic() + _AGAIN_S
        try:
            entity = reach()
        except NoServerError as error:
            self._why = str(error)
            if not before:
                self._say(f"W&B: {error}; runs are kept in files, and sent when that is over")
            return False
        self._why, self._ask_at = "", float("inf")
        if before or not self._greeted:
            self._greeted = True
            self._say(f"W&B: runs go to {self._project.entity or entity}/{self._project.name}")
        return True

    def _settle(self) -> None:
        """Takes in what processes have sent, and ends those that hang or follow a run that was tried again."""
        for sending in list(self._going):
            if not sending.is_over and self._is_vain(sending):
                sending.stop()
            if sending.is_over:
                self._going.remove(sending)
                for files, told in sending.settle().items():
                    sync.tell(files, told, self._say)
                    if told.reason and not sending.live:
                        self._why, self._ask_at = told.reason, time.monotonic() + _AGAIN_S

    def _is_vain(self, sending: Sending) -> bool:
        (first, *_) = sending.files
        if not sending.live:
            return sending.is_stuck()
        if sync.newest(run_folder(first)) != first:
            return True
        if not _is_over(first):
            return not claims.is_held(run_folder(first))
        return time.monotonic() - self._since.setdefault(f"end of {first.name}", time.monotonic()) > _TAIL_S

    def _begin(self) -> None:
        """Starts to send what is over, all together, and what has gone on for a while, by itself."""
        busy = {files for sending in self._going for files in sending.files}
        over, live = list[Path](), list[Path]()
        for files in unsent(self._results, self._project, self._sent):
            if files in busy:
                continue
            if _is_over(files):
                over += [files] if (files.name, False) not in self._tried else []
            elif claims.is_held(run_folder(files)) and (files.name, True) not in self._tried:
                since = self._since.setdefault(files.name, time.monotonic())
                live += [files] if time.monotonic() - since >= _LIVE_AFTER_S else []
        if over and all(sending.live for sending in self._going):
            self._start(over[:BATCH], live=False)
        for files in live[: max(0, _LIVE - len(self._going))]:
            self._start([files], live=True)

    def _start(self, files: list[Path], live: bool) -> None:
        self._tried |= {(file.name, live) for file in files}
        self._going.append(Sending(files, self._project, self._results, live))


def _is_over(files: Path) -> bool:
    """Whether the record of a run says how it ended; that of one whose process was killed does not."""
    folder = run_folder(files)
    return (folder / "record.json").exists() and record.read(folder).status is not Status.RUNNING
