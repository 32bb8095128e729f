"""Cases of the elementary array operations."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .numbers import Numbers, seeds
from .shapes import lengths, products, shapes

Drawn = tuple[list[Any], dict[str, Any]]


def _one(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    return [draw(numbers(*draw(shapes())))], {}


def _two(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    """Two arrays that broadcast, the first to one side or the second or both."""
    shape = draw(shapes())
    return [draw(numbers(*_narrowed(draw, shape))), draw(numbers(*_narrowed(draw, shape)))], {}


def _narrowed(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Some first axes left out, some of the others of length 1."""
    kept = shape[draw(st.integers(0, len(shape))) if draw(st.booleans()) else 0 :]
    return tuple(1 if draw(st.booleans()) and draw(st.booleans()) else size for size in kept)


add = subtract = multiply = divide = _two
negative = absolute = sign = exp = log = _one


def power(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    args, _ = _one(draw, numbers)
    return args, {"exponent": draw(st.sampled_from((2, 3, 1, 0, 0.5, -1, -0.5, -2, 1.3)))}


def sum(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(shapes())
    axis = tuple(i for i in range(len(shape)) if draw(st.booleans()))
    return [draw(numbers(*shape))], {"axis": axis, "keepdims": draw(st.booleans())}


def matmul(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    i, m, j = draw(products(3, most=4000))
    return [draw(numbers(i, m)), draw(numbers(m, j))], {}


def reshape(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    a = draw(numbers(*draw(shapes(least=1))))
    return [a], {"shape": draw(st.sampled_from([(-1,), a.shape[::-1], (a.shape[0], -1), (1, a.size)]))}


def transpose(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    a = draw(numbers(*draw(shapes())))
    return [a], {"axes": tuple(draw(st.permutations(range(a.ndim))))}


def broadcast_to(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(shapes())
    return [draw(numbers(*_narrowed(draw, shape)))], {"shape": shape}


def concatenate(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(shapes(least=1))
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = draw(st.lists(lengths(longest=33), min_size=1, max_size=3))
    return [[draw(numbers(*shape[:axis], size, *shape[axis + 1 :])) for size in sizes]], {"axis": axis}


def pad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    a = draw(numbers(*draw(shapes())))
    width = st.tuples(st.integers(0, 3), st.integers(0, 3))
    return [a], {"widths": tuple(draw(width) for _ in a.shape)}


def getitem(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(shapes(least=1))
    return [draw(numbers(*shape))], {"key": _key(draw, shape)}


def getitem_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(shapes(least=1))
    key = _key(draw, shape)
    return [draw(numbers(*np.empty(shape)[key].shape))], {"key": key, "shape": shape}


def _key(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """Numbers, slices, new axes, places that repeat, a mask."""
    places = st.integers(-shape[0], shape[0] - 1)
    return draw(
        st.one_of(
            places,
            st.slices(shape[0]),
            st.sampled_from([(..., 0), (slice(None, None, -2), None), tuple([0] * len(shape))]),
            st.lists(places, min_size=1, max_size=4).map(lambda chosen: [*chosen, chosen[0]]),
            st.builds(lambda seed: np.random.default_rng(seed).random(shape) < 0.5, seeds),
        )
    )


def cast(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    """Between the float dtypes, and between them and integers that every dtype holds."""
    a = draw(numbers(*draw(shapes())))
    if draw(st.booleans()):
        return [a], {"dtype": draw(st.sampled_from(("float32", "float64")))}
    integers = draw(numbers.of("integers")(*a.shape))
    if draw(st.booleans()):
        return [integers], {"dtype": "int32"}
    return [np.abs(integers).astype("uint8")], {"dtype": numbers.dtype}
