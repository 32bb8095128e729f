"""Errors that end a command with one line."""

import contextlib
from collections.abc import Iterator

WRONG_USAGE = 2
FAILED = 1
INTERRUPTED = 130  # as shells count: 128 + SIGINT


class CommandError(Exception):
    """A message for the user and the exit code that goes with it."""

    def __init__(self, message: str, exit_code: int = WRONG_USAGE):
        super().__init__(message)
        self.exit_code = exit_code


@contextlib.contextmanager
def told_to_user(*kinds: type[Exception], exit_code: int = WRONG_USAGE) -> Iterator[None]:
    """Errors of these kinds are the user's to mend: their message is enough, a traceback would hide it."""
    try:
        yield
    except kinds as error:
        raise CommandError(str(error), exit_code) from error
