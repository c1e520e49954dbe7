"""What studies ask for by a key: numbers held, random first states, compression after training."""

from __future__ import annotations

import math

import pytest
import torch
from tiny_runs import RunTiny

from bench.data import describe
from bench.errors import RnnbenchError
from bench.spec import RunSpec, parse
from bench.train.task import shape_of, task_of

pytestmark = pytest.mark.long

FASTRNN = {"name": "fastrnn", "hidden_size": 6}


def test_a_held_number_is_what_it_was_after_training_and_the_others_are_not(run_tiny: RunTiny) -> None:
    left, _ = run_tiny(cell={**FASTRNN, "hold": {"alpha": 0.3}})
    assert left.result is not None
    assert left.result.learnt is not None
    assert left.result.learnt["alpha"] == pytest.approx(0.3, abs=1e-6)
    assert abs(left.result.learnt["beta"] - 1 / (1 + math.exp(-3))) > 1e-4
    assert left.labels.variant == "held alpha 0.3"


def test_runs_with_held_numbers_are_trained_alone() -> None:
    """A pack trains all parameters of its runs as one."""
    raw = {"data": "watch7", "cell": {**FASTRNN}}
    held = {**raw, "cell": {**FASTRNN, "hold": {"alpha": 0.3}}}
    assert shape_of(parse(RunSpec, raw, "test")) is not None
    assert shape_of(parse(RunSpec, held, "test")) is None


@pytest.mark.parametrize("part", [{"compress": {"apply": "after"}}, {"evaluate": {"h0": "normal"}}])
def test_a_text_takes_neither_random_states_nor_compression_after_training(part: dict[str, object]) -> None:
    spec = parse(RunSpec, {"data": "ptb", "cell": "gru", **part}, "test")
    with pytest.raises(RnnbenchError, match="are for classifiers, and data set 'ptb' is one text"):
        task_of(spec).cells(spec, describe("ptb"))


def test_a_tied_beta_is_learnt_with_alpha(run_tiny: RunTiny) -> None:
    left, folder = run_tiny(cell={**FASTRNN, "residual": "tied"})
    state = torch.load(folder / "model.pt", weights_only=True)["state"]
    assert "cell.raw_alpha" in state
    assert "cell.raw_beta" not in state
    assert left.size is not None
    assert left.size.parameters == 6 * 2 + 36 + 6 + 1 + 3 * 6 + 3


def test_a_number_that_the_cell_lacks_fails_the_run_with_its_names(run_tiny: RunTiny) -> None:
    left, _ = run_tiny(cell={**FASTRNN, "hold": {"gamma": 1}})
    assert "no vector or scalar 'gamma'" in left.reason


def test_random_first_states_are_tested_beside_zeros(run_tiny: RunTiny) -> None:
    plain, _ = run_tiny(cell=FASTRNN)
    left, _ = run_tiny(cell=FASTRNN, evaluate={"h0": "normal", "draws": 4})
    assert plain.result is not None
    assert left.result is not None
    drawn = left.result.random_h0_accuracy
    assert drawn is not None
    assert len(drawn) == 4
    assert all(0 <= value <= 1 and (33 * value) == pytest.approx(round(33 * value)) for value in drawn)
    assert left.result.test_accuracy == plain.result.test_accuracy, "the result of record begins at zeros"
    assert plain.result.random_h0_accuracy is None
    assert left.id != plain.id


def test_a_first_state_that_is_forgotten_changes_no_answer(run_tiny: RunTiny) -> None:
    """beta = 0: nothing of the state before is left but through U; with alpha = 0, too, all answers are one class."""
    left, _ = run_tiny(cell={**FASTRNN, "hold": {"alpha": 0, "beta": 0}}, evaluate={"h0": "normal"})
    assert left.result is not None
    assert set(left.result.random_h0_accuracy or ()) == {left.result.test_accuracy}


def test_compression_after_training_is_the_best_approximation_of_the_dense_cell(run_tiny: RunTiny) -> None:
    """The product of the factors is the truncated SVD of the dense run's matrix, for the same seed."""
    dense, dense_folder = run_tiny(cell=FASTRNN)
    small, small_folder = run_tiny(cell={**FASTRNN, "rank": {"U": 2}}, compress={"apply": "after"})
    trained = torch.load(dense_folder / "model.pt", weights_only=True)["state"]
    after = torch.load(small_folder / "model.pt", weights_only=True)["state"]
    left, scale, right = torch.linalg.svd(trained["cell.U.value"])
    best = left[:, :2] * scale[:2] @ right[:2]
    torch.testing.assert_close(after["cell.U.left"] @ after["cell.U.right"].T, best, atol=1e-5, rtol=1e-4)
    assert torch.equal(after["cell.W.value"], trained["cell.W.value"])
    assert dense.result is not None
    assert small.result is not None
    assert small.result.validation_accuracy == dense.result.validation_accuracy, "of the dense cell"
    assert small.labels.variant == "rank U 2, after training"


def test_what_is_kept_after_training_are_the_largest_entries(run_tiny: RunTiny) -> None:
    _, dense_folder = run_tiny(cell=FASTRNN)
    small, folder = run_tiny(cell=FASTRNN, compress={"apply": "after", "keep": {"U": 0.25}, "quantise": "table"})
    trained = torch.load(dense_folder / "model.pt", weights_only=True)["state"]["cell.U.value"]
    kept = torch.load(folder / "model.pt", weights_only=True)["state"]["cell.U.value"]
    assert int((kept != 0).sum()) == 9
    assert float(kept[kept != 0].abs().min()) >= float(trained[kept == 0].abs().max())
    assert torch.equal(kept[kept != 0], trained[kept != 0])
    assert small.result is not None
    assert small.result.integer_accuracy is not None
    assert small.size is not None
    assert small.size.nonzero == small.size.parameters - 27


def test_stages_are_for_compression_in_training() -> None:
    with pytest.raises(RnnbenchError, match="stage_epochs must give 1 stage "):
        parse(
            RunSpec,
            {
                "data": "tiny",
                "cell": "fastrnn",
                "train": {"epochs": 4},
                "compress": {"apply": "after", "keep": {"U": 0.5}, "stage_epochs": [1, 1, 2]},
            },
            "test",
        )
