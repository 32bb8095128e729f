"""Write nets.npz: 20 training steps of each net of `nets.py` by Keras, in float64 and in float32, stored as float32.

python -m tests.tensorflow.make_nets
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .nets import NETS, train
from .store import save

PATH = Path(__file__).with_name("nets.npz")
SEED = 20240302


def main() -> None:
    results = {
        f"{name} {dtype}": train(net, keras, dtype, SEED)
        for name, net in NETS.items()
        for dtype in ("float64", "float32")
    }
    record = {
        "command": "python -m tests.tensorflow.make_nets",
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "seed": SEED,
    }
    save(PATH, results, record)
    arrays = sum(len(found) for found in results.values())
    print(f"{len(results)} runs, {arrays} arrays, {PATH.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
