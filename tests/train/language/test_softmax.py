"""The fused softmax against torch's own, and against sums in float64."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from bench.train.language import softmax
from bench.train.language.softmax import cross_entropy, log_likelihood


def operands(N: int = 70, V: int = 53, dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    torch.manual_seed(0)
    made = [torch.randn(N, 16, dtype=dtype), torch.randn(V, 16, dtype=dtype), torch.randn(V, dtype=dtype)]
    return [each.requires_grad_() for each in made]


@pytest.mark.parametrize("N", [1, 31, 32, 33, 70])
@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-14), (torch.float32, 2e-6)])
def test_loss_and_all_gradients_are_torch_s(N: int, dtype: torch.dtype, close: float) -> None:
    h, W, b = operands(N, dtype=dtype)
    y = torch.randint(0, 53, (N,))
    ours = cross_entropy(h, W, b, y)
    theirs = functional.cross_entropy(functional.linear(h, W, b), y)
    torch.testing.assert_close(ours, theirs, rtol=close, atol=close)
    for one, other in zip(
        torch.autograd.grad(3 * ours, (h, W, b)), torch.autograd.grad(3 * theirs, (h, W, b)), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=close, atol=close)


def test_rounded_factors_are_off_by_their_rounding() -> None:
    """Factors of 8 bits: errors of a part in some hundreds, of no sign; master weights stay as they are."""
    h, W, b = operands(500, dtype=torch.float32)
    y = torch.randint(0, 53, (500,))
    plain, rounded = cross_entropy(h, W, b, y), cross_entropy(h, W, b, y, torch.bfloat16)
    assert rounded.dtype == torch.float32
    assert float((plain - rounded).detach().abs()) < 0.01 * float(plain.detach())
    exact = torch.autograd.grad(plain, (h, W, b))
    for one, other in zip(exact, torch.autograd.grad(rounded, (h, W, b)), strict=True):
        assert other.dtype == torch.float32
        assert float((one - other).norm() / one.norm()) < 0.02


@pytest.mark.parametrize("native", [True, False])
def test_products_of_rounded_factors_are_the_same_wherever_they_are_multiplied(
    native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float64 from the definition: each factor and each result rounded to bfloat16, half a place of it apart."""
    monkeypatch.setattr(softmax, "_multiplies", lambda dtype, device: native)
    h, W, b = operands(70, dtype=torch.float32)
    y = torch.randint(0, 53, (70,))
    dh, dW = torch.autograd.grad(cross_entropy(h, W, b, y, torch.bfloat16), (h, W))
    rounded = [each.detach().bfloat16().double() for each in (h, W)]
    scores = (rounded[0] @ rounded[1].T).bfloat16().double() + b.detach().double()
    p = (torch.softmax(scores, 1) - functional.one_hot(y, 53)).bfloat16().double()
    for ours, want in ((dh, p @ rounded[1] / 70), (dW, p.T @ rounded[0] / 70)):
        torch.testing.assert_close(ours.double(), want, rtol=2**-7, atol=2**-7 * float(want.abs().max()))
        assert float((ours.double() - want).norm() / want.norm()) < 2**-8


def test_a_certain_mistake_gives_a_finite_loss() -> None:
    h = torch.tensor([[300.0]], requires_grad=True)
    loss = cross_entropy(h, torch.tensor([[1.0], [-1.0]]), torch.zeros(2), torch.tensor([1]))
    assert torch.isfinite(loss)
    assert loss > 80


def test_the_likelihood_of_a_text_is_the_sum_over_its_words() -> None:
    h, W, b = (each.detach() for each in operands(3000, dtype=torch.float32))
    y = torch.randint(0, 53, (3000,))
    p = torch.softmax(h.double() @ W.double().T + b.double(), 1)
    want = float(p[torch.arange(3000), y].log().sum())
    assert log_likelihood(h, W, b, y) == pytest.approx(want, rel=1e-6)
