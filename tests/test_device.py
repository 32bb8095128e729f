"""Where tensors compute: arrays of a GPU, which is emulated here, and of the host."""

import numpy as np
import pytest

import minicnn as mc
from minicnn import Tensor, device, ops
from minicnn.device import current, is_on_gpu
from minicnn.kernels.gpu.machine import using

from .emulator import Emulator, missing

emulated = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@pytest.fixture
def gpus():
    machines = Emulator(), Emulator()
    with using(*machines):
        yield machines


def draw(*shape):
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


class TestChoice:
    def test_names(self, gpus):
        for name, full in (("gpu", "gpu"), ("gpu:0", "gpu"), ("gpu:1", "gpu:1"), ("portable", "portable")):
            with device(name) as chosen:
                assert (chosen.name, current()) == (full, full)

    def test_auto_is_a_gpu_where_there_is_one(self, gpus):
        with device("auto"):
            assert current() == "gpu"

    @pytest.mark.parametrize("name", ["gpu:2", "gpu:17"])
    def test_a_gpu_that_is_not_there(self, gpus, name):
        with pytest.raises(RuntimeError, match=f"no GPU number {name[4:]}: found 2, counted from 0"):
            device(name)

    @pytest.mark.parametrize("name", ["gpu:", "gpu1", "cuda", "gpu:-1", ""])
    def test_other_names(self, name):
        with pytest.raises(ValueError, match="no device"):
            device(name)

    def test_a_failed_choice_changes_nothing(self, gpus):
        with device("gpu:1"):
            with pytest.raises(RuntimeError):
                device("gpu:5")
            assert current() == "gpu:1"

    def test_without_a_gpu_it_is_said_what_is_missing(self, monkeypatch):
        monkeypatch.setattr("minicnn.kernels.gpu.cuda.count", _none)
        monkeypatch.setattr("minicnn.kernels.gpu.machine._cuda", lambda number: _none())
        with pytest.raises(RuntimeError, match="no driver"):
            device("gpu")
        with device("auto"):
            assert current() == "cpu"


def _none():
    raise RuntimeError("no driver of an NVIDIA GPU is installed")


@emulated
class TestTensors:
    def test_they_compute_where_the_device_is(self, gpus):
        x = Tensor(draw(3, 4), requires_grad=True)
        with device("gpu"):
            y = ops.relu(x)
            assert is_on_gpu(x.data)
            assert is_on_gpu(y.data)
            np.testing.assert_array_equal(y.numpy(), np.maximum(draw(3, 4), 0))
        with device("portable"):
            z = ops.relu(y)
        assert isinstance(z.data, np.ndarray)
        assert isinstance(y.data, np.ndarray)

    def test_gradients(self, gpus):
        gradients = []
        for name in ("gpu", "portable"):
            with device(name):
                x, w = Tensor(draw(3, 4), requires_grad=True), Tensor(draw(4), requires_grad=True)
                loss = ops.sum(ops.tanh(x * w) + x)  # x gets two gradients
                loss.backward()
                gradients.append([loss.item(), *(Tensor(t.grad).numpy() for t in (x, w))])
                assert is_on_gpu(x.grad) == (name == "gpu")
        for found, expected in zip(*gradients):
            np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_a_tape_is_walked_on_the_device_that_made_it(self, gpus):
        x = Tensor(draw(5), requires_grad=True)
        with device("gpu"):
            y = ops.tanh(x) + x
        with device("portable"):
            y.backward(draw(5))
        np.testing.assert_allclose(Tensor(x.grad).numpy(), draw(5) * (2 - np.tanh(draw(5)) ** 2), atol=1e-6)

    def test_float64_is_computed_on_the_host(self, gpus):
        with device("gpu"):
            x = Tensor(draw(3).astype(np.float64), requires_grad=True)
            (x * x).sum().backward()
        np.testing.assert_array_equal(x.grad, 2.0 * draw(3).astype(np.float64))

    def test_their_numbers_are_seen(self, gpus):
        with device("gpu"):
            x = ops.relu(Tensor([1.5]))
        assert x.item() == 1.5
        assert "1.5" in repr(x)
        assert np.asarray(x).tolist() == [1.5]
        assert (len(x), x.shape, x.dtype) == (1, (1,), np.float32)

    def test_layers_take_pixels(self, gpus):
        pixels = np.arange(6, dtype=np.uint8).reshape(1, 6)
        with device("gpu"):
            y = mc.layers.Rescaling(0.5)(gpus[0].put(pixels))
        np.testing.assert_array_equal(y.numpy(), pixels / 2)


class TestDLPack:
    def test_out(self):
        x = Tensor(draw(3, 4))
        array = np.from_dlpack(x)
        assert np.shares_memory(array, x.data)

    def test_in(self):
        array = draw(3, 4)
        assert np.shares_memory(mc.from_dlpack(array).data, array)

    def test_from_a_gpu(self, gpus, monkeypatch):
        class Elsewhere:
            def __dlpack_device__(self):
                return 2, 0

        there = gpus[0].put(draw(3))
        monkeypatch.setattr(gpus[0], "from_dlpack", lambda array: there, raising=False)
        assert mc.from_dlpack(Elsewhere()).data is there
