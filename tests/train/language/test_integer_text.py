"""A quantised language model: its stages, the perplexity of its integers, and the code of the run."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import stand_in
from tiny_texts import INFO, WORDS, spec, tiny_text

from bench import mcu, record
from bench.deploy import export, refresh
from bench.deploy import model as models
from bench.deploy.text import TrainedText
from bench.errors import RnnbenchError
from bench.mcu.reference import RealInterpreter
from bench.mcu.simulate import missing
from bench.status import Status
from bench.train import Job, run
from bench.train.facts import flat_summary
from bench.train.language.integer import lower
from bench.train.language.model import LanguageModel, build
from bench.train.task import task_of

TRAIN = {"epochs": 4, "batch_size": 5, "optimizer": "adam", "learning_rate": 0.02, "gradient_clip": 0.25}
SMALL = {"compress": {"quantise": "table", "keep": {"U": 0.5}}}


def go(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> record.Record:
    folder.mkdir(exist_ok=True)
    stand_in(monkeypatch, tiny_text())
    made = spec(**{"train": TRAIN, "language": {"bptt": 10}, **changes})
    return run(Job(made, folder, "tests", "disabled"))


def loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> TrainedText:
    """The model of a run on the tiny text."""
    monkeypatch.setattr(models, "describe", lambda name, options: INFO)
    monkeypatch.setattr("bench.deploy.text.task_of", lambda _: task_of(spec()))
    found = models.load(folder)
    assert isinstance(found, TrainedText)
    return found


def test_the_perplexity_of_record_is_that_of_the_integers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = go(tmp_path, monkeypatch, **SMALL)
    assert (left.status, left.reason) == (Status.DONE, "")
    assert left.result is not None
    assert left.size is not None
    exact, integer = left.result.test_perplexity, left.result.integer_perplexity
    assert exact is not None
    assert integer is not None
    assert exact < 5  # of 7 words
    assert integer == pytest.approx(exact, rel=0.01)
    assert integer != exact
    assert flat_summary(left)["perplexity"] == integer
    assert loaded(tmp_path, monkeypatch).measured() == (pytest.approx(exact), integer)
    stages = [line.split(",")[-1] for line in (tmp_path / "metrics.csv").read_text().splitlines()[1:]]
    assert len(stages) == 4


def test_a_byte_a_number_and_a_latency_of_a_word_on_every_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = go(tmp_path, monkeypatch, compress={"quantise": "table"})
    assert left.size is not None
    numbers = sum(parameter.numel() for parameter in build(spec(), 7).layers.parameters())
    assert left.size.kb == numbers / 1024
    assert [(each.board, each.format) for each in left.latency] == [
        (board, "int8") for board in ("uno", "mkr1000", "due", "nano33ble")
    ]
    predicted = mcu.predict(loaded(tmp_path, monkeypatch).program, mcu.board("uno"), steps=1)
    assert (
        left.latency[0].cycles
        == predicted.cycles
        == pytest.approx(predicted.cycles_per_step + predicted.answer_cycles, abs=1)
    )
    assert predicted.fits_flash
    beside = json.loads((tmp_path / "latency.json").read_text())
    assert "kernels/avr-words.yaml" in beside["files"]
    (tmp_path / "latency.json").unlink()
    monkeypatch.setattr("bench.data.describe", lambda name, options: INFO)
    assert refresh.refresh(tmp_path) == 1
    assert json.loads((tmp_path / "latency.json").read_text()) == beside


def test_a_model_in_float32_says_why_it_has_no_latency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = go(tmp_path, monkeypatch)
    assert left.latency == ()
    assert "compress.quantise gives one in integers" in json.loads((tmp_path / "latency.json").read_text())["reason"]
    with pytest.raises(RnnbenchError, match="float32 program of a model that reads words"):
        loaded(tmp_path, monkeypatch).code("float32")


def test_the_lowered_model_is_the_network() -> None:
    torch.manual_seed(0)
    network = build(spec(), 7)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    text = tiny_text().test[:30].long()
    machine = RealInterpreter(lower(network.double()), 1)
    total = 0.0
    for word, following in zip(text[:-1].tolist(), text[1:].tolist(), strict=True):
        machine.step(network.embedding.weight[word].detach().numpy()[None])
        scores = torch.from_numpy(machine.scores()[0])
        total += float(torch.log_softmax(scores, 0)[following])
    assert total == pytest.approx(network.log_likelihood(text), rel=1e-4)


def test_several_layers_are_refused_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RnnbenchError, match=r"has one layer, not 2: set language\.layers to 1"):
        task_of(spec()).cells(spec(language={"layers": 2}, **SMALL), INFO)
    two = LanguageModel([*build(spec(), 7).layers, *build(spec(), 7).layers], 7, spec().awd)  # type: ignore[list-item]
    with pytest.raises(RnnbenchError, match="a language model of 2 layers"):
        lower(two)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
def test_an_export_meets_its_test_vector_and_predicts_the_test_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The C code alone, fed with the whole test text, comes to the perplexity of record."""
    left = go(tmp_path / "run", monkeypatch, **SMALL)
    model, out = loaded(tmp_path / "run", monkeypatch), tmp_path / "code"
    done = export.export(model, mcu.board("uno"), "int8", out, name="tiny", force=False)
    assert left.result is not None
    integer, exact = left.result.integer_perplexity, left.result.test_perplexity
    assert done.said == f"test perplexity {integer:.2f} in integers, {exact:.2f} in float32"
    export.check_folder(out, "tiny")  # what it wrote, it may write again
    assert (out / "words.tsv").read_text().splitlines()[1:] == [f"{n}\t{word}" for n, word in enumerate(WORDS)]
    assert "{{" not in (out / "README.md").read_text()
    text = ", ".join(map(str, model.corpus.test.tolist()))
    (out / "main.c").write_text(
        '#include "tiny_test_vector.h"\n#include <stdio.h>\n'
        f"static const uint16_t text[] = {{ {text} }};\n"
        "int main(void)\n{\n    unsigned n, count = sizeof text / 2;\n    double sum = 0;\n"
        "    if (tiny_test()) return 1;\n"
        "    for (n = 0; n + 1 < count; n++) {\n"
        "        tiny_step(text[n]);\n        tiny_answer();\n        sum += tiny_loss(text[n + 1]);\n    }\n"
        '    printf("%.17g\\n", sum / (count - 1) / (1l << TINY_LOSS_FRACTION));\n    return 0;\n}\n'
    )
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fsanitize=undefined,address"]
    subprocess.run(["gcc", *strict, "-Isrc", "main.c", "src/tiny_model.c", "-o", "main"], cwd=out, check=True)
    said = subprocess.run([out / "main"], capture_output=True, text=True, check=True).stdout
    assert math.exp(float(said)) == pytest.approx(integer, rel=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("board", ["uno", "nano33ble"])
def test_a_trained_model_on_simulated_boards(board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(tmp_path, monkeypatch, **SMALL)
    model, chosen = loaded(tmp_path, monkeypatch), mcu.board(board)
    if lack := missing(chosen.target):
        pytest.skip(f"the simulation of the {chosen.title} needs {lack}")
    compared = mcu.compare(model.program, chosen, model.sequences("int8", 2, 12))
    assert compared.exact
    assert compared.steps == 24
    assert abs(compared.error) < 0.02
    assert np.isclose(compared.predicted_answer, compared.simulated_answer, rtol=0.02)
