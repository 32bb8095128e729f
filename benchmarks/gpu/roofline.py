"""Every kernel of a training step beside the least time that it can take on this GPU.

    python benchmarks/gpu/roofline.py OUT.json

The least time is that of its multiplications or of its bytes at the measured ceilings, whichever is longer; a
multiplication of tensor cores in three terms counts once.
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from ceilings import Ceilings, measured
from workloads import WORKLOADS, build

import minicnn
from minicnn.plan.explain import Row, plan_rows


def entry(row: Row, ceilings: Ceilings, precision: str) -> dict[str, Any]:
    """A kernel, the seconds that it took and those that it needs."""
    work = ceilings.tf32 if precision != "exact" and "conv" in row.kernel else ceilings.float32
    needs = max(row.flops / work, row.bytes / ceilings.bytes)
    taken = max(row.seconds - ceilings.launch, 0)
    return {
        "layer": row.layer,
        "kernel": row.kernel,
        "shape": row.shape,
        "algorithm": row.algorithm,
        "seconds": taken,
        "needs": needs,
        "share": needs / taken if taken else None,
    }


def main(out: str) -> None:
    with minicnn.device("gpu"):
        ceilings = measured()
        found: dict[str, Any] = {"ceilings": ceilings._asdict(), "kernels": {}}
        for precision in ("tf32", "float32"):
            minicnn.config.set_precision(precision)
            for name, workload in WORKLOADS.items():
                rows, _ = plan_rows(build(minicnn, workload), workload.batch)
                entries = [entry(row, ceilings, precision) for row in rows]
                found["kernels"][f"{name}, {precision}"] = entries
                Path(out).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
