"""The language model: what it computes, what it holds once, what goes over the borders of windows."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from tiny_texts import spec, tiny_text
from torch import Tensor

from bench import zoo
from bench.errors import RnnbenchError
from bench.measure import size
from bench.spec import AwdPart
from bench.train.language.model import LanguageModel, build, build_layers, detached

pytestmark = pytest.mark.long


def model(name: str = "fastgrnn", **changes: Any) -> LanguageModel:
    return build(spec(cell={"name": name, "hidden_size": 8}, **changes), 7)


@pytest.mark.parametrize("name", zoo.all_cells())
def test_windows_with_the_state_carried_over_are_one_long_pass(name: str) -> None:
    net = model(name, language={"layers": 2}).double().eval()
    ids = torch.randint(0, 7, (30, 3))
    whole, _, _ = net(ids)
    pieces, states = [], None
    for window in torch.split(ids, 7):
        h, _, states = net(window, states)
        pieces.append(h)
    torch.testing.assert_close(torch.cat(pieces), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", zoo.all_cells())
def test_no_gradient_goes_back_over_a_border(name: str) -> None:
    """A word that stands only in the first window is given none by the second window's loss."""
    net = model(name)
    first, second = torch.full((4, 1), 5), torch.full((4, 1), 2)
    for cut in (True, False):
        net.zero_grad()
        _, _, states = net(first)
        h, _, _ = net(second, detached(states) if cut else states)
        h.sum().backward()
        assert net.embedding.weight.grad is not None
        assert bool(net.embedding.weight.grad[5].any()) is not cut


@pytest.mark.parametrize("name", zoo.all_cells())
def test_perplexity_is_of_every_word_but_the_first_one_by_one(name: str) -> None:
    """Word by word with `stream`, softmax by its formula: nothing dropped where a piece of a text ends."""
    net = model(name, language={"layers": 2}).double().eval()
    text = torch.randint(0, 7, (2100,))
    with torch.no_grad():
        states = [cell.initial_state(1, net.softmax.weight) for cell in layers(net)]
        total = 0.0
        for now, then in itertools.pairwise(text):
            x = net.embedding.weight[now].unsqueeze(0)
            for number, cell in enumerate(layers(net)):
                states[number] = cell.stream(x, states[number])
                x = states[number][0]
            scores = (net.softmax.weight @ x[0] + net.softmax.bias).tolist()
            total += scores[int(then)] - math.log(sum(map(math.exp, scores)))
    assert net.log_likelihood(text.int()) == pytest.approx(total, rel=1e-10)


def layers(net: LanguageModel) -> list[Any]:
    return list(net.layers)


def test_an_untrained_model_is_no_better_than_a_guess() -> None:
    net, stream = model(), tiny_text().test
    loss = -net.log_likelihood(stream) / (len(stream) - 1)
    assert math.exp(loss) == pytest.approx(7, rel=0.05)


def test_evaluation_leaves_the_mode_and_draws_nothing() -> None:
    net = model(awd={"dropout_input": 0.5, "dropout_output": 0.5, "dropout_embedding": 0.5, "weight_drop": 0.5})
    net.train()
    before = torch.get_rng_state()
    one = net.log_likelihood(tiny_text().test)
    assert net.log_likelihood(tiny_text().test) == one
    assert net.training
    assert torch.equal(torch.get_rng_state(), before)


def test_sizes_of_layers() -> None:
    def shapes(**language: Any) -> list[tuple[int, int]]:
        return [(each.input_size, each.hidden_size) for each in build_layers(spec(language=language))]

    assert shapes() == [(8, 8)]
    assert shapes(layers=3, embedding_size=5) == [(5, 8), (8, 8), (8, 8)]
    assert shapes(layers=3, embedding_size=5, tied=True) == [(5, 8), (8, 8), (8, 5)]


def test_a_tied_matrix_is_one_and_counted_once() -> None:
    untied, tied = model(), model(language={"tied": True})
    assert tied.softmax.weight is tied.embedding.weight
    assert untied.outside == 7 * 8 + 7 * 8 + 7
    assert tied.outside == 7 * 8 + 7
    h, _, _ = tied(torch.tensor([[3]]))
    (tied.softmax(h)[0, 0, 4]).backward()
    assert tied.embedding.weight.grad is not None
    assert tied.embedding.weight.grad[3].any()  # as an input
    assert tied.embedding.weight.grad[4].any()  # as an output
    again = model(language={"tied": True}, seed=3)
    again.load_state_dict(tied.state_dict())
    assert again.softmax.weight is again.embedding.weight


def test_kb_are_of_the_layers_as_the_paper_prints_them() -> None:
    """Table 2: FastGRNN-LSQ 513 KB and LSTM 2052 KB with 256 units, FastRNN 513, UGRNN 256 and RNN 129 with 128."""
    for name, hidden, kb in (("fastgrnn", 256, 513), ("lstm", 256, 2052), ("fastrnn", 256, 513), ("rnn", 128, 129)):
        net = build(spec(cell={"name": name, "hidden_size": hidden}), 10)
        assert size(net.layers).kb == pytest.approx(kb, abs=1.5)


def test_what_begins_how() -> None:
    net = build(spec(language={"spread": 0.7, "scale": {"U": 0.25}}, cell={"name": "fastgrnn", "hidden_size": 64}), 500)
    plain = build(spec(cell={"name": "fastgrnn", "hidden_size": 64}), 500)
    assert float(net.embedding.weight.detach().abs().max()) == pytest.approx(0.7, rel=0.01)
    assert float(plain.embedding.weight.detach().abs().max()) == pytest.approx(0.1, rel=0.01)
    assert torch.equal(layers(net)[0].U.matrix(), 0.25 * layers(plain)[0].U.matrix())
    assert torch.equal(layers(net)[0].W.matrix(), layers(plain)[0].W.matrix())
    assert layers(build(spec(language={"begin": {"raw_nu": -12}}), 7))[0].raw_nu.item() == -12
    low = spec(language={"scale": {"U": 0.25}}, cell={"name": "fastgrnn", "hidden_size": 8, "rank": {"U": 3}})
    full = spec(cell={"name": "fastgrnn", "hidden_size": 8, "rank": {"U": 3}})
    torch.testing.assert_close(layers(build(low, 7))[0].U.matrix(), 0.25 * layers(build(full, 7))[0].U.matrix())


def test_training_can_begin_at_the_unigram() -> None:
    net, stream = model(language={"spread": 0.1}), tiny_text().train
    net.begin_at_unigram(stream)
    counts = torch.bincount(stream).double()
    entropy = -float((counts / counts.sum()).log() @ (counts / counts.sum()))
    loss = -net.log_likelihood(stream) / (len(stream) - 1)
    assert loss == pytest.approx(entropy, abs=0.03)
    assert loss < math.log(7)


def test_options_of_the_first_layer_alone() -> None:
    made = build_layers(spec(cell={"name": "qrnn", "hidden_size": 8}, language={"layers": 3, "first": {"window": 2}}))
    assert [each.window for each in made] == [2, 1, 1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"cell": "qrnn", "awd": {"weight_drop": 0.5}},
            "cell 'qrnn': it has no recurrent matrix 'U' to drop weights of; it has W: set awd.weight_drop_matrix",
        ),
        ({"language": {"first": {"windw": 2}}, "cell": "qrnn"}, "no option 'windw'; did you mean 'window'"),
        ({"language": {"scale": {"V": 2}}}, "cell 'fastgrnn' has no matrix 'V'"),
        ({"language": {"scale": {"U": 2}}, "cell": "spectralrnn"}, "has a scale of its own"),
        ({"language": {"begin": {"raw_nv": -9}}}, "cell 'fastgrnn' has no vector 'raw_nv'; did you mean 'raw_nu'"),
        ({"language": {"layers": 0}}, "language.layers"),
        ({"language": {"bttp": 10}}, "unknown key 'language.bttp'; did you mean 'bptt'"),
        ({"awd": {"nt_asgd": 5}}, "set train.optimizer to plain-sgd"),
        ({"awd": {"finetune": 5}, "train": {"optimizer": "adam"}}, "set train.optimizer to plain-sgd"),
        ({"awd": {"weight_drop": 1.0}}, "awd.weight_drop"),
    ],
)
def test_faults_are_one_line_that_says_what_to_do(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        build_layers(spec(**changes))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_in_training_each_technique_is_where_its_key_says() -> None:
    """With two layers of the identity for a cell, what each dropout hides is seen in the output."""

    class Same(torch.nn.Module):
        input_size = hidden_size = 4

        def forward(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
            return x, ()

    def zeros(**part: float) -> tuple[Tensor, Tensor]:
        torch.manual_seed(0)
        net = LanguageModel([Same(), Same()], 7, AwdPart.model_validate(part))  # type: ignore[list-item]
        dropped, raw, _ = net.train()(torch.randint(0, 7, (6, 20)))
        return dropped == 0, raw == 0

    for key in ("dropout_input", "dropout_between", "dropout_output", "dropout_embedding"):
        dropped, raw = zeros(**{key: 0.5})
        assert dropped.any()
        assert bool(raw.any()) is (key != "dropout_output")
        locked = torch.equal(dropped, dropped[:1].expand_as(dropped))
        assert locked is (key != "dropout_embedding")
    assert not zeros()[0].any()
