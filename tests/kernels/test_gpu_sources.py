"""The GPU's kernels compile for every architecture, without warnings, and keep a thread's numbers in registers.

Needs NVRTC and no GPU: `pip install -e ".[gpu-cuda13]"`.
"""

import pytest

from minicnn.kernels.gpu import fused
from minicnn.kernels.gpu.compile import compile_source
from minicnn.kernels.gpu.launch import KERNELS, SOURCES

ARCHITECTURES = "sm_80", "sm_90", "sm_100"

#: registers of a thread; more in the sources where tiles of the result stay in them
MOST_REGISTERS = 64
MOST_IN = {
    "conv3x3": 240,
    "conv3x3_weight_grad": 168,
    "convolution": 168,
    "dense": 168,
    "dense_update": 168,
    "few_channels": 80,
    "pooling": 72,
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("source", sorted(path.stem for path in SOURCES.glob("*.cu")))
def test_compiles_into_registers(source, architecture, nvrtc):
    compiled = compile_source(source, architecture)
    assert "warning" not in compiled.log
    for kernel in KERNELS[source]:
        used = compiled.resources(kernel)
        assert used["spilled"] == 0, kernel
        assert 0 < used["registers"] <= MOST_IN.get(source, MOST_REGISTERS), kernel


def test_every_kernel_has_a_source():
    assert fused  # which uses all of them
    assert all(kernel.path.exists() for kernels in KERNELS.values() for kernel in kernels)
