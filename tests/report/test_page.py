"""The page: whole in itself, complete, and valid enough to be parsed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from reading import compare

from bench.record import Latency, Mirror, mirror, runs_folder
from bench.report import write_report
from bench.status import Status

pytestmark = pytest.mark.long

_VOID = {"meta", "br", "hr", "img", "input", "link"}


class _Reader(HTMLParser):
    """Elements with attributes, ids, text; complains of tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.text += data


def _page(folder: Any) -> tuple[str, _Reader]:
    text = write_report(folder.path).html.read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return text, reader


def test_every_cell_every_number_every_run(small: Any) -> None:
    _, page = _page(small)
    table = compare(small)
    for row in table.rows:
        assert row.label in page.text
        assert all(entry.text.replace("-", "\u2013") in page.text for entry in row.entries)
    assert all(note.text in page.text for note in table.footnotes)
    hrefs = {attributes.get("href") for _, attributes in page.found}
    runs = [path.name for path in runs_folder(small.path).iterdir()]
    assert len(runs) == 10
    assert {f"runs/{name}/" for name in runs} <= hrefs


def test_it_asks_nothing_of_any_network(small: Any) -> None:
    text, page = _page(small)
    for tag, attributes in page.found:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base")
        assert "src" not in attributes
        if tag != "a":
            assert not any("//" in (value or "") for value in attributes.values()), (tag, attributes)
    links = {a["href"] for tag, a in page.found if tag == "a" and "//" in (a.get("href") or "")}
    assert links == {"https://example.org/watch", "https://example.org/digits"}
    assert "@import" not in text
    assert all(address.startswith("#") for address in re.findall(r"url\(([^)]*)\)", text))


def test_ids_are_single_and_references_lead_somewhere(small: Any) -> None:
    text, page = _page(small)
    ids = [a["id"] for _, a in page.found if "id" in a]
    assert len(ids) == len(set(ids))
    wanted = {a["href"] for _, a in page.found if (a.get("href") or "").startswith("#")}
    wanted |= {f"#{name}" for name in re.findall(r"url\(#([^)]*)\)", text)}
    assert wanted <= {f"#{name}" for name in ids}


def test_it_has_all_its_parts(small: Any) -> None:
    text, page = _page(small)
    svgs = [a for tag, a in page.found if tag == "svg"]
    assert len(svgs) == 2 + 1 + 3 + 2  # size, latency where it differs, curves of three cells and of two
    assert all(a.get("aria-label") and a.get("role") == "img" for a in svgs)
    assert "<title>demo</title>" in text
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    assert "LSTM (no better than always answering the most frequent class)" in page.text
    assert "9 of 10 runs are done (1 failed)" in page.text


def test_names_are_escaped(folder: Any) -> None:
    folder.add('<script>alert("x")</script>', curve=[0.1, 0.9])
    folder.add("$x$ & \\1", accuracy=0.8, kb=3.0, curve=[0.1, 0.9])
    text, page = _page(folder)
    assert "<script" not in text
    assert '<script>alert("x")</script>' in page.text
    assert "$x$ & \\1" in page.text


def test_provenance_and_dirty_trees(folder: Any) -> None:
    dirty = {"git": {"commit": "beef", "dirty": True}, "packages": {"torch": "2.13.0"}, "host": "secret-host"}
    folder.add(seed=0, provenance=dirty | {"peak_memory_mb": 410.2, "deterministic": True})
    folder.add(seed=1, provenance={"git": {}, "packages": None})
    _, page = _page(folder)
    assert "beef with uncommitted changes: 1 run" in page.text
    assert "not recorded: 1 run" in page.text
    assert "secret-host" not in page.text
    for said in ("2.13.0", "410 to 410 MB", "sha256:watch", "CC BY 4.0", "Arduino mkr1000"):
        assert said in page.text
    assert "uncommitted" not in compare(folder).caption


HUGE = f"epoch,validation_accuracy\n1,{'9' * 5000}\n"


@pytest.mark.parametrize("damage", ["", "epoch,other\n1,2\n", "epoch,validation_accuracy\n1,x\n", HUGE])
def test_a_damaged_curve_is_named_not_drawn(folder: Any, damage: str) -> None:
    folder.add("A", curve=[0.1, 0.2])
    bad = folder.add("B", curve=[0.1, 0.2])
    (runs_folder(folder.path) / bad.id / "metrics.csv").write_text(damage, encoding="utf-8")
    _, page = _page(folder)
    assert f"Without readable figures on validation data: {bad.id}" in page.text


def test_no_curves_at_all(folder: Any) -> None:
    folder.add()
    _, page = _page(folder)
    assert "Learning curves" not in page.text


def test_a_diverged_curve_and_one_epoch_are_drawn(folder: Any) -> None:
    folder.add("A", curve=[float("nan"), 0.5, float("inf"), 1e308, -1e308])
    folder.add("B", curve=[0.5])
    _page(folder)


def test_the_log_of_a_failed_run_is_linked(folder: Any) -> None:
    folder.add()
    bad = folder.add(seed=1, status=Status.FAILED, reason="boom")
    (runs_folder(folder.path) / bad.id / "log.txt").write_text("x", encoding="utf-8")
    _, page = _page(folder)
    assert f"runs/{bad.id}/log.txt" in {a.get("href") for _, a in page.found}


def test_a_run_that_is_in_wandb_is_linked(folder: Any) -> None:
    for seed, url in enumerate(("https://wandb.test/run/1", "", "javascript:alert(1)")):
        mirror.write(runs_folder(folder.path) / folder.add(seed=seed).id, Mirror(url=url))
    _, page = _page(folder)
    links = [attributes.get("href") for tag, attributes in page.found if tag == "a"]
    assert links.count("https://wandb.test/run/1") == 1
    assert page.text.count("done (W&B)") == 1


def test_the_lead_says_what_came_out_best(small: Any) -> None:
    """Watch-7: 95 %, of 3.25 KB, and two seeds show nothing; on digits LSTM lacks a seed of GRU's."""
    _, page = _page(small)
    assert "3 cells on 2 data sets, mean ± sample standard deviation over 1 to 2 seeds" in page.text
    assert "9 of 10 runs are done (1 failed), started 2026-08-01." in page.text
    assert "On Watch-7, the best mean is that of Fast_GRNN & Co: 95.00 ± 1.41 % with 3.3 KB, which so" in page.text
    assert "On Digits" not in page.text


def test_the_lead_says_what_is_not_significantly_worse(folder: Any) -> None:
    """Six seeds: B is a point worse at all of them, C a tenth on the whole."""
    for seed in range(6):
        folder.add("A", seed=seed, accuracy=0.9 + seed / 100, kb=4.0)
        folder.add("C", seed=seed, accuracy=0.9 + (seed ^ 1) / 100 - 0.001)
    _, page = _page(folder)
    assert "the best mean is that of A: 92.50 ± 1.87 % with 4.0 KB; not significantly worse: C." in page.text
    for seed in range(6):
        folder.add("A", "digits", seed, accuracy=0.9 + seed / 100)
        folder.add("B", "digits", seed, accuracy=0.89 + seed / 100)
    _, page = _page(folder)
    assert "On Digits, the best mean is that of A: 92.50 ± 1.87 % with 10.0 KB." in page.text


def test_the_lead_says_the_size_of_ours_where_figures_are_published(folder: Any) -> None:
    """LSTM on HAR-2 of 64 units: the paper has 93.65 % and 74 KB, and stands between our accuracy and our KB."""
    folder.add("LSTM", "har2", accuracy=0.94, kb=73.0)
    folder.add("GRU", "har2", accuracy=0.93, kb=70.0)
    _, page = _page(folder)
    assert "the best mean is that of LSTM: 94.00 % with 73.0 KB, which so few" in page.text


def test_equals_share_the_lead(folder: Any) -> None:
    folder.add("A", kb=3.0)
    folder.add("B", kb=4.0)
    _, page = _page(folder)
    assert "2 cells on 1 data set, one seed each" in page.text
    assert "the best mean is that of A and B: 90.00 % with 3.0 and 4.0 KB, which so few seeds cannot" in page.text
    folder.add("A", integer=0.8, kb=1.0, steps="Q")
    folder.add("B", integer=0.7, kb=1.0, steps="Q")
    _, page = _page(folder)
    assert "2 cells in 4 rows on 1 data set" in page.text
    assert "each among rows that are alike, are A, quantise piecewise (80.00 %, 1.0 KB); A" in page.text


def test_a_line_for_every_run(folder: Any, make_latency: Any) -> None:
    """`conftest`: 60 s of wall time, the ninth of 30 epochs; the quantised run counts with its integers."""
    folder.add("A", accuracy=0.9, integer=0.8765, steps="Q", latencies=(make_latency(ms=21670),))
    folder.add("B", seed=3, status=Status.FAILED, reason="RnnbenchError: boom\nmore")
    _, page = _page(folder)
    done, failed = (" ".join(part.split()) for part in page.text.split("Seconds")[:0:-1])
    assert "AWatch-70 done 87.6510.0021,6709 of 3060" in done  # label, data, seed, status, test, KB, ms, best epoch, s
    assert "BWatch-73 failed: boom" in failed
    assert "ms on mkr1000" in page.text


def test_a_run_that_does_not_fit_the_board_or_whose_latency_is_old_says_so(folder: Any, make_latency: Any) -> None:
    fits, not_there = make_latency(), make_latency(ram=False)
    folder.add("A", latencies=(fits,), beside=Latency(model=0, boards=(fits,)))
    folder.add("B", latencies=(not_there,))
    _, page = _page(folder)
    runs = page.text.split("Seconds")[1]
    assert "12.5 (stale)" in runs
    assert "does not fit" in runs


def test_wide_tables_hint_that_they_scroll(folder: Any) -> None:
    folder.add()
    text, page = _page(folder)
    assert "It scrolls sideways." in page.text
    assert re.search(r"\.scroll \{[^}]*overflow-x: auto;[^}]*linear-gradient", text)


def test_provenance_is_counted(folder: Any, make_latency: Any) -> None:
    for seed, peak in enumerate((300.4, 410.2)):
        folder.add(seed=seed, provenance={"peak_memory_mb": peak, "threads": seed, "cuda": None, "tf32": False})
    nested = {"packages": {"torch": "2.13.0"}, "machine": {"cpu_cores": 4}}
    folder.add(seed=2, latencies=(make_latency(flash=False),), provenance=nested)
    _, page = _page(folder)
    text = " ".join(page.text.split())
    assert "c0ffee: 3 runs" in text
    assert "threads0 (1 run); 1 (1 run)" in text
    assert "cuda-" in text
    assert " torch2.13.0 " in text
    assert " machine cpu cores4 " in text
    assert "tf32no" in text
    assert "peak memory of a process300 to 410 MB" in text
    assert "Arduino mkr1000float32code2 of 3" in text
    assert "700 / 100 / 200128 \N{MULTIPLICATION SIGN} 6720.00 %" in text  # splits, shape, classes, majority


def test_every_table_is_on_the_page(folder: Any) -> None:
    folder.add("GRU", kb=30.0)
    folder.add("GRU", kb=8.0, steps="L", variant="rank 8", options={"v": ""})  # else another variant of the cell
    _, page = _page(folder)
    assert [a["aria-describedby"] for tag, a in page.found if tag == "table" and "aria-describedby" in a] == [
        "table-comparison-caption",
        "table-ladder-caption",
        "table-settings-caption",
    ]
