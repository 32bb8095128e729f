"""Settings."""

import os
import subprocess
import sys

import numpy as np
import pytest

from minicnn import config
from minicnn.kernels import backend


@pytest.fixture(autouse=True)
def _as_before():
    threads, precision = config.num_threads(), config.precision()
    yield
    config.set_num_threads(threads)
    config.set_precision(precision)


def test_the_number_of_threads():
    config.set_num_threads(3)
    assert config.num_threads() == 3


@pytest.mark.parametrize("threads", [0, -1, 65536])
def test_a_senseless_number_of_threads_is_refused(threads):
    before = config.num_threads()
    with pytest.raises(ValueError, match=f"the number of threads must be from 1 to 65535, not {threads}"):
        config.set_num_threads(threads)
    with pytest.raises(TypeError):
        config.set_num_threads(1.5)
    assert config.num_threads() == before


def test_precision_decides_how_a_convolution_is_summed():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((4, 32, 32, 32), np.float32), rng.standard_normal((3, 3, 32, 32), np.float32)
    exact = backend("portable").conv2d(x.astype(np.float64), w.astype(np.float64))
    errors = {}
    for precision in ("exact", "float32"):
        config.set_precision(precision)
        assert config.precision() == precision
        errors[precision] = np.sqrt(np.mean((backend("cpu").conv2d(x, w) - exact) ** 2))
    assert 0 < 1.5 * errors["exact"] < errors["float32"] < 6 * errors["exact"]


def test_a_senseless_precision_is_refused():
    before = config.precision()
    with pytest.raises(ValueError, match='precision must be "exact", "float32" or "tf32", not \'float64\''):
        config.set_precision("float64")
    assert config.precision() == before


@pytest.mark.parametrize(("setting", "expected"), [("exact", "exact"), ("tf32", "tf32"), (None, "float32")])
def test_the_environment_sets_the_precision(setting, expected):
    assert _precision_in_a_new_process(setting).stdout.strip() == expected


def test_a_senseless_precision_in_the_environment_is_refused():
    assert "MINICNN_PRECISION must be" in _precision_in_a_new_process("float16").stderr


def _precision_in_a_new_process(setting):
    environment = {name: value for name, value in os.environ.items() if name != "MINICNN_PRECISION"}
    if setting is not None:
        environment["MINICNN_PRECISION"] = setting
    program = "from minicnn import config; print(config.precision())"
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
