"""What every worker program does: answer requests that come in through one pipe and leave through another."""

import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

GATE_STEPS = 3  # how many losses the libraries must agree about


class Failure(Exception):
    """An error in the worker, with its traceback."""


def serve(library: Any) -> None:
    """For each request (method, arguments) send what the library's method returns, until the requests end."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    while True:
        try:
            method, arguments = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = getattr(library, method)(*arguments)
        except Exception:
            answer = Failure(traceback.format_exc())
        pickle.dump(answer, answers)
        answers.flush()


def sample(array: np.ndarray, most: int = 100_000) -> np.ndarray:
    """Numbers from all over an array: enough of them to see whether libraries agree.

    >>> sample(np.arange(10), most=4)
    array([0, 3, 6, 9])
    """
    return array.reshape(-1)[:: -(-array.size // most) | 1].copy()


def seconds_per_call(call: Callable[[], Any], calls: int) -> float:
    """Mean over some calls, after as many to warm up."""
    for _ in range(calls):
        call()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls
