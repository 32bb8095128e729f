"""The compiled kernels as they are on other machines: vectors and tiles of other sizes, and no FMA."""

import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding
import pytest

from minicnn.kernels.cpu.machine import REGISTER, REGISTERS

# What Numba compiles for, and the registers that machine.py then finds. LLVM heeds the last word on a feature: the
# last one has the vectors and tiles of AVX-512, but instructions that need no more than AVX2.
MACHINES = {
    "SSE": ("nehalem", "+sse4.2", (4, 16)),
    "AVX2": ("haswell", "+avx2,+fma", (8, 16)),
    "as large as AVX-512": ("haswell", "+avx2,+fma,+avx512f,-avx512f", (16, 32)),
}
RUN = """
import sys, pytest
from minicnn.kernels.cpu import machine
assert repr((machine.REGISTER, machine.REGISTERS)) == sys.argv[1]
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[2:]]))
"""
TESTS = (
    "test_simd",
    "test_direct",
    "test_few_filters",
    "test_depthwise",
    "test_weight_grad",
    "test_pooled_weight_grad",
    "test_dense",
    "test_fused",
)


AVX2 = llvmlite.binding.get_host_cpu_features().get("avx2", False)


@pytest.mark.skipif(not AVX2, reason="this machine cannot do what a machine with AVX2 does")
@pytest.mark.parametrize("name", [name for name in MACHINES if MACHINES[name][2] != (REGISTER, REGISTERS)])
def test_kernels_as_on_another_machine(name, tmp_path):
    processor, features, registers = MACHINES[name]
    variables = {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
    tests = [str(Path(__file__).parent / f"{test}.py") for test in TESTS]
    command = [sys.executable, "-c", RUN, repr(registers), *tests]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
