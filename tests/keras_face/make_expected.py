"""Write expected.json: what the programs give under Keras.

python -m tests.keras_face.make_expected
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .all_programs import PROGRAMS
from .program import run

PATH = Path(__file__).with_name("expected.json")
SEED = 20240303


def main() -> None:
    record = {
        "command": "python -m tests.keras_face.make_expected",
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "seed": SEED,
    }
    results = {name: run(name, keras, SEED) for name in PROGRAMS}
    PATH.write_text(json.dumps({"record": record, "results": results}, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(results)} programs, {PATH.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
