"""Verdicts on claims, from records made by hand: what holds, what does not, what so many seeds leave open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import RnnbenchError
from bench.places import PUBLISHED
from bench.record import runs_folder, write
from bench.report import read
from bench.report.verdicts import Claim, Judged, Standing, judge, read_claims, table


def judged(folder: Any, **test: Any) -> Judged:
    claim = Claim.model_validate({"id": "X", "says": "x", "source": "y", "tests": [test]})
    return judge(claim, [read(folder.path)])


def pair(folder: Any, differences: list[float], **more: Any) -> None:
    """GRU at 80 %, LSTM above it by so many points, seed by seed."""
    for seed, difference in enumerate(differences):
        folder.add("GRU", seed=seed, accuracy=0.8, kb=10.0)
        folder.add("LSTM", seed=seed, accuracy=0.8 + difference / 100, kb=40.0, **more)


def _claim(test: str) -> str:
    return f"claims: [{{id: A, says: x, source: y, tests: [{{{test}}}]}}]"


BETTER = {"kind": "better", "own": {"cell": "lstm"}, "against": {"cell": "gru"}}
NO_WORSE = {**BETTER, "kind": "no-worse", "margin": 1}


@pytest.mark.parametrize(
    ("differences", "standing"),
    [
        ([2, 2, 2, 2, 2, 3], Standing.HOLDS),  # all six signs alike: p = 2 / 64 = .031
        ([-2, -2, -2, -2, -2, -3], Standing.NOT),
        ([2, 2, 2], Standing.UNDECIDED),  # p = 2 / 8
        ([5], Standing.UNDECIDED),
    ],
)
def test_better_needs_a_p_that_so_many_seeds_can_give(
    folder: Any, differences: list[float], standing: Standing
) -> None:
    pair(folder, differences)
    assert judged(folder, **BETTER).standing == standing


def test_comparisons_of_too_few_seeds_take_nothing_from_others(folder: Any, make_folder: Callable[[str], Any]) -> None:
    """Six seeds give 2 / 64 = .031, twice that with a second comparison of six; five seeds can give .063 at best."""
    pair(folder, [2, 2, 2, 2, 2, 3])
    few, six = make_folder("few"), make_folder("six")
    pair(few, [2, 2, 2, 2, 3])
    pair(six, [2, 2, 2, 2, 2, 2.5])
    claim = Claim.model_validate({"id": "X", "says": "x", "source": "y", "tests": [BETTER]})
    both = judge(claim, [read(folder.path), read(few.path)])
    assert [own.standing for own in both.evidence] == [Standing.HOLDS, Standing.UNDECIDED]
    assert ["Holm p 0.031" in own.said for own in both.evidence] == [True, False]
    assert "Holm p" not in both.evidence[1].said
    assert judge(claim, [read(folder.path), read(six.path)]).standing == Standing.UNDECIDED


@pytest.mark.parametrize(
    ("differences", "standing"),
    [
        ([-0.4, -0.5, -0.6], Standing.HOLDS),  # -0.5, half width 4.303 * 0.1 / sqrt(3) = 0.248
        ([-2.0, -2.1, -1.9], Standing.NOT),
        ([-2.0, 1.0, 0.5], Standing.UNDECIDED),
        ([0.0, 0.0], Standing.UNDECIDED),  # two seeds decide nothing
    ],
)
def test_no_worse_is_by_the_interval(folder: Any, differences: list[float], standing: Standing) -> None:
    pair(folder, differences)
    assert judged(folder, **NO_WORSE).standing == standing


def test_the_evidence_has_the_difference_its_interval_and_n(folder: Any) -> None:
    pair(folder, [-0.4, -0.5, -0.6])
    (found,) = judged(folder, **NO_WORSE).evidence
    assert found.where == "Watch-7 (demo)"
    assert found.said.startswith("LSTM against GRU: -0.50 points (-0.75 to -0.25)")
    assert found.said.endswith("n 3")


def test_rows_are_paired_within_what_they_must_have_in_common(folder: Any) -> None:
    """Small against dense of the same cell: two pairs, and not GRU against LSTM."""
    for cell in ("GRU", "LSTM"):
        for steps in ("", "LS"):
            folder.add(cell, steps=steps)
    test = {"kind": "no-worse", "own": {"compression": "LS"}, "against": {"compression": "dense"}, "margin": 1}
    assert len(judged(folder, **test).evidence) == 4
    alike = judged(folder, **test, same=["cell"]).evidence
    assert [own.said.partition(":")[0] for own in alike] == ["GRU LS against GRU", "LSTM LS against LSTM"]


def test_a_ratio_and_its_bounds(folder: Any) -> None:
    """40 KB against 10: the GRU is 4 times smaller."""
    pair(folder, [0])
    ratio = {"kind": "ratio", "own": {"cell": "gru"}, "against": {"cell": "lstm"}, "figure": "kb"}
    assert judged(folder, **ratio, at_least=3, at_most=5).standing == Standing.HOLDS
    assert judged(folder, **ratio, at_least=4.5).standing == Standing.NOT
    assert judged(folder, **ratio, at_least=2, at_most=3).standing == Standing.MORE
    folder.add("GRU", "digits", kb=10.0)
    folder.add("LSTM", "digits", kb=25.0)  # 2.5 times, and 4 on the other data
    assert judged(folder, **ratio, at_least=2, at_most=3).standing == Standing.IN_PART


def test_int8_is_not_held_against_float32_unless_the_claim_is_about_that(folder: Any) -> None:
    pair(folder, [0, 0, 0], steps="Q", integer=0.9)
    assert judged(folder, **NO_WORSE).standing == Standing.UNTESTED
    assert judged(folder, **NO_WORSE, across_formats=True).standing == Standing.HOLDS


def test_a_model_that_does_not_fit_is_evidence_against_fitting(folder: Any, make_latency: Any) -> None:
    folder.add("GRU", latencies=(make_latency("uno", flash=False),))
    found = judged(folder, kind="figure", own={"cell": "gru"}, figure="ms", board="uno", at_least=0)
    assert (found.standing, found.evidence[0].said) == (Standing.NOT, "GRU does not fit uno")


def test_some_for_and_some_against_is_in_part(folder: Any) -> None:
    for data, kb in (("a", 3.0), ("b", 9.0)):
        folder.add("GRU", data, kb=kb)
    assert judged(folder, kind="figure", figure="kb", own={"cell": "gru"}, at_most=6).standing == Standing.IN_PART


def test_what_the_paper_prints_decides_only_what_is_claimed_of_it(folder: Any) -> None:
    """Table 3, Google-30: FastRNN 91.60 less SpectralRNN 88.73 is 2.87; the text says Google-12, where it is 0.62."""
    folder.add("GRU")
    printed = {"kind": "printed", "methods": ["FastRNN", "SpectralRNN"], "figure": "value"}
    bounds = {"at_least": 2.865, "at_most": 2.875}
    assert judged(folder, **printed, **bounds, data=["Google-30"]).standing == Standing.HOLDS
    found = judged(folder, **printed, **bounds, data=["Google-12"])
    assert found.standing == Standing.NOT
    assert found.evidence[0].said.endswith("value: 0.62")
    both = Claim.model_validate(
        {"id": "X", "says": "x", "source": "y", "tests": [BETTER, {**printed, **bounds, "data": ["Google-30"]}]}
    )
    assert judge(both, [read(folder.path)]).standing == Standing.UNTESTED


def test_every_shipped_claim_is_judged_and_has_a_row(folder: Any) -> None:
    claims = read_claims(PUBLISHED / "fastgrnn_claims.yaml")
    assert len(claims) >= 36
    pair(folder, [0, 0, 0])
    made = table([judge(claim, [read(folder.path)]) for claim in claims])
    assert [row.label for row in made.rows] == [claim.id for claim in claims]
    assert all(row.entries[2].text for row in made.rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claims: [{id: A, says: x, source: y}]", "claim A needs tests, or not_tested"),
        (
            "claims: [{id: A, says: x, source: y, tests: [{kind: ratio, own: {cell: a}, against: {cell: b}}]}]",
            "at_least",
        ),
        ("claim: []", "unknown key 'claim'"),
        ("claims: []", "at least 1"),
        ("claims: [{id: A", "cannot read the claims"),
        (_claim("kind: better, own: {cel: a}, against: {cell: b}"), "'cel' is no setting; did you mean 'cell'"),
        (_claim("kind: better, own: {train.epoch: 1}, against: {cell: b}"), "'epoch' is no setting of train"),
        (_claim("kind: figure, own: {cell: a}, figure: kilobytes, at_most: 3"), "'kilobytes' is no figure"),
        (_claim("kind: learnt, own: {cell: a}, at_most: 3"), "is no figure of a test of kind learnt; there is: alpha"),
        (_claim("kind: figure, own: {cell: a}, figure: ms, at_most: 3"), "a board is what the figure ms needs"),
        (_claim("kind: figure, own: {cell: a}, figure: kb, at_least: 5, at_most: 3"), "at_least 5 is above at_most 3"),
        (_claim("kind: printed, methods: [RNN, Foo], figure: value, at_least: 3"), "'Foo' is no method of table_3"),
        (
            _claim("kind: printed, methods: [RNN, LSTM], figure: metric, at_least: 3"),
            "'metric' is no figure of table_3",
        ),
        (
            _claim("kind: printed, methods: [RNN, LSTM], table: table_99, figure: value, at_least: 3"),
            "'table_99' is no",
        ),
    ],
)
def test_a_faulty_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "claims.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RnnbenchError, match=said):
        read_claims(tmp_path / "claims.yaml")


def test_a_training_that_two_grids_have_is_one_evidence(make_folder: Any) -> None:
    """p of the sign-flip test over six seeds is 2 / 64, and stays so; Holm would double it for a second grid."""
    first, second, third = (make_folder(name) for name in ("first", "second", "third"))
    for one in (first, second, third):
        one.grid = one.path.name
    pair(first, [2, 2, 2, 2, 2, 3])
    pair(second, [2, 2, 2])
    claim = Claim.model_validate({"id": "X", "says": "x", "source": "y", "tests": [BETTER]})
    (found,) = judge(claim, [read(second.path), read(first.path)]).evidence
    assert found.where == "Watch-7 (first, second)"
    assert "Holm p 0.031, n 6" in found.said
    pair(third, [2, 2, 1])  # trained again, and something else came of it
    both = judge(claim, [read(first.path), read(third.path)]).evidence
    assert [own.where for own in both] == ["Watch-7 (first)", "Watch-7 (third)"]


def test_evidence_says_whose_training_fell_apart(folder: Any) -> None:
    pair(folder, [2, 2, 2], train={"select": "last"})
    for cell, shares in (("lstm", (0.9, 0.99, 0.5)), ("gru", (0.9, 0.97, 0.99))):
        (run,) = folder.path.glob(f"runs/*-{cell}-*-s0-*")
        lines = [f"{number},{share},dense" for number, share in enumerate(shares, 1)]
        (run / "metrics.csv").write_text("\n".join(["epoch,train_accuracy,stage", *lines, ""]), encoding="utf-8")
    (found,) = judged(folder, **NO_WORSE).evidence
    assert found.said.endswith("n 3; training of LSTM fell apart")


def test_a_claim_of_what_is_not_here_says_what_is_missing(folder: Any) -> None:
    pair(folder, [0, 0, 0])
    assert judged(folder, **{**BETTER, "own": {"cell": "lstn"}}).reason.endswith(
        "none has cell lstn; did you mean 'lstm'?"
    )
    assert judged(folder, **BETTER, data=["watsh"]).reason.endswith("none has data watsh; did you mean 'watch'?")


def test_models_of_the_same_shape_are_compared_where_a_claim_asks_for_it(folder: Any) -> None:
    for rank in (5, 11):
        for steps in ("LS", "LSQ"):
            folder.add("GRU", steps=steps, rank=rank, accuracy=0.9, integer=0.9 if steps == "LSQ" else None)
    test = {"kind": "no-worse", "own": {"compression": "LSQ"}, "against": {"compression": "LS"}, "margin": 1}
    assert len(judged(folder, **test, across_formats=True).evidence) == 4
    alike = judged(folder, **test, across_formats=True, same=["cell.rank"]).evidence
    assert len(alike) == 2
    assert not any("(1)" in own.said for own in alike), "no number that only a legend explains"


@pytest.mark.parametrize(
    ("alpha", "hold", "standing"),
    [
        (0.1, None, Standing.HOLDS),
        (1.0, None, Standing.UNDECIDED),  # of which no percentage can be taken
        (0.1, {"beta": 0.9}, Standing.UNTESTED),  # held, and not learnt
    ],
)
def test_what_is_learnt_counts_and_not_what_is_held(
    folder: Any, alpha: float, hold: dict[str, float] | None, standing: Standing
) -> None:
    for seed in range(3):
        record = folder.add("FastRNN", seed=seed, hold=hold)
        kept = record.result.model_copy(update={"learnt": {"alpha": alpha, "beta": 0.9 + seed / 10_000}})
        write(runs_folder(folder.path) / record.id, record.model_copy(update={"result": kept}))
    assert judged(folder, kind="learnt", own={"cell": "fastrnn"}, figure="error", at_most=3.21).standing == standing


def test_learnt_numbers_by_name(folder: Any) -> None:
    with pytest.raises(ValueError, match="no figure of a test of kind learnt"):
        judged(folder, kind="learnt", own={"cell": "gru"}, figure="kb", at_most=3)


def test_of_equal_trainings_the_one_that_has_the_figure_counts(make_folder: Any, make_latency: Any) -> None:
    first, second = make_folder("first"), make_folder("second")
    first.add("GRU", latencies=())
    second.add("GRU", latencies=(make_latency("uno", ms=4.0),))
    test = {"kind": "figure", "own": {"cell": "gru"}, "figure": "ms", "board": "uno", "at_most": 5}
    claim = Claim.model_validate({"id": "X", "says": "x", "source": "y", "tests": [test]})
    (found,) = judge(claim, [read(first.path), read(second.path)]).evidence
    assert found.said == "GRU: 4 ms on uno"


def test_a_size_is_in_kb_unless_it_says_otherwise(folder: Any) -> None:
    folder.add("GRU", kb=3.0)
    (found,) = judged(folder, kind="figure", own={"cell": "gru"}, at_most=6).evidence
    assert found.said == "GRU: 3 KB"
