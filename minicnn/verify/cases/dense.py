"""Cases of the dense layer."""

from hypothesis import strategies as st

from .arrays import Drawn
from .numbers import Numbers
from .shapes import products


def dense(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    c, n, k = draw(products(3, most=4000))
    return [draw(numbers(n, c)), draw(numbers(c, k)), draw(numbers(k)) if draw(st.booleans()) else None], {}


def dense_input_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    k, n, c = draw(products(3, most=4000))
    return [draw(numbers(n, k)), draw(numbers(c, k))], {}


def dense_weight_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    n, c, k = draw(products(3, most=4000))
    return [draw(numbers(n, c)), draw(numbers(n, k))], {}
