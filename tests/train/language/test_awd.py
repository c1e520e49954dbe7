"""Each technique of AWD-LSTM against its definition (Merity et al., ICLR 2018, sections 2 to 4)."""

from __future__ import annotations

import math
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench import zoo
from bench.train.epochs import EpochEnd
from bench.train.language import awd
from bench.train.language.averaging import Averaging
from bench.train.language.module import LanguageModule
from cells import Cell, scan

WITH_U = [name for name in zoo.all_cells() if "U" in zoo.cell_class(name)(3, 4).weights()]


def made(name: str, D: int = 5, H: int = 8) -> Cell:
    torch.manual_seed(1)
    return zoo.cell_class(name)(D, H)


def mask_of(dense: Tensor, dropped: Tensor) -> Tensor:
    return (dropped != 0) | (dense == 0)


@pytest.mark.parametrize("name", WITH_U)
def test_weight_drop_is_one_mask_for_all_steps_and_sequences(name: str) -> None:
    """A cell whose matrix is replaced by the masked one gives the same at every step."""
    cell = made(name).double()
    dense = cell.weights()["U"].matrix().detach()
    x = torch.randn(20, 3, 5, dtype=torch.float64)
    with torch.no_grad(), awd.weight_dropped(cell, 0.4):
        dropped = cell.weights()["U"].matrix().clone()
        h, _state = cell(x)
        again, _ = cell(x[:7])
        by_steps, at = [], cell.initial_state(3, x)
        for x_BD in x:
            at = cell.step(cell.project(x_BD.unsqueeze(0)).squeeze(0), at)
            by_steps.append(at[0])
    kept = mask_of(dense, dropped)
    assert 0.4 < kept.double().mean() < 0.8
    torch.testing.assert_close(dropped, dense * kept / 0.6, rtol=1e-12, atol=0)
    torch.testing.assert_close(h, torch.stack(by_steps), rtol=0, atol=1e-12)
    torch.testing.assert_close(again, h[:7], rtol=0, atol=1e-12)
    assert torch.equal(cell.weights()["U"].matrix(), dense)


@pytest.mark.parametrize("name", WITH_U)
def test_the_compiled_kernel_drops_what_the_loop_drops(name: str) -> None:
    cell = made(name)
    if scan.why_not(cell):
        pytest.skip("no compiled kernel on this machine")
    x = torch.randn(6, 4, 5)
    found = []
    before = scan.in_use()
    for mode in ("auto", "off"):
        scan.use(mode)
        torch.manual_seed(3)
        cell.zero_grad()
        with awd.weight_dropped(cell, 0.5):
            h, _ = cell(x)
        h.square().sum().backward()
        found.append([h.detach(), *(p.grad.clone() for p in cell.parameters() if p.grad is not None)])
    scan.use(before)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_another_batch_has_another_mask_and_dropped_weights_no_gradient() -> None:
    cell = made("fastgrnn")
    masks = []
    for _ in range(2):
        with awd.weight_dropped(cell, 0.5):
            kept = mask_of(cell.U.matrix().detach() * 0 + 1, cell.U.matrix())
            h, _ = cell(torch.randn(4, 2, 5))
        cell.zero_grad()
        h.sum().backward()
        masks.append(kept)
        gradient = cell.U.value.grad
        assert gradient is not None
        assert not gradient[~kept].any()
        assert gradient[kept].any()
    assert not torch.equal(*masks)


def test_a_low_rank_matrix_is_dropped_as_the_product_that_it_is() -> None:
    cell = made("fastgrnn", H=16)
    cell.U.factorise(3)
    whole = cell.U.compute().detach()
    with awd.weight_dropped(cell, 0.25):
        dropped = cell.U.matrix()
        kept = dropped != 0
        torch.testing.assert_close(dropped.detach(), whole * kept / 0.75)
        assert torch.linalg.matrix_rank(dropped.detach()) > 3
        h, _ = cell(torch.randn(4, 2, 5))
    h.sum().backward()
    for factor in (cell.U.left, cell.U.right):
        assert factor.grad is not None
        assert factor.grad.any()


def test_of_several_recurrent_matrices_every_one_is_dropped() -> None:
    torch.manual_seed(0)
    cell = zoo.cell_class("gru")(5, 24, reset="before")
    names = [name for name in cell.weights() if name != "W"]
    assert len(names) == 2
    with awd.weight_dropped(cell, 0.5):
        dropped = [float((cell.weights()[name].matrix() == 0).float().mean()) for name in names]
        assert not (cell.W.matrix() == 0).any()
    assert all(0.35 < share < 0.65 for share in dropped)


def test_a_cell_without_the_matrix_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no recurrent matrix 'U' to drop weights of; it has W"):
        awd.weight_dropped(made("qrnn"), 0.5)
    with awd.weight_dropped(made("qrnn"), 0.5, "W"):
        pass


def test_weights_are_kept_as_often_as_is_said_and_their_mean_stays() -> None:
    torch.manual_seed(0)
    cell = made("rnn", H=200)
    dense = cell.U.matrix().detach()
    total = torch.zeros_like(dense)
    for _ in range(50):
        with awd.weight_dropped(cell, 0.5):
            total += (cell.U.matrix() != 0).float()
    share = float(total.mean()) / 50
    assert abs(share - 0.5) < 5 * math.sqrt(0.25 / (50 * dense.numel()))


def test_locked_dropout_has_one_mask_for_all_steps() -> None:
    torch.manual_seed(0)
    x = torch.rand(30, 16, 40) + 1
    y = awd.locked_dropout(x, 0.3)
    zero = y == 0
    assert torch.equal(zero, zero[:1].expand_as(zero))
    torch.testing.assert_close(y[~zero], (x / 0.7)[~zero])
    assert len({tuple(row.tolist()) for row in zero[0]}) == 16
    assert abs(float(zero[0].float().mean()) - 0.3) < 5 * math.sqrt(0.21 / 640)
    assert awd.locked_dropout(x, 0.0) is x


def test_dropped_words_are_whole_and_everywhere() -> None:
    torch.manual_seed(0)
    words, ids = 50, torch.randint(0, 50, (60, 8))
    table = torch.rand(words, 12) + 1
    out = awd.word_dropout(table[ids], ids, words, 0.4)
    fate: dict[int, bool] = {}
    for word, row in zip(ids.flatten().tolist(), out.flatten(0, 1), strict=True):
        dropped = not row.any()
        assert fate.setdefault(word, dropped) == dropped
        if not dropped:
            torch.testing.assert_close(row, table[word] / 0.6)
    assert 0 < sum(fate.values()) < words


def test_regularisers_are_their_formulas() -> None:
    rng = np.random.default_rng(0)
    h = rng.normal(size=(7, 3, 5))
    t = torch.from_numpy(h)
    ar = 2 * sum(v * v for v in h.flatten()) / h.size
    assert float(awd.activation_regularisation(t, 2)) == pytest.approx(ar, rel=1e-12)
    changes = [(h[i + 1, b, k] - h[i, b, k]) ** 2 for i in range(6) for b in range(3) for k in range(5)]
    tar = 0.5 * sum(changes) / len(changes)
    assert float(awd.temporal_activation_regularisation(t, 0.5)) == pytest.approx(tar, rel=1e-12)
    assert awd.temporal_activation_regularisation(t[:1], 0.5) == 0


def test_variable_lengths_fill_the_text_and_are_of_the_paper_s_two_means() -> None:
    generator = torch.Generator().manual_seed(0)
    lengths = awd.variable_lengths(700_000, 70, generator)
    assert sum(lengths) == 700_000
    assert min(lengths[:-1]) >= 5
    short = [n for n in lengths if n <= 52]  # 3.5 deviations from either mean
    share = len(short) / len(lengths)
    assert abs(share - 0.05) < 5 * math.sqrt(0.05 * 0.95 / len(lengths))
    long = np.array([n for n in lengths if n > 52])
    assert np.mean(long) == pytest.approx(70 - 0.5, abs=0.3)  # int() cuts half a step off
    assert np.std(long) == pytest.approx(5, abs=0.2)
    assert np.mean(short) == pytest.approx(35 - 0.5, abs=1.5)


def test_short_windows_have_five_steps_at_least_but_for_the_last() -> None:
    lengths = awd.variable_lengths(503, 6, torch.Generator().manual_seed(0))
    assert min(lengths[:-1]) == 5
    assert sum(lengths) == 503


@pytest.mark.parametrize(
    ("losses", "at"),
    [
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], None),
        ([5, 4, 3, 3.5, 3.5, 3.5, 3.5], 6),  # 3.5 > min(5, 4, 3): the best is more than three epochs ago
        ([5, 4, 3, 3.5, 3.5, 3.5, 3.0, 3.5, 3.5, 3.5, 3.5], 7),
        ([5, 4, 3, 3.5, 3.5, 2.9, 2.8, 2.95, 2.95, 2.95], 9),
        ([1, 2, 3, 4], None),  # not more than three epochs before
        ([1, 2, 3, 4, 5], 4),
    ],
)
def test_averaging_begins_where_the_non_monotonic_rule_says(losses: list[float], at: int | None) -> None:
    """The authors' main.py: len(losses) > n and v > min(losses[:-n]); here n = 3."""
    triggered = [t for t, loss in enumerate(losses) if awd.stagnates(losses[:t], loss, 3)]
    assert (triggered[0] if triggered else None) == at


def test_the_average_is_the_mean_of_the_iterates() -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)
    average = awd.Average(model.parameters())
    iterates = []
    for _ in range(7):
        sgd.zero_grad()
        model(torch.randn(5, 4)).square().sum().backward()
        sgd.step()
        average.update()
        iterates.append(model.weight.detach().clone())
    mean = torch.stack(iterates).double().mean(0).float()
    average.swap()
    torch.testing.assert_close(model.weight.detach(), mean)
    average.swap()
    assert torch.equal(model.weight.detach(), iterates[-1])


@pytest.mark.parametrize(
    ("nt_asgd", "epoch", "averaged", "losses", "begins", "stops"),
    [
        (2, 5, False, [1.0, 3.0, 3.0], True, False),  # worse than the best of two epochs ago
        (2, 5, False, [1.0, 3.0], False, False),  # no epoch lies so far back
        (2, 5, False, [4.0, 3.0, 3.0], False, False),  # better than that
        (2, 5, True, [1.0, 3.0, 3.0], False, False),  # an average that has begun is not begun again
        (None, 5, False, [1.0, *[3.0] * 9], False, False),  # it is not asked for
        (None, 10, True, [1.0, *[3.0] * 5], False, True),  # fine-tuning ends by the rule of five epochs
        (None, 10, True, [1.0, *[3.0] * 4], False, False),
        (2, 9, True, [1.0, 3.0, 3.0], False, False),  # the last epoch of training proper is no fine-tuning
    ],
)
def test_when_averaging_begins_and_fine_tuning_ends(
    nt_asgd: int | None, epoch: int, averaged: bool, losses: list[float], begins: bool, stops: bool
) -> None:
    """Training proper is of ten epochs, 0 to 9; the loss of the epoch is 2."""
    callback = Averaging(Mock(spec=EpochEnd))
    callback.load_state_dict({"losses": losses})
    before = object() if averaged else None
    module = Mock(spec=LanguageModule, average=before)
    module.spec = SimpleNamespace(awd=SimpleNamespace(nt_asgd=nt_asgd))
    module.train_part = SimpleNamespace(length=10)
    module.summary.return_value = (2.0, 7.4)
    module.network = torch.nn.Linear(1, 1)
    trainer = Mock(current_epoch=epoch, should_stop=False)
    callback.on_train_epoch_end(trainer, module)
    assert (module.average is not before, trainer.should_stop) == (begins, stops)
    assert callback.state_dict()["losses"] == [*losses, 2.0]
