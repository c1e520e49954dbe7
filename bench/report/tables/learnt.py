"""What cells learnt for alpha and beta, against the number of steps, in the form of Table 7 of the FastGRNN paper.

The paper's figure stands beside a row on its own data set at its number of steps (NeurIPS 2018, appendix).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.report.caption import seeds
from bench.report.published import book
from bench.report.results import Results
from bench.report.short import row_legend, row_names
from bench.report.statistics import deviation, mean
from bench.report.summary import DataSet, Summary
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, number, typeset

_OURS, _PAPER = Spanner("ours", "ours"), Spanner("paper", "the paper's Table 7")
_COLUMNS = (
    *(Column(title, _OURS, places=4) for title in ("alpha", "beta", "alpha/beta")),
    Column("error (%)", _OURS, places=2),
)
_BESIDE = tuple(Column(title, _PAPER, places=4) for title in ("alpha", "beta"))
_STUB = tuple(Column(title, align="left") for title in ("Data", "Row", "T"))


def table(results: Results) -> Table | None:
    """A row for every row of the grid whose cell learnt alpha and beta freely, the longest sequences first.

    ``None`` where no cell did.
    """
    found = [(row, known) for row in results.summaries if row.data.facts and (known := _learnt(row))]
    if not found:
        return None
    shown = [row for row, _ in found]
    names, said = row_names(results, shown), row_legend(results, shown)
    found.sort(key=lambda own: (own[0].data.name.partition(" ")[0], -_steps(own[0].data), own[0].label))
    printed = [_printed(row.data) for row, _ in found]
    rows = [
        Row(
            (row.data.title, names[row.label], str(_steps(row.data))),
            (*_entries(known), *(_beside(own) if any(printed) else ())),
        )
        for (row, known), own in zip(found, printed, strict=True)
    ]
    caption = (
        f"{results.name}: what cells learnt for alpha and beta, {seeds(shown)}. T: steps of a "
        "sequence. Error: how far beta is from 1 - alpha, in percent of that."
    )
    columns = (*_COLUMNS, *(_BESIDE if any(printed) else ()))
    return typeset(Table(f"{results.name}-learnt", caption, columns, tuple(rows), notes=said, stub=_STUB))


def _learnt(row: Summary) -> list[dict[str, float]]:
    """Returns what the finished runs of a row learnt; nothing where one of the two is tied or held at a value."""
    free = (run.record for run in row.runs if run.done and not run.record.spec["cell"].get("hold"))
    learnt = (record.result.learnt for record in free if record.result)
    return [own for own in learnt if own and {"alpha", "beta"} <= own.keys()]


def _steps(data: DataSet) -> int:
    return data.facts.steps if data.facts else 0


def _printed(data: DataSet) -> Mapping[str, float] | None:
    """Returns the paper's row for a data set at its number of steps."""
    names = {own["data"]: own["dataset"] for own in book()["data_sets"]}
    own = (names.get(data.name.partition(" ")[0]), _steps(data))
    return next((row for row in book()["table_7"]["rows"] if (row["dataset"], row["steps"]) == own), None)


def _beside(printed: Mapping[str, float] | None) -> tuple[Entry, Entry]:
    return (number(printed["alpha"]), number(printed["beta"])) if printed else (DASH, DASH)


def _entries(known: Sequence[Mapping[str, float]]) -> tuple[Entry, ...]:
    alphas, betas = ([own[name] for own in known] for name in ("alpha", "beta"))
    both = list(zip(alphas, betas, strict=True))
    figures = (alphas, betas, [a / b for a, b in both], [100 * abs(b - 1 + a) / (1 - a) for a, b in both])
    return tuple(number(mean(values), deviation(values), len(values)) for values in figures)
