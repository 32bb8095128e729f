"""Results of TensorFlow in one small file: float32 values one after the other, and a JSON record of what they are."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from .case import Results


def save(path: Path, results: dict[str, Results], record: dict[str, Any]) -> None:
    """Write case → array name → values; `record` says where they came from."""
    arrays = [(case, name, values) for case, found in results.items() for name, values in found.items()]
    index = [[case, name, list(values.shape)] for case, name, values in arrays]
    values = np.concatenate([np.float32(values).ravel() for _, _, values in arrays])
    np.savez_compressed(path, values=values, record=np.array(json.dumps(record | {"index": index})))


def load(path: Path) -> tuple[dict[str, Results], dict[str, Any]]:
    """Read what `save` wrote."""
    with np.load(path) as file:
        values, record = file["values"], json.loads(file["record"].item())
    results: dict[str, Results] = {}
    start = 0
    for case, name, shape in record.pop("index"):
        size = int(np.prod(shape))
        results.setdefault(case, {})[name] = values[start : start + size].reshape(shape)
        start += size
    return results, record
