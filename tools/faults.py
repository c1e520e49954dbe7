"""Kills what runs a grid, again and again, and compares what is left with undisturbed runs.

    python tools/faults.py --kills 200 --executor local --write results/reference/faults/local.md
    python tools/faults.py --kills 60 --executor slurm    # a Slurm on this machine: tools/slurm.sh

A round is a grid of classifiers trained in packs, compressed ones and language models, begun in an empty folder and
ended by the same command, given as often as it takes. Of every run of a round three things are asked: that it is done,
that nobody wrote to its record once it was, and that it has the bits of a run that nobody disturbed. The table is
written after every round, so that it counts what was done when the tool is stopped.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import os
import random
import shlex
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import torch

from bench.data import cache as store
from bench.data import open_corpus, prepare
from bench.data.corpus import Corpus, corpus_fingerprint
from bench.record import Record, read_all, runs_folder, write_atomically
from bench.status import Status
from bench.train.provenance import provenance
from bench.train.sources import git_state

from loopback import Slurm, absent  # isort: skip
from strikes import ANY, STRIKES, Fleet, play  # isort: skip

WORDS = 3_000
GRID = f"""
name: faults
about: Classifiers in packs, compressed ones, and language models on the first {WORDS} words of Brown.
base: {{train: {{epochs: 6}}, cell: {{hidden_size: 8}}, data: digits-mfcc}}
grid:
  set:
    - {{cell.name: gru}}
    - {{cell.name: fastgrnn}}
    - {{cell.name: fastgrnn, cell.rank: {{U: 4}}, compress: {{keep: {{U: 0.5}}, quantise: piecewise}}}}
    - {{data: brown, cell.name: lstm, train.epochs: 3}}
  seed: [%s]
"""


@dataclass
class Outcome:
    """The outcome of rounds of one kind.

    Attributes:
        kills: that hit something.
        runs: of all rounds; ``done``: those of them.
        twice: records that were written again once they said done.
        resumed: runs that went on from a checkpoint.
        alone: runs trained alone, and how many have the bits of the undisturbed run; ``packed``: those of packs.
        seconds: that the rounds took beyond undisturbed ones.
    """

    kills: int = 0
    rounds: int = 0
    runs: int = 0
    done: int = 0
    twice: int = 0
    resumed: int = 0
    alone: Counter[bool] = field(default_factory=Counter)
    packed: Counter[bool] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def faulty(self) -> bool:
        """Whether something was lost, done twice, or has other bits for having been killed."""
        return self.done < self.runs or bool(self.twice) or bool(self.alone[False])

    def row(self, name: str) -> str:
        """A row of the table."""
        lost = f"{self.seconds / self.kills:.1f}" if self.kills else "-"
        bits = (f"{found[True]} of {found.total()}" for found in (self.alone, self.packed))
        cells = (name, self.kills, self.rounds, self.runs, self.runs - self.done, self.twice, *bits, self.resumed, lost)
        return f"| {' | '.join(map(str, cells))} |"


def fingerprint(record: Record) -> str:
    """A hash of a run's result, its weights and its epochs, without the time that these took."""
    assert record.folder is not None  # noqa: S101
    total = hashlib.sha256(repr((record.result, record.size, record.data)).encode())
    for name, weights in torch.load(record.folder / "model.pt", weights_only=True)["state"].items():
        total.update(name.encode() + weights.numpy().tobytes())
    with (record.folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
        total.update(repr([{**row, "seconds": ""} for row in csv.DictReader(file)]).encode())
    return total.hexdigest()


def gather(outcome: Outcome, results: Path, wanted: int, alone: dict[str, str], packed: dict[str, str]) -> None:
    """Adds a round to an outcome: alone and packed are the fingerprints of undisturbed runs by id."""
    outcome.rounds, outcome.runs = outcome.rounds + 1, outcome.runs + wanted
    for record in read_all(results):
        if record.status is Status.DONE:
            outcome.done += 1
            outcome.resumed += "continued_after_epoch" in record.provenance
            together = record.provenance["pack"] > 1
            bits = fingerprint(record) == (packed if together else alone)[record.id]
            (outcome.packed if together else outcome.alone)[bits] += 1


def data_in(folder: Path) -> None:
    """Prepares the data of the grid below a folder: the digits as they are, and the beginning of the text."""
    place = prepare("digits-mfcc")
    (folder / "prepared").mkdir()
    (folder / "prepared" / place.name).symlink_to(place)
    text = open_corpus("brown")
    splits = {name: getattr(text, name)[:WORDS].clone() for name in ("train", "validation", "test")}
    short: Corpus = dataclasses.replace(text, **splits, fingerprint=corpus_fingerprint(splits, text.words))
    store.store(folder / "prepared" / prepare("brown").name, lambda: short)


def main() -> int:
    """Prints and writes the table; returns 1 when anything was lost, done twice, or differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default, meaning in (
        ("kills", 200, "how many"),
        ("seed", 1, "draws moments and victims"),
        ("seeds", 4, "runs of each kind in a round"),
        ("a-round", 8, "kills in a round"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=meaning)
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no round after so many")
    parser.add_argument("--mean", type=float, default=3.0, help="seconds between two kills, on average")
    parser.add_argument("--executor", default="local", choices=STRIKES, help="of `rnnbench run`")
    parser.add_argument("--kinds", nargs="*", help="rows of the table, all by default")
    parser.add_argument("--write", type=Path, help="a file for the table, in Markdown")
    asked = parser.parse_args()
    asked.kinds = asked.kinds or [*STRIKES[asked.executor], ANY]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if asked.executor == "slurm" and (why := absent()):
        parser.error(why)
    outcomes, text = dict[str, Outcome](), "no round\n"
    with tempfile.TemporaryDirectory() as base, ExitStack() as ends:
        slurm = Slurm(Path(base) / "slurm") if asked.executor == "slurm" else None
        if slurm:
            ends.callback(slurm.stop)
        for outcomes, peace_s in _rounds(asked, Path(base), slurm):
            text = "\n".join(_report(asked, outcomes, peace_s)) + "\n"
            if asked.write:
                asked.write.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(asked.write, text)
    print(text)
    return int(any(outcome.faulty for outcome in outcomes.values()))


def _rounds(asked: argparse.Namespace, base: Path, slurm: Slurm | None) -> Iterator[tuple[dict[str, Outcome], float]]:
    """Plays all rounds; yields after each what they came to by kind, and the seconds of an undisturbed one.

    Runs alone are compared with those of ``local``, whatever the executor.
    """
    table = STRIKES[asked.executor]
    grid, draw, began = base / "grid.yaml", random.Random(asked.seed), time.monotonic()  # noqa: S311
    grid.write_text(GRID % ", ".join(map(str, range(asked.seeds))), encoding="utf-8")
    data_in(base)
    environment = {**os.environ, "RNNBENCH_DATA": str(base), "RNNBENCH_CHECKPOINT_S": "1"}

    def fleet(name: str, pack: str, executor: str) -> Fleet:
        command = [sys.executable, "-m", "bench", "run", str(grid), "--out", str(base / name), "--wandb", "disabled"]
        command += ["--executor", executor, "--workers", "2", "--pack", pack]
        return Fleet(command, base / name, environment, slurm if executor == "slurm" else None)

    calm = {}
    for pack, executor in (("off", "local"), ("auto", asked.executor)):
        start = time.monotonic()
        play(fleet(pack, pack, executor), None, 0, 1.0, draw)
        peace_s = time.monotonic() - start
        calm[pack] = {record.id: fingerprint(record) for record in read_all(base / pack)}
    outcomes = {kind: Outcome() for kind in asked.kinds}
    for number, kind, kills in _plan(asked):
        if time.monotonic() - began > 60 * asked.minutes:
            break
        start, own = time.monotonic(), fleet(f"round-{number}", "auto", asked.executor)
        strike = table.get(kind) or (lambda fleet, draw: draw.choice([*table.values()])(fleet, draw))
        hits, twice = play(own, strike, kills, asked.mean, draw)
        outcome = outcomes[kind]
        outcome.kills, outcome.twice = outcome.kills + hits, outcome.twice + twice
        outcome.seconds += time.monotonic() - start - peace_s
        gather(outcome, own.results, len(calm["off"]), calm["off"], calm["auto"])
        print(outcome.row(kind), flush=True)
        assert runs_folder(own.results).is_dir()  # noqa: S101
        yield outcomes, peace_s


def _plan(asked: argparse.Namespace) -> Iterator[tuple[int, str, int]]:
    """Deals the kills into rounds, kind by kind in turn: number, kind and kills of each."""
    left, number = asked.kills, 0
    while left > 0:
        kills = min(left, asked.a_round)
        yield number, asked.kinds[number % len(asked.kinds)], kills
        left, number = left - kills, number + 1


def _report(asked: argparse.Namespace, outcomes: dict[str, Outcome], peace_s: float) -> Sequence[str]:
    whole = Outcome()
    for outcome in outcomes.values():
        for each in dataclasses.fields(Outcome):
            setattr(whole, each.name, getattr(whole, each.name) + getattr(outcome, each.name))
    made, git = provenance(), git_state()
    packages = ", ".join(f"{name} {version}" for name, version in made["packages"].items() if version)
    commit = f"{git.get('commit', 'unknown')}{' with changes' if git.get('dirty') else ''}"
    head = ("killed", "kills", "rounds", "runs", "lost", "written twice")
    columns = (*head, "alone: bits equal", "in packs: bits equal", "went on from a checkpoint", "seconds lost a kill")
    return (
        f"# {whole.kills} kills of a grid, executor {asked.executor}\n",
        f"    python tools/faults.py {shlex.join(sys.argv[1:])}\n",
        f"Commit {commit}; Python {made['python']}, {packages}; {made['cpu']}, {made['cores']} cores; {date.today()}.",
        f"{whole.rounds} of {len([*_plan(asked)])} rounds. An undisturbed one took {peace_s:.0f} s; the load is now",
        f"{os.getloadavg()[2]:.0f} on this machine.",
        "Runs alone are compared with those of an undisturbed `local`. Those in packs have other last bits by who was",
        "together, so theirs are only counted.\n",
        f"| {' | '.join(columns)} |",
        f"|{' --- |' * len(columns)}",
        *(outcome.row(kind) for kind, outcome in outcomes.items() if outcome.rounds),
        whole.row("all"),
    )


if __name__ == "__main__":
    sys.exit(main())
