"""Machines in every schedule."""

from pathlib import Path

import pytest

from . import Emulator, Schedule, missing

EXAMPLES = Path(__file__).parent / "examples"
MACHINES = [Emulator(), Emulator(Schedule.BACKWARD), *(Emulator(Schedule.RANDOM, seed) for seed in (1, 2, 3))]


@pytest.fixture(autouse=True)
def _emulator_works() -> None:
    if reason := missing():
        pytest.skip(reason)


@pytest.fixture(params=MACHINES, ids=repr)
def machine(request) -> Emulator:
    return request.param
