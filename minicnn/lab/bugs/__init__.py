"""The bugs, one file a subject: a model that the bug sits in, checks that catch it, and the bugs themselves."""

from types import ModuleType

from ...kernels.errors import did_you_mean
from ..bug import Bug
from . import (
    activation,
    arithmetic,
    convolution,
    dense,
    dropout,
    layer,
    loss,
    metric,
    normalization,
    optimizer,
    pooling,
    regularizer,
    tape,
    training,
)

SUBJECTS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        arithmetic,
        activation,
        dense,
        tape,
        loss,
        convolution,
        pooling,
        normalization,
        dropout,
        layer,
        regularizer,
        optimizer,
        training,
        metric,
    )
}

#: all of them; an exercise's number is its place here, counted from 1
BUGS: tuple[Bug, ...] = tuple(bug for module in SUBJECTS.values() for bug in module.BUGS)


def number_of(bug: Bug) -> int:
    """Its place among the exercises, from 1."""
    return BUGS.index(bug) + 1


def find(which: int | str) -> Bug:
    """A bug by number or name. Raises ValueError when there is none.

    >>> find(find(1).name) is BUGS[0]
    True
    """
    text = str(which)
    if text.isdigit() and 1 <= int(text) <= len(BUGS):
        return BUGS[int(text) - 1]
    by_name = {bug.name: bug for bug in BUGS}
    if text not in by_name:
        raise ValueError(f"no bug {text!r}: they are numbered 1 … {len(BUGS)}{did_you_mean(text, by_name)}")
    return by_name[text]


__all__ = ["BUGS", "SUBJECTS", "find", "number_of"]
