"""Weights in flash and buffers in memory, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from bench.errors import RnnbenchError
from bench.mcu.emit import emit
from bench.mcu.emit.layout import block, dense, is_sparse, is_sparse_float, sparse, sparse_float, wide
from bench.mcu.emit.memory import plan
from bench.mcu.emit.template import literal
from bench.mcu.graph import Ref
from bench.mcu.products.avr import entries, tiled
from bench.mcu.products.avr import sparse as avr_sparse
from bench.mcu.products.shape import ordered, shape_of
from bench.mcu.program import Copy, IntBuffer, Limit, MatVec, Pair, Program
from bench.mcu.target import targets

AVR, PLAIN = (targets()[name] for name in ("avr", "m3"))
NUMBERED = np.array([[10 * row + column for column in range(5)] for row in range(5)], np.int8)


def product(weight, shift=8, accumulator=24):
    rows, columns = np.shape(weight)
    out, x = Ref(1, 0, rows), Ref(0, 0, columns)
    return MatVec(out, x, np.array(weight, np.int8), None, None, shift, accumulator)


def test_avr_reads_four_rows_side_by_side():
    tile = [row * 10 + column for column in range(5) for row in range(4)]
    assert dense(NUMBERED, AVR).tolist() == [*tile, 40, 41, 42, 43, 44]


def stored(weight, step, wide=False):
    kernel = product(weight, accumulator=32 if wide else 24)
    return ordered(kernel.weight, shape_of(kernel, 32767, step), step // 2).tolist()


def test_two_rows_share_16_bits_column_by_column_a_last_row_has_them_alone():
    tile = [row * 10 + column for column in range(5) for row in range(4)]
    assert stored(NUMBERED, 2) == [*tile, 0, 0, 0, 0, 40, 0, 41, 0, 42, 0, 43, 0, 44, 0, 0, 0]


def test_a_dsp_reads_two_columns_of_a_pair_at_once():
    """Columns are padded to fours."""
    at = [(column, row) for column in (0, 2, 4, 6) for row in (0, 2)]
    padded = np.pad(NUMBERED, ((0, 0), (0, 3))).tolist()
    tile = [padded[row + r][column + c] for column, row in at for c in (0, 1) for r in (0, 1)]
    assert stored(NUMBERED, 4) == tile + [n for weight in padded[4] for n in (weight, 0)]


def test_a_pair_is_the_sum_of_a_and_256_b_where_bytes_are_not_enough():
    """256 x 3 - 5 = 763 = 0x02FB; 256 x -127 - 127 = -32639 = 0x8081; in 32 bits the bytes stand as they are."""
    assert stored([[-5, -127], [3, -127]], 2) == [0xFB - 256, 2, 0x81 - 256, 0x80 - 256]
    assert stored([[-5, -127], [3, -127]], 2, wide=True) == [-5, 3, -127, -127]


def test_a_pair_beyond_16_bits_is_taken_apart():
    """256 x -128 - 1."""
    assert shape_of(product([[-1, 0], [-128, 0]]), 32767, 2).wide
    assert not shape_of(product([[-1, 0], [-127, 0]]), 32767, 2).wide


def test_a_sparse_stream_of_avr_says_the_way_to_each_factor_in_bytes():
    """From before the first column: column 1 is one factor further, two bytes; column 4 two factors beyond that."""
    kernel = product([[0, 7, 0, 0, -3], [0, 0, 0, 0, 0], [5, 6, 0, 0, 0]], accumulator=32)
    name, stream = sparse(kernel, AVR)
    assert (name, stream.tolist()) == ("sparse32", [2, 2, 7, 4, 253, 0, 2, 0, 5, 0, 6])


def test_entries_of_avr_stand_by_the_rows_of_a_tile_that_they_are_of():
    """Of two rows: the first's alone (column 1), the second's (columns 0 and 3), of both (column 4); then a tile that
    is half filled. A bias is three bytes: -2 is 254, 255, 255."""
    kernel = product([[0, 7, 0, 0, -3], [5, 0, 0, 6, 4], [0, 8, 0, 0, 0]])
    kernel = replace(kernel, bias=np.array([1, -2, 70000], np.int32))
    made = tiled(kernel, 32767, 0, 2)
    first = [1, 0, 0, 254, 255, 255, 1, 2, 7, 2, 0, 5, 4, 6, 1, 8, 253, 4]
    assert made.turns == 0x121  # where two entries are a turn, a set of two costs least
    assert made.stream.tolist() == [*first, 112, 17, 1, 0, 0, 0, 1, 2, 8, 0, 0]


def test_a_number_of_entries_of_avr_says_turns_and_the_first_turn():
    """Ten rows of 7 entries: two turns of four, three entries in the first; rows of 4: one turn, and 0 for all four."""
    seven = tiled(product(np.ones((10, 7))), 32767, 0, 1)
    assert (seven.turns, seven.stream[0]) == (4, 2 * 4 + 3)
    assert tiled(product(np.ones((10, 4))), 32767, 0, 1).stream[0] == 4


def test_rows_with_weights_in_the_same_columns_are_a_tile_on_avr():
    same, apart = np.zeros((30, 40)), np.zeros((30, 40))
    same[:, ::4] = 1
    apart[np.arange(30), np.arange(30)] = 1
    assert avr_sparse(product(same), 32767, 0).tile == 3
    assert avr_sparse(product(apart), 32767, 0).tile == 1


def test_a_sparse_stream_elsewhere_holds_two_pairs_a_word():
    name, stream = sparse(product([[0, 7, 0, 2, -3], [0, 0, 0, 0, 0]]), PLAIN)
    assert (name, stream.dtype) == ("sparse", np.uint32)
    assert stream.tolist() == [2, 0x0302_0107, 0x0000_04FD, 0]


def test_a_way_beyond_a_byte_is_walked_over_a_weight_of_0():
    """Column 199 is 200 factors on: 128 of them, a product with 0, and 72 more; a way lacks the 2 bytes just read."""
    weight = np.zeros((1, 200), np.int8)
    weight[0, -1] = 9
    assert sparse(product(weight), AVR)[1].tolist() == [2, 254, 0, 142, 9]
    assert entries(np.repeat(weight.view(np.uint8), 2, 0), np.array([199])) == [[254, 0, 0], [142, 9, 9]]


@pytest.mark.parametrize(
    ("shift", "accumulator", "columns", "why"),
    [
        (1, 24, 255, ""),
        (15, 24, 255, ""),
        (0, 24, 5, "it is shifted by 0 bits, beyond 1 to 15"),
        (16, 24, 5, "it is shifted by 16 bits, beyond 1 to 15"),
        (8, 32, 5, "its sums exceed 24 bits"),
        (8, 24, 256, "256 columns are more than a byte counts"),
    ],
)
def test_avr_takes_24_bits_where_they_do(shift, accumulator, columns, why):
    kernel = product(np.ones((4, columns)), shift, accumulator)
    assert wide(kernel) == why


def test_a_block_is_as_wide_as_24_bits_allow():
    """100 x 2^13 x 10 is the last below 2^23; a row whose weights are large at its end shortens the blocks of all."""
    weight = np.full((2, 100), 100)
    assert block(weight, 2**13) == 10
    weight[1, 95] = -123
    assert block(weight, 2**13) == 10
    weight[1, 95] = -125  # 9 x 100 + 125 = 1025 > 2^10
    assert block(weight, 2**13) == 9
    assert block(np.full((1, 400), 1), 2**13) == 255
    assert block(np.full((1, 4), -128), 2**15) == 1


def test_zeros_are_skipped_where_that_takes_fewer_cycles():
    """On the M3 a row of 100 takes 5 + 100 x 3.44 = 349, 34 of them 34 + 34 x 8.9 = 336.6, 35 or 36 take 354.4."""
    weight = np.zeros((1, 100))
    weight.flat[:35] = 1
    assert not is_sparse(product(weight), PLAIN)
    weight.flat[34] = 0
    assert is_sparse(product(weight), PLAIN)
    assert not is_sparse(product(np.zeros((1, 257))), PLAIN)
    assert is_sparse(product(np.zeros((1, 256))), PLAIN)


def test_short_rows_stay_dense_however_sparse():
    """On the M3 a row of 8 takes 5 + 8 x 3.44 = 32.5, an empty sparse one 34; one of 9 is one of 10, 39.4."""
    assert not is_sparse(product(np.zeros((50, 8))), PLAIN)
    assert is_sparse(product(np.zeros((50, 9))), PLAIN)


def test_zeros_are_skipped_in_float32_too():
    weight = np.array([[0.0, 2.0], [0.0, 0.0], [3.0, 4.0]])
    index, values = sparse_float(weight.astype(np.float32))
    assert (index.tolist(), values.tolist()) == ([1, 1, 0, 2, 0, 1], [2.0, 3.0, 4.0])
    (operation,) = (kernel for kernel in [product(weight)])
    assert is_sparse_float(operation, PLAIN)
    assert not is_sparse_float(product(np.ones((3, 3))), PLAIN)


def chain(*kernels, sizes=(4, 4, 4, 4, 4)):
    """x, a state, and temporaries."""
    roles = ["input", "state", *["temporary"] * (len(sizes) - 2)]
    buffers = tuple(IntBuffer(size, role, 8, 16) for size, role in zip(sizes, roles, strict=True))
    return Program("chain", buffers, kernels[:-1], kernels[-1:], kernels[-1].out)


def at(buffer, size=4, offset=0):
    return Ref(buffer, offset, size)


def test_a_result_lies_over_an_operand_that_dies_with_it():
    """t2 = limit(x); t3 = limit(t2); t4 = limit(t3): one place for all three, after x and the state."""
    layout = plan(chain(Limit(at(2), at(0), 0, 9), Limit(at(3), at(2), 0, 9), Limit(at(4), at(3), 0, 9)))
    assert layout.offsets == {0: 0, 1: 4, 2: 8, 3: 8, 4: 8}
    assert layout.words == 12


def test_a_product_lies_beside_its_factors():
    first, second = Limit(at(2), at(0), 0, 9), MatVec(at(3), at(2), np.ones((4, 4), np.int8), None, None, 8, 24)
    assert plan(chain(first, second, Limit(at(4), at(3), 0, 9))).offsets == {0: 0, 1: 4, 2: 8, 3: 12, 4: 12}


def test_what_a_product_adds_may_be_overwritten():
    first = Limit(at(2), at(0), 0, 9)
    second = MatVec(at(3), at(0), np.ones((4, 4), np.int8), None, at(2), 8, 24)
    assert plan(chain(first, second, Limit(at(4), at(3), 0, 9))).offsets[3] == 8


def test_what_is_read_later_stays():
    """t3 is made while t2 is still wanted by t4."""
    kernels = (Limit(at(2), at(0), 0, 9), Limit(at(3), at(2), 0, 9), Pair(at(4), at(2), at(3), "add"))
    assert plan(chain(*kernels)).offsets == {0: 0, 1: 4, 2: 8, 3: 12, 4: 8}


def test_buffers_are_padded_to_words():
    layout = plan(chain(Limit(at(2, 3), at(0, 3), 0, 9), Copy(at(3, 5), (at(2, 3), at(0, 2))), sizes=(3, 1, 3, 5)))
    assert layout.offsets == {0: 0, 1: 4, 2: 8, 3: 12}
    assert layout.words == 20


@pytest.mark.parametrize(("inputs", "classes"), [(32004, 2), (4, 256)])
def test_a_model_beyond_the_codes_counters_is_refused(inputs, classes):
    kernel = MatVec(at(2, classes), at(1), np.ones((classes, 4), np.int8), None, None, 8, 24)
    with pytest.raises(RnnbenchError, match="too large for the generated code"):
        emit(chain(kernel, sizes=(inputs, 4, classes)), PLAIN)


@pytest.mark.parametrize(("count", "fits"), [(125, True), (126, False)])
def test_more_kernels_than_the_stopwatch_counts_are_refused(count, fits):
    program = chain(*[Copy(at(1), (at(0),))] * count, Limit(at(2), at(1), 0, 9), sizes=(4, 4, 4))
    if fits:
        assert len(emit(program, PLAIN).step) == 126
    else:
        with pytest.raises(RnnbenchError, match="127 kernels in a step, the stopwatch counts 126"):
            emit(program, PLAIN)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0f"),
        (0.1, "0.100000001f"),
        (1e10, "1e+10f"),
        (-32768, "-32767 - 1"),
        (-(2**31), "-2147483647 - 1"),
        (7, "7"),
    ],
)
def test_c_reads_numbers_back_exactly(value, text):
    assert literal(value) == text


def test_equal_constants_are_stored_once():
    value = np.arange(4, dtype=np.int16)
    program = chain(Copy(at(2), (at(4),)), Copy(at(3), (at(5),)), Copy(at(1), (at(0),)))
    constants = (IntBuffer(4, "constant", 8, 16, value),) * 2
    twice = Program("twice", (*program.buffers[:4], *constants), program.step, program.head, program.scores)
    assert emit(twice, PLAIN).flash_bytes == 8
    assert emit(twice, PLAIN).ram_bytes == 2 * 12
