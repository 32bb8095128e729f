"""A bug that can be planted: one wrong line, put into a function while the program runs."""

import contextlib
import difflib
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType

from ..device import device


@dataclass(frozen=True)
class Bug:
    """A mistake that a careful person could make, in a place where it runs without complaint.

    name    what it is called, for example "exp_saves_its_input"
    place   where it goes: "module:function" or "module:Class.method"
    old     text that occurs exactly once in that function
    new     what stands there instead
    story   what its author was thinking
    hint    what to look at, without the answer
    level   1: gradcheck on the operation shows it;  2: only for some options or inputs;
            3: every single gradient is right, and yet
    check   raises AssertionError while the bug is planted, and only then

    >>> bug = Bug("halved", "minicnn.ops.exp:Exp.backward", "k.multiply(dy, y)", "dy", "", "", 1, lambda: None)
    >>> print(bug.diff())
    --- minicnn.ops.exp:Exp.backward
    +++ with the bug
    -        return (k.multiply(dy, y),)
    +        return (dy,)
    """

    name: str
    place: str
    old: str
    new: str
    story: str
    hint: str
    level: int
    check: Callable[[], None]

    @property
    def subject(self) -> str:
        """The part of the field that it belongs to: the file it is described in."""
        return self.check.__module__.rpartition(".")[2]

    def function(self) -> FunctionType:
        """The function that the bug goes into, without its decorators."""
        module, _, path = self.place.partition(":")
        found = importlib.import_module(module)
        for name in path.split("."):
            found = vars(found)[name]
        return inspect.unwrap(getattr(found, "fget", found))  # type: ignore[arg-type]

    def wrong_code(self) -> CodeType:
        """The function's code with the bug in it. Raises ValueError unless `old` occurs exactly once in its source."""
        function = self.function()
        lines, first = inspect.getsourcelines(function)
        module = inspect.getsource(inspect.getmodule(function)).splitlines(keepends=True)  # type: ignore[arg-type]
        module[first - 1 : first - 1 + len(lines)] = [self._wrong("".join(lines))]
        # compiled as a whole, so that line numbers, closures and super() stay as they are
        return _find(compile("".join(module), function.__code__.co_filename, "exec"), function.__code__)

    def plant(self) -> None:
        """Put the bug in, for good.

        The function gets other code but stays the same object, so that every import of it has the bug.
        """
        self.function().__code__ = self.wrong_code()

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        """The bug for one `with` block."""
        function = self.function()
        right = function.__code__
        self.plant()
        try:
            yield
        finally:
            function.__code__ = right

    def is_caught(self) -> bool:
        """Whether the bug's check fails now, computed with the kernels that bugs are planted in."""
        try:
            with device("portable"):
                self.check()
        except AssertionError:
            return True
        return False

    def diff(self) -> str:
        """The lines that change."""
        right = inspect.getsource(self.function())
        lines = difflib.unified_diff(
            right.splitlines(), self._wrong(right).splitlines(), self.place, "with the bug", n=0, lineterm=""
        )
        return "\n".join(line for line in lines if not line.startswith("@@"))

    def _wrong(self, source: str) -> str:
        if (found := source.count(self.old)) != 1:
            raise ValueError(f"bug {self.name!r}: {self.place} must hold {self.old!r} once, found {found} times")
        return source.replace(self.old, self.new)


def _find(module: CodeType, wanted: CodeType) -> CodeType:
    """The code in a compiled module that has another code's name and first line."""
    pending = [module]
    while pending:
        code = pending.pop()
        if (code.co_qualname, code.co_firstlineno) == (wanted.co_qualname, wanted.co_firstlineno):
            return code
        pending.extend(constant for constant in code.co_consts if isinstance(constant, CodeType))
    raise LookupError(f"{wanted.co_filename} has no {wanted.co_qualname} in line {wanted.co_firstlineno}")
