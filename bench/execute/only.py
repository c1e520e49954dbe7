"""Some runs of a grid, by id or by what they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import yaml

from bench.errors import RnnbenchError, guess
from bench.spec import RunSpec, has, matches, paths_of, read_yaml

_MOST = 5
"""Seeds that a message counts up."""
_SEE_PLAN = ": `rnnbench plan` shows those of the grid"


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
    trials = _trials(runs) if runs and all(spec.sealed for spec in runs) else _SEE_PLAN
    return frozenset(name for term in wanted for name in _fitting(term, bodies, trials))


def _trials(runs: Sequence[RunSpec]) -> str:
    """Says why a seed may fit no run of a search that has not chosen yet: its final runs are not known."""
    seeds = sorted({spec.seed for spec in runs})
    with_them = f", with --only 'seed={'|'.join(map(str, seeds))}'" if len(seeds) <= _MOST else ""
    return f" among the trials, which come before any final runs: do those first{with_them}"


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
        seeded = any(path == "seed" for path, _ in conditions)
        raise RnnbenchError(f"no run fits {term!r}{trials if seeded else _SEE_PLAN}")
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
