"""The examples in the benchmarks' docstrings are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["ratios", "sections", "workloads"])
def test_examples(name):
    failed, attempted = doctest.testmod(importlib.import_module(name))
    assert attempted
    assert not failed
