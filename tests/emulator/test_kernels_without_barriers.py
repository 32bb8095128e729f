"""The project's own kernels without one of their barriers: the emulator notices."""

import shutil

import numpy as np
import pytest

from minicnn.kernels import gpu
from minicnn.kernels.gpu.launch import SOURCES
from minicnn.kernels.gpu.machine import machine, using

from . import Emulator, Fault

BARRIER = "__syncthreads();"


def draw(*shape: int):
    return machine().put(np.random.default_rng(0).standard_normal(shape, np.float32))


#: file → what needs the one barrier in it
NEEDS = {
    "sums.cu": lambda: gpu.bias_grad(draw(3, 9, 11, 5)),
    "sum_axes.cu": lambda: gpu.sum(draw(70, 90), axis=(1,)),
    "columns.cuh": lambda: gpu.batch_norm(draw(30, 7, 5, 6), draw(6), draw(6), epsilon=1e-3),
}


@pytest.mark.parametrize("file", NEEDS)
def test_a_missing_barrier_is_a_race(file, tmp_path):
    text = (SOURCES / file).read_text(encoding="utf-8")
    assert text.count(BARRIER) == 1
    shutil.copytree(SOURCES, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / file).write_text(text.replace(BARRIER, ""), encoding="utf-8")
    with using(Emulator()):
        NEEDS[file]()
    with using(Emulator(sources=tmp_path)), pytest.raises(Fault, match="race in shared memory"):
        NEEDS[file]()
