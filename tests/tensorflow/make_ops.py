"""Write ops.npz: what TensorFlow computes for the cases of `minicnn.ops`, in float64, stored as float32.

python -m tests.tensorflow.make_ops
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import numpy as np
import tensorflow as tf

from .case import fingerprint, run
from .cases_ops import CASES
from .store import save
from .with_tensorflow import TensorFlow

PATH = Path(__file__).with_name("ops.npz")
SEED = 20240229


def main() -> None:
    results = {case.name: run(case, TensorFlow(), SEED) for case in CASES}
    record = {
        "command": "python -m tests.tensorflow.make_ops",
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "seed": SEED,
        "inputs": {case.name: fingerprint(case, SEED) for case in CASES},
    }
    save(PATH, results, record)
    arrays = sum(len(found) for found in results.values())
    print(f"{len(results)} cases, {arrays} arrays, {PATH.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
