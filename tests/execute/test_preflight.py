"""Defects of a cell show before anything is trained."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

import cells
from bench.errors import RnnbenchError
from bench.execute.preflight import check, try_out
from bench.spec import RunSpec, parse
from cells import Cell, State, Weight
from cells.registry import _REGISTRY


class _Toy(Cell):
    """A cell with a fault, by choice."""

    fault = ""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.W = Weight(hidden_size, input_size)
        self.U = Weight(hidden_size, hidden_size)

    def project(self, x_TBD: Tensor) -> Tensor:
        return self.W(x_TBD)

    def step(self, pre_BG: Tensor, state: State) -> State:
        h = self.U(state[-1]) + pre_BG
        if self.fault == "shape":
            h = h @ torch.zeros(3, 3)
        if self.fault == "width":
            return h[:, :-1], h
        if self.fault == "operation":
            h = h.cumsum(1)
        return (h,)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Registers a cell with a fault as ``toy``: a new class each time, for what is read of a cell is remembered."""
    monkeypatch.setattr(cells, "__path__", [*cells.__path__, str(Path(__file__).parent)])

    def register(fault: str) -> None:
        monkeypatch.setitem(_REGISTRY, "toy", type("_Toy", (_Toy,), {"name": "toy", "fault": fault}))

    return register


def spec(**changes: object) -> RunSpec:
    made = parse(RunSpec, {"data": "digits-mfcc", "cell": {"name": "toy", "hidden_size": 5}, **changes}, "t")
    return made


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            "shape",
            ["fails on zeros: RuntimeError", "shapes cannot be multiplied", "test_preflight.py:", "torch.zeros(3, 3)"],
        ),
        ("width", ["3, 4], not ["]),
    ],
)
def test_a_faulty_cell_is_named_with_its_line(toy: Callable[[str], None], fault: str, words: list[str]) -> None:
    toy(fault)
    with pytest.raises(RnnbenchError) as caught:
        try_out([spec()])
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", ["", "operation"])
def test_a_sound_cell_passes_whether_or_not_it_can_be_exported(toy: Callable[[str], None], fault: str) -> None:
    """Once a kind of cell it is said that there will be no latency, and at which line of the cell."""
    toy(fault)
    notes = try_out([spec(), spec(seed=1)])
    assert len(notes) == bool(fault)
    for note in notes:
        assert note.startswith("cell 'toy' is no formula: ")
        assert "cumsum" in note
        assert note.endswith("; it is trained, and has no latency")


def test_a_cell_that_is_no_formula_is_not_quantised(toy: Callable[[str], None]) -> None:
    toy("operation")
    with pytest.raises(RnnbenchError, match=r"cumsum.*no program in integers: leave compress\.quantise out$"):
        try_out([spec(compress={"quantise": "table"})])


def test_a_language_model_of_one_layer_is_quantised() -> None:
    raw = {"data": "ptb", "cell": {"name": "gru", "hidden_size": 4}, "compress": {"quantise": "table"}}
    try_out(check([RunSpec.model_validate(raw)]))
    with pytest.raises(RnnbenchError, match=r"compress\.quantise: .* has one layer, not 2: set language\.layers to 1"):
        check([RunSpec.model_validate({**raw, "language": {"layers": 2}})])


def test_what_is_for_classifiers_is_refused_of_a_text_whatever_run_comes_before() -> None:
    raw = {"data": "ptb", "cell": {"name": "gru", "hidden_size": 4}}
    runs = [RunSpec.model_validate(body) for body in (raw, {**raw, "evaluate": {"h0": "normal"}})]
    with pytest.raises(RnnbenchError, match=r"evaluate are for classifiers"):
        check(runs)


@pytest.mark.parametrize(
    ("cell", "keep", "says"),
    [
        ("spectralrnn", {"U": 0.3}, "orthogonal by construction and cannot be made sparse"),
        ("qrnn", {"U": 0.3}, "no matrix 'U'; it has W"),
    ],
)
def test_a_matrix_that_cannot_be_sparse_is_named_before_the_first_run(
    cell: str, keep: dict[str, float], says: str
) -> None:
    raw = {"data": "watch7", "cell": {"name": cell, "hidden_size": 4}, "compress": {"keep": keep}}
    with pytest.raises(RnnbenchError, match=says):
        check([RunSpec.model_validate(raw)])
