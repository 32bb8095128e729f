"""What the kernels for a GPU do with arrays that lie otherwise than row by row, and with those of the host."""

import numpy as np
import pytest

from minicnn.kernels import backend, gpu
from minicnn.kernels.gpu.machine import using
from minicnn.kernels.gpu.memory import contiguous, copied, empty, layouts, zeros

from ..emulator import DeviceArray, Emulator, Schedule


@pytest.fixture(autouse=True)
def machine(emulated_gpu):
    return emulated_gpu


@pytest.fixture
def numbers(draw):
    return draw(6, 4, 5).astype(np.float32)


VIEWS = {
    "as it lies": lambda a: a,
    "every second": lambda a: a[::2, :, 1::2],
    "backwards": lambda a: a[::-1, 1:, ::-2],
    "turned": lambda a: a.transpose(2, 0, 1),
    "a row": lambda a: a[2, 1],
    "a number": lambda a: a[2, 1, 3, ...],
}


# Views


@pytest.mark.parametrize("name", VIEWS)
def test_views_of_the_device_are_the_same_numbers(name, numbers, machine):
    there, here = VIEWS[name](machine.put(numbers)), VIEWS[name](numbers)
    np.testing.assert_array_equal(contiguous(there).get(), here)
    np.testing.assert_array_equal(gpu.relu(there).get(), np.maximum(here, 0))
    np.testing.assert_array_equal(gpu.reshape(there, shape=(-1,)).get(), here.reshape(-1))
    if here.ndim == 3:
        np.testing.assert_allclose(gpu.sum(there, axis=(0, 2)).get(), here.sum((0, 2)), rtol=1e-5)


@pytest.mark.parametrize("name", VIEWS)
def test_pairs_of_views_are_repeated_to_one_shape(name, numbers, machine):
    def pick(a):
        first = VIEWS[name](a)
        return first, first[..., :1] if first.ndim else first, VIEWS["a number"](a)

    for a, x in zip(pick(machine.put(numbers)), pick(numbers)):
        for b, y in zip(pick(machine.put(numbers)), pick(numbers)):
            np.testing.assert_array_equal(gpu.subtract(a, b).get(), x - y)
            np.testing.assert_array_equal(gpu.divide(a, b).get(), x / y)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "float32", "int64"])
def test_what_computes_nothing_takes_numbers_of_any_dtype(dtype, machine):
    here = np.arange(24).reshape(2, 3, 4).astype(dtype)
    there = machine.put(here)
    k = backend("gpu")
    for name, options in {
        "transpose": {"axes": (2, 0, 1)},
        "reshape": {"shape": (4, 6)},
        "broadcast_to": {"shape": (5, 2, 3, 4)},
        "getitem": {"key": (slice(None), [2, 0])},
        "pad": {"widths": ((0, 1), (2, 0), (1, 1))},
    }.items():
        result = getattr(k, name)(there, **options)
        assert machine.owns(result)
        np.testing.assert_array_equal(result.get(), getattr(backend("portable"), name)(here, **options))


def test_a_copy_goes_from_anywhere_to_anywhere(numbers, machine):
    there, here = zeros((6, 10, 5)), np.zeros((6, 10, 5), np.float32)
    copied(machine.put(numbers)[::-1], there[:, 1:9:2])
    here[:, 1:9:2] = numbers[::-1]
    np.testing.assert_array_equal(there.get(), here)


def test_axes_that_continue_each_other_are_one():
    def axes(shape, *arrays):
        layout = layouts(shape, *arrays)[0]
        return [(size.divisor, step) for size, step in zip(layout.shape, layout.strides)][: layout.axes]

    rows = empty((6, 4, 5))
    assert axes((6, 4, 5), rows) == [(120, 1)]
    assert axes((6, 4, 5), rows, empty((5,))) == [(5, 1), (24, 5)]
    assert axes((6, 2, 5), rows[:, ::2]) == [(5, 1), (12, 10)]
    assert axes((6, 3, 5), rows[:, :3]) == [(15, 1), (6, 20)]
    assert axes((6, 4, 5), rows[:1, :1, :1]) == [(120, 0)]
    assert axes((), rows[1, 1, 1, ...]) == []
    assert axes((2,) * 20, empty((2,) * 20)) == [(2**20, 1)]


def test_more_axes_than_kernels_know_are_an_error():
    a = empty((3,) * 9)[(slice(None, None, 2),) * 9]
    with pytest.raises(ValueError, match="up to 8 axes, not 9"):
        contiguous(a)


# Elements by lists


@pytest.mark.parametrize(
    "key",
    [
        [2, 0, 2],
        np.array([[5, 5], [0, 5]]),
        (slice(1, 3), [0, 0, 3]),
        (None, [1, 1], 2),
        (..., [4, 4]),
        (np.int64(3), 1),
    ],
    ids=str,
)
def test_elements_that_a_list_names_and_their_gradient(key, numbers, draw, machine):
    np.testing.assert_array_equal(gpu.getitem(machine.put(numbers), key=key).get(), numbers[key])
    dy = draw(*numbers[key].shape).astype(np.float32)
    expected = np.zeros(numbers.shape)
    np.add.at(expected, key, dy)
    dx = gpu.getitem_grad(machine.put(dy), key=key, shape=numbers.shape)
    np.testing.assert_allclose(dx.get(), expected, atol=1e-6)


def test_an_empty_list_names_nothing(numbers, machine):
    nothing = gpu.getitem(machine.put(numbers), key=np.zeros(6, bool))
    assert nothing.shape == (0, 4, 5)
    assert not gpu.getitem_grad(nothing, key=np.zeros(6, bool), shape=(6, 4, 5)).get().any()


# Sums


SIZES = [(1, 1, 1), (2, 700, 1), (700, 3, 1), (1, 5000, 3), (3, 40, 70), (2, 1, 33), (1, 20000, 1), (300, 2, 2)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_sums_of_any_shape_have_the_same_bits_in_every_schedule(size, draw):
    a = draw(*size).astype(np.float32)
    sums = []
    for schedule in Schedule:
        with using(Emulator(schedule)):
            sums.append(backend("gpu").sum(a, axis=(1,)))
    np.testing.assert_allclose(sums[0], a.sum(1, np.float64), rtol=1e-6, atol=1e-6 * np.abs(a).sum(1).max())
    assert all(np.array_equal(one, sums[0]) for one in sums)


def test_a_sum_over_nothing_is_0():
    np.testing.assert_array_equal(backend("gpu").sum(np.zeros((2, 0, 3), np.float32), axis=(1,)), np.zeros((2, 3)))


# Products


@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)], ids=str)
def test_products_of_matrices_that_lie_as_their_transposes(turned, draw, machine):
    a, b = draw(5, 7).astype(np.float32), draw(7, 9).astype(np.float32)
    there = [machine.put(m.T).transpose() if t else machine.put(m) for m, t in zip((a, b), turned)]
    np.testing.assert_allclose(gpu.matmul(*there).get(), np.float64(a) @ b, atol=1e-5)


@pytest.mark.parametrize("size", [(0, 2, 3), (2, 0, 3), (2, 3, 0)], ids=str)
def test_products_of_empty_matrices_are_0(size, machine):
    i, m, j = size
    y = gpu.matmul(zeros((i, m)), zeros((m, j)))
    np.testing.assert_array_equal(y.get(), np.zeros((i, j)))


# Dtypes, and arrays of the host


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "uint16", "int32", "int64", "float64"])
def test_cast_to_and_from_float32(dtype, machine):
    numbers = np.array([0, 1, 3, 0.5, 100], np.float32)
    there = gpu.cast(machine.put(numbers), dtype=dtype)
    assert there.dtype == dtype
    np.testing.assert_array_equal(there.get(), numbers.astype(dtype))
    np.testing.assert_array_equal(gpu.cast(there, dtype="float32").get(), numbers.astype(dtype).astype(np.float32))


def test_a_cast_to_the_same_dtype_is_the_array_itself(machine):
    a = machine.put(np.zeros(3, np.uint8))
    assert gpu.cast(a, dtype="uint8") is a


def test_results_are_where_any_argument_was(numbers, machine):
    k, there = backend("gpu"), machine.put(numbers)
    assert isinstance(k.add(numbers, numbers), np.ndarray)
    assert isinstance(k.add(there, numbers), DeviceArray)
    np.testing.assert_array_equal(k.add(numbers, there).get(), 2 * numbers)
    np.testing.assert_array_equal(k.concatenate([numbers, there], axis=0).get(), np.concatenate([numbers, numbers]))
    y, keep = k.dropout(numbers, rate=0.5, rng=np.random.default_rng(0))
    assert isinstance(y, np.ndarray)
    assert isinstance(keep, np.ndarray)


def test_other_floats_are_computed_on_the_host_and_put_back(draw, machine):
    a = draw(3, 4)
    there = backend("gpu").exp(machine.put(a))
    assert isinstance(there, DeviceArray)
    np.testing.assert_array_equal(there.get(), np.exp(a))
    np.testing.assert_array_equal(backend("gpu").exp(a), np.exp(a))


def test_updates_reach_arrays_of_either_memory(draw, machine):
    moving, value = draw(4), draw(4)
    there = machine.put(moving)
    backend("gpu").update_moving_average(there, value, momentum=0.75)
    np.testing.assert_allclose(there.get(), 0.75 * moving + 0.25 * value)
    here = moving.copy()
    backend("gpu").update_moving_average(here, value, momentum=0.75)
    np.testing.assert_allclose(here, 0.75 * moving + 0.25 * value)
