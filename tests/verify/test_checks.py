"""Which checks there are."""

from minicnn import kernels
from minicnn.kernels.contract import KERNELS
from minicnn.kernels.gpu.machine import using
from minicnn.verify import against_tensorflow
from minicnn.verify.checks import all_checks, of_operation, present
from minicnn.verify.operations import OPERATIONS

from ..emulator import Emulator


def test_all_backends_are_present():
    with using(Emulator()):
        found = present()
    assert found == [*kernels.NAMES, *(["tensorflow"] if against_tensorflow.installed() else [])]


def test_a_missing_backend_is_left_out(monkeypatch):
    def without_compiler(name):
        if name == "cpu":
            raise ImportError("no numba")

    monkeypatch.setattr(kernels, "backend", without_compiler)
    assert "cpu" not in present()
    assert "portable" in present()


def test_every_kernel_and_every_gradient_on_every_backend():
    checks = all_checks(["reference", "portable", "cpu"])
    columns = {"reference float32", "portable float32", "portable float64", "cpu float32"}
    expected = {("kernel", name) for name in KERNELS} | {("gradient", name) for name in OPERATIONS}
    found = [(check.kind, check.name, column) for check in checks for column in check.columns]
    assert sorted(found) == sorted((kind, name, column) for kind, name in expected for column in columns)


def test_an_operation_brings_its_gradient_kernels():
    chosen = {(check.kind, check.name) for check in of_operation(all_checks(["portable"]), "dense")}
    assert chosen == {
        ("kernel", "dense"),
        ("kernel", "dense_input_grad"),
        ("kernel", "dense_weight_grad"),
        ("gradient", "dense"),
    }
    chosen = {check.name for check in of_operation(all_checks(["portable"]), "batch_norm")}
    assert chosen == {"batch_norm", "batch_norm_grad"}
