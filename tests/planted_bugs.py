"""Plant every bug of minicnn.lab, one at a time, and run the tests that should notice: which one did?

    python tests/planted_bugs.py            all of them; writes docs/planted_bugs.md
    python tests/planted_bugs.py NAME …     these only; writes nothing

Exit code 1 when a bug survives: then a test is missing. Compiled kernels are left out: the bugs are in Python.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from minicnn.lab import BUGS, SUBJECTS, Bug, find

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs/planted_bugs.md"
PYTEST = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "-k", "not cpu"]

#: where a bug of a subject should be noticed, the nearest tests first
TESTS = {
    "arithmetic": "ops/test_arithmetic.py ops/test_shaping.py ops/test_dense.py ops/test_activations.py",
    "activation": "ops/test_activations.py kernels/test_activation.py",
    "dense": "ops/test_dense.py kernels/test_dense.py",
    "tape": "ops/test_op.py test_tensor.py",
    "loss": "ops/test_cross_entropy.py kernels/test_loss.py test_losses.py",
    "convolution": "kernels/test_geometry.py ops/test_conv2d.py kernels/test_convolution.py",
    "pooling": "ops/test_pooling.py kernels/test_pooling.py",
    "normalization": "ops/test_batch_norm.py kernels/test_normalization.py layers/test_batch_normalization.py",
    "dropout": "ops/test_dropout.py kernels/test_dropout.py layers/test_dropout.py",
    "layer": "layers test_initializers.py",
    "regularizer": "test_regularizers.py layers test_training.py",
    "optimizer": "optimizers kernels/test_optimizer.py",
    "training": "test_training.py data",
    "metric": "test_metrics.py",
}


class Outcome(NamedTuple):
    """How a run of the tests ended: the first that failed, or None."""

    caught_by: str | None
    summary: str


def run_tests(subject: str, bug: Bug | None = None) -> Outcome:
    """Run a subject's tests, with a bug planted or without."""
    planted = {"MINICNN_PLANTED_BUG": bug.name} if bug else {}
    paths = [f"tests/{path}" for path in TESTS[subject].split()]
    environment = os.environ | {"MINICNN_DEVICE": "portable"} | planted
    done = subprocess.run([*PYTEST, *paths], cwd=ROOT, env=environment, capture_output=True, text=True)
    first = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode not in (0, 1) or (done.returncode == 1) != (first is not None):
        sys.exit(f"pytest {' '.join(paths)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return Outcome(first and first[1], done.stdout.splitlines()[-1])


def expect_healthy(subject: str) -> None:
    """Without bugs the tests must pass, or they prove nothing."""
    if broken := run_tests(subject).caught_by:
        sys.exit(f"{broken} fails without any bug")


def hunt(bug: Bug) -> str | None:
    """The first test that fails with the bug."""
    outcome = run_tests(bug.subject, bug)
    print(f"{bug.subject:14}{bug.name:42}{outcome.caught_by or f'SURVIVES: {outcome.summary}'}", flush=True)
    return outcome.caught_by


def table(caught_by: dict[Bug, str | None]) -> str:
    """The outcome in Markdown."""
    lines = [
        "# Planted bugs",
        "",
        f"{len(caught_by)} mistakes that a careful person could make, each put into minicnn by itself, and the first",
        "test that failed. Regenerate with `python tests/planted_bugs.py`; hunt one yourself with `minicnn lab bugs`.",
    ]
    for subject in SUBJECTS:
        lines += ["", f"## {subject.capitalize()}", "", "| bug | its author | caught by |", "|---|---|---|"]
        lines += [_row(bug, test) for bug, test in caught_by.items() if bug.subject == subject]
    return "\n".join(lines) + "\n"


def _row(bug: Bug, test: str | None) -> str:
    shown = f"`{test.removeprefix('tests/')}`" if test else "**nothing**"
    return f"| {bug.name.replace('_', ' ')} | {_cell(bug.story)} | {_cell(shown)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(names: list[str]) -> None:
    bugs = [find(name) for name in names] or list(BUGS)
    with ThreadPoolExecutor(2) as two_at_a_time:
        list(two_at_a_time.map(expect_healthy, dict.fromkeys(bug.subject for bug in bugs)))
        caught_by = dict(zip(bugs, two_at_a_time.map(hunt, bugs)))
    if not names:
        TABLE.parent.mkdir(exist_ok=True)
        TABLE.write_text(table(caught_by), encoding="utf-8")
    survivors = [bug.name for bug, test in caught_by.items() if test is None]
    print(f"{len(bugs) - len(survivors)} of {len(bugs)} bugs are caught", *survivors, sep="\n  ")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
