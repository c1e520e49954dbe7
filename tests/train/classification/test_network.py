"""The network reads each sequence at its own end, and seeds are named parts."""

import pytest
import torch

from bench.errors import RnnbenchError
from bench.spec import CellPart, RunSpec, parse
from bench.train.cell import build_cell, derive_seed
from bench.train.classification.network import Network, build
from bench.zoo import all_cells


def spec(**changes: object) -> RunSpec:
    made = parse(RunSpec, {"data": "d", "cell": {"name": "gru", "hidden_size": 5}, **changes}, "test")
    return made


@pytest.mark.parametrize("name", all_cells())
def test_what_stands_after_a_sequences_end_does_not_matter(name: str) -> None:
    torch.manual_seed(0)
    network = Network(build_cell(CellPart(name=name, hidden_size=5), features=3), classes=4).double().eval()
    x_TBD = torch.randn(7, 6, 3, dtype=torch.float64)
    lengths_B = torch.tensor([1, 7, 3, 6, 2, 7])
    together = network(x_TBD, lengths_B)
    spoiled = x_TBD.clone()
    for b, length in enumerate(lengths_B):
        spoiled[length:, b] = 1e3
        alone = network(x_TBD[:length, b : b + 1], lengths_B[b : b + 1])
        torch.testing.assert_close(together[b : b + 1], alone, rtol=0, atol=1e-12)
    assert torch.equal(together, network(spoiled, lengths_B))


def test_scores_are_affine_in_the_last_state() -> None:
    network = build(spec(), features=3, classes=4).double()
    x_TBD, lengths_B = torch.randn(5, 2, 3, dtype=torch.float64), torch.tensor([5, 2])
    h_TBH, _ = network.cell(x_TBD)
    want = torch.stack([network.head.W.matrix() @ h_TBH[4, 0], network.head.W.matrix() @ h_TBH[1, 1]]) + network.head.b
    torch.testing.assert_close(network(x_TBD, lengths_B), want, rtol=0, atol=1e-12)


def test_initial_weights_depend_on_the_seed_alone() -> None:
    first = build(spec(seed=1), 3, 4).state_dict()
    torch.randn(17)
    again = build(spec(seed=1, train={"epochs": 9}), 3, 4).state_dict()
    other = build(spec(seed=2), 3, 4).state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["cell.W.value"], other["cell.W.value"])


def test_parts_of_a_seed_have_streams_of_their_own() -> None:
    seeds = {derive_seed(seed, part) for seed in range(100) for part in ("init", "order", "noise")}
    assert len(seeds) == 300
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ({"name": "gru", "rank": {"V": 2}}, ["no matrix 'V'", "U, W"]),
        ({"name": "gru", "hidden_size": 8, "rank": {"W": 4}}, ["rank 4 is not in 1..3"]),
        ({"name": "qrnn", "window": 0}, ["window must be at least 1"]),
        ({"name": "qrnn", "zoneout": 1.0}, ["zoneout must be in [0, 1)"]),
        ({"name": "spectralrnn", "hidden_size": 8, "reflectors": 9}, ["1..8", "not 9"]),
        ({"name": "spectralrnn", "rank": {"U": 2}}, ["full rank by construction"]),
    ],
)
def test_what_cannot_be_built_says_why(cell: dict[str, object], words: list[str]) -> None:
    part = parse(CellPart, cell, "test")
    with pytest.raises(RnnbenchError) as caught:
        build_cell(part, features=3)
    for word in [f"cell '{cell['name']}'", *words]:
        assert word in str(caught.value)
