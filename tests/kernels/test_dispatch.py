import numpy as np
import pytest

from minicnn.kernels import NAMES, backend
from minicnn.kernels.gpu import machine


def test_a_backend_is_made_once_and_knows_its_name(emulated_gpu):
    for name in NAMES:
        assert backend(name) is backend(name)
        assert repr(backend(name)) == f"backend({name!r})"


def test_unknown_backends_and_kernels_are_named():
    with pytest.raises(ValueError, match=r"'gpuu'.*reference, portable, cpu, gpu"):
        backend("gpuu")
    with pytest.raises(AttributeError, match="'conv9d'"):
        backend("portable").conv9d  # noqa: B018


def test_cpu_takes_other_dtypes_than_float32_to_the_portable_kernels():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 5, 5, 3)), rng.standard_normal((3, 3, 3, 4))
    y = backend("cpu").conv2d(x, w)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, backend("portable").conv2d(x, w))


def test_without_a_gpu_there_is_no_backend_for_it(monkeypatch):
    def nothing():
        raise RuntimeError("no GPU")

    monkeypatch.setattr(machine, "machine", nothing)
    with pytest.raises(RuntimeError, match="no GPU"):
        backend("gpu")
