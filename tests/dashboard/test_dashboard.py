"""``rnnbench dashboard push``, with W&B's real client and its workspaces, against a stand-in for its server."""

from __future__ import annotations

import json
import shutil
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Command
from wandb_server import KEY, Server, serving

from bench import record, track

pytest.importorskip("wandb_workspaces")
pytestmark = pytest.mark.long

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "lsq-cells"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as stand_in:
        monkeypatch.setenv("WANDB_BASE_URL", stand_in.url)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.delenv("WANDB_SERVICE", raising=False)
        yield stand_in


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The records of a grid of ours, eight cells and three seeds on two data sets."""
    return Path(shutil.copytree(REFERENCE, tmp_path / "grid"))


def panels(server: Server) -> dict[str, list[dict[str, Any]]]:
    """Panels of the one workspace, by section."""
    (view,) = server.views.values()
    bank = json.loads(view["spec"])["section"]["panelBankConfig"]
    return {section["name"]: section["panels"] for section in bank["sections"]}


@pytest.mark.slow
def test_what_arrives_is_what_the_records_say(server: Server, rnnbench_process: Command, results: Path) -> None:
    said = rnnbench_process("dashboard", "push", results, "--wandb-project", "tiny")
    assert said.code == 0, said.err
    assert said.out.startswith(f"{server.url}/tester/tiny")

    (summary,) = server.runs.values()
    assert (summary.bucket["jobType"], summary.bucket["groupName"], summary.exit_code) == ("summary", "lsq-cells", 0)
    by_label: dict[str, list[float]] = defaultdict(list)
    for each in record.read_all(results):
        if each.data is not None and each.data.name == "watch7" and each.labels.cell == "FastGRNN":
            assert each.result is not None
            value = each.result.integer_accuracy or each.result.test_accuracy
            assert value is not None
            by_label[json.dumps([each.spec["cell"]["rank"], each.labels.variant])].append(100 * value)
    tables = {key.removesuffix("/mean"): value for key, value in summary.summary.items() if key.endswith("/mean")}
    fastgrnn = sorted(value for key, value in tables.items() if key.startswith("table/watch7/FastGRNN"))
    assert fastgrnn == pytest.approx(sorted(map(statistics.fmean, by_label.values())))
    some = next(key for key in tables if key.startswith("table/watch7/FastGRNN"))
    own = next(values for values in by_label.values() if statistics.fmean(values) == pytest.approx(tables[some]))
    assert summary.summary[f"{some}/n"] == len(own) == 3
    assert summary.summary[f"{some}/sd"] == pytest.approx(statistics.stdev(own))
    half = 4.302652729749464 * statistics.stdev(own) / 3**0.5  # t of two degrees of freedom at 97.5 %, from a table
    assert summary.summary[f"{some}/high"] == pytest.approx(statistics.fmean(own) + half)
    uploaded = b"".join(summary.files.values())
    assert (results / "report.html").read_bytes() in uploaded
    for figure in (results / "figures").glob("*.svg"):
        assert figure.read_bytes() in uploaded

    shown = panels(server)
    assert list(shown)[:4] == ["Table", "Accuracy against size", "Accuracy against latency", "Learning curves by cell"]
    assert shown["Table"][0]["config"]["value"].count("\n| watch7 |") == len(
        [key for key in tables if key.startswith("table/watch7/")]
    )
    (size,) = shown["Accuracy against size"]
    assert (size["config"]["xAxis"], size["config"]["yAxis"]) == ("summary:size/kb", "summary:accuracy")
    assert "summary:latency/uno/ms" in {each["config"]["xAxis"] for each in shown["Accuracy against latency"]}
    curves = {each["config"]["metrics"][0]: each["config"] for each in shown["Learning curves by cell"]}
    assert curves["validation_accuracy"]["groupBy"] == "labels.value.cell"
    (view,) = server.views.values()
    (runs,) = json.loads(view["spec"])["section"]["runSets"]
    assert runs["filters"]["filters"][0]["value"] == "lsq-cells"
    assert runs["grouping"] == [{"section": "config", "name": "labels.value.cell"}]

    again = rnnbench_process("dashboard", "push", results)
    assert again.code == 0, again.err
    assert (len(server.views), len(server.runs)) == (1, 1), "the second replaces the first"
    assert again.out == said.out

    other = rnnbench_process("dashboard", "push", results, "--wandb-project", "other")
    assert other.out.startswith(f"{server.url}/tester/other"), "another project has a workspace of its own"
    assert len(server.views) == 2


@pytest.mark.filterwarnings("ignore:Pydantic V1 style")  # of wandb-workspaces 0.4
def test_what_cells_have_learnt_is_shown_by_name(tmp_path: Path) -> None:
    from bench.dashboard.workspace import Content, sections

    content = Content("g", ["accuracy"], ["accuracy"], [], ["alpha", "zeta/2"], ["stage/nonzero"], "", [])
    shown = {section.name: section.panels for section in sections(content)}
    assert "Accuracy against latency" not in shown
    assert [panel.y for panel in shown["What the cells have learnt"]] == [["learnt/alpha"], ["learnt/zeta/2"]]
    assert [(panel.y, panel.title) for panel in shown["Sparsity and stage"]] == [
        (["stage/nonzero"], "share of weights that are not zero")
    ]


@pytest.mark.filterwarnings("ignore:Pydantic V1 style", "ignore:Passing a plain list")  # of wandb-workspaces 0.4
def test_runs_are_compared_by_f1_and_their_curves_are_of_accuracy(tmp_path: Path) -> None:
    """The history of a run has what its epochs are judged by; F1 is of the test set alone."""
    from bench.dashboard.workspace import Content, runs, sections

    content = Content("g", ["f1"], ["accuracy"], ["uno"], [], [], "", [])
    shown = {section.name: section.panels for section in sections(content)}
    curves = [panel.y for panel in shown["Learning curves by cell"]]
    assert curves[:2] == [["validation_accuracy"], ["train_accuracy"]]
    assert not [name for (name,) in curves if "f1" in name]
    assert [panel.y.name for panel in shown["Accuracy against size"]] == ["f1"]
    assert "summary:f1" in runs(content).pinned_columns


def test_a_server_that_does_not_answer_is_a_line_and_changes_nothing(
    server: Server, rnnbench_process: Command, results: Path
) -> None:
    server.dead = True
    said = rnnbench_process("dashboard", "push", results)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "does not answer" in said.err
    assert not track.shelf(results).joinpath("summary").exists()


def test_show_wants_files_of_wandb(rnnbench: Command, tmp_path: Path) -> None:
    said = rnnbench("dashboard", "show", tmp_path)
    assert said.code == 2
    assert "--wandb offline" in said.err
