"""Freed memory: kept by default, and left to the user's own setting."""

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")

# frees and asks again for what glibc's own settings would give back to the system
PROGRAM = """
import resource
import numpy as np
import minicnn.kernels.cpu

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        for array in [np.ones(900_000, np.float32) for _ in range(3)]:
            del array
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


def faults(**environment):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_freed_memory_is_kept():
    assert faults() < 1000


def test_the_environment_decides():
    assert faults(MALLOC_MMAP_THRESHOLD_="131072") > 10_000
