import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicnn.kernels.gpu.division import Divisor

MOST = 2**31 - 1


def quotient(n: int, divisor: Divisor) -> int:
    """As division.cuh computes it."""
    assert n * divisor.factor < 2**64
    return n * divisor.factor >> divisor.shift


@given(st.integers(0, MOST), st.integers(1, MOST))
def test_any_quotient(n, d):
    assert quotient(n, Divisor(d)) == n // d


@pytest.mark.parametrize("d", [*range(1, 70), 255, 256, 257, 65535, 65536, 2**30 - 1, 2**30, 2**30 + 1, MOST])
def test_around_multiples(d):
    divisor = Divisor(d)
    for multiple in (d, 7 * d, MOST // d * d):
        for n in (multiple - 1, multiple, multiple + 1, MOST - 1, MOST):
            if n <= MOST:
                assert quotient(n, divisor) == n // d
