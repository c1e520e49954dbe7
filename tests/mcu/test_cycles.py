"""Cycles by hand from the board's file, what the interval means, and whether a model fits."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import torch
from torch import nn

from bench.mcu import Board, board, boards, latency
from bench.zoo import all_cells

D, H, C, STEPS = 9, 16, 2, 25


def rnn() -> Any:
    torch.manual_seed(0)
    return all_cells()["rnn"](D, H)


def altered(name: str, **figures: float) -> Board:
    """A board with other values of some figures."""
    fields = board(name).model_dump()
    for figure, value in figures.items():
        fields[figure]["value"] = value
    return Board.model_validate(fields)


def test_cycles_of_an_rnn_on_the_uno_by_hand() -> None:
    """278 a MAC, 33 a row, 443 a product, 2970 a tanh, no wait states, 16 MHz (the C float32 rows of the AVR fits)."""
    step = 278 * (H * D + H * H) + 33 * 2 * H + 443 * 2 + 2970 * H
    head = 278 * H * C + 33 * C + 443
    (found,) = latency([rnn()], nn.Linear(H, C), steps=STEPS, boards=[board("uno")])
    assert found.cycles_per_step == step
    assert found.cycles == STEPS * step + head
    assert found.ms == pytest.approx((STEPS * step + head) / 16000)
    assert found.ms_per_step == pytest.approx(step / 16000)
    assert found.ms_low == pytest.approx(found.ms * 0.979)
    assert found.ms_high == pytest.approx(found.ms * 1.021)


def test_cycles_with_wait_states_by_hand() -> None:
    """Due: 110, 15, 26, 2336; wait states stretch by 1.33; branch refill moves by 12 %; 84 MHz."""
    step = 110 * (H * D + H * H) + 15 * 2 * H + 26 * 2 + 2336 * H
    head = 110 * H * C + 15 * C + 26
    (found,) = latency([rnn()], nn.Linear(H, C), steps=STEPS, boards=[board("due")])
    assert found.cycles_per_step == round(1.33 * step)
    assert found.ms == pytest.approx(1.33 * (STEPS * step + head) / 84000, rel=1e-4)
    assert found.ms_low == pytest.approx(0.88 * (STEPS * step + head) / 84000)
    assert found.ms_high == pytest.approx(1.12 * 1.33 * (STEPS * step + head) / 84000)


OURS = sorted(name for name, cls in all_cells().items() if cls.__module__.startswith(("cells.", "baselines.")))


@pytest.mark.parametrize("name", OURS)
def test_every_cell_on_every_board(name: str) -> None:
    cell = all_cells()[name](D, H)
    found = latency([cell], nn.Linear(H, C), steps=STEPS, boards=list(boards().values()))
    assert [each.board for each in found] == list(boards())
    for each in found:
        assert 0 < each.ms_low <= each.ms <= each.ms_high
        assert (each.format, each.method) == ("float32", "model")
        assert json.loads(json.dumps(dataclasses.asdict(each))) == dataclasses.asdict(each)


def test_twice_the_steps_take_twice_the_time_but_one_head() -> None:
    one, two = (
        latency([rnn()], nn.Linear(H, C), steps=steps, boards=[board("due")])[0] for steps in (STEPS, 2 * STEPS)
    )
    assert two.cycles - one.cycles == STEPS * one.cycles_per_step


def test_fits_at_the_boundary() -> None:
    model = ([rnn()], nn.Linear(H, C))
    flash = 4 * (H * D + H * H + H + H * C + C)
    ram = 4 * (H + 2 * H)  # h; then W x and U h, for H > D
    exact = altered("uno", flash_bytes=flash, ram_bytes=ram)
    less = altered("uno", flash_bytes=flash - 1, ram_bytes=ram - 1)
    fits, too_small = latency(*model, steps=1, boards=[exact, less])
    assert (fits.flash_bytes, fits.ram_bytes) == (flash, ram)
    assert (fits.fits_flash, fits.fits_ram) == (True, True)
    assert (too_small.fits_flash, too_small.fits_ram) == (False, False)


def test_an_inference_has_a_step() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        latency([rnn()], nn.Linear(H, C), steps=0, boards=[board("uno")])
