"""A run's identity: equal runs have equal ids, different runs do not, and a misspelt key is named."""

import hashlib
import itertools
import json
import re
from typing import Any

import pytest
import wandb
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import RnnbenchError
from bench.spec import RECORDED, CompressPart, RunSpec, TrainPart, parse


def spec(**changes: object) -> RunSpec:
    raw = {"data": "watch7", "cell": {"name": "fastgrnn", "hidden_size": 80}, **changes}
    made = parse(RunSpec, raw, "test")
    return made


def test_the_order_of_keys_and_the_way_of_writing_do_not_change_the_id() -> None:
    shuffled = {
        "seed": 3,
        "cell": {"gate": "sigmoid", "hidden_size": 80, "name": "fastgrnn"},
        "train": {"learning_rate": "1e-2", "epochs": 5},
        "data": {"name": "watch7"},
    }
    plain = spec(seed=3, train={"epochs": 5, "learning_rate": 0.01})
    assert parse(RunSpec, shuffled, "test").id == plain.id


def test_a_default_written_out_is_the_same_run() -> None:
    written = {"name": "fastgrnn", "hidden_size": 80, "gate": "sigmoid", "rank": {}}
    assert spec(cell=written, train={"batch_size": 64}).id == spec().id


def test_every_value_that_matters_changes_the_id() -> None:
    variants = [
        spec(),
        spec(seed=1),
        spec(data="digits-mfcc"),
        spec(cell="fastgrnn"),
        spec(cell={"name": "fastgrnn", "hidden_size": 80, "gate": "tanh"}),
        spec(cell={"name": "fastgrnn", "hidden_size": 80, "rank": {"W": 4}}),
        spec(cell={"name": "gru", "hidden_size": 80}),
        spec(train={"learning_rate": 0.001}),
        spec(train={"gradient_clip": None}),
        spec(train={"patience": 3}),
        spec(compress={"quantise": "table"}),
        spec(language={"layers": 2}),
        spec(awd={"ar": 1}),
    ]
    for a, b in itertools.combinations(variants, 2):
        assert a.id != b.id


def test_the_canonical_form_gives_the_same_run_back() -> None:
    made = spec(cell={"name": "qrnn", "window": 2, "zoneout": 0.1})
    body = json.loads(made.canonical())
    del body["version"]
    again = parse(RunSpec, body, "test")
    assert again.id == made.id


def test_ids_are_fit_for_folders_and_for_wandb() -> None:
    longest = spec(
        data="a-data-set-with-a-very-long-name-indeed",
        cell={"name": "spectralrnn", "hidden_size": 8192, "rank": {"W": 8000}},
        seed=2**32 - 1,
    )
    for made in (spec(), longest):
        assert re.fullmatch(r"[A-Za-z0-9-]{1,64}", made.id)
        wandb.Settings(run_id=made.id)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"data": "d", "cell": "fastgrn"}, ["unknown cell 'fastgrn'", "did you mean 'fastgrnn'"]),
        ({"data": "d", "cell": "gru", "tran": {}}, ["unknown key 'tran'", "did you mean 'train'"]),
        ({"data": "d", "cell": "gru", "train": {"learning_rat": 1}}, ["train.learning_rat", "'learning_rate'"]),
        ({"data": "d", "cell": {"name": "gru", "rest": "after"}}, ["no option 'rest'", "'reset'"]),
        ({"data": "d", "cell": {"name": "gru", "hidden": 3}}, ["no option 'hidden'", "hidden_size"]),
        ({"data": "d", "cell": {"name": "gru", "reset": "befor"}}, ["reset", "'befor'", "'before'"]),
        ({"data": "d", "cell": {"name": "lem", "dt": float("inf")}}, ["'lem', dt: a finite number is needed"]),
        ({"data": "d", "cell": {"name": "gru", "hidden_size": 0}}, ["cell.hidden_size", "not 0"]),
        ({"data": "d", "cell": {"name": "gru", "rank": {"W": 0}}}, ["rank of W", "at least 1"]),
        ({"data": "d", "cell": "gru", "train": {"epochs": 0}}, ["train.epochs", "not 0"]),
        ({"data": "d", "cell": "gru", "train": {"learning_rate": -1}}, ["train.learning_rate", "not -1"]),
        ({"data": "d", "cell": "gru", "train": {"learning_rate": float("nan")}}, ["train.learning_rate"]),
        ({"data": "d", "cell": "gru", "train": {"optimizer": "adm"}}, ["train.optimizer", "'adam'"]),
        ({"data": "d", "cell": "gru", "seed": -1}, ["seed", "not -1"]),
        ({"cell": "gru"}, ["data", "required"]),
        ({"data": "d", "cell": 7}, ["cell", "not 7"]),
        ([], ["not []"]),
    ],
)
def test_a_fault_is_one_line_that_names_it(raw: object, words: list[str]) -> None:
    with pytest.raises(RnnbenchError) as caught:
        parse(RunSpec, raw, "here")
    text = str(caught.value)
    assert text.startswith("here: ")
    assert "\n" not in text
    for word in words:
        assert word in text


def test_a_row_label_says_what_is_not_default() -> None:
    assert spec().variant() == ""
    assert spec(cell={"name": "gru", "reset": "before"}).variant() == "reset before"
    low = {"name": "fastgrnn", "gate": "tanh", "rank": {"U": 25, "W": 16}}
    assert spec(cell=low).variant() == "gate tanh, rank U 25 W 16"


def test_the_canonical_form_is_what_differs_from_the_defaults() -> None:
    made = spec(train={"epochs": 5, "batch_size": 64}, language={"layers": 1}, awd={"ar": 0, "tar": 1})
    assert json.loads(made.canonical()) == {
        "version": 2,
        "data": {"name": "watch7"},
        "cell": {"name": "fastgrnn", "hidden_size": 80},
        "train": {"epochs": 5},
        "awd": {"tar": 1.0},
    }


def test_the_id_is_the_slug_the_seed_and_64_bits_of_the_canonical_form() -> None:
    made = spec(seed=7)
    text = '{"cell":{"hidden_size":80,"name":"fastgrnn"},"data":{"name":"watch7"},"seed":7,"version":2}'
    assert made.id == f"watch7-fastgrnn-h80-s7-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def test_a_key_that_is_added_later_leaves_ids_as_they_are() -> None:
    class LaterTrain(TrainPart):
        warm_up: int = 0

    class Later(RunSpec):
        train: LaterTrain = LaterTrain()
        more: tuple[str, ...] = ()

    raw = spec(train={"epochs": 5}).model_dump()
    assert Later.model_validate(raw).id == spec(train={"epochs": 5}).id
    assert Later.model_validate({**raw, "more": ["x"]}).id != spec(train={"epochs": 5}).id


def test_what_is_written_of_a_run_is_complete_but_for_other_tasks() -> None:
    whole = spec(cell={"name": "qrnn", "window": 2}, awd={"ar": 1})
    assert parse(RunSpec, whole.written("language-modelling"), "record") == whole
    body = spec().written("classification")
    assert set(body) == {"data", "cell", "train", "compress", "split", "evaluate", "seed", "sealed"}
    assert body["train"]["batch_size"] == 64


def test_a_specification_is_read_back_when_its_cell_is_gone() -> None:
    raw = {"data": "d", "cell": {"name": "gone", "options": {"a": 1}}}
    assert RunSpec.model_validate(raw, context=RECORDED).cell.options == {"a": 1}
    with pytest.raises(RnnbenchError, match="unknown cell 'gone'"):
        RunSpec.model_validate(raw)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"awd": {"nt_asgd": 2}}, "average SGD: set train.optimizer to plain-sgd"),
        ({"awd": {"finetune": 2}}, "average SGD: set train.optimizer to plain-sgd"),
        (
            {"awd": {"nt_asgd": 2}, "train": {"optimizer": "plain-sgd"}, "compress": {"keep": {"U": 0.5}}},
            "an average of weights is not sparse",
        ),
        (
            {"awd": {"finetune": 2}, "train": {"optimizer": "plain-sgd", "patience": 3}},
            "leave train.patience at null",
        ),
    ],
)
def test_averaging_that_cannot_be_is_one_clear_line(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RnnbenchError, match=says):
        spec(**changes)


def test_averaging_goes_with_patience_and_sparsity_where_it_can() -> None:
    spec(awd={"nt_asgd": 2}, train={"optimizer": "plain-sgd", "patience": 3})
    spec(train={"patience": 3}, compress={"keep": {"U": 0.5}})


@pytest.mark.parametrize(
    ("compress", "epochs", "says"),
    [
        ({"keep": {"U": 0}}, 30, "keep of U must be above 0 and at most 1, not 0"),
        ({"keep": {"U": 1.5}}, 30, "keep of U must be above 0 and at most 1, not 1.5"),
        ({"keep": {"U": 0.3}, "quantise": "table"}, 3, "train.epochs is 3, and compression has 4 stages"),
        ({"keep": {"U": 0.3}, "stage_epochs": [1, 2]}, 3, "must give 3 stages (dense, thresholding, fixed support)"),
        ({"quantise": "table", "stage_epochs": [0, 3]}, 3, "must give 2 stages (dense, quantised) at least 1 epoch"),
        ({"quantise": "table"}, 1, "train.epochs is 1, and compression has 2 stages"),
        ({"kep": {"U": 0.3}}, 3, "unknown key 'compress.kep'; did you mean 'keep'?"),
    ],
)
def test_compression_that_cannot_be_is_one_clear_line(compress: dict[str, Any], epochs: int, says: str) -> None:
    raw = {"data": "watch7", "cell": "fastgrnn", "compress": compress, "train": {"epochs": epochs}}
    with pytest.raises(RnnbenchError) as error:
        parse(RunSpec, raw, "x")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@given(st.integers(1, 400), st.booleans(), st.sampled_from([None, "table"]))
def test_every_stage_has_an_epoch_and_together_they_are_all(epochs: int, sparse: bool, quantise: str | None) -> None:
    part = CompressPart(keep={"U": 0.5} if sparse else {}, quantise=quantise)
    if epochs < len(part.stages):
        return
    ends = (0, *part.stage_ends(epochs))
    assert len(ends) == len(part.stages) + 1
    assert ends[-1] == epochs
    assert all(before < after for before, after in itertools.pairwise(ends))
