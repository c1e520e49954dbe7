"""The phases of a grid in its results folder: what was drawn, what was chosen, and the runs of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.errors import RnnbenchError
from bench.record import Chosen, read_all
from bench.record.search import Choice, Drawn, read_choice, read_trials, write_choice, write_trials
from bench.search.choose import Score, best, final_runs, is_over
from bench.search.fill import Filler
from bench.search.trials import Trial, draw, restore
from bench.spec import Grid, RunSpec


@dataclass(frozen=True)
class Phases:
    """The runs of a grid by phase.

    Attributes:
        trials: of a search.
        final: runs with what was chosen; of a grid that does not search, its runs.
        chosen: whether the search is over: nothing is done for its trials any more.
        kb: KB by run id, where a grid asks for a size.
    """

    trials: tuple[Trial, ...]
    final: tuple[RunSpec, ...]
    chosen: bool
    kb: Mapping[str, float] = field(default_factory=dict)

    @property
    def open(self) -> list[RunSpec]:
        """Those that are to be done: the trials until the choice, and then the final runs."""
        return list(self.final) if self.chosen else [spec for trial in self.trials for spec in trial.runs]

    @property
    def runs(self) -> list[RunSpec]:
        """All of them: the trials first."""
        return [*(spec for trial in self.trials for spec in trial.runs), *self.final]


def phases(grid: Grid, results: Path) -> Phases:
    """Returns the runs of a grid: as its results folder has noted them, or, before that, as they would be drawn.

    Raises:
        RnnbenchError: when a run is not valid, or the folder holds the search of another grid.
    """
    if grid.search is None:
        filler = Filler(grid)
        return Phases((), tuple(filler.runs()), True, filler.kb)
    noted, choices = read_trials(results), read_choice(results)
    if noted is None:
        drawn = tuple(draw(grid))
        _check_final(grid, drawn)
        return _with_kb(Phases(drawn, (), False))
    try:
        trials = restore(grid, noted)
        final = [spec for choice in choices or () for spec in _final(grid, trials, choice)]
    except RnnbenchError as error:
        raise RnnbenchError(f"{results} holds another search: {error}; choose another with --out") from None
    _check_final(grid, trials)
    return _with_kb(Phases(tuple(trials), tuple(final), choices is not None))


def _check_final(grid: Grid, trials: Iterable[Trial]) -> None:
    """Reads the final runs of a trial of each group: a fault shows before anything is trained for the choice."""
    for trial in {trial.group: trial for trial in trials}.values():
        final_runs(grid, trial, epochs=trial.runs[0].train.epochs)


def _with_kb(found: Phases) -> Phases:
    kb = {spec.id: trial.kb for trial in found.trials if trial.kb is not None for spec in trial.runs}
    return replace(found, kb=kb)


def note(grid: Grid, results: Path, found: Phases) -> None:
    """Notes the trials of a search, once: what was drawn stays, whatever a later version would draw.

    Final seeds that a grid has been given since the choice are noted with it.
    """
    if grid.search is None:
        return
    choices = read_choice(results) or []
    more = [choice.model_copy(update={"runs": _ids(_final(grid, [*found.trials], choice))}) for choice in choices]
    if more != choices:
        write_choice(results, more)
    if read_trials(results) is None:
        entries = [
            Drawn(
                group=trial.group,
                trial=trial.number,
                settings=dict(trial.settings),
                kb=trial.kb,
                runs=tuple(spec.id for spec in trial.runs),
            )
            for trial in found.trials
        ]
        write_trials(results, entries)


def advance(grid: Grid, results: Path) -> bool:
    """Chooses, when the last trial is over and nothing is chosen yet; returns whether it did.

    Two workers that both come to it write the same.
    """
    found = phases(grid, results)
    records = {record.id: record for record in read_all(results)}
    if found.chosen or not is_over(found.trials, records):
        return False
    write_choice(results, [_choice(grid, scores) for scores in best(found.trials, records).values()])
    return True


def _choice(grid: Grid, scores: list[Score]) -> Choice:
    """Returns the choice of a group, from its scores, the best first; without a trial when all failed."""
    first, failed = scores[0], sum(score.metric is None for score in scores)
    if first.metric is None:
        return Choice(group=first.trial.group, failed=failed)
    chosen = Chosen(
        group=first.trial.group,
        trial=first.trial.number,
        trials=len(scores),
        failed=failed,
        validation=first.metric,
        sd=first.sd,
        epochs=first.epochs,
        settings=dict(first.trial.settings),
        trial_runs=tuple(spec.id for spec in first.trial.runs),
    )
    runs = _ids(final_runs(grid, first.trial, first.epochs))
    return Choice(group=chosen.group, failed=failed, entry=chosen, runs=runs)


def _ids(runs: Iterable[RunSpec]) -> tuple[str, ...]:
    return tuple(spec.id for spec in runs)


def _final(grid: Grid, trials: list[Trial], choice: Choice) -> tuple[RunSpec, ...]:
    if choice.entry is None:
        return ()
    place = choice.entry.group, choice.entry.trial
    trial = next((trial for trial in trials if (trial.group, trial.number) == place), None)
    runs = () if trial is None else final_runs(grid, trial, choice.entry.epochs)
    if not set(choice.runs) <= set(_ids(runs)):  # more seeds may have been asked for since
        raise RnnbenchError(f"the choice for {choice.group} stands for other final runs: `final` or its trials changed")
    return runs
