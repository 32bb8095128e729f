"""NumPy is the definition of these, so each is held against the NumPy expression that it stands for."""

import numpy as np
import pytest

from minicnn.kernels import backend

reference = backend("reference")

BINARY = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide}
UNARY = {
    "negative": np.negative,
    "absolute": np.abs,
    "sign": np.sign,
    "exp": np.exp,
    "log": lambda a: np.log(np.where(a < 0, np.nan, a)),
}
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e-30, 80.0])


@pytest.mark.parametrize(
    "shapes", [((3, 4), (3, 4)), ((2, 3, 4), (4,)), ((5, 1), (1, 6)), ((), (3,)), ((), ())], ids=str
)
@pytest.mark.parametrize("name", BINARY)
def test_binary(name, shapes, draw, implementation):
    a, b = draw(*shapes[0]), draw(*shapes[1])
    implementation.assert_close(implementation.run(name, a, b), np.asarray(BINARY[name](a, b)))


@pytest.mark.parametrize("name", BINARY)
def test_binary_on_special_numbers(name, implementation):
    a, b = SPECIAL[:, None], SPECIAL[None, :]
    with np.errstate(all="ignore"):
        expected = BINARY[name](implementation.cast(a), implementation.cast(b))
    np.testing.assert_array_equal(implementation.run(name, a, b), expected)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1,), ()], ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_unary(name, shape, draw, implementation):
    a = draw(*shape)
    implementation.assert_close(implementation.run(name, a), np.asarray(UNARY[name](a)))


@pytest.mark.parametrize("name", UNARY)
def test_unary_on_special_numbers(name, implementation):
    with np.errstate(all="ignore"):
        expected = UNARY[name](SPECIAL)
    actual = implementation.run(name, SPECIAL)
    np.testing.assert_allclose(actual, expected.astype(actual.dtype), rtol=1e-5)


@pytest.mark.parametrize("exponent", [2, 3.0, 0.5, -1, -0.5, 0])
def test_power(exponent, draw, implementation):
    a = np.abs(draw(3, 4)) + 0.1
    implementation.assert_close(implementation.run("power", a, exponent=exponent), a**exponent)
    a = implementation.run("power", np.array([-1.0, 0.0, np.nan]), exponent=0.5)
    np.testing.assert_array_equal(a, [np.nan, 0, np.nan])


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [(), (0,), (1, 3), (3, 0), (0, 1, 2), (0, 1, 2, 3)], ids=str)
def test_sum(axis, keepdims, draw, implementation):
    a = draw(2, 3, 5, 4)
    implementation.assert_close(
        implementation.run("sum", a, axis=axis, keepdims=keepdims), np.asarray(np.sum(a, axis=axis, keepdims=keepdims))
    )


def test_sum_keeps_nan_and_infinity(implementation):
    a = np.array([[1.0, np.nan], [np.inf, 1.0], [np.inf, -np.inf], [1.0, 2.0]])
    np.testing.assert_array_equal(implementation.run("sum", a, axis=(1,)), [np.nan, np.inf, np.nan, 3])


def test_sum_of_many_numbers_keeps_its_digits(implementation):
    a = np.full((64, 64, 64, 3), np.float64(np.float32(0.1)))
    np.testing.assert_allclose(implementation.run("sum", a, axis=(0, 1, 2)), a.sum(axis=(0, 1, 2)), rtol=2e-6)


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 4, 5), (1, 7, 2), (6, 1, 33)], ids=str)
def test_matmul(size, draw, implementation):
    i, m, j = size
    a, b = draw(i, m), draw(m, j)
    implementation.assert_close(implementation.run("matmul", a, b), np.einsum("im,mj->ij", a, b))


def test_matmul_in_any_memory_layout(layout, draw, implementation):
    a, b = layout(implementation.cast(draw(4, 5))), layout(implementation.cast(draw(5, 3)))
    implementation.assert_close(
        implementation.run("matmul", a, b), np.einsum("im,mj->ij", np.float64(a), np.float64(b))
    )


@pytest.mark.parametrize("shape", [(6, 4), (-1,), (2, -1, 2), (24, 1)], ids=str)
def test_reshape(shape, draw, implementation):
    a = draw(2, 3, 4)
    implementation.assert_close(implementation.run("reshape", a, shape=shape), a.reshape(shape))
    implementation.assert_close(implementation.run("reshape", a.T, shape=shape), a.T.reshape(shape))


def test_reshape_to_and_from_a_single_number(draw, implementation):
    assert implementation.run("reshape", draw(1, 1), shape=()).shape == ()
    assert implementation.run("reshape", draw(), shape=(1, -1)).shape == (1, 1)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_transpose(axes, draw, implementation):
    a = draw(2, 3, 4)
    implementation.assert_close(implementation.run("transpose", a, axes=axes), a.transpose(axes))


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 1), (5, 1, 1), ()], ids=str)
def test_broadcast_to(shape, draw, implementation):
    target = np.broadcast_shapes(shape, (5, 4, 3))
    a = draw(*shape)
    implementation.assert_close(implementation.run("broadcast_to", a, shape=target), np.broadcast_to(a, target))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_concatenate(axis, draw, implementation):
    shapes = [[2, 3, 4] for _ in range(3)]
    for length, shape in enumerate(shapes, start=1):
        shape[axis] = length
    parts = [draw(*shape) for shape in shapes]
    joined = implementation.run("concatenate", [implementation.cast(part) for part in parts], axis=axis)
    implementation.assert_close(joined, np.concatenate(parts, axis))


def test_pad(draw, implementation):
    a = draw(2, 3)
    padded = implementation.run("pad", a, widths=((1, 0), (0, 2)))
    assert padded.shape == (3, 5)
    implementation.assert_close(padded[1:, :3], a)
    assert np.count_nonzero(padded) == np.count_nonzero(a)


def test_a_single_number_has_no_side_to_pad(draw, implementation):
    a = draw()
    implementation.assert_close(implementation.run("pad", a, widths=()), a)


KEYS = [1, (0, 2), np.s_[1:3], np.s_[..., 0], np.s_[::-2, None], [3, 3, 0], (np.array([0, 0, 1]), np.array([2, 2, 1]))]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_getitem_and_its_gradient(key, draw, implementation):
    a = draw(4, 3)
    picked = implementation.run("getitem", a, key=key)
    implementation.assert_close(picked, np.asarray(a[key]))
    dy = draw(*picked.shape)
    places = np.asarray(np.arange(12).reshape(4, 3)[key])
    expected = np.bincount(places.ravel(), dy.ravel(), minlength=12).reshape(4, 3)
    implementation.assert_close(implementation.run("getitem_grad", dy, key=key, shape=(4, 3)), expected)


def test_getitem_by_mask(draw, implementation):
    a = draw(4, 3)
    mask = a > 0
    implementation.assert_close(implementation.run("getitem", a, key=mask), a[mask])
    dx = implementation.run("getitem_grad", a[mask], key=mask, shape=(4, 3))
    implementation.assert_close(dx, np.where(mask, a, 0))


def test_cast(draw, implementation):
    pixels = np.array([[0, 255]], np.uint8)
    assert implementation.run("cast", pixels, dtype="float32").tolist() == [[0, 255]]
    assert implementation.run("cast", draw(3), dtype="float64").dtype == np.float64
    implementation.run("cast", np.array([np.nan, 1e300]), dtype="int32")  # whatever it gives, it gives silently


@pytest.mark.parametrize("name", ["portable", "cpu"])
def test_a_cast_to_the_same_dtype_is_the_array_itself(name):
    pixels = np.zeros(3, np.uint8)
    assert backend(name).cast(pixels, dtype="uint8") is pixels
