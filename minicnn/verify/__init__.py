"""Is every kernel and every gradient right? Random cases against the float64 reference, on every backend present.

    case.py                 one call of a kernel, as data; it can be written down as Python
    check.py                a kernel's results against the reference, within the bounds of the contract
    gradient.py             a gradient against the slope: ⟨v, Jᵀu⟩ = ⟨Jv, u⟩
    against_tensorflow.py   a gradient against TensorFlow's, where that is installed
    trajectories.py         whole training runs against Keras's, step by step
    cases/                  how cases are drawn
    checks.py run.py        all there is to check, until the time is up
    simplify.py             plainer numbers in what fails
    results.py report.py    the table, and programs that show what failed

Drawing needs hypothesis (`pip install "minicnn[verify]"`); checking a given case does not.
"""

from .case import Case
from .check import Verdict, check
from .gradient import check_gradient

__all__ = ["Case", "Verdict", "check", "check_gradient"]
