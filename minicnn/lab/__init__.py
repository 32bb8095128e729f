"""Exercises: one line of minicnn is wrong; which?

>>> from minicnn import lab, ops
>>> bug = lab.find("exp_saves_its_input")
>>> with bug.planted():
...     bug.is_caught()
True
>>> bug.is_caught()
False
"""

from .bug import Bug
from .bugs import BUGS, SUBJECTS, find, number_of
from .exercise import LEVELS, exercise

__all__ = ["BUGS", "LEVELS", "SUBJECTS", "Bug", "exercise", "find", "number_of", "plant"]


def plant(which: int | str) -> None:
    """Put a bug, by number or name, into the running program. Raises ValueError when there is none."""
    find(which).plant()
