"""Arrays of the emulated device: what Python may do with them, and what it may not."""

import numpy as np
import pytest

from . import DeviceArray, Emulator, Schedule


@pytest.fixture
def array() -> DeviceArray:
    return Emulator().put(np.arange(12, dtype=np.float32).reshape(3, 4))


def test_there_and_back(array):
    back = array.get()
    np.testing.assert_array_equal(back, np.arange(12).reshape(3, 4))
    back[...] = 0
    assert array.get()[2, 3] == 11
    assert (array.shape, array.dtype, array.size, array.nbytes, array.ndim, len(array)) == (
        (3, 4),
        np.float32,
        12,
        48,
        2,
        3,
    )


@pytest.mark.parametrize("schedule", Schedule)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (1025, 3)], ids=str)
def test_new_memory_is_full_of_nan(shape, schedule):
    array = Emulator(schedule).empty(shape, np.dtype(np.float32))
    assert array.shape == shape
    assert np.isnan(array.get()).all()


def test_views_share_memory(array):
    array[1:].transpose(1, 0).reshape(4, 2)[0].set(np.float32([40, 80]))
    np.testing.assert_array_equal(array.get()[:, 0], [0, 40, 80])
    assert not array.transpose(1, 0).flags.c_contiguous


@pytest.mark.parametrize(
    "use",
    [
        np.asarray,
        np.sum,
        bool,
        float,
        int,
        list,
        lambda a: a + 1,
        lambda a: 2 * a,
        lambda a: a @ a,
        lambda a: np.add(1, a),
    ],
)
def test_numbers_are_out_of_pythons_reach(use, array):
    with pytest.raises(TypeError):
        use(array[0, :1])


def test_copies_need_a_kernel(array):
    with pytest.raises(AssertionError, match="only views"):
        array[[2, 0]]
    with pytest.raises(AssertionError, match="only views"):
        array.transpose(1, 0).reshape(12)


def test_a_view_keeps_the_memory(array):
    part = array[2]
    del array
    np.testing.assert_array_equal(part.get(), [8, 9, 10, 11])
