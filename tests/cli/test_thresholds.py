"""The thresholds of ``rnnbench simulate --delta``, as they are written."""

import pytest

from bench.cli.skipping import thresholds
from bench.errors import RnnbenchError


def test_thresholds_are_numbers_between_commas() -> None:
    assert thresholds("0,0.5, 16") == [0, 0.5, 16]


@pytest.mark.parametrize("given", ["", "a", "1,-2", "nan", "inf"])
def test_a_threshold_that_is_none_is_refused_in_a_line(given: str) -> None:
    with pytest.raises(RnnbenchError) as error:
        thresholds(given)
    assert str(error.value) == f"--delta takes numbers of at least 0, in 256ths, such as 0,1,2,4, not {given!r}"
