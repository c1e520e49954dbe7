"""Table 7: the alpha and beta that cells learnt, against the number of steps, beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.published import book
from bench.report.results import Results
from bench.report.short import short_names
from bench.report.statistics import deviation, mean
from bench.report.table import DASH, Column, Entry, Row, Spanner, Table, number, typeset

_OURS, _PAPER = Spanner("ours", "ours"), Spanner("paper", "the paper's Table 7")


def table(folders: Sequence[Results]) -> Table | None:
    """Returns a row for every row of a grid whose cell learnt alpha and beta; ``None`` where none did."""
    printed = {(row["dataset"], row["steps"]): row for row in book()["table_7"]["rows"]}
    names = {own["data"]: own["dataset"] for own in book()["data_sets"]}
    rows = []
    for results in folders:
        short = short_names(results.summaries)
        for summary in results.summaries:
            own = [run.record for run in summary.runs if run.done and not run.record.spec["cell"].get("hold")]
            learnt = [record.result.learnt for record in own if record.result]
            known = [own for own in learnt if own and {"alpha", "beta"} <= own.keys()]
            if known and summary.data.facts:
                steps = summary.data.facts.steps
                beside = printed.get((names.get(summary.data.name.partition(" ")[0], ""), steps))
                rows.append(Row((summary.data.title, short[summary.label], str(steps)), _entries(known, beside)))
    if not rows:
        return None
    columns = (
        *(Column(title, _OURS, places=4) for title in ("alpha", "beta", "alpha/beta")),
        Column("error (%)", _OURS, places=2),
        *(Column(title, _PAPER, places=4) for title in ("alpha", "beta")),
    )
    stub = tuple(Column(title, align="left") for title in ("Data set", "Row", "T"))
    caption = (
        "What cells learnt for alpha and beta: mean ± sample standard deviation over seeds. Error: how far beta is "
        "from 1 - alpha, in percent of that."
    )
    return typeset(Table("learnt", caption, columns, tuple(rows), stub=stub))


def _entries(known: Sequence[dict[str, float]], beside: dict[str, float] | None) -> tuple[Entry, ...]:
    alphas, betas = ([own[name] for own in known] for name in ("alpha", "beta"))
    both = list(zip(alphas, betas, strict=True))
    figures = (alphas, betas, [a / b for a, b in both], [100 * abs(b - 1 + a) / (1 - a) for a, b in both])
    ours = (number(mean(values), deviation(values), len(values)) for values in figures)
    return (*ours, *((number(beside["alpha"]), number(beside["beta"])) if beside else (DASH, DASH)))
