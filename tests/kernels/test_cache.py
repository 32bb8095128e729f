"""Machine code on disk: what is read is what was written for this machine and these sources, or nothing."""

import os
import subprocess
import sys
from pathlib import Path

import llvmlite
import numba
import pytest

from minicnn.kernels import cache
from minicnn.kernels.cpu import key as cpu
from minicnn.kernels.cpu.fill import _clear

CODE = bytes(range(256)) * 9
FIRST_STEP = """
import numpy as np
from minicnn.kernels import cpu
from minicnn.kernels.cpu import entry
np.testing.assert_array_equal(cpu.relu(np.array([[-1.0, 2.0]], np.float32)), [[0, 2]])
"""
NOTHING_TO_COMPILE = """
def refuse(*_):
    raise AssertionError("this is compiled already")
entry.object_code = refuse
"""


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    """Where the cache of a test is."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def start(program, **environment):
    """A process that runs a program."""
    return subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    )


def check(*processes):
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert not errors


def test_what_is_written_is_read():
    assert cache.read("f.1") is None
    cache.write("f.1", CODE)
    cache.write("f.2", b"")
    assert (cache.read("f.1"), cache.read("f.2")) == (CODE, b"")


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:20],
        lambda whole: whole[:-1],
        lambda whole: whole + b"\0",
        lambda whole: whole[:900] + b"?" + whole[901:],
        lambda whole: bytes(len(whole)),
    ],
    ids=["empty", "no checksum", "truncated", "longer", "changed", "zeros"],
)
def test_a_file_that_is_not_as_it_was_written_is_none(directory, damage):
    cache.write("f.1", CODE)
    (file,) = directory.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert cache.read("f.1") is None
    cache.write("f.1", CODE)
    assert cache.read("f.1") == CODE


def test_without_a_place_nothing_is_kept(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file/cache"))
    cache.write("f.1", CODE)
    assert cache.read("f.1") is None


def test_a_full_disk_leaves_no_part_of_a_file(directory, monkeypatch):
    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    cache.write("f.1", CODE)
    assert list(directory.iterdir()) == []


def test_where_the_package_cannot_be_written_to_the_users_cache_is_used(tmp_path, monkeypatch):
    (tmp_path / "installed").touch()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "installed/cache.py"))
    monkeypatch.setattr(cache, "_users_caches", lambda: tmp_path / "home")
    cache.write("f.1", CODE)
    assert [path.name for path in (tmp_path / "home/minicnn").iterdir()] == ["f.1.o"]
    assert cache.read("f.1") == CODE


def test_without_a_home_nothing_is_kept(tmp_path, monkeypatch):
    def fail():
        raise RuntimeError("Could not determine home directory.")

    (tmp_path / "installed").touch()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "installed/cache.py"))
    monkeypatch.setattr(cache, "_users_caches", fail)
    cache.write("f.1", CODE)
    assert cache.read("f.1") is None


def test_only_the_newest_files_of_a_function_stay(directory):
    for i in range(20):
        cache.write(f"f.{i}", CODE)
        os.utime(directory / f"f.{i}.o", (i, i))
        cache.write("g.0", CODE)
    kept = {path.name for path in directory.iterdir()}
    assert {"g.0.o", "f.19.o", "f.18.o"} <= kept
    assert "f.0.o" not in kept
    assert len(kept) < 20


CHANGES = {
    "Numba": (numba, "__version__", "1.2.3"),
    "LLVM": (llvmlite, "__version__", "1.2.3"),
    "Python": (sys, "version", "3.99"),
    "the processor": (cpu.cpu_target.target_context.codegen(), "magic_tuple", lambda: ("x86_64", "old", "-avx2")),
    "any source": (cpu, "_SOURCES", [*cpu._SOURCES[:-1], "changed"]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_code_for_something_else_has_another_key(monkeypatch, what):
    before = cpu.key("f", "source", "signature")
    assert before == cpu.key("f", "source", "signature")
    monkeypatch.setattr(*CHANGES[what])
    assert cpu.key("f", "source", "signature") != before


def test_every_function_file_and_signature_has_its_own_key():
    given = [("f", "source", "f4"), ("g", "source", "f4"), ("f", "source", "f8"), ("f", "other source", "f4")]
    assert len({cpu.key(*each) for each in given}) == len(given)


def test_contents_of_files(tmp_path):
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("a = 1")
    second.write_text("a = 2")
    assert cache.contents(str(first)) == cache.contents(str(first)) != cache.contents(str(second))
    assert cache.contents("<stdin>") not in (cache.contents(str(first)), cache.contents("<string>"))


def test_the_sources_are_those_of_all_kernels():
    kernels = Path(cache.__file__).parents[0]
    for source in ("cpu/simd.py", "winograd.py", "geometry.py"):
        assert cache.contents(str(kernels / source)) in cpu._SOURCES


# Whole processes


def test_a_second_process_compiles_nothing():
    check(start(FIRST_STEP))
    check(start(FIRST_STEP.replace("np.testing", NOTHING_TO_COMPILE + "np.testing")))


def test_processes_may_start_at_once_with_an_empty_cache(directory):
    check(*[start(FIRST_STEP) for _ in range(4)])
    assert {path.suffix for path in directory.iterdir()} == {".o"}
    check(start(FIRST_STEP.replace("np.testing", NOTHING_TO_COMPILE + "np.testing")))


def test_damaged_files_are_compiled_anew(directory):
    check(start(FIRST_STEP))
    sizes = {path: path.stat().st_size for path in directory.iterdir()}
    for i, path in enumerate(sizes):
        path.write_bytes(path.read_bytes()[: -40 * (i % 2)] + b"\xff")
    check(start(FIRST_STEP))
    assert {path: path.stat().st_size for path in directory.iterdir()} == sizes


def test_another_processor_finds_nothing(directory):
    check(start(FIRST_STEP))
    first = set(directory.iterdir())
    check(start(FIRST_STEP, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES=""))
    assert len(set(directory.iterdir())) == 2 * len(first)


def test_a_home_that_cannot_be_written_to(tmp_path):
    program = FIRST_STEP.replace(
        "np.testing", "from minicnn.kernels import cache\ncache.__file__ = '/dev/null/x.py'\nnp.testing", 1
    )
    environment = {
        "HOME": "/dev/null",
        "XDG_CACHE_HOME": "/dev/null",
        "LOCALAPPDATA": "/dev/null",
        "NUMBA_CACHE_DIR": "",
    }
    check(start(program, **environment))


def test_a_kernel_knows_its_own_source():
    assert _clear.entry_point.key != cpu.key(_clear.entry_point.name, "other", str(_clear.entry_point.signature))
