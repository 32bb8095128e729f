"""Machine code of a GPU: compiled once, kept, and compiled anew after any change."""

import sys

import pytest

from minicnn.kernels.gpu import compile as compiling
from minicnn.kernels.gpu.compile import compile_source
from minicnn.kernels.gpu.launch import Kernel

TWICE = "__global__ void twice(float* x) { x[threadIdx.x] *= 2; }\n"


@pytest.fixture
def kernel(tmp_path, monkeypatch, nvrtc) -> Kernel:
    """A kernel in a folder of its own, and an empty cache."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "source.cu").write_text(TWICE)
    return Kernel(str(tmp_path / "source"), "twice")


@pytest.fixture
def compilations(monkeypatch) -> list[str]:
    """The files that were compiled."""
    files, compile_indeed = [], compiling._compile

    def compile_and_count(nvrtc, file, *more):
        files.append(file)
        return compile_indeed(nvrtc, file, *more)

    monkeypatch.setattr(compiling, "_compile", compile_and_count)
    return files


def test_what_is_compiled_is_kept(kernel, compilations):
    first, second = (compile_source(kernel.source, "sm_90") for _ in range(2))
    assert first == second
    assert first.code.startswith(b"\x7fELF")
    assert first.symbols["twice"].encode() in first.code
    assert 0 < first.resources(kernel)["registers"] < 32
    assert first.resources(kernel)["spilled"] == 0
    assert compilations == ["source.cu"]


@pytest.mark.parametrize("change", ["source", "header", "architecture", "options", "kernels"])
def test_a_change_compiles_anew(change, kernel, compilations, tmp_path, monkeypatch):
    architecture = "sm_90"
    compile_source(kernel.source, architecture)
    if change == "source":
        kernel.path.write_text(TWICE.replace("2", "3"))
    elif change == "header":
        (tmp_path / "new.cuh").touch()
        monkeypatch.setattr(compiling, "SOURCES", tmp_path)
    elif change == "architecture":
        architecture = "sm_80"
    elif change == "options":
        monkeypatch.setattr(compiling, "_OPTIONS", (*compiling._OPTIONS, "-lineinfo"))
    else:
        kernel.path.write_text(TWICE + TWICE.replace("twice", "thrice"))
        Kernel(kernel.source, "thrice")
    compile_source(kernel.source, architecture)
    assert compilations == ["source.cu"] * 2


def test_damaged_files_are_compiled_anew(kernel, compilations, tmp_path):
    first = compile_source(kernel.source, "sm_90")
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    assert compile_source(kernel.source, "sm_90").code == first.code
    assert compilations == ["source.cu"] * 2


def test_errors_name_the_source_and_the_line(kernel):
    kernel.path.write_text("\n\n__global__ void twice(float* x) { wrong; }")
    with pytest.raises(RuntimeError, match=r'source.cu with -arch=sm_90:\s+source.cu\(3\): error: identifier "wrong"'):
        compile_source(kernel.source, "sm_90")


def test_without_nvrtc(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy_backends.cuda.libs", None)
    with pytest.raises(RuntimeError, match="NVRTC is not installed, which compiles the GPU's kernels: pip install"):
        compile_source("activation", "sm_90")
