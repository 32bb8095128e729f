"""minicnn: `python -m peers.minicnn THREADS [exact]`."""

import sys

import numpy as np
from convolutions import FORWARD, GRID, INPUT_GRADIENT, WEIGHT_GRADIENT, arrays

import minicnn
from minicnn.kernels import backend
from peers.by_fit import Fit, repeated
from peers.worker import sample, seconds_per_call, serve


class MiniCnn(Fit):
    def start_convolution(self, name: str) -> list[np.ndarray]:
        """Numbers of the result of a pass of a layer."""
        (layer, direction), kernels = GRID[name], backend("cpu")
        x, w, dy = arrays(layer)
        options = {
            "strides": (layer.stride, layer.stride),
            "pads": ((layer.pad, layer.pad), (layer.pad, layer.pad)),
            "dilation": (layer.dilation, layer.dilation),
            "groups": layer.groups,
        }
        self.convolution = {
            FORWARD: lambda: kernels.conv2d(x, w, **options),
            INPUT_GRADIENT: lambda: kernels.conv2d_input_grad(dy, w, input_size=x.shape[1:3], **options),
            WEIGHT_GRADIENT: lambda: kernels.conv2d_weight_grad(x, dy, kernel_size=w.shape[:2], **options),
        }[direction]
        return [sample(self.convolution())]

    def convolve(self, times: int) -> float:
        return seconds_per_call(self.convolution, times)


if __name__ == "__main__":
    threads, *precision = sys.argv[1:]
    minicnn.config.set_num_threads(int(threads))
    if precision:
        minicnn.config.set_precision(*precision)
    serve(MiniCnn(minicnn, repeated))
