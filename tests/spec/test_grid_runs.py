"""From a grid to its runs: every combination once, and nothing misread."""

import itertools
import random
from pathlib import Path

import pytest
import yaml

from bench.errors import RnnbenchError
from bench.execute.only import only
from bench.places import grids
from bench.plan import plan
from bench.spec import Grid, parse, read_grid, row_of
from bench.status import Status


def grid(tmp_path: Path, text: str) -> Grid:
    path = tmp_path / "grid.yaml"
    path.write_text(text, encoding="utf-8")
    return read_grid(path)


def test_the_runs_are_the_product_of_the_axes(tmp_path: Path) -> None:
    made = grid(tmp_path, "name: g\ngrid: {data: [a, b], cell: [gru, {name: qrnn, window: 2}], seed: [0, 1, 2]}")
    got = [(run.data.name, run.cell.name, run.seed) for run in made.runs()]
    assert got == list(itertools.product("ab", ["gru", "qrnn"], range(3)))


@pytest.mark.parametrize(
    ("axes", "path"),
    [
        ("cell.hidden_size: [8, 16], cell: [{name: lstm, hidden_size: 24}, gru]", "cell.hidden_size"),
        ("cell: [{name: lstm, hidden_size: 24}, gru], cell.hidden_size: [8, 16]", "cell.hidden_size"),
        ("set: [{train.epochs: 9}, {}], train.epochs: [5, 6]", "train.epochs"),
        ("cell: [gru], cell.name: [lstm]", "cell.name"),
        ("cell: [{name: qrnn, options: {window: 2}}], cell.window: [3]", "cell.window"),
        ("cell.rank: [{W: 2}], cell.rank.W: [3]", "cell.rank.W"),
    ],
)
def test_what_two_axes_set_is_refused(tmp_path: Path, axes: str, path: str) -> None:
    with pytest.raises(RnnbenchError, match=rf"two axes set {path}: `[a-zA-Z._]+` and `[a-zA-Z._]+`; [^\n]*$"):
        grid(tmp_path, f"name: g\ngrid: {{data: [a], {axes}}}")


def test_axes_may_set_parts_of_one_mapping(tmp_path: Path) -> None:
    axes = "cell: [{name: lstm, rank: {W: 2}}, gru], cell.hidden_size: [8, 16], set: [{cell.rank.U: 3}, {}]"
    assert len(grid(tmp_path, f"name: g\ngrid: {{data: [a], {axes}}}").runs()) == 8


def test_a_run_given_twice_is_run_once(tmp_path: Path) -> None:
    made = grid(tmp_path, "name: g\ngrid: {data: [a, a], cell: [gru, {name: gru, reset: after}]}")
    assert len(made.runs()) == 1


def test_a_seed_given_twice_is_refused(tmp_path: Path) -> None:
    """Who writes it counts one run more than there is."""
    for seeds in ("0, 0, 1", "0, 1, '0'"):
        with pytest.raises(RnnbenchError, match="axis 'seed' has 0 twice"):
            grid(tmp_path, f"name: g\ngrid: {{data: [a], cell: [gru], seed: [{seeds}]}}")


def test_the_sizes_of_a_grid_are_numbers_however_they_are_written(tmp_path: Path) -> None:
    made = grid(tmp_path, "name: g\ngrid: {data: [a], cell: [gru], size: [{kb: '3'}, {kb: 1e0}, {kb: 2.5}]}")
    assert made.budgets == [1.0, 2.5, 3.0]


def test_ids_do_not_depend_on_the_order_of_the_axes(tmp_path: Path) -> None:
    axes = {"data": ["a", "b"], "cell": ["gru", "rnn"], "seed": [0, 1], "train.epochs": [3, 4]}
    want = None
    for trial in range(5):
        items = [(key, random.Random(trial).sample(values, len(values))) for key, values in axes.items()]
        random.Random(trial).shuffle(items)
        ids = {run.id for run in grid(tmp_path, yaml.safe_dump({"name": "g", "grid": dict(items)})).runs()}
        want = want or ids
        assert ids == want
        assert len(ids) == 16


def test_base_axis_and_override_are_laid_over_each_other(tmp_path: Path) -> None:
    made = grid(
        tmp_path,
        """
name: g
base: {data: a, train: {epochs: 7, batch_size: 16}, cell: {hidden_size: 12}}
grid:
  cell: [gru, rnn, {name: lstm, hidden_size: 5}]
  train.learning_rate: [0.1]
overrides:
  - when: {cell.name: [rnn, lstm]}
    set: {train.learning_rate: 0.001, train.epochs: 9}
""",
    )
    got = {run.cell.name: run for run in made.runs()}
    assert [(r.cell.hidden_size, r.train.learning_rate, r.train.epochs) for r in got.values()] == [
        (12, 0.1, 7),
        (12, 0.001, 9),
        (5, 0.001, 9),
    ]
    assert {run.train.batch_size for run in got.values()} == {16}


AXES = "".join(f"  {path}: [{', '.join(map(str, range(1, 1001)))}]\n" for path in ("train.epochs", "seed", "a.b"))
BILLION = f"name: g\ngrid:\n{AXES}"
BOMB = "name: g\na: &a [1]\n" + "".join(
    f"{new}: &{new} [{', '.join(f'*{old}' for _ in range(10))}]\n" for old, new in itertools.pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: g\ngrid: {}", ["the grid is empty"]),
        ("name: g\ngrid: {data: [], cell: [gru]}", ["'data' has no values", "empty"]),
        ("name: g\ngrid: {data: [a], cell: [gru]}\nbas: {}", ["unknown key 'bas'", "'base'"]),
        ("name: g\ngrud: {data: [a]}", ["unknown key 'grud'", "'grid'"]),
        ("name: G!\ngrid: {data: [a], cell: [gru]}", ["name", "'G!'"]),
        ("name: g\nname: h\ngrid: {}", ["line 2", "'name' stands twice"]),
        ("name: [", ["line 1"]),
        ("- 1", ["not a grid"]),
        (BILLION, ["1,000,000,000 runs, more than 1,000,000", "shorten an axis"]),
        (BOMB, ["aliases stand for more than a grid can hold"]),
        ("name: g\ngrid: &a {data: [*a]}", ["an alias holds itself"]),
        ("", ["not a grid"]),
        ("name: g\ngrid: {data: [a], cell: [gru], train.epochs.x: [1]}\nbase: {train: {epochs: 3}}", ["'epochs'"]),
    ],
)
def test_a_faulty_grid_is_one_line_that_names_the_file(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(RnnbenchError) as caught:
        grid(tmp_path, text).runs()
    message = str(caught.value)
    assert "\n" not in message
    assert "grid" in message
    for word in words:
        assert word in message


def test_an_override_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    text = "name: g\ngrid: {data: [a], cell: [gru]}\noverrides: [{when: {cell.name: rnn}, set: {seed: 1}}]"
    with pytest.raises(RnnbenchError, match="override 1 matches no run"):
        grid(tmp_path, text).runs()


@pytest.mark.parametrize(
    ("conditions", "says"),
    [
        ("overrides: [{when: {tran.patience: null}, set: {seed: 1}}]", "override 1: when: unknown key 'tran.patience'"),
        ("overrides: [{when: {train.patienc: null}, set: {seed: 1}}]", "did you mean 'patience'?"),
        ("rows: {one: {seeds: null}}", "row 'one': unknown key 'seeds'; did you mean 'seed'?"),
    ],
)
def test_a_condition_on_a_misspelt_key_is_refused(tmp_path: Path, conditions: str, says: str) -> None:
    """It would hold of every run: where nothing is said, nothing is null."""
    with pytest.raises(RnnbenchError) as error:
        grid(tmp_path, f"name: g\ngrid: {{data: [a], cell: [gru]}}\n{conditions}")
    assert says in str(error.value)


def test_conditions_on_what_a_run_or_a_size_has_or_an_option_may_be(tmp_path: Path) -> None:
    when = "data: a, data.fold: null, cell.gate: null, cell.rank.U: null, size.kb: 3, awd.ar: null, train: null"
    text = f"overrides: [{{when: {{{when}}}, set: {{seed: 1}}}}]"
    made = grid(tmp_path, f"name: g\ngrid: {{data: [a], cell: [gru], size: [{{kb: 3}}]}}\n{text}")
    assert [raw["seed"] for _, raw in made.combinations()] == [1]


def test_an_option_has_in_rows_and_terms_the_path_that_it_has_in_the_grid(tmp_path: Path) -> None:
    """A record has it below ``options``, which a grid does not write."""
    text = "name: g\ngrid: {data: [a], cell: [fastrnn], cell.residual: [scalar, vector]}\n"
    made = grid(tmp_path, text + "rows: {numbers: {}, vectors: {cell.residual: vector}}")
    numbers, vectors = runs = made.runs()
    assert [row_of(made.rows, spec.model_dump(mode="json")) for spec in runs] == ["numbers", "vectors"]
    assert only(runs, ["cell.residual=vector"]) == only(runs, ["cell.options.residual=vector"]) == {vectors.id}
    assert numbers.id not in only(runs, ["cell.residual=vector"])


def test_a_missing_file_and_a_file_that_is_not_text(tmp_path: Path) -> None:
    with pytest.raises(RnnbenchError, match=r"cannot read the grid .*nowhere\.yaml"):
        read_grid(tmp_path / "nowhere.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(RnnbenchError, match="not UTF-8"):
        read_grid(tmp_path / "bytes.yaml")


def test_only_what_is_not_done_is_missing(tmp_path: Path) -> None:
    runs = grid(tmp_path, "name: g\ngrid: {data: [a], cell: [gru], seed: [0, 1, 2, 3, 4, 5]}").runs()
    states = [Status.DONE, Status.FAILED, Status.INTERRUPTED, Status.RUNNING, Status.SKIPPED]
    planned = plan(runs, {run.id: (state, "why") for run, state in zip(runs, states, strict=False)})
    assert [each.status for each in planned] == [*states, Status.PLANNED]
    assert [each.missing for each in planned] == [False, True, True, False, False, True]
    assert planned[1].reason == "why"


@pytest.mark.parametrize("path", grids(), ids=lambda path: path.stem)
def test_every_grid_that_we_ship_is_valid_and_named_as_its_file(path: Path) -> None:
    made = read_grid(path)
    assert made.name == path.stem
    assert made.about
    assert list(made.combinations()) if made.search else made.runs()


def test_values_that_vary_together_are_one_axis() -> None:
    grid = Grid.model_validate(
        {
            "name": "steps",
            "grid": {
                "data": ["watch7", "digits"],
                "cell": ["fastgrnn"],
                "set": [
                    {},
                    {"cell.rank": {"U": 5}},
                    {"cell.rank": {"U": 5}, "compress.keep": {"U": 0.5}, "train.epochs": 40},
                ],
            },
            "overrides": [{"when": {"data": "digits", "cell.rank.U": 5}, "set": {"cell.rank.U": 7}}],
        }
    )
    found = [(run.data.name, run.cell.rank, run.compress.keep, run.train.epochs) for run in grid.runs()]
    assert found == [
        ("watch7", {}, {}, 30),
        ("watch7", {"U": 5}, {}, 30),
        ("watch7", {"U": 5}, {"U": 0.5}, 40),
        ("digits", {}, {}, 30),
        ("digits", {"U": 7}, {}, 30),
        ("digits", {"U": 7}, {"U": 0.5}, 40),
    ]


def test_the_axis_of_what_varies_together_needs_mappings() -> None:
    with pytest.raises(RnnbenchError, match="axis 'set' needs mappings"):
        parse(Grid, {"name": "x", "grid": {"data": ["watch7"], "set": ["gru"]}}, "x.yaml")
