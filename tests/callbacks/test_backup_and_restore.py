"""BackupAndRestore: whatever ends a training, the same program started again ends with the same bits."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PROGRAM = Path(__file__).with_name("resumed_program.py")
RESULTS = ("model.safetensors", "best.safetensors", "log.csv", "history.json")
SEED = int(os.environ.get("MINICNN_TEST_SEED") or time.time_ns() % 2**32)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes as POSIX has them")


class Server:
    """The program that trains on demand."""

    def __init__(self, images):
        command = [sys.executable, str(PROGRAM), str(images)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def train(self, folder, save_freq, data, interrupt=None):
        """The steps that it took and its exit status; interrupt(pid, steps so far) is called at every step."""
        print(folder, save_freq, data, file=self.process.stdin, flush=True)
        pid, steps = None, 0
        while (words := self.process.stdout.readline().split())[0] != "end":
            if words[0] == "pid":
                pid = int(words[1])
            steps += words[0] == "step"
            if interrupt:
                interrupt(pid, steps)
        return steps, int(words[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(make_images(tmp_path_factory.mktemp("images")))
    yield server
    server.process.stdin.close()
    server.process.wait()


def make_images(folder):
    """A folder of 20 images of 3 classes."""
    rng = np.random.default_rng(0)
    for number in range(20):
        path = folder / "abc"[number % 3] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (9, 11), np.uint8)).save(path)
    return folder


def results(folder):
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in RESULTS}


@pytest.fixture(scope="module")
def uninterrupted(server, tmp_path_factory):
    """The results and the number of steps for one of the ways to feed the training."""
    found = {}

    def get(data):
        if data not in found:
            folder = tmp_path_factory.mktemp(data)
            steps, status = server.train(folder, "epoch", data)
            assert status == 0
            assert not (folder / "backup").exists()
            found[data] = results(folder), steps
        return found[data]

    return get


def after(step, signal_number, rng):
    """Send the signal a moment after this step."""

    def interrupt(pid, steps):
        if steps == step:
            time.sleep(rng.uniform(0, 0.01))
            os.kill(pid, signal_number)

    return interrupt


@needs_fork
@pytest.mark.parametrize(
    ("data", "save_freq"),
    [
        *(("arrays", "epoch"), ("arrays", "2"), ("augmented", "epoch"), ("augmented", "always")),
        *(("round", "epoch"), ("round", "always"), ("generator", "epoch"), ("generator", "3")),
        *(("images", "always"), ("repeated", "2"), ("flow", "2"), ("flow", "epoch")),
    ],
)
def test_killed_again_and_again(server, uninterrupted, tmp_path, data, save_freq):
    expected, whole = uninterrupted(data)
    rng = random.Random(f"{SEED} {data} {save_freq}")
    taken = []
    for _ in range(3):
        steps, status = server.train(tmp_path, save_freq, data, after(rng.randrange(whole // 2), signal.SIGKILL, rng))
        assert status in (-signal.SIGKILL, 0)
        taken.append(steps)
    steps, status = server.train(tmp_path, save_freq, data)
    assert (status, results(tmp_path)) == (0, expected), f"MINICNN_TEST_SEED={SEED}, killed after {taken} steps"


@needs_fork
def test_control_c(server, uninterrupted, tmp_path):
    expected, whole = uninterrupted("arrays")
    steps, status = server.train(tmp_path, "epoch", "arrays", after(12, signal.SIGINT, random.Random(SEED)))
    assert status == 130
    steps, status = server.train(tmp_path, "epoch", "arrays")
    assert status == 0
    assert steps < whole, "it began anew"
    assert results(tmp_path) == expected
