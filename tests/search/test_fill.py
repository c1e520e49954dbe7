"""Sizes in KB that a grid asks for: the largest hidden size by hand, ranks and fractions by the rule, faults."""

import math
from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.record import Drawn
from bench.search import Filler
from bench.search.choose import final_runs
from bench.search.trials import draw, restore
from bench.spec import Grid, RunSpec, parse

DENSE = {"rank": 1, "keep": 1}


def grid(cell: Any, size: Any, **more: Any) -> Grid:
    body = {"name": "sized", "grid": {"data": ["watch7"], "cell": [cell], "size": [size], "seed": [0, 1]}, **more}
    found: Grid = parse(Grid, body, "test")
    return found


def filled(cell: Any, size: Any, **more: Any) -> RunSpec:
    filler = Filler(grid(cell, size, **more))
    first, second = filler.runs()
    assert first.cell == second.cell
    assert filler.kb[first.id] == filler.kb[second.id] <= size["kb"]
    return first


def test_a_dense_size_is_filled_as_the_closed_form_says() -> None:
    """FastGRNN on watch7 has H (6 + H) + 2H + 2 numbers, its classifier 7H + 7: H^2 + 15H + 9 of them, 4 bytes each.

    The last size is what 13 units take, to the byte: 4 (169 + 195 + 9).
    """
    for kb in (1, 3, 12, 1492 / 1024):
        widest = max(h for h in range(1, 200) if 4 * (h * h + 15 * h + 9) <= 1024 * kb)
        spec = filled("fastgrnn", {"kb": kb, **DENSE})
        assert (spec.cell.hidden_size, spec.cell.rank, spec.compress.keep) == (widest, {}, {})


def test_the_rule_gives_a_third_of_the_rank_and_of_the_entries() -> None:
    """W, H x 6, gets round(.33 x 6) = 2, and U, H x H, round(.33 H); 3 in 10 of their entries stay, at 2 bytes each."""
    spec = filled("fastgrnn", {"kb": 2}, base={"compress": {"quantise": "table"}, "train": {"epochs": 9}})

    def stored(h: int) -> int:
        rank = int(0.33 * h + 0.5)
        kept = [math.ceil(0.3 * n - 1e-9) for n in (2 * h, 2 * 6, rank * h, rank * h)]
        return 2 * sum(kept) + 2 * h + 2 + 7 * h + 7

    widest = max(h for h in range(8, 200) if stored(h) <= 2048)
    assert (spec.cell.hidden_size, spec.cell.rank) == (widest, {"W": 2, "U": int(0.33 * widest + 0.5)})
    assert spec.compress.keep == {"W": 0.3, "U": 0.3}


def test_what_a_cell_says_of_its_matrices_stays() -> None:
    spec = filled({"name": "lstm", "rank": {"U": 3}}, {"kb": 4}, base={"compress": {"keep": {"W": 0.7}}})
    assert (spec.cell.rank["U"], spec.compress.keep) == (3, {"W": 0.7, "U": 0.3})
    blocks = filled({"name": "lstm", "blocks": {"U": 4}}, {"kb": 4, "keep": 1})
    assert blocks.cell.hidden_size % 4 == 0
    assert "U" not in blocks.cell.rank


def test_a_matrix_that_is_not_learnt_by_entries_is_left_alone() -> None:
    assert filled("spectralrnn", {"kb": 4}).cell.rank.keys() == {"W"}
    assert filled("lmu", {"kb": 4}).compress.keep.keys() == {"W", "U", "V"}


def test_the_found_run_is_the_run_that_says_it_by_hand() -> None:
    spec = filled("gru", {"kb": 3})
    by_hand = {"name": "gru", "hidden_size": spec.cell.hidden_size, "rank": dict(spec.cell.rank)}
    (other, _) = grid(by_hand, None, base={"compress": {"keep": {"W": 0.3, "U": 0.3}}}).runs(
        lambda raw: RunSpec.model_validate({key: raw[key] for key in raw if key != "size"})
    )
    assert other.id == spec.id


@pytest.mark.parametrize(
    ("size", "says"),
    [
        ({"kb": 0.01}, "no hidden size gives a gru of 0.01 KB: the smallest that was tried has 0.0"),
        ({"kb": 0}, "size: kb: input should be greater than 0"),
        ({"kb": 3, "ranks": 1}, "unknown key 'ranks'; did you mean 'rank'?"),
        ({"rank": 1}, "kb: field required"),
        (3, "size"),
    ],
)
def test_a_faulty_size_is_one_line(size: Any, says: str) -> None:
    with pytest.raises(RnnbenchError, match=r".") as error:
        Filler(grid("gru", size)).runs()
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_fault_of_every_width_is_the_reason() -> None:
    with pytest.raises(RnnbenchError, match=r"no hidden size gives a gru of 3 KB: .*no matrix 'Q'"):
        Filler(grid({"name": "gru", "rank": {"Q": 2}}, {"kb": 3})).runs()


def test_a_search_draws_the_rule_and_notes_what_it_found() -> None:
    body = {
        "name": "sized",
        "base": {"train": {"epochs": 9}},
        "grid": {"data": ["watch7"], "cell": ["gru"], "size": [{"kb": 1}, {"kb": 3}]},
        "search": {"trials": 3, "seeds": 1, "prior": {"size.rank": [0.25, 1], "train.learning_rate": [0.01, 0.02]}},
        "final": {"seeds": [5]},
    }
    made = parse(Grid, body, "test")
    trials = draw(made)
    assert {trial.group for trial in trials} == {"watch7, gru, kb 1", "watch7, gru, kb 3"}
    for trial in trials:
        (run,), (final,) = trial.runs, final_runs(made, trial, 8)
        assert ("U" in run.cell.rank) == (trial.settings["size.rank"] < 1)
        assert trial.kb is not None
        assert trial.kb <= trial.raw["size"]["kb"]
        assert final.cell == run.cell
        assert final.compress.keep == run.compress.keep == {"W": 0.3, "U": 0.3}
    noted = [
        Drawn(group=t.group, trial=t.number, settings=dict(t.settings), kb=t.kb, runs=tuple(r.id for r in t.runs))
        for t in trials
    ]
    assert [trial.runs for trial in restore(made, noted)] == [trial.runs for trial in trials]
