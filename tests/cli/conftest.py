"""Running the command line inside the test process, on few digits and small folders."""

import json
from typing import NamedTuple

import pytest

from minicnn.cli import main
from minicnn.config import num_threads, set_num_threads
from minicnn.datasets import digits
from minicnn.device import current, device
from minicnn.utils import set_random_seed
from minicnn.zoo import lenet

from ..folders import make_folder


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one JSON object on stdout."""
        return json.loads(self.out)


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """run("train", "--json") in an empty folder gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run_command(*arguments):
        threads = num_threads()
        with device(current()), pytest.raises(SystemExit) as left:  # --device and --threads are for this run only
            main([str(argument) for argument in arguments])
        set_num_threads(threads)
        return Result(left.value.code, *capsys.readouterr())

    return run_command


@pytest.fixture
def few_digits(monkeypatch):
    """96 digits to train on and 30 to test on."""
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    few = (x_train[:96], y_train[:96]), (x_test[:30], y_test[:30])
    monkeypatch.setattr(digits, "load_data", lambda: few)
    return few


@pytest.fixture
def photos(tmp_path):
    """20 red, 12 green and 8 blue images of 12×12, in the folder "photos" of the current folder."""
    return make_folder(tmp_path / "photos", {"red": 20, "green": 12, "blue": 8})


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    """An untrained digit classifier."""
    set_random_seed(7)
    model = lenet()
    model.class_names = digits.CLASS_NAMES
    path = tmp_path_factory.mktemp("models") / "lenet.safetensors"
    model.save(path)
    return path
