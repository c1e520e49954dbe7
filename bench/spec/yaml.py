"""Reads YAML: of a user strictly (no key twice, no alias that holds itself or stands for more than a grid can hold)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

QuickLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
QuickDumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""For files of our own: those of libyaml where there is one, which take a tenth of the time, and are safe, too."""
_MOST_NODES = 1_000_000


class StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, which YAML would let win silently, and aliases without end."""

    def get_single_node(self) -> yaml.Node | None:
        """Returns the document, whose aliases do not end in more than a grid can hold."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _check_aliases(node, {})
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Returns a mapping, each of whose keys stands in it once."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _whole_number(loader: StrictLoader, node: yaml.ScalarNode) -> int | str:
    """Returns a number; what YAML 1.1 takes for one to base 60, such as ``2:00:00``, is a text as in YAML 1.2."""
    text = str(loader.construct_scalar(node))
    return text if ":" in text else int(loader.construct_yaml_int(node))


StrictLoader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def _check_aliases(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Returns how many nodes a document has once its aliases are written out; ``sizes`` holds those counted so far."""
    if id(node) not in sizes:
        sizes[id(node)] = 0  # until all below it are counted
        below = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        parts = below if isinstance(node, yaml.CollectionNode) else ()
        sizes[id(node)] = 1 + sum(_check_aliases(part, sizes) for part in parts)
    if not 0 < sizes[id(node)] <= _MOST_NODES:
        fault = "an alias holds itself" if sizes[id(node)] == 0 else "its aliases stand for more than a grid can hold"
        raise yaml.constructor.ConstructorError(None, None, fault, node.start_mark)
    return sizes[id(node)]
