"""What the environment asks of the whole suite.

MINICNN_REQUIRE_TENSORFLOW=1    where TensorFlow is promised, its absence is a failure: such skips become errors
MINICNN_REQUIRE_CUDA=1          the same for what compiles the kernels of a GPU and what emulates it: NVRTC and g++
MINICNN_REQUIRE_GPU=1           the same for the GPU itself, on which `pytest -m gpu` runs
MINICNN_DATA=folder             real photographs lie there, else in ../shared/data; tests of them skip where they do not
MINICNN_PLANTED_BUG=name        one line of minicnn is wrong, and some test must notice; see planted_bugs.py
"""

import os
import re
from pathlib import Path

import pytest

#: what may be promised → how a skip says that it is not there
ABSENCE = {
    "MINICNN_REQUIRE_TENSORFLOW": "(TensorFlow|Keras) is not installed",
    "MINICNN_REQUIRE_CUDA": "NVRTC is not installed|the CUDA emulator needs",
    "MINICNN_REQUIRE_GPU": "no GPU",
}
PROMISED = {variable: absence for variable, absence in ABSENCE.items() if os.environ.get(variable, "0") != "0"}

if bug := os.environ.get("MINICNN_PLANTED_BUG"):
    from minicnn import lab

    lab.plant(bug)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _refuse_absence((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _refuse_absence((yield))


def _refuse_absence(report):
    for variable, absence in PROMISED.items():
        if report.skipped and re.search(absence, reason := report.longrepr[2]):
            report.outcome = "failed"
            report.longrepr = f"{reason}, but {variable} is set"
    return report


@pytest.fixture(scope="session")
def gpu():
    """The GPU of this machine, as the kernels use it."""
    from minicnn.kernels.gpu import machine

    try:
        return machine.gpu(0)
    except RuntimeError as error:
        pytest.skip(f"no GPU: {error}")


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real photographs: cats-dogs, microscopy, malaria, messy-images, …"""
    folder = Path(os.environ.get("MINICNN_DATA") or Path(__file__).parents[2] / "shared/data")
    if not folder.is_dir():
        pytest.skip(f"no photographs: {folder} is not there (set MINICNN_DATA)")
    return folder
