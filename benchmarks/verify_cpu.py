"""Every kernel and every gradient on all CPU backends, on many cases, kept as a Markdown table.

    python benchmarks/verify_cpu.py [--cases N] [--seed S]

Writes benchmarks/results/verify_cpu.md; the exit status is 1 if anything failed.
"""

import argparse
import sys
import time
from pathlib import Path

from surroundings import surroundings

from minicnn.verify.checks import all_checks, present
from minicnn.verify.report import markdown, story
from minicnn.verify.results import Results
from minicnn.verify.run import Budget, verify

TABLE = Path(__file__).parent / "results/verify_cpu.md"


def document(results: Results, seed: int, seconds: float) -> str:
    """The table, and under what it was made."""
    verdict = f"{len(results.failures)} failed" if results.failures else "no failure"
    return f"""# Every kernel and every gradient on the CPU backends

{results.cases:,} random cases, {results.comparisons:,} comparisons: **{verdict}**.

A cell shows the worst error in units of its bound and the number of cases: at most 1 is right, 0 is exact.
Kernels are compared with the float64 reference, within the bounds stated in `kernels/contract/bounds`.
Gradients of operations are compared with the slope of the float64 reference (⟨v, Jᵀu⟩ = ⟨Jv, u⟩); the column
"tensorflow" compares minicnn's float64 result and gradients with TensorFlow's.

`minicnn verify` does the same for a minute.

{surroundings(f"{seconds:.0f} s", f"seed {seed}")}
{markdown(results)}
""" + "".join(f"\n```python\n{story(failure)}\n```\n" for failure in results.failures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=25_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    backends = [name for name in present() if name != "gpu"]
    results, started = Results(), time.monotonic()
    verify(all_checks(backends), results, Budget(cases=options.cases), options.seed)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(document(results, options.seed, time.monotonic() - started), encoding="utf-8")
    print(f"{results.cases:,} cases, {len(results.failures)} failed: {TABLE}")
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
