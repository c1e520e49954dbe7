"""Some runs of a grid, by id or by what they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import yaml

from bench.errors import RnnbenchError, guess
from bench.spec import RunSpec, has, matches, paths_of, read_yaml


def only(runs: Sequence[RunSpec], wanted: Iterable[str]) -> frozenset[str]:
    """Returns the ids of the runs that fit any of some terms.

    Args:
        runs: of a grid.
        wanted: terms. One is an id, its beginning or its end; or ``KEY=VALUE``, several of which, with commas between,
            must all hold, and ``|`` stands between values: ``cell=gru|lstm,seed=0``.

    Raises:
        RnnbenchError: when a term fits no run.
    """
    bodies = {spec.id: spec.model_dump(mode="json") for spec in runs}
    trials = _trials(runs) if runs and all(spec.sealed for spec in runs) else ""
    return frozenset(name for term in wanted for name in _fitting(term, bodies, trials))


def _trials(runs: Sequence[RunSpec]) -> str:
    """Says why a term may fit no run of a search that has not chosen yet: its final runs are not known."""
    seeds = "|".join(map(str, sorted({spec.seed for spec in runs})))
    return f" among the trials, which come before the final runs: do them first, with --only 'seed={seeds}'"


def _fitting(term: str, bodies: dict[str, dict[str, object]], trials: str) -> list[str]:
    if "=" not in term:
        found = [name for name in bodies if term and (name.startswith(term) or name.endswith(term))]
        if not found:
            raise RnnbenchError(f"no run has the id {term!r}: `rnnbench plan` shows those of the grid")
        return [term] if term in bodies else found
    conditions = [_condition(part) for part in term.split(",")]
    for path, _ in conditions:
        if not any(has(body, path) for body in bodies.values()):
            known = {path for body in bodies.values() for path in paths_of(body)} | {"cell", "data"}
            raise RnnbenchError(f"no run fits {term!r}: none has a key {path!r}{guess(path, known)}")
    found = [name for name, body in bodies.items() if all(matches(body, path, values) for path, values in conditions)]
    if not found:
        raise RnnbenchError(f"no run fits {term!r}{trials or ': `rnnbench plan` shows those of the grid'}")
    return found


def _condition(part: str) -> tuple[str, list[object]]:
    path, equals, text = part.partition("=")
    try:
        values = [read_yaml(value) for value in text.split("|")]
    except yaml.YAMLError:
        equals = ""
    if not equals:
        raise RnnbenchError(f"--only takes an id, or KEY=VALUE such as cell=gru,seed=0, not {part!r}")
    return path.strip(), values
