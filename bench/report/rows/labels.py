"""Groups runs into the rows of a table, and names the rows.

Runs are one configuration when their specifications differ in nothing but the seed; only those are averaged. A row is
named by the cell and its variant; a hidden size or another setting is added only where two configurations would
otherwise carry one name on one data set. Runs whose settings a search chose are one configuration when they come from
the same combination of axes, whatever was chosen for each data set.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bench.record import Record
from bench.report.rows.flat import flat

_HIDDEN = "cell.hidden_size"
_NONE = "none"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, section 2.2, "Characters", and the control characters that it advises against."""
_GROUP = "group"
_SIZE = re.compile(r"kb ([0-9.]+)")
Settings = dict[str, str]
"""A specification without data set and seed, flat: values as words, by dotted path."""


def data_name(record: Record) -> str:
    """Returns the data set's name and its options, also of a run that never opened it."""
    part = _part(record.spec, "data")
    options = sorted(_part(part, "options").items())
    return printable(" ".join([str(part.get("name", "?")), *(f"{key}={_joined(value)}" for key, value in options)]))


def _joined(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def hidden_size(record: Record) -> int | None:
    """Returns the hidden size that was asked for."""
    value = _part(record.spec, "cell").get("hidden_size")
    return value if isinstance(value, int) else None


def compression(record: Record) -> str:
    """Returns the letters of low rank (L), blocks (B), sparsity (S), quantisation (Q) that it has, or ``dense``."""
    cell, part = _part(record.spec, "cell"), _part(record.spec, "compress")
    used = {"L": cell.get("rank"), "B": cell.get("blocks"), "S": part.get("keep"), "Q": part.get("quantise")}
    return "".join(letter for letter, given in used.items() if given) or "dense"


def is_quantised(record: Record) -> bool:
    """Returns whether the run asks for a model of integers."""
    return bool(_part(record.spec, "compress").get("quantise"))


def printable(text: str) -> str:
    """Returns a text with a mark in place of every letter that XML has no place for, and a terminal may obey."""
    return _FORBIDDEN.sub("\ufffd", text)


def labels(records: Sequence[Record]) -> list[str]:
    """Returns the label of each run's row."""
    families: dict[str, list[Record]] = defaultdict(list)
    letters = _common_letters(records)
    names = [_family(record, letters) for record in records]
    for name, record in zip(names, records, strict=True):
        families[name].append(record)
    told = {name: _tell_apart(name, family) for name, family in families.items()}
    owners: dict[str, dict[str, None]] = defaultdict(dict)  # a user's cell may be titled as another's row is named
    for name in sorted(told):
        for label in told[name].values():
            owners[printable(label)][name] = None
    found = [(name, printable(told[name][record.id])) for name, record in zip(names, records, strict=True)]
    places = [[*owners[label]].index(name) for name, label in found]
    return [f"{label} ({at + 1})" if at else label for (_, label), at in zip(found, places, strict=True)]


def _is_size(word: str) -> bool:
    return word.endswith(" KB")


def _common_letters(records: Sequence[Record]) -> dict[tuple[str, str], str]:
    """Returns, by cell and group, the letters of compression that were chosen on every data set."""
    found: dict[tuple[str, str], str] = {}
    for record in records:
        if record.chosen is not None:
            key, own = (record.labels.cell, _own_group(record)), compression(record)
            found[key] = "".join(letter for letter in found.get(key, own) if letter in own and letter.isupper())
    return found


def group_label(record: Record, group: str) -> str:
    """Returns the name of a group of trials, one of which is given: its cell, and what else it is called."""
    return ", ".join(filter(None, [record.labels.cell, _own_words(record, group)]))


def _own_group(record: Record) -> str:
    return _own_words(record, record.chosen.group) if record.chosen else ""


def _own_words(record: Record, group: str) -> str:
    """Returns the name of a search's group without its data set and cell, its size as it is printed: ``3 KB``."""
    known = (str(_part(record.spec, "data").get("name")), str(_part(record.spec, "cell").get("name")))
    words = (word for word in group.split(", ") if word not in known)
    return ", ".join(f"{found[1]} KB" if (found := _SIZE.fullmatch(word)) else word for word in words)


def _family(record: Record, letters: Mapping[tuple[str, str], str]) -> str:
    variant = record.labels.variant
    if record.chosen is not None:  # the ranks and fractions of the variant were drawn
        variant = letters[record.labels.cell, _own_group(record)]
    variant = ", ".join(filter(None, (variant, record.labels.folder)))
    name = f"{record.labels.cell} ({variant})" if variant else record.labels.cell
    return ", ".join([name, *(word for word in _own_group(record).split(", ") if _is_size(word))])


def _tell_apart(name: str, family: Sequence[Record]) -> dict[str, str]:
    """Adds to the name the fewest settings that tell the configurations of one cell and variant apart."""
    alike: dict[str, list[Record]] = defaultdict(list)
    for record in family:
        alike[repr([record.chosen and record.chosen.group, {**record.spec, "seed": 0}])].append(record)
    settings = {key: _settings(records[0]) for key, records in alike.items()}
    by_data: dict[str, list[Settings]] = defaultdict(list)
    for key, records in alike.items():
        by_data[data_name(records[0])].append(settings[key])
    chosen: list[str] = []
    for path in sorted({path for own in settings.values() for path in own}, key=lambda path: (path != _HIDDEN, path)):
        if _count(by_data, [*chosen, path]) > _count(by_data, chosen):
            chosen.append(path)
    told = {key: ", ".join([name, *(_say(path, own) for path in chosen)]) for key, own in settings.items()}
    return {record.id: told[key] for key, records in alike.items() for record in records}


def _count(by_data: Mapping[str, Sequence[Settings]], paths: Sequence[str]) -> int:
    """Counts the configurations that these settings tell apart, over all data sets."""
    return sum(len({tuple(own.get(path, _NONE) for path in paths) for own in runs}) for runs in by_data.values())


def _say(path: str, settings: Settings) -> str:
    if path == _GROUP:
        return settings[path]
    name = "H" if path == _HIDDEN else path.rpartition(".")[2].replace("_", " ")
    return f"{name} {settings.get(path, _NONE)}"


def _settings(record: Record) -> Settings:
    spec = record.spec
    if record.chosen is not None:
        return {_GROUP: ", ".join(word for word in _own_group(record).split(", ") if not _is_size(word))}
    values = flat({key: value for key, value in spec.items() if key not in ("data", "seed")})
    return {path: _NONE if value is None else _word(value) for path, value in values.items()}


def _word(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _part(spec: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = spec.get(key)
    return part if isinstance(part, Mapping) else {}
