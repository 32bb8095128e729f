"""The program: what is timed, the files that it makes, and its table."""

import time

import input_pipeline as program
import numpy as np
import pytest

from minicnn.images import load_image


def test_waiting_is_for_batches_not_for_what_is_done_with_them():
    def slow_batches():
        for n in range(3):
            time.sleep(0.02)
            yield n

    seen = []
    found = program.measured(slow_batches(), lambda batches: seen.extend(time.sleep(0.02) or b for b in batches))
    assert seen == [0, 1, 2]
    assert 0.06 <= found.waited <= found.elapsed - 0.06


def test_files_of_noise(tmp_path):
    program.make_noise(tmp_path, 4)
    folder = program.chosen(tmp_path, 3)
    assert (len(folder), folder.class_names) == (3, ["a", "b"])
    images = [load_image(path) for path in folder.paths]
    assert {image.shape for image in images} == {(*program.NOISE, 3)}
    assert all(10_000 < path.stat().st_size < 60_000 for path in folder.paths)
    x, y = next(iter(program.dataset(folder)))
    assert (x.shape, y.shape) == ((3, 150, 150, 3), (3, 1))


def test_the_table_shows_medians():
    passes = {"training": [program.Pass(2.0, 0.5, 4.0), program.Pass(4.0, 1.0, 5.0), program.Pass(9.0, 0.0, 6.0)]}
    *_, line = program.table(passes, images=2000).splitlines()
    assert line == "| training | 500 | 40.0 | 12.5% | 50.0 |"


@pytest.mark.skipif(not program.Path("/proc/self/status").exists(), reason="only Linux tells the memory of a process")
def test_memory_is_that_of_the_process(capsys, monkeypatch, tmp_path):
    program.make_noise(tmp_path, 2)
    monkeypatch.setattr(program, "network", lambda: program.minicnn.Sequential())
    monkeypatch.setattr(program.minicnn.Sequential, "fit", lambda *_, **__: np.ones(1_000_000))
    program.train_and_tell_memory(program.chosen(tmp_path, 2), cache=True)
    assert 10_000_000 < int(capsys.readouterr().out) < 100_000_000_000
