"""Settings."""

import pytest

from minicnn import config


@pytest.fixture(autouse=True)
def _as_before():
    before = config.num_threads()
    yield
    config.set_num_threads(before)


def test_the_number_of_threads():
    config.set_num_threads(3)
    assert config.num_threads() == 3


@pytest.mark.parametrize("threads", [0, -1, 65536])
def test_a_senseless_number_of_threads_is_refused(threads):
    before = config.num_threads()
    with pytest.raises(ValueError, match=f"the number of threads must be from 1 to 65535, not {threads}"):
        config.set_num_threads(threads)
    with pytest.raises(TypeError):
        config.set_num_threads(1.5)
    assert config.num_threads() == before
