"""Finds the largest hidden size that keeps to so many KB, with ranks and kept fractions by the rule of ``size``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.data import describe, resolved
from bench.errors import RnnbenchError
from bench.spec import Grid, RunSpec, SizePart, parse
from bench.train.task import check_cells, task_of

_WIDEST = 1024
"""The largest hidden size that a size in KB is filled with."""
_LEAST = 4
"""The first hidden size that is tried."""
_NO_PART = ("seed", "train", "split", "evaluate", "sealed")
"""Parts of a specification that no size depends on."""


@dataclass(frozen=True)
class Filled:
    """The settings that fill a size.

    Attributes:
        settings: by dotted path: hidden size, ranks, kept fractions.
        kb: what the model has then.
    """

    settings: Mapping[str, Any]
    kb: float


class Filler:
    """Reads the runs of a grid, and fills the sizes that it asks for.

    Args:
        grid: the grid.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid, self._reader = grid, grid.reader()
        self._known: dict[str, Filled] = {}
        self.kb: dict[str, float] = {}
        """KB by run id, of the runs that :meth:`runs` has filled."""

    def run(self, raw: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> RunSpec:
        """Returns the run of a raw specification with some settings, which are taken as they are.

        Raises:
            RnnbenchError: when it is not valid.
        """
        return resolved(self._grid.with_settings(raw, settings or {}, self._reader))

    def runs(self) -> list[RunSpec]:
        """Returns the runs of a grid that does not search, its sizes filled, and notes their KB.

        Raises:
            RnnbenchError: as :meth:`Grid.runs`, or when no model keeps to a size.
        """

        def read(raw: Mapping[str, Any]) -> RunSpec:
            if (size := self.size(raw, {})) is None:
                return self._reader.read(raw)
            filled = self.filled(raw, {}, size)
            spec = self.run(raw, filled.settings)
            self.kb[spec.id] = filled.kb
            return spec

        return self._grid.runs(read)

    def size(self, raw: Mapping[str, Any], settings: Mapping[str, Any], limit: float | None = None) -> SizePart | None:
        """Returns how large a model may be; ``None`` for any size.

        Args:
            raw: the specification, whose part ``size`` counts.
            settings: by dotted path; ``size.rank`` and ``size.keep`` may be among them.
            limit: in KB, of ``search.extra``; there matrices have the rank and the entries that were drawn.
        """
        drawn = {path.partition(".")[2]: value for path, value in settings.items() if path.startswith("size.")}
        given = {**raw["size"], **drawn} if isinstance(raw.get("size"), Mapping) else raw.get("size")
        if given is None:
            return None if limit is None else SizePart(kb=limit, rank=1, keep=1)
        size = parse(SizePart, given, f"grid {self._grid.name!r}, size")
        return size if limit is None else size.model_copy(update={"kb": min(size.kb, limit)})

    def filled(self, raw: Mapping[str, Any], settings: Mapping[str, Any], size: SizePart) -> Filled:
        """Returns what fills a size, the largest hidden size first of all.

        A hidden size that the specification has is replaced; ranks and fractions that it has stay.

        Raises:
            RnnbenchError: when no model keeps to it.
        """
        given = {**raw, **settings}
        key = f"{[(path, given[path]) for path in sorted(given) if path.partition('.')[0] not in _NO_PART]} {size}"
        if key not in self._known:
            self._known[key] = self._fill(raw, settings, size)
        return self._known[key]

    def _fill(self, raw: Mapping[str, Any], settings: Mapping[str, Any], size: SizePart) -> Filled:
        unit = math.lcm(*self.run(raw, {**settings, "cell.hidden_size": 1}).cell.blocks.values())
        best: Filled | None = None
        least, fault = math.inf, ""
        below, above = 0, _WIDEST // unit + 1
        while above - below > 1:
            # Doubles until a model is too large, for large ones are slow to build; then halves what is left.
            middle = min(max(2 * below, -(-_LEAST // unit)), _WIDEST // unit)
            count = middle if above > _WIDEST // unit else (below + above) // 2
            try:
                found = self._with(raw, settings, size, count * unit)
            except RnnbenchError as error:  # a rank above the hidden size
                fault, below = str(error), count
                continue
            least = min(least, found.kb)
            if found.kb > size.kb:
                above = count
            else:
                best, below = found, count
        if best is None:
            why = f"the smallest that was tried has {least:.3g} KB" if least < math.inf else fault
            what = ", ".join(f"{path} {value}" for path, value in settings.items() if not path.startswith("train."))
            name = raw["cell"].get("name", "") if isinstance(raw.get("cell"), Mapping) else raw.get("cell")
            raise RnnbenchError(
                f"no hidden size gives a {name} of {size.kb:g} KB{f' with {what}' if what else ''}: {why}"
            )
        return best

    def _with(self, raw: Mapping[str, Any], settings: Mapping[str, Any], size: SizePart, hidden: int) -> Filled:
        found = {"cell.hidden_size": hidden}
        spec = self.run(raw, {**settings, **found})
        found |= self._by_rule(spec, size) if size.rank < 1 or size.keep < 1 else {}
        spec = self.run(raw, {**settings, **found})
        return Filled(found, task_of(spec).kb(spec, describe(spec.data.name, spec.data.options)))

    def _by_rule(self, spec: RunSpec, size: SizePart) -> dict[str, Any]:
        """Returns ranks and kept fractions of those matrices that can have them and have none, by dotted path."""
        found: dict[str, Any] = {}
        for cell in check_cells(spec):
            for name, weight in cell.weights().items():
                try:
                    weight.factors()
                except ValueError:  # its entries are not learnt one by one
                    continue
                rank = size.rank_of(weight.outputs, weight.inputs)
                if rank is not None and weight.rank is None and weight.diagonal == 1:
                    path = f"cell.rank.{name}"
                    found[path] = min(rank, found.get(path, rank))
                if size.keep < 1 and name not in spec.compress.keep:
                    found[f"compress.keep.{name}"] = size.keep
        return found
