"""One process of W&B's client, ``wandb sync``, that sends the files of some runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.record import Mirror, mirror
from bench.track.project import Project

_GIVES_UP = {
    "WANDB_HTTP_TIMEOUT": "10",
    "WANDB__GRAPHQL_RETRY_MAX": "2",
    "WANDB__GRAPHQL_RETRY_WAIT_MAX_SECONDS": "4",
    "WANDB__FILE_STREAM_TIMEOUT_SECONDS": "10",
    "WANDB__FILE_STREAM_RETRY_MAX": "2",
    "WANDB__FILE_STREAM_RETRY_WAIT_MAX_SECONDS": "4",
    "WANDB__FILE_TRANSFER_RETRY_MAX": "2",
    "WANDB__FILE_TRANSFER_RETRY_WAIT_MAX_SECONDS": "4",
}
"""The client would try for a week; the files stay, so that trying again later costs nothing."""
STUCK_S = 40.0
"""Seconds without one more run sent after which a process is taken to hang."""
_URL = re.compile(r"View run .* at (https?://\S+)")


class Sending:
    """A process that sends; what it sends is told by its output, as its exit code says 0 whatever happens.

    Args:
        files: W&B's folders, ``<results>/runs/<id>/wandb/offline-run-*``, of different runs.
        project: where to.
        results: the results folder.
        live: whether to follow files that are still written.
    """

    def __init__(self, files: Sequence[Path], project: Project, results: Path, live: bool = False) -> None:
        self.files, self.live, self._to = list(files), live, project.address
        self._known, self._since = 0, time.monotonic()
        how = ["beta", "sync", "--live", "--no-skip-synced"] if live else ["sync", "--include-synced"]
        where = ["-p", project.name, *(["-e", project.entity] if project.entity else [])]
        environment = {key: value for key, value in os.environ.items() if key not in ("WANDB_MODE", "WANDB_SERVICE")}
        environment |= {
            "WANDB_SILENT": "false",
            "WANDB_DIR": str(results),
            "WANDB_ERROR_REPORTING": "false",
            **_GIVES_UP,
        }
        self._output = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wandb", *how, *where, *map(str, files)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a terminal's Ctrl-C is for the runs
        )

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def stop(self) -> None:
        """Ends the process; W&B's service, which it has started, ends when its parent is gone."""
        self.process.kill()
        self.process.wait()

    def is_stuck(self) -> bool:
        """Whether nothing has come of it for long: the client gives up sooner, unless it hangs itself."""
        known = sum(bool(told.sent) for told in self.found().values())
        if known > self._known:
            self._known, self._since = known, time.monotonic()
        return time.monotonic() - self._since > STUCK_S

    def found(self) -> dict[Path, Mirror]:
        """Returns what the output says of each of the files so far."""
        self._output.seek(0)
        lines = [line.removeprefix("wandb: ").rstrip() for line in self._output]
        return {files: _mirror(files, lines, self._to) for files in self.files}

    def settle(self) -> dict[Path, Mirror]:
        """Notes in the folder of each run what came of it; to be called when the process has ended."""
        found = self.found()
        for files, told in found.items():
            if not told.sent:
                for mark in files.glob("*.wandb.synced"):  # the client marks what it failed to send, too
                    mark.unlink(missing_ok=True)
            mirror.write(run_folder(files), told)
        self._output.close()
        return found


def _mirror(files: Path, lines: Sequence[str], to: str) -> Mirror:
    """Returns what lines of output say of one run's files."""
    own = f"/{wandb_id(files)}] "
    mine = [line.partition(own)[2] for line in lines if own in line]
    faults = [line.removeprefix("ERROR ") for line in lines if line.startswith("ERROR ")]
    ours = [fault.partition(own)[2] for fault in faults if own in fault]
    common = [fault for fault in faults if not re.match(r"\[\S+/\S+] ", fault)]
    url = next((found[1] for line in mine if (found := _URL.search(line))), "")
    if not ours and any(line.startswith("Finished syncing") for line in mine):
        return Mirror(url=url, sent=files.name, to=to)
    return Mirror(url=url, reason=next(iter(ours or common), "W&B's client was stopped before it was through"))


def wandb_id(files: Path) -> str:
    """Returns W&B's id of the run that files are of: ``offline-run-<date>_<time>-<id>``."""
    return files.name.split("-", 3)[3]


def run_folder(files: Path) -> Path:
    """Returns the folder of the run that W&B's files are of."""
    return files.parents[1]
