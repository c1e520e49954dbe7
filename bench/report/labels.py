"""Which runs make one row of a table, and what the row is called.

Runs are one configuration when their specifications differ in nothing but the seed; only those are averaged. A row is
named by the cell and its variant; a hidden size or another setting is added only where two configurations would
otherwise carry one name on one data set.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.record import Record

_HIDDEN = "cell.hidden_size"
Configuration = dict[str, Any]
"""A specification without data set and seed, flat: value by dotted path."""


def data_name(record: Record) -> str:
    """The data set's name and the options that are not its defaults, also of a run that never opened it."""
    part = _part(record.spec, "data")
    options = sorted(_part(part, "options").items())
    return " ".join([str(part.get("name", "?")), *(f"{key}={_joined(value)}" for key, value in options)])


def _joined(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def hidden_size(record: Record) -> int | None:
    """The hidden size that was asked for."""
    value = _part(record.spec, "cell").get("hidden_size")
    return value if isinstance(value, int) else None


def compression(record: Record) -> str:
    """What the cell is made small by: letters of L low rank, S sparsity, Q quantisation; ``dense`` for nothing."""
    part = _part(record.spec, "compress")
    used = {"L": _part(record.spec, "cell").get("rank"), "S": part.get("keep"), "Q": part.get("quantise")}
    return "".join(letter for letter, given in used.items() if given) or "dense"


def labels(records: Iterable[Record]) -> dict[str, str]:
    """The name of the row of each run, by id of the run."""
    families: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        families[_base(record)].append(record)
    return {key: label for base, family in families.items() for key, label in _family(base, family).items()}


def _base(record: Record) -> str:
    return f"{record.labels.cell} ({record.labels.variant})" if record.labels.variant else record.labels.cell


def _family(base: str, family: Sequence[Record]) -> dict[str, str]:
    """Labels of the runs that share cell and variant: with the fewest settings that tell them apart."""
    flat = {record.id: _flat(record.spec) for record in family}
    by_data: dict[str, dict[str, Configuration]] = defaultdict(dict)
    for record in family:
        by_data[data_name(record)].setdefault(json.dumps(flat[record.id], sort_keys=True), flat[record.id])
    varying = {
        path
        for configurations in by_data.values()
        for path in {path for each in configurations.values() for path in each}
        if len({_word(each.get(path)) for each in configurations.values()}) > 1
    }
    chosen: list[str] = []
    for path in sorted(varying, key=lambda path: (path != _HIDDEN, path)):
        if _told_apart(by_data, [*chosen, path]) > _told_apart(by_data, chosen):
            chosen.append(path)
    return {key: ", ".join([base, *(_say(path, each.get(path)) for path in chosen)]) for key, each in flat.items()}


def _told_apart(by_data: Mapping[str, Mapping[str, Configuration]], paths: Sequence[str]) -> int:
    """How many configurations have a label of their own, over all data sets."""
    return sum(
        len({tuple(_word(each.get(path)) for path in paths) for each in configurations.values()})
        for configurations in by_data.values()
    )


def _say(path: str, value: Any) -> str:
    if path == _HIDDEN:
        return f"H {value}"
    return f"{path.rpartition('.')[2].replace('_', ' ')} {_word(value)}"


def _word(value: Any) -> str:
    if value is None:
        return "none"
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _flat(spec: Mapping[str, Any], above: str = "") -> Configuration:
    found: Configuration = {}
    for key, value in spec.items():
        path = f"{above}{key}"
        if path in ("data", "data.name", "seed"):
            continue
        if isinstance(value, Mapping):
            found.update(_flat(value, f"{path}."))
        else:
            found[path] = value
    return found


def _part(spec: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = spec.get(key)
    return part if isinstance(part, Mapping) else {}
