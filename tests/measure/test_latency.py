"""The latency beside a record is that of the exported code, on every board, with the files that it rests on."""

from __future__ import annotations

import pytest
import torch

from bench import mcu
from bench.measure import latency
from bench.record.latency import digest
from bench.spec import RunSpec
from bench.train.classification.network import build


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_every_board_from_the_smallest_on(kind: str) -> None:
    network = build(RunSpec.model_validate({"data": "x", "cell": {"name": "gru", "hidden_size": 5}}), 3, 4).eval()
    graph = mcu.lower(network.cell, network.head)
    code = mcu.quantise(graph, torch.randn(8, 6, 3).numpy()) if kind == "int8" else graph
    found = latency(code, 7)
    assert [facts.board for facts in found.boards] == ["uno", "mkr1000", "due", "nano33ble"]
    for facts in found.boards:
        wanted = mcu.predict(code, mcu.board(facts.board), steps=7)
        assert facts.model_dump() == {name: getattr(wanted, name) for name in type(facts).model_fields}
    targets = {"uno": "avr", "mkr1000": "m0plus", "due": "m3", "nano33ble": "m4f"}
    names = {f"boards/{board}.yaml" for board in targets} | {f"kernels/{core}-{kind}.yaml" for core in targets.values()}
    assert found.files == {name: digest(name) for name in names}
    assert all(found.files.values())
    assert found.current
