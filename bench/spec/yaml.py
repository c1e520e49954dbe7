"""Reads YAML: of a user strictly (no key twice, no alias that holds itself or stands for more than a grid can hold)."""

from __future__ import annotations

import re
from typing import Any

import yaml

QuickLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
QuickDumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""For files of our own: those of libyaml where there is one, which take a tenth of the time, and are safe, too."""
_MOST_NODES = 1_000_000
_MERGE = "tag:yaml.org,2002:merge"
_SHOWN = 40
"""Letters of a value that a message quotes."""


def read_yaml(text: str) -> Any:
    """Reads what a user wrote.

    Raises:
        yaml.YAMLError: when it is not YAML, or is nested too deeply to be read.
    """
    try:
        return yaml.load(text, Loader=StrictLoader)  # noqa: S506 (it is a SafeLoader)
    except RecursionError:
        raise yaml.MarkedYAMLError(problem="nested too deeply to be read") from None


class StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, which YAML would let win silently, and aliases without end."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._looked_at: set[int] = set()

    def get_single_node(self) -> yaml.Node | None:
        """Returns the document, whose aliases do not end in more than a grid can hold."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _check_aliases(node, {})
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Returns a value; one that is not what its form or its tag says is a fault of the text."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError, OverflowError):
            text = node.value if isinstance(node, yaml.ScalarNode) else node.tag
            shown = f"{text[:_SHOWN]}..." if len(text) > _SHOWN else text
            raise _fault(node, f"{shown!r} cannot be read; put it in quotation marks if it is a text") from None

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Takes in what a mapping merges, ``<<: *alias``; each of its own keys is a text and stands in it once.

        A mapping may be merged into another before its own turn comes: its keys are looked at the first time.
        """
        if id(node) not in self._looked_at:
            self._looked_at.add(id(node))
            self._check_keys(node)
        super().flatten_mapping(node)

    def _check_keys(self, node: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:  # whose keys give way to those that stand here
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _fault(key_node, f"key {key!r} is not a text; put it in quotation marks if it is one")
            if key in seen:
                raise _fault(key_node, f"key {key!r} stands twice")
            seen.add(key)


class StrictDumper(yaml.SafeDumper):
    """Writes what a strict loader reads back: a text that it would take for a number stands in quotation marks."""


def _whole_number(loader: StrictLoader, node: yaml.ScalarNode) -> int | str:
    """Returns a number; what YAML 1.1 takes for one to base 60, such as ``2:00:00``, is a text as in YAML 1.2."""
    text = str(loader.construct_scalar(node))
    return text if ":" in text else int(loader.construct_yaml_int(node))


def _text(loader: StrictLoader, node: yaml.ScalarNode) -> str:
    """Returns what YAML 1.1 takes for a date as it is written: no key is of a date."""
    return str(loader.construct_scalar(node))


# YAML 1.1 takes 1e-3 and 1.5e3 for texts, as they lack a point or a sign; in YAML 1.2, as in every language, they are
# numbers.
_EXPONENT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+\Z")
for _reads_or_writes in (StrictLoader, StrictDumper):
    _reads_or_writes.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+.0123456789"))
StrictLoader.add_constructor("tag:yaml.org,2002:int", _whole_number)
StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def _fault(node: yaml.Node, what: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)


def _check_aliases(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Returns how many nodes a document has once its aliases are written out; ``sizes`` holds those counted so far."""
    if id(node) not in sizes:
        sizes[id(node)] = 0  # until all below it are counted
        below = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        parts = below if isinstance(node, yaml.CollectionNode) else ()
        sizes[id(node)] = 1 + sum(_check_aliases(part, sizes) for part in parts)
    if not 0 < sizes[id(node)] <= _MOST_NODES:
        fault = "an alias holds itself" if sizes[id(node)] == 0 else "its aliases stand for more than a grid can hold"
        raise _fault(node, fault)
    return sizes[id(node)]
