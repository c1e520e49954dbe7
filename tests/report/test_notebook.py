"""What a notebook shows of a table and of a figure."""

from __future__ import annotations

import base64
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.errors import RnnbenchError
from bench.report import read
from bench.report.notebook import figure_view, table_view
from bench.report.writers import to_latex, to_markdown

pytestmark = pytest.mark.long  # draws


def test_a_table_in_every_form(small: Any) -> None:
    view = table_view(read(small.path), "comparison")
    shown = ElementTree.fromstring(view._repr_html_().replace("&nbsp;", " "))
    assert len(shown.findall(".//tbody/tr")) == len(view.table.rows) == 3
    assert "Fast_GRNN & Co" in "".join(shown.itertext())
    assert view._repr_latex_() == to_latex(view.table)
    assert str(view) == view._repr_markdown_() == to_markdown(view.table)
    assert repr(view) == "<table demo: 3 rows, 6 columns>"


def test_a_table_that_the_results_have_nothing_for(small: Any) -> None:
    with pytest.raises(RnnbenchError, match="no table 'comparisn'; did you mean 'comparison'"):
        table_view(read(small.path), "comparisn")


def test_a_drawing_is_svg_and_several_are_images(small: Any) -> None:
    results = read(small.path)
    view = figure_view(results, "cost")
    assert view._repr_svg_() is None, "several drawings are no single picture"
    images = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', view._repr_html_())
    assert [base64.b64decode(image).decode() for image in images] == view.svgs
    assert len(images) == len(view.panels) > 1
    name = view.panels[0].name
    alone = figure_view(results, name)
    assert ElementTree.fromstring(alone._repr_svg_() or "").tag == "{http://www.w3.org/2000/svg}svg"
    assert alone.svgs == view.svgs[:1]
    assert repr(alone) == f"<figure: {name}>"


def test_a_figure_that_the_results_have_nothing_for(small: Any) -> None:
    with pytest.raises(RnnbenchError, match="no figure 'coost'; did you mean 'cost'"):
        figure_view(read(small.path), "coost")
