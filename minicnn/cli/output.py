"""What goes where: pictures for people on stdout, or one JSON object there and the pictures on stderr."""

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def results(as_json: bool) -> Iterator[dict[str, Any]]:
    """A dictionary to fill; with `as_json` it is all that stdout gets."""
    found: dict[str, Any] = {}
    if not as_json:
        yield found
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield found
    print(json.dumps(found, ensure_ascii=False, allow_nan=False))


def or_none(number: float) -> float | None:
    """JSON has no NaN."""
    return None if number != number else float(number)
