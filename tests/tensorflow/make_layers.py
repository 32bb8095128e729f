"""Write layers.npz: what Keras computes for the cases of `minicnn.layers`, in float64, stored as float32.

python -m tests.tensorflow.make_layers
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .cases_layers import CASES
from .layer_in_keras import run
from .store import save

PATH = Path(__file__).with_name("layers.npz")
SEED = 20240301


def main() -> None:
    results = {case.name: run(case, SEED) for case in CASES}
    record = {
        "command": "python -m tests.tensorflow.make_layers",
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "seed": SEED,
    }
    save(PATH, results, record)
    arrays = sum(len(found) for found in results.values())
    print(f"{len(results)} cases, {arrays} arrays, {PATH.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
