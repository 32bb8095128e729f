"""OpenVINO, for prediction: `python -m peers.openvino THREADS`."""

import sys

import numpy as np
import openvino
from workloads import WORKLOADS

from peers.onnx_graph import images, serialized
from peers.worker import seconds_per_call, serve


class OpenVino:
    def __init__(self, threads: int) -> None:
        self.options = {
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }

    def start_prediction(self, workload: str) -> list[np.ndarray]:
        """Build the network; its answers."""
        net = WORKLOADS[workload]
        core = openvino.Core()
        request = core.compile_model(core.read_model(serialized(net)), "CPU", self.options).create_infer_request()
        inputs = images(net)
        self.answer = lambda: request.infer([inputs], share_inputs=True)[0]
        return [self.answer()]

    def predict(self, batches: int) -> float:
        return seconds_per_call(self.answer, batches)


if __name__ == "__main__":
    serve(OpenVino(int(sys.argv[1])))
