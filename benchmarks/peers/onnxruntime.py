"""ONNX Runtime, for prediction: `python -m peers.onnxruntime THREADS`."""

import sys

import numpy as np
import onnxruntime
from workloads import WORKLOADS

from peers.onnx_graph import images, serialized
from peers.worker import seconds_per_call, serve


class OnnxRuntime:
    def __init__(self, threads: int) -> None:
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads

    def start_prediction(self, workload: str) -> list[np.ndarray]:
        """Build the network; its answers."""
        net = WORKLOADS[workload]
        session = onnxruntime.InferenceSession(serialized(net), self.options, providers=["CPUExecutionProvider"])
        inputs = {"images": images(net)}
        self.answer = lambda: session.run(None, inputs)[0]
        return [self.answer()]

    def predict(self, batches: int) -> float:
        return seconds_per_call(self.answer, batches)


if __name__ == "__main__":
    serve(OnnxRuntime(int(sys.argv[1])))
