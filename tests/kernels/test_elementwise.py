"""Kept machine code of functions that are made by a function."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
from minicnn.kernels import cpu
x = np.array([1.0, 4.0], np.float32)
expected = {"exp": np.exp(x), "log": np.log(x), "negative": -x}
for name in sys.argv[1:]:
    np.testing.assert_allclose(getattr(cpu, name)(x), expected[name], rtol=1e-6, err_msg=name)
"""


@pytest.mark.parametrize("names", [("exp", "log", "negative")])
def test_what_different_processes_have_kept_is_not_confused(tmp_path, names):
    """Each compiles one of the functions; then one process finds all of them."""
    for chosen in (*[[name] for name in names], list(names)):
        environment = {"NUMBA_CACHE_DIR": str(tmp_path), "PATH": ""}
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, *chosen], env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
