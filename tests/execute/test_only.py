"""Some runs of a grid, by id or by what they have."""

import pytest
from test_worker import spec

from bench.errors import RnnbenchError
from bench.execute.only import only

RUNS = [spec(seed, cell) for cell in ("gru", "rnn", "lstm") for seed in (0, 1, 12)]


def chosen(*terms: str) -> list[tuple[str, int]]:
    ids = only(RUNS, terms)
    return [(run.cell.name, run.seed) for run in RUNS if run.id in ids]


@pytest.mark.parametrize(
    ("terms", "runs"),
    [
        ([RUNS[4].id], [("rnn", 1)]),
        ([RUNS[4].id[-16:]], [("rnn", 1)]),
        (["digits-mfcc-gru"], [("gru", 0), ("gru", 1), ("gru", 12)]),
        (["cell=gru"], [("gru", 0), ("gru", 1), ("gru", 12)]),
        (["cell.name=gru|lstm,seed=1"], [("gru", 1), ("lstm", 1)]),
        (["cell=gru,seed=1", RUNS[8].id], [("gru", 1), ("lstm", 12)]),
        (["train.patience=null,cell=gru,seed=0|1"], [("gru", 0), ("gru", 1)]),
        (["train.learning_rate=5e-3,cell.rank={},seed=1"], [("gru", 1), ("rnn", 1), ("lstm", 1)]),
        (["data=digits-mfcc,cell.hidden_size=8,seed=12"], [("gru", 12), ("rnn", 12), ("lstm", 12)]),
    ],
)
def test_terms(terms: list[str], runs: list[tuple[str, int]]) -> None:
    assert chosen(*terms) == runs


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("cel=gru", "no run fits 'cel=gru': none has a key 'cel'; did you mean 'cell'?"),
        ("tran.patience=null", "none has a key 'tran.patience'; did you mean 'train.patience'?"),
        ("cell.gate=null,cell=gru", "none has a key 'cell.gate'"),
        ("=3", "none has a key ''"),
        ("seed=3", "no run fits 'seed=3'"),
        ("cell=gru,rnn", "--only takes an id, or KEY=VALUE such as cell=gru,seed=0, not 'rnn'"),
        ("seed=[", "--only takes an id, or KEY=VALUE"),
        ("nothing", "no run has the id 'nothing': `rnnbench plan` shows those of the grid"),
        ("", "no run has the id ''"),
    ],
)
def test_a_term_that_fits_nothing(term: str, says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        chosen("cell=gru", term)
    assert says in str(error.value)


def test_an_id_that_begins_another_is_that_run_alone() -> None:
    short, long = spec(1), spec(12)
    assert only([short, long], [short.id]) == {short.id}


def test_a_term_that_only_final_runs_would_fit_says_that_trials_come_first() -> None:
    """The final runs of a search are not known before its choice."""
    trials = [spec(seed).model_copy(update={"sealed": True}) for seed in (11, 10)]
    with pytest.raises(RnnbenchError, match=r"^no run fits 'seed=0' among the trials, .*, with --only 'seed=10\|11'$"):
        only(trials, ["seed=0"])
    assert len(only(trials, ["seed=10|11"])) == 2
    with pytest.raises(RnnbenchError, match=r"^no run fits 'cell=gruu': `rnnbench plan` shows those of the grid$"):
        only(trials, ["cell=gruu"])
    with pytest.raises(RnnbenchError, match=r"none has a key 'cel'; did you mean 'cell'\?$"):
        only(trials, ["cel=gru"])
