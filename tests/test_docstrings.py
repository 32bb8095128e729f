"""Every example in a docstring is true, and every op and kernel has a docstring."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import minicnn
from minicnn import kernels, ops
from minicnn.kernels import contract

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
OPTIONAL = {"cupy", "matplotlib"}


def modules_of(package):
    # kernels are walked by themselves: in a source checkout they lie beside minicnn, not in it
    return {package.__name__, *(m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))}


# importing a __main__ would run it
MODULES = sorted(name for name in modules_of(minicnn) | modules_of(kernels) if not name.endswith("__main__"))


def load(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing not in OPTIONAL:
            raise
        pytest.skip(f"{missing} is not installed")


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name, tmp_path, monkeypatch):
    module = load(name)
    monkeypatch.chdir(tmp_path)
    with minicnn.device("portable"):
        result = doctest.testmod(module, extraglobs={"np": np, "minicnn": minicnn}, optionflags=FLAGS)
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples in {name} failed: see above"


@pytest.mark.parametrize("name", ops.__all__)
def test_every_op_has_a_docstring(name):
    assert getattr(ops, name).__doc__


@pytest.mark.parametrize("name", contract.KERNELS)
def test_every_kernel_has_a_docstring(name):
    assert contract.KERNELS[name].__doc__


def test_the_walk_reaches_every_floor():
    assert {"minicnn.tensor", "minicnn.ops.conv2d", "minicnn.kernels.contract.spec"} <= set(MODULES)
