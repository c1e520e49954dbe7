"""Learning curves: what is drawn, how far, and in which colour."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from reading import on_page

from bench.record import runs_folder
from bench.report import read
from bench.report.drawing.svg import ACCENT, FAINT
from bench.report.figures import curves


def test_curves_are_means_of_the_epochs_that_are_numbers(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accuracies as shares in the file, in % on the page; the last epoch of seed 1 diverged."""
    seen: list[pd.DataFrame] = []
    draw = curves._draw

    def note(metrics: pd.DataFrame, *rest: Any) -> dict[str, str]:
        seen.append(metrics)
        return draw(metrics, *rest)

    monkeypatch.setattr(curves, "_draw", note)
    folder.add("A", seed=0, curve=[0.5, 0.7, 0.9])
    folder.add("A", seed=1, curve=[0.6, 0.8, float("nan")])
    folder.add("B", curve=[0.1])
    figure = curves.figure(read(folder.path))
    assert figure is not None
    on_page(figure)
    (metrics,) = seen
    assert metrics[metrics["label"] == "A"]["value"].tolist() == pytest.approx([50, 70, 90, 60, 80])
    assert [panel.title for panel in figure.panels if panel.svg] == ["A", "B"]
    assert "A: % over epochs, at the end 90" in figure.panels[0].svg
    assert "B: % over epochs, at the end 10" in figure.panels[1].svg
    assert np.isfinite(metrics["value"]).all()


@pytest.fixture
def figures_of_curves(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A panel each, as it is when it is written: axes are used again."""
    seen: list[Any] = []

    def note(figure: Any, description: str, key: str) -> str:
        axes = figure.axes[0]
        drawn = SimpleNamespace(lines=[*axes.lines], collections=[*axes.collections], get_ylim=axes.get_ylim)
        seen.append((drawn, description, key))
        return "<svg/>"

    monkeypatch.setattr(curves, "to_svg", note)
    return seen


def test_a_curve_is_the_mean_with_the_others_in_grey(folder: Any, figures_of_curves: list[Any]) -> None:
    """A: means 55 and 75 of seeds 50, 60 and 70, 80; B: 20 and 40. Nothing is cut."""
    folder.add("A", seed=0, curve=[0.5, 0.7])
    folder.add("A", seed=1, curve=[0.6, 0.8])
    folder.add("B", curve=[0.2, 0.4], kb=99.0)
    on_page(curves.figure(read(folder.path)))
    (axes, said, key), (other, *_) = figures_of_curves
    assert (said, key) == ("A: % over epochs, at the end 75", "curve-0-0")
    grey, mean = axes.lines
    assert (grey.get_color(), grey.get_ydata().tolist()) == (FAINT, pytest.approx([20, 40]))
    assert (mean.get_color(), mean.get_ydata().tolist()) == (ACCENT, pytest.approx([55, 75]))
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (pytest.approx(50), pytest.approx(80))
    assert axes.get_ylim() == pytest.approx((20 - 0.05 * 60, 80 + 0.05 * 60))
    assert len(other.lines) == 2
    assert other.lines[0].get_ydata().tolist() == pytest.approx([55, 75])


def test_a_curve_of_perplexities_leaves_out_the_worst_fifth(folder: Any, figures_of_curves: list[Any]) -> None:
    """Values 100 to 600 by 100: 0.8 of five steps is the fourth, 500."""
    facts = {"metric": "perplexity", "higher_is_better": False}
    run = folder.add("A", accuracy=100.0, facts=facts)
    lines = ["epoch,validation_perplexity", *(f"{epoch},{700 - 100 * epoch}" for epoch in range(1, 7))]
    (runs_folder(folder.path) / run.id / "metrics.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    figure = curves.figure(read(folder.path))
    assert figure is not None
    assert "The worst fifth of the perplexities" in figure.about
    on_page(figure)
    ((axes, said, _),) = figures_of_curves
    assert said == "A: perplexity over epochs, at the end 100"
    assert axes.get_ylim() == pytest.approx((100 - 0.05 * 400, 500 + 0.05 * 400))


def test_grey_curves_of_many_epochs_are_thinned(folder: Any, figures_of_curves: list[Any]) -> None:
    """180 epochs: every third of the other cells' is drawn, 60 of them; a curve of one value still has an axis."""
    for cell in "AB":
        folder.add(cell, curve=[0.5] * 180)
    on_page(curves.figure(read(folder.path)))
    axes = figures_of_curves[0][0]
    assert axes.lines[0].get_xdata().tolist() == list(range(3, 181, 3))
    assert len(axes.lines[1].get_xdata()) == 180
    assert axes.get_ylim() == (49, 51)


def test_grey_curves_of_several_cells_are_not_joined(folder: Any, figures_of_curves: list[Any]) -> None:
    """One line with a gap between the cells, and the curve's own cell is not among them."""
    for cell, end in (("A", 0.9), ("B", 0.4), ("C", 0.6)):
        folder.add(cell, curve=[0.2, end])
    on_page(curves.figure(read(folder.path)))
    grey = figures_of_curves[0][0].lines[0]
    np.testing.assert_array_equal(np.isnan(grey.get_ydata()), [False, False, True, False, False])
    assert np.nan_to_num(grey.get_ydata()).tolist() == pytest.approx([20, 40, 0, 20, 60])
