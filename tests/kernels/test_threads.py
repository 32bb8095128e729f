"""The threads that share a kernel: every part once, with user threads, after a fork, and when the helpers sleep."""

import multiprocessing
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import threads
from minicnn.kernels.cpu.atomic import pause, read, write
from minicnn.kernels.cpu.parallel import parallel, unpack

X = np.random.default_rng(0).normal(size=(64, 30, 30, 8)).astype("float32")
W = np.random.default_rng(1).normal(size=(3, 3, 8, 16)).astype("float32")


@parallel("intp[::1]")
def count(worker, workers, arguments):
    (counts,) = unpack(arguments)
    for _ in range(1000):
        counts[worker] += workers


@parallel("f4[::1], f8, intp, b1[:, ::1], f8")
def read_all(worker, workers, arguments):
    x, a, b, flags, c = unpack(arguments)
    x[worker] = a + b * len(flags) * flags.shape[1] + c + flags[1, 0]


@pytest.fixture(autouse=True)
def _as_before():
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


def test_arguments_arrive():
    x = np.zeros(5, "float32")
    read_all(3, x, 0.5, 10, np.array([[False, False], [True, False]]), 1000.0)
    assert x.tolist() == [1041.5, 1041.5, 1041.5, 0, 0]


FLAGS = np.array([[False, False], [True, False]])


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("a", "b", "flags", "c"),
    [
        (1, 10, FLAGS, np.float32(1000)),
        (np.float64(1), np.int32(10), FLAGS, 1000),
        (True, True, FLAGS.astype("int64"), 1036.0),
        (1.0, 10, np.repeat(FLAGS, 2, axis=1)[:, ::2], 1000.0),
        (1.0, 10, np.asfortranarray(FLAGS), 1000.0),
        (1.0, 10, FLAGS.tolist(), 1000.0),
    ],
)
def test_arguments_are_made_what_the_kernel_takes(number, a, b, flags, c):
    x = np.zeros((2, 1, 2), "float32")  # the kernel sees its numbers side by side
    read_all(number, x, a, b, flags, c)
    assert x.ravel().tolist() == [1042.0] * number + [0] * (4 - number)


@pytest.mark.parametrize("workers", [1, 2])
def test_arguments_that_fit_in_no_way_are_refused(workers):
    x = np.zeros(5, "float32")
    with pytest.raises(TypeError, match="read_all takes"):
        read_all(workers, x, 0.5, 10, FLAGS[0], 0.0)
    with pytest.raises(TypeError, match="read_all takes"):
        read_all(workers, x, 0.5, 10, FLAGS)
    with pytest.raises(TypeError, match="must be real number"):
        read_all(workers, x, "half", 10, FLAGS, 0.0)
    with pytest.raises(OverflowError):
        read_all(workers, x, 0.5, 1 << 70, FLAGS, 0.0)
    with pytest.raises(TypeError, match="must be real number"):
        read_all(workers, x, "half", 10, FLAGS[0], 0.0)
    assert x.tolist() == [0] * 5


def test_an_unaligned_array_arrives():
    x = np.frombuffer(bytes(1) + np.full(3, 2, "float32").tobytes(), "float32", offset=1)
    y = np.zeros(3, "float32")
    assert not x.flags.aligned
    double(1, x, y)
    assert y.tolist() == [4, 4, 4]


@parallel("f4[:], f4[::1]")
def double(worker, workers, arguments):
    x, y = unpack(arguments)
    for i in range(len(y)):
        y[i] = 2 * x[i]


@pytest.mark.parametrize("number", [1, 2, 3, 8])
def test_every_part_is_done_once(number):
    threads.set_num_threads(number)
    for parts in [1, 2, 3, 5, 100]:
        counts = np.zeros(parts + 1, np.int64)
        for _ in range(200):
            count(parts, counts)
        assert counts.tolist() == [200 * 1000 * parts] * parts + [0]


def test_helpers_wake_after_a_sleep():
    threads.set_num_threads(4)
    counts = np.zeros(50, np.int64)
    for _ in range(3):
        count(50, counts)
        time.sleep(0.05)
    assert counts.tolist() == [3 * 1000 * 50] * 50


def test_the_helpers_really_help():
    """Each part waits until the other has begun, or for long: one thread alone would wait in vain."""
    threads.set_num_threads(2)
    met = np.zeros(2, np.int64)
    meet(2, met)  # compiles, and starts the helper
    for _ in range(100):
        met[:] = 0
        meet(2, met)
        if met.tolist() == [2, 2]:
            return
    pytest.fail(f"the two parts of a job never ran at once: {met}")


@parallel("int64[::1]")
def meet(worker, workers, arguments):
    (met,) = unpack(arguments)
    write(met, worker, 1)
    for _ in range(1_000_000):
        if read(met, 1 - worker) > 0:
            write(met, worker, 2)
            return
        pause()


def test_user_threads_do_not_disturb_each_other():
    expected = backend("cpu").conv2d(X, W, None)
    found = []

    def work():
        for _ in range(10):
            found.append(np.array_equal(backend("cpu").conv2d(X, W, None), expected))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [True] * 40


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_after_a_fork():
    threads.set_num_threads(2)
    expected = backend("cpu").conv2d(X, W, None)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for result in pool.map(convolve, range(4)):
            np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(backend("cpu").conv2d(X, W, None), expected)


def convolve(_):
    return backend("cpu").conv2d(X, W, None)


def test_the_same_bits_on_any_number_of_threads():
    results = []
    for number in [1, 2, 5]:
        threads.set_num_threads(number)
        results.append(backend("cpu").conv2d_weight_grad(X, backend("cpu").conv2d(X, W), kernel_size=(3, 3)))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def number_of_threads(setting):
    program = "from minicnn.kernels.cpu.threads import get_num_threads; print(get_num_threads())"
    environment = {**os.environ, threads.VARIABLE: setting}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)


def test_the_environment_sets_the_number():
    assert number_of_threads("3").stdout == "3\n"


@pytest.mark.parametrize("setting", ["0", "-1", "two", "", "99999999"])
def test_a_senseless_number_is_refused(setting):
    assert f"MINICNN_NUM_THREADS must be a whole number from 1 to 65535, got {setting!r}" in (
        number_of_threads(setting).stderr
    )
