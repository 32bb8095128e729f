"""Write training.npz: what Keras computes for the cases of training, in float64 (metrics in float32), as float32.

python -m tests.tensorflow.make_training
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .case import fingerprint
from .cases_training import CASES, MetricCase
from .store import save
from .training_in_keras import run

PATH = Path(__file__).with_name("training.npz")
SEED = 20240301


def main() -> None:
    results = {case.name: run(case, SEED, "float32" if isinstance(case, MetricCase) else "float64") for case in CASES}
    record = {
        "command": "python -m tests.tensorflow.make_training",
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "seed": SEED,
        "inputs": {case.name: fingerprint(case, SEED) for case in CASES},
    }
    save(PATH, results, record)
    arrays = [array for found in results.values() for array in found.values()]
    numbers = sum(array.size for array in arrays)
    print(f"{len(results)} cases, {len(arrays)} arrays, {numbers} numbers, {PATH.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
