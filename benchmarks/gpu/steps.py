"""Training steps and predictions on a GPU: minicnn beside PyTorch, and beside minicnn on this machine's processor.

    python benchmarks/gpu/steps.py OUT.json [ROUNDS]

PyTorch may use TF32 wherever it can, lays images out with channels last and tries its algorithms out beforehand
(cudnn.benchmark); once it runs operation by operation, once as a CUDA graph of the whole step.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from contestants import Entry
from peers.worker import Failure
from races import Race
from sections import Row, Unit
from workloads import WORKLOADS

GPU, CPU = {"MINICNN_DEVICE": "gpu"}, {"MINICNN_DEVICE": "cpu"}
OURS = (
    Entry("minicnn, tf32", "minicnn", variant=("tf32",), environment=GPU),
    Entry("minicnn, float32", "minicnn", variant=("float32",), environment=GPU),
)
ON_CPU = Entry("minicnn on the CPU", "minicnn", environment=CPU)
EAGER = Entry("PyTorch, eager", "torch_cuda", ("torch",), ("eager",))
GRAPH = Entry("PyTorch graph", "torch_cuda", ("torch",), ("graph",))

NETS = {name: f"{name}: {workload.title}" for name, workload in WORKLOADS.items()}
STEPS = Race(
    "Training step",
    "Forward, backward and update of all weights; minicnn by its own `fit`.",
    NETS,
    (*OURS, EAGER, GRAPH, ON_CPU),
    Unit("ms", 1e3),
    start="start_training",
    run="train",
    tolerance=1e-2,  # of TF32
)


def measured(case: str, rounds: int) -> Row:
    """A race by processes of its own: if one fails, the other cases still run."""
    try:
        return next(STEPS.rows([case], os.cpu_count() or 1, rounds))
    except Failure as failure:
        return {"case": case, "problem": str(failure)}


def main(out: str, rounds: int = 5) -> None:
    found: list[Row] = []
    for case in NETS:
        found.append(measured(case, rounds))
        Path(out).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
