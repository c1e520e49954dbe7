"""Figures for print: looks, what is drawn where, and files that are the same every time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from bench.citations import citations
from bench.places import PUBLISHED
from bench.record import read as read_record
from bench.record import runs_folder, write
from bench.record.gradients import Course, Gradients
from bench.record.gradients import write as write_gradients
from bench.report import read
from bench.report.drawing.looks import line_looks, look
from bench.report.drawing.plots import draw_trade_off
from bench.report.drawing.press import files_of, to_print
from bench.report.drawing.scatter import Point
from bench.report.figure import Figure, Panel
from bench.report.figures import cost, curves, gradients, ladder, learnt, residual
from bench.report.figures.budget import figure as budget
from bench.report.rows.trials import Group
from bench.report.verdicts import Standing, judge, read_claims

POINTS = [Point("GRU", 10.0, 90.0, None, 1.0, "GRU"), Point("GRU int8", 2.0, 89.0, None, None, "GRU", True)]
TRADE_OFF = Panel("Set", draw=partial(draw_trade_off, points=POINTS, x_label="KB", y_label="y", higher_is_better=True))


def drawn(panel: Panel) -> Axes:
    axes = Canvas().add_subplot()
    assert panel.draw is not None
    panel.draw(axes)
    return axes


def printed(figure: Figure | None) -> list[Panel]:
    assert figure is not None
    return [panel for _, panels in figure.printed for panel in panels]


def legend(axes: Axes) -> list[str]:
    return axes.get_legend_handles_labels()[1]


def test_variants_of_a_cell_have_markers_and_words_of_their_own(folder: Any) -> None:
    """In one colour; where a cell has one variant alone, its options are not named."""
    for gate in ("sigmoid", "tanh"):
        for steps in ("", "L"):
            folder.add(
                "FastGRNN", variant=gate, steps=steps, kb=20.0 if steps else 40.0, options={"gate": gate, "v": 1}
            )
    folder.add("GRU", kb=80.0, options={"v": 2})
    (panel, *_) = printed(cost.figure(read(folder.path)))
    axes = drawn(panel)
    assert legend(axes) == ["FastGRNN gate sigmoid v 1", "FastGRNN gate tanh v 1", "GRU"]
    first, second, other = axes.get_legend_handles_labels()[0]
    assert first.get_color() == second.get_color() != other.get_color()
    assert first.get_marker() != second.get_marker()


def test_each_cell_has_a_look_of_its_own_wherever_it_stands() -> None:
    titles = sorted(citations())
    looks = {title: look(title, titles) for title in titles}
    assert len(set(looks.values())) == len(titles)
    assert look("GRU") == look("GRU", ["A stranger", "Another"])
    assert look("Another", ["A stranger"]) not in {look("A stranger"), *looks.values()}
    users = [f"Mine {number}" for number in range(8)]
    assert len({look(user, users) for user in users}) == 8
    assert not {look(user, users).colour for user in users} & {own.colour for own in looks.values()}


def test_cells_of_the_paper_differ_in_colour_and_marker() -> None:
    """QRNN, which its reviewers asked for, is the eighth colour."""
    of_paper = [look(cell) for cell in ("RNN", "FastRNN", "FastGRNN", "SpectralRNN", "UGRNN", "GRU", "LSTM")]
    assert len({own.colour for own in (*of_paper, look("QRNN"))}) == 8
    assert len({own.marker for own in of_paper}) == 7


def test_rows_of_a_cell_share_its_colour_and_differ_in_their_lines() -> None:
    looks = line_looks([("GRU LSQ", "GRU"), ("GRU", "GRU"), ("LSTM", "LSTM")])
    assert looks["GRU"]["color"] == looks["GRU LSQ"]["color"] == look("GRU").colour != looks["LSTM"]["color"]
    assert looks["GRU"]["linestyle"] == looks["LSTM"]["linestyle"] == "-", "the plain row of a cell"
    assert looks["GRU LSQ"]["linestyle"] == "--"


def test_lines_of_cells_that_share_a_colour_have_their_markers() -> None:
    """Eight colours for more cells: no two rows look alike, and a cell that is alone in its colour has no marker."""
    cells = ("FastGRNN", "FastRNN", "LSTM", "GRU", "QRNN", "minGRU", "IndRNN", "JANET", "coRNN", "LEM", "LRU", "sLSTM")
    looks = line_looks([(f"{cell}, {kb} KB", cell) for cell in cells for kb in (1, 3, 6)])
    seen = {tuple(own.get(key) for key in ("color", "linestyle", "marker")) for own in looks.values()}
    assert len(seen) == 36
    assert "marker" not in looks["LRU, 1 KB"]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_files_are_the_same_every_time(count: int) -> None:
    panels = [TRADE_OFF] * count
    files = to_print(panels, "pdf", "png", "svg")
    assert files == to_print(panels, "pdf", "png", "svg")
    assert files["pdf"].startswith(b"%PDF")
    assert files["png"].startswith(b"\x89PNG")
    assert b"var(" not in files["svg"]
    assert files["svg"].count(b">GRU</text>") == 1, "one legend for all"
    assert files["svg"].count(b">Set</text>") == (0 if count == 1 else count)


@pytest.mark.parametrize("lines", [1, 16])
def test_a_legend_stands_below_what_is_drawn(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines there are, the axes keep most of their height and share no point with the legend."""
    found: list[Any] = []

    def draw(axes: Axes) -> None:
        for number in range(lines):
            axes.plot([0, 1], [number, number], label=f"a cell with a name, {number:02}")

    def measured(figure: Any, ending: str) -> bytes:
        figure.draw_without_rendering()
        found.append((figure.legends[0].get_window_extent().y1, figure.axes[0].get_tightbbox(), figure.dpi))
        return b""

    monkeypatch.setattr("bench.report.drawing.press._saved", measured)
    to_print([Panel("Lines", draw=draw)], "png")
    ((top, box, dpi),) = found
    assert top <= box.y0
    assert box.height / dpi > 1.5, "inches"


def test_a_drawing_of_the_page_keeps_its_svg() -> None:
    on_page = replace(TRADE_OFF, page=lambda: '<svg viewBox="0 0 9 9"><g/></svg>')
    assert b">Set</text>" in files_of(on_page)["svg"]
    assert set(files_of(TRADE_OFF)) == {"pdf", "png", "svg"}


def test_a_legend_has_every_line_and_tells_long_names_that_begin_alike_apart(folder: Any) -> None:
    """matplotlib leaves out a label that begins with an underscore."""
    long = "A gated recurrent unit of a very long name"
    for cell in ("_mine", f"{long} (a)", f"{long} (b)"):
        folder.add(cell, curve=[0.5, 0.9])
    (panel,) = printed(curves.figure(read(folder.path)))
    names = legend(drawn(panel))
    assert " _mine" in names
    assert len(set(names)) == 3
    assert max(map(len, names)) <= 36


def test_learning_curves_of_a_data_set_are_those_of_its_best_rows(folder: Any) -> None:
    """Ten cells, of which the eighth and better are drawn; the mean of 50 and 70 is 60, the band from 50 to 70."""
    for number in range(10):
        for seed in range(2):
            folder.add(f"C{number}", seed=seed, accuracy=0.5 + number / 100, curve=[0.5 + 0.2 * seed, 0.9])
    figure = curves.figure(read(folder.path))
    (panel,) = printed(figure)
    axes = drawn(panel)
    assert sorted(legend(axes)) == [f"C{number}" for number in range(2, 10)]
    assert axes.lines[0].get_ydata() == pytest.approx([60, 90])
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (pytest.approx(50), pytest.approx(90))
    assert figure is not None
    assert "the 8 rows with the best mean" in figure.caption


def with_learnt(folder: Any, values: list[float], **how: Any) -> None:
    """A run whose alpha is so large at each epoch; beta is .9 at the end."""
    record = folder.add("FastRNN", **how)
    lines = [f"{epoch},0.5,{value}" for epoch, value in enumerate(values, 1)]
    place = runs_folder(folder.path) / record.id
    (place / "metrics.csv").write_text(
        "\n".join(["epoch,validation_accuracy,learnt/alpha", *lines, ""]), encoding="utf-8"
    )
    kept = read_record(place)
    assert kept.result is not None
    result = kept.result.model_copy(update={"learnt": {"alpha": values[-1], "beta": 0.9}})
    write(place, kept.model_copy(update={"result": result}))


def test_learnt_numbers_are_drawn_by_epoch_but_those_that_are_held(folder: Any) -> None:
    with_learnt(folder, [0.05, 0.1], data="har2", seed=0)
    with_learnt(folder, [0.05, 0.3], data="har2", seed=1)
    (panel,) = printed(learnt.figure(read(folder.path)))
    axes = drawn(panel)
    assert panel.title == "alpha, har2"
    assert axes.lines[0].get_ydata() == pytest.approx([0.05, 0.2])
    results = read(folder.path)
    held = [
        record.model_copy(update={"spec": {**record.spec, "cell": {**record.spec["cell"], "hold": {"alpha": 0.1}}}})
        for record in results.records
    ]
    assert learnt.figure(replace(results, records=tuple(held))) is None


def test_beta_stands_against_1_less_alpha_beside_the_paper_s_table_7(folder: Any) -> None:
    """alphas .1 and .3: 1 - .2 = .8; the paper has five points on HAR-2, at 128 steps .0643 and .9652."""
    with_learnt(folder, [0.1], data="har2", seed=0)
    with_learnt(folder, [0.3], data="har2", seed=1)
    (panel,) = printed(residual.figure(read(folder.path)))
    axes = drawn(panel)
    places: list[Any] = [line.get_xydata() for line in axes.lines]
    points = [tuple(map(float, xy[0])) for xy in places if len(xy) == 1]
    assert points[0] == (pytest.approx(0.8), pytest.approx(0.9))
    assert (pytest.approx(1 - 0.0643), pytest.approx(0.9652)) in points
    assert [text.get_text() for text in axes.texts] == ["128", "128", "64", "32", "16", "8"]
    assert legend(axes) == ["FastRNN", "the paper"]


def with_gradients(folder: Any, end: list[float | None], **how: Any) -> None:
    back = tuple(range(len(end)))
    start, norms = (
        Course(back=back, log10_norm=(0.0,) * len(end), log10_condition=(0.0,) * len(end)),
        (-1.0,) * len(end),
    )
    course = Course(back=back, log10_norm=norms, log10_condition=tuple(end))
    place = runs_folder(folder.path) / folder.add(**how).id
    write_gradients(place, Gradients(sequences=8, start=start, end=course))


def test_ids_of_the_page_s_figures_have_no_spaces_though_names_of_data_have(folder: Any) -> None:
    """url(#gradients-watch fold=2-p1) refers to nothing."""
    with_gradients(folder, [0.0, 2.0], cell="RNN", data_options={"fold": 2})
    with_learnt(folder, [0.1, 0.2], data_options={"fold": 2})
    results = read(folder.path)
    figures = [gradients.figure(results), learnt.figure(results)]
    panels = [panel for figure in figures if figure for panel in figure.panels]
    assert panels
    assert not any(re.search(r'url\(#[^)]*\s|id="[^"]*\s', panel.svg) for panel in panels)


def test_condition_numbers_are_drawn_by_steps_from_the_end(folder: Any) -> None:
    """2 and 4 powers of ten one step back; a singular Jacobian leaves a gap."""
    with_gradients(folder, [0.0, 2.0, None], cell="RNN", seed=0)
    with_gradients(folder, [0.0, 4.0, 5.0], cell="RNN", seed=1)
    panels = printed(gradients.figure(read(folder.path)))
    assert [panel.title for panel in panels] == ["Watch-7, before training", "Watch-7, after training"] * 2
    line = drawn(panels[1]).lines[0]
    assert line.get_xdata() == pytest.approx([0, 1, 2])
    assert line.get_ydata() == pytest.approx([0, 3, 5])


def test_the_claim_of_bounded_gradients_is_judged_by_seed_and_by_a_bound(folder: Any) -> None:
    """Against RNN's 9 to 11 powers of ten FastRNN's 1.9 to 2.1 are less at each seed, and at most 3."""
    for seed in range(3):
        with_gradients(folder, [0.0, 9.0 + seed], cell="RNN", seed=seed)
        with_gradients(folder, [0.0, 1.9 + seed / 10], cell="FastRNN", seed=seed)
    claim = next(claim for claim in read_claims(PUBLISHED / "fastgrnn_claims.yaml") if claim.id == "P3")
    judged = judge(claim, [read(folder.path)])
    assert judged.standing is Standing.HOLDS
    against, alone = (evidence.said for evidence in judged.evidence)
    assert against.startswith("RNN, condition number in powers of ten above that of FastRNN: 8 (5.76 to 10.2), n 3")
    assert alone.startswith("FastRNN: log10 of the condition number 2 (1.75 to 2.25), n 3")


def test_the_ladder_by_hand(folder: Any) -> None:
    """90 and 92 dense in 30 KB, 88 in low rank; a cell with one step is not drawn."""
    folder.add("FastGRNN", seed=0, accuracy=0.9, kb=30.0)
    folder.add("FastGRNN", seed=1, accuracy=0.92, kb=30.0)
    folder.add("FastGRNN", seed=0, accuracy=0.88, kb=9.5, steps="L")
    folder.add("GRU", accuracy=0.5)
    (panel,) = printed(ladder.figure(read(folder.path)))
    axes = drawn(panel)
    assert axes.lines[0].get_ydata() == pytest.approx([91, 88])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["dense\n30 KB", "L\n9.5 KB"]
    assert legend(axes) == ["FastGRNN"]
    low, high = axes.collections[0].get_paths()[0].vertices[:, 1]
    half = math.tan(0.475 * math.pi)  # Student's t of one degree of freedom; the standard error of 90 and 92 is 1
    assert (low, high) == pytest.approx((91 - half, 91 + half))


def test_budget_curves_of_a_data_set_stand_together(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of one of 1, 2, 3 is 2 on average, of two (2 + 3 + 3) / 3, of three 3."""
    folder.add()
    group: Callable[..., Group] = partial(Group, title="accuracy (%)", upwards=True, trials=3, failed=0, choice=None)
    found = [
        group(name="a, gru", scores=(1.0, 2.0, 3.0), data="A", cell="GRU", row="GRU"),
        group(name="a, lstm", scores=(4.0, 4.0), data="A", cell="LSTM", row="LSTM"),
        group(name="b, gru", scores=(5.0, 5.0), data="B", cell="GRU", row="GRU"),
    ]
    monkeypatch.setattr("bench.report.figures.budget.groups", lambda results: found)
    first, second = printed(budget(read(folder.path)))
    axes = drawn(first)
    assert (first.title, second.title) == ("A", "B")
    assert legend(axes) == ["GRU", "LSTM"]
    assert axes.lines[0].get_ydata() == pytest.approx([2, 8 / 3, 3])
    found[1] = group(name="a, gru, quantise table", scores=(4.0, 4.0), data="A", cell="GRU", row="GRU Q")
    assert legend(drawn(printed(budget(read(folder.path)))[0])) == ["GRU", "GRU Q"]
