"""Products that skip zeros on an AVR: bit for bit the interpreter's, in as many cycles as counted."""

import itertools
import shutil

import mcu_cases as cases
import numpy as np
import pytest

from bench.mcu import worst
from bench.mcu.emit import emit
from bench.mcu.fused.cycles import cycles
from bench.mcu.graph import Ref
from bench.mcu.products.avr import Sparse
from bench.mcu.program import IntBuffer, MatVec, Program
from bench.mcu.simulate import host, run

pytestmark = pytest.mark.long

AVR = cases.TARGETS["avr"]
COLUMNS = 24


def products(seed):
    """Every shift, with and without a bias and a vector added, of results of 9 to 16 bits."""
    rng = np.random.default_rng(seed)
    buffers = [IntBuffer(COLUMNS, "input", 8, 14), IntBuffer(8, "state", 8, 16), IntBuffer(40, "temporary", 8, 16)]
    kernels = []
    for shift, (bias, add) in zip(range(1, 16), itertools.cycle(itertools.product((False, True), repeat=2))):
        rows = int(rng.integers(1, 8))
        weight = rng.integers(-60, 61, (rows, COLUMNS)) * (rng.random((rows, COLUMNS)) < rng.choice([0.05, 0.2, 0.45]))
        buffers.append(IntBuffer(rows, "temporary", 8, int(rng.choice([9, 13, 15, 16]))))
        start = rng.integers(-(2**18), 2**18, rows).astype(np.int32) if bias else None
        more = Ref(1, 0, rows) if add else None
        out = Ref(len(buffers) - 1, 0, rows)
        kernels.append(MatVec(out, Ref(0, 0, COLUMNS), weight.astype(np.int8), start, more, shift, 24))
    state = MatVec(Ref(1, 0, 8), Ref(0, 0, COLUMNS), np.eye(8, COLUMNS, dtype=np.int8) * np.int8(99), None, None, 4, 24)
    kernels.append(state)
    program = Program("sparse", tuple(buffers), tuple(kernels), (state,), Ref(1, 0, 8))
    return cases.observed(program)


def inputs(seed):
    """Zeros, then random numbers, then extremes."""
    rng = np.random.default_rng(seed)
    most = rng.choice([-8192, 8191, 0, 255, -256, 1, -1], (12, COLUMNS))
    return [np.concatenate([np.zeros((1, COLUMNS)), rng.integers(-300, 300, (6, COLUMNS)), most]).astype(np.int16)]


@pytest.fixture(params=[1, 2, 3])
def tile(request, monkeypatch):
    """Rows of a tile, whatever they cost."""
    monkeypatch.setattr(Sparse, "cost", property(lambda way: abs(way.tile - request.param)))
    return request.param


@pytest.mark.parametrize("seed", range(2))
def test_every_shift_and_width_is_exact_and_takes_the_cycles_counted(seed, tile):
    cases.need(AVR)
    program, x = products(seed), inputs(seed)
    source = emit(program, AVR)
    cases.agree(program, run(source, AVR, x), x)
    trace = run(source, AVR, x, inside=True).trace
    made = [(number, call) for number, call in enumerate(source.step, 1) if isinstance(call.loop, Sparse)]
    assert len(made) > 12
    for number, call in made:
        took, counted = trace.of(number), cycles(call.loop, AVR)
        assert call.loop.tile == tile
        if not call.loop.shape.bias:  # what begins at 0 does not saturate
            assert took[0] == pytest.approx(counted, abs=6)  # what readies a call differs by a few
        assert max(took) <= counted + worst.spread([call], AVR) + 6


@pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc on the path")
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.usefixtures("tile")
def test_the_same_in_c_is_exact(seed, tmp_path):
    program, x = products(seed), inputs(seed)
    cases.agree(program, host.run(emit(program, AVR), x, tmp_path), x)


@pytest.mark.parametrize("rows", [255, 256, 300])
def test_more_rows_than_a_byte_counts(rows):
    """One in twenty of the weights of as many rows, none in some."""
    cases.need(AVR)
    rng = np.random.default_rng(rows)
    weight = (rng.integers(-60, 61, (rows, 30)) * (rng.random((rows, 30)) < 0.05)).astype(np.int8)
    buffers = [IntBuffer(30, "input", 8, 14), IntBuffer(1, "state", 8, 16), IntBuffer(rows, "temporary", 8, 16)]
    buffers.append(IntBuffer(4, "temporary", 8, 16))
    product = MatVec(Ref(2, 0, rows), Ref(0, 0, 30), weight, None, None, 7, 24)
    head = MatVec(Ref(3, 0, 4), Ref(2, 0, 200), rng.integers(-9, 9, (4, 200)).astype(np.int8), None, None, 9, 24)
    last = MatVec(Ref(1, 0, 1), Ref(2, rows - 4, 4), np.ones((1, 4), np.int8), None, None, 1, 24)
    program = Program("rows", tuple(buffers), (product, last), (head,), Ref(3, 0, 4))
    x = [rng.integers(-999, 999, (3, 30)).astype(np.int16)]
    source = emit(program, AVR)
    cases.agree(program, run(source, AVR, x), x)
    took = run(source, AVR, x, inside=True).trace.of(2)
    assert max(took) == pytest.approx(cycles(source.step[1].loop, AVR), abs=6)
