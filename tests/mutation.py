"""Change one place of a function, thousands of times over, and count the changes that no test notices.

    python tests/mutation.py                      every target; writes docs/mutation.md
    python tests/mutation.py kernels/portable …   these files or folders only; writes nothing

Needs `pip install -e ".[test,mutation]"`. The changes are mutmut's and two kinds of ours, but not its runner, which
leaves decorated functions alone, as nearly all kernels are. Here pytest collects the tests once; each mutant runs in
a fork of that process, in which the function gets the changed code. Nothing on disk changes.

Not changed: annotations, decorators, and text for people (docstrings, errors, any string with a space in it).
What became of a mutant is kept in build/mutation.jsonl, and it runs again only if it survived and its tests changed.
Exit code 1 when a survivor has no reason in mutation_survivors.toml, where a test is missing, or the reason;
and when a reason there is for no survivor.
"""

import difflib
import functools
import hashlib
import importlib
import inspect
import itertools
import json
import os
import resource
import signal
import sys
import tempfile
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

import libcst as cst
import pytest
from libcst import matchers
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs/mutation.md"
OUTCOMES = ROOT / "build/mutation.jsonl"
REASONS = ROOT / "tests/mutation_survivors.toml"

TARGETS = ("minicnn/ops", "minicnn/losses", "minicnn/optimizers", "kernels/reference", "kernels/portable")

#: the tests of each file or folder, the longest name that fits; every kernel's tests run it in both backends
KERNEL_TESTS = {
    "": "",
    "activation": "kernels/test_activation.py ops/test_activations.py",
    "arrays": "kernels/test_arrays.py ops/test_arithmetic.py ops/test_shaping.py",
    "convolution": "kernels/test_convolution.py ops/test_conv2d.py",
    "dense": "kernels/test_dense.py ops/test_dense.py",
    "dropout": "kernels/test_dropout.py ops/test_dropout.py layers/test_dropout.py",
    "loss": "kernels/test_loss.py ops/test_cross_entropy.py",
    "normalization": "kernels/test_normalization.py ops/test_batch_norm.py layers/test_batch_normalization.py",
    "optimizer": "kernels/test_optimizer.py optimizers",
    "pooling": "kernels/test_pooling.py ops/test_pooling.py",
    "select": "kernels/test_activation.py kernels/test_pooling.py kernels/test_dropout.py",
    "windows": "kernels/test_windows.py kernels/test_pooling.py kernels/test_convolution.py",
}
TESTS = {
    "minicnn/ops": "ops test_tensor.py tensorflow/test_ops_stored.py test_gradcheck.py test_errors.py layers",
    "minicnn/losses": "test_losses.py test_errors.py test_metrics.py tensorflow/test_training_stored.py",
    "minicnn/optimizers": "optimizers test_errors.py tensorflow/test_training_stored.py test_saving.py",
    **{
        f"kernels/{backend}/{name}": f"{tests} kernels/test_contract.py"
        for backend in ("reference", "portable")
        for name, tests in KERNEL_TESTS.items()
    },
}
PYTEST = ["-q", "-s", "--tb=no", "--no-summary", "-p", "no:cacheprovider", "-k", "not cpu and not live"]

#: every so many tests run first, as a sample of all of them, in which most mutants die
STRIDE = 16

AT_ONCE = 2
CPU_SECONDS = 120
MEMORY_BYTES = 8 << 30

ENDINGS = KILLED, SURVIVED, TIMEOUT = "killed", "survived", "timeout"


class Mutant(NamedTuple):
    """One change to one function."""

    path: str
    line: int
    place: str
    source: str

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.path}\n{self.source}".encode()).hexdigest()[:16]

    @property
    def module(self) -> str:
        name = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return name if name.startswith("minicnn.") else f"minicnn.{name}"

    @property
    def tests(self) -> list[str]:
        nearest = max((name for name in TESTS if self.path.startswith(name)), key=len)
        examples = f"test_docstrings.py::test_examples_are_true[{self.module}]"
        return [f"tests/{path}" for path in (*TESTS[nearest].split(), examples)]

    def change(self) -> tuple[str, str]:
        """The lines that go and the lines that come, each as one line."""
        old, new = (ROOT / self.path).read_text(encoding="utf-8").splitlines(), self.source.splitlines()
        gone, came = [], []
        for _, a, b, c, d in (
            code for code in difflib.SequenceMatcher(None, old, new).get_opcodes() if code[0] != "equal"
        ):
            gone += old[a:b]
            came += new[c:d]
        return " ".join(map(str.strip, gone)), " ".join(map(str.strip, came))

    @property
    def title(self) -> str:
        """The change in words, as mutation_survivors.toml has it."""
        old, new = self.change()
        return f"{self.place}: {old} → {new}"


# ------------------------------------------------------------------------------------------------ changes


def leave_out(statement: cst.SimpleStatementLine) -> Iterator[cst.SimpleStatementLine]:
    """A call, a step, an error or a return that does not happen; without super() a method is another closure."""
    kind = (cst.Expr, cst.AugAssign, cst.Raise, cst.Return)
    if isinstance(statement.body[0], kind) and not matchers.findall(statement, matchers.Name("super")):
        yield statement.with_changes(body=[cst.Pass()])


def decide(branch: cst.If | cst.CompIf) -> Iterator[cst.If | cst.CompIf]:
    """A condition that always holds, or never; it is still evaluated."""
    test = branch.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    for operator, value in ((cst.Or(), "True"), (cst.And(), "False")):
        yield branch.with_changes(test=cst.BooleanOperation(test, operator, cst.Name(value)))


OPERATORS = (
    *mutation_operators,
    (cst.SimpleStatementLine, leave_out),
    ((cst.If, cst.CompIf), decide),
)


class Changes(cst.CSTVisitor):
    """Collects (line, place, node, changed node) for every change inside a function."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[int, str, cst.CSTNode, cst.CSTNode]] = []
        self._within: list[cst.ClassDef | cst.FunctionDef] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if is_left_alone(node):
            return False
        if self._within and isinstance(self._within[-1], cst.FunctionDef):
            self._change(node)
        if isinstance(node, (cst.ClassDef, cst.FunctionDef)):
            self._within.append(node)
        return True

    def on_leave(self, node: cst.CSTNode) -> None:
        if self._within and node is self._within[-1]:
            self._within.pop()

    def _change(self, node: cst.CSTNode) -> None:
        line = self.get_metadata(PositionProvider, node).start.line
        place = ".".join(definition.name.value for definition in self._within)
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                self.found += [(line, place, node, changed) for changed in operator(node)]


def is_left_alone(node: cst.CSTNode) -> bool:
    """Whether a change here would be no change in behaviour, or only a TypeError."""
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Raise():
            return True
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString())]):
            return True
        case cst.Call(func=cst.Name(value="len" | "isinstance")):
            return True
        case cst.SimpleString():
            return " " in node.raw_value
        case cst.FormattedString():
            return any(" " in part.value for part in node.parts if isinstance(part, cst.FormattedStringText))
    return False


def mutants_of(path: Path) -> list[Mutant]:
    wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
    changes = Changes()
    wrapper.visit(changes)
    name = path.relative_to(ROOT).as_posix()
    return [Mutant(name, *place, wrapper.module.deep_replace(old, new).code) for *place, old, new in changes.found]


# ------------------------------------------------------------------------------------------------ runs


def plant(mutant: Mutant) -> None:
    """Give the module's functions the mutant's code and defaults; they stay the same objects, in every import."""
    module = importlib.import_module(mutant.module)
    changed = ModuleType(mutant.module)
    changed.__dict__.update(__package__=module.__package__, __file__=module.__file__)
    exec(compile(mutant.source, module.__file__, "exec"), changed.__dict__)
    for old, new in zip(functions_of(module), functions_of(changed), strict=True):
        old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """The functions and methods that a module's source defines, without their decorators."""
    for thing in vars(module).values():
        for member in vars(thing).values() if isinstance(thing, type) else [thing]:
            for part in (member.fget, member.fset) if isinstance(member, property) else [member]:
                function = inspect.unwrap(part) if callable(part) else None
                if isinstance(function, FunctionType) and function.__code__.co_filename == module.__file__:
                    yield function


def fork(task: Callable[[], str]) -> int:
    """Do a task in a process of its own, silently and within limits; returns the process id."""
    if child := os.fork():
        return child
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 10))  # SIGXCPU at the first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
            ending = task()
        os._exit(ENDINGS.index(ending))
    finally:
        traceback.print_exc()
        os._exit(os.EX_SOFTWARE)


def ending_of(status: int) -> str:
    """What a fork has found out; a mutant that crashed or ran out of memory is killed."""
    code = os.waitstatus_to_exitcode(status)
    if code == os.EX_SOFTWARE:
        sys.exit("a fork failed outside the tests, see above")
    if code == -signal.SIGXCPU:
        return TIMEOUT
    return ENDINGS[code] if code >= 0 else KILLED


class Hunt:
    """A pytest plugin: once the tests are collected, run them on every mutant."""

    def __init__(self, mutants: Iterable[Mutant], found: Callable[[Mutant, str], None]):
        self._mutants, self._found = mutants, found

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._session = session
        self._expect_health()
        running: dict[int, Mutant] = {}
        for mutant in self._mutants:
            running[fork(functools.partial(self._run, mutant))] = mutant
            if len(running) == AT_ONCE:
                self._reap(running)
        while running:
            self._reap(running)
        return True

    def _expect_health(self) -> None:
        """Without a change all tests must pass, or they prove nothing."""
        _, status = os.waitpid(fork(functools.partial(self._pass, self._session.items)), 0)
        if ending_of(status) != SURVIVED:
            sys.exit("some tests fail without any change")

    def _reap(self, running: dict[int, Mutant]) -> None:
        child, status = os.wait()
        self._found(running.pop(child), ending_of(status))

    def _run(self, mutant: Mutant) -> str:
        plant(mutant)
        return self._pass(
            [item for test in mutant.tests for item in self._session.items if item.nodeid.startswith(test)]
        )

    def _pass(self, items: list[pytest.Item]) -> str:
        items = [item for start in range(STRIDE) for item in items[start::STRIDE]]
        for item, following in zip(items, [*items[1:], None]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._session.testsfailed:
                return KILLED
        return SURVIVED


# ------------------------------------------------------------------------------------------------ outcomes


class Outcomes:
    """Endings on disk, a line each, so that a run that was broken off goes on and only what may differ runs again."""

    def __init__(self) -> None:
        lines = OUTCOMES.read_text(encoding="utf-8").splitlines() if OUTCOMES.exists() else []
        self._known = dict(map(json.loads, lines))

    def __getitem__(self, mutant: Mutant) -> str | None:
        """The ending, None where it is unknown: tests that changed may now kill a survivor."""
        return self._known.get(mutant.key) or self._known.get(self._key_of_survivor(mutant))

    def __setitem__(self, mutant: Mutant, ending: str) -> None:
        key = self._key_of_survivor(mutant) if ending == SURVIVED else mutant.key
        self._known[key] = ending
        OUTCOMES.parent.mkdir(exist_ok=True)
        with OUTCOMES.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, ending]) + "\n")

    def _key_of_survivor(self, mutant: Mutant) -> str:
        return f"{mutant.key} {fingerprint(*mutant.tests)}"


@functools.cache
def fingerprint(*tests: str) -> str:
    """A hash of the test files."""
    paths = [ROOT / test.partition("::")[0] for test in tests]
    files = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


# ------------------------------------------------------------------------------------------------ report


class Reasons:
    """Why no test notices a survivor: mutation_survivors.toml has for each reason the files and titles of mutants.

    The first word tells the kind.
    """

    #: kinds of mutants that return the same for every input
    SAME_BEHAVIOUR = ("equivalent:", "speed:")

    def __init__(self) -> None:
        reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))
        self._known = {
            (path, title): reason
            for reason, files in reasons.items()
            for path, titles in files.items()
            for title in titles
        }

    def __getitem__(self, mutant: Mutant) -> str:
        return self._known.get((mutant.path, mutant.title), "")

    def without_survivor(self, survivors: Iterable[Mutant]) -> list[str]:
        """Titles that a reason is given for, though no such mutant survives."""
        surviving = {(mutant.path, mutant.title) for mutant in survivors}
        return [title for path, title in self._known if (path, title) not in surviving]

    def differs(self, mutant: Mutant) -> bool:
        """Whether the mutant behaves differently for some input, as far as the reasons know."""
        return not self[mutant].startswith(self.SAME_BEHAVIOUR)


def report(endings: dict[Mutant, str], reasons: Reasons) -> str:
    """The outcome in Markdown."""
    lines = [
        "# Mutants",
        "",
        f"{len(endings):,} copies of the code, each changed in one place, and whether a test noticed.",
        "Regenerate with `python tests/mutation.py`, which says what is changed and how.",
        "",
        "* killed: a test failed",
        "* same behaviour: every result is the same, so no test can tell; below, *equivalent*, or a matter of *speed*",
        "* survived: some result differs, and no test noticed",
        "",
        "| | mutants | killed | of these by a time limit | same behaviour | survived | killed of those that differ |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for target in TARGETS:
        lines.append(_row(f"`{target}`", {m: e for m, e in endings.items() if m.path.startswith(target)}, reasons))
    lines += [_row("all", endings, reasons), "", *_survivors(endings, reasons)]
    return "\n".join(lines) + "\n"


def _row(name: str, endings: dict[Mutant, str], reasons: Reasons) -> str:
    count = Counter(endings.values())
    killed, survivors = count[KILLED] + count[TIMEOUT], [m for m, ending in endings.items() if ending == SURVIVED]
    differing = sum(map(reasons.differs, survivors))
    share = killed / (killed + differing)
    cells = (len(endings), killed, count[TIMEOUT], len(survivors) - differing, differing, f"{share:.1%}")
    return f"| {name} | {' | '.join(map(str, cells))} |"


def _survivors(endings: dict[Mutant, str], reasons: Reasons) -> Iterator[str]:
    yield "## Survivors"
    survivors = [mutant for mutant, ending in endings.items() if ending == SURVIVED]
    for path, of_file in itertools.groupby(survivors, lambda mutant: mutant.path):
        yield from ("", f"### {path}", "")
        for mutant in of_file:
            old, new = mutant.change()
            yield f"- line {mutant.line}: `{old}` → {f'`{new}`' if new else 'nothing'}  "
            yield f"  {reasons[mutant] or '**no reason**'}"


# ------------------------------------------------------------------------------------------------ all of it


def main(paths: list[str]) -> None:
    os.chdir(ROOT)
    os.environ |= {"MINICNN_DEVICE": "portable", "OPENBLAS_NUM_THREADS": "1"}
    given = [ROOT / path for path in paths or TARGETS]
    files = [file for path in given for file in (sorted(path.glob("*.py")) if path.is_dir() else [path])]
    outcomes, mutants = Outcomes(), []

    def unknown() -> Iterator[Mutant]:
        for file in files:
            of_file = mutants_of(file)
            mutants.extend(of_file)
            yield from (mutant for mutant in of_file if outcomes[mutant] is None)

    def found(mutant: Mutant, ending: str) -> None:
        outcomes[mutant] = ending
        if ending != KILLED:
            print(f"{ending:10}{mutant.path}:{mutant.line}  {mutant.title}", flush=True)

    tests = {test.partition("::")[0] for name in TESTS for test in Mutant(f"{name}.py", 0, "", "").tests}
    pytest.main([*PYTEST, *sorted(tests)], plugins=[Hunt(unknown(), found)])
    endings, reasons = {mutant: outcomes[mutant] for mutant in mutants}, Reasons()
    if not paths:
        REPORT.write_text(report(endings, reasons), encoding="utf-8")
    survivors = [mutant for mutant, ending in endings.items() if ending == SURVIVED]
    unexplained = [mutant.title for mutant in survivors if not reasons[mutant]]
    idle = [] if paths else reasons.without_survivor(survivors)
    print(f"{len(endings)} mutants, {len(unexplained)} survive without a reason, {len(idle)} reasons for none", *idle)
    sys.exit(1 if unexplained or idle else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
