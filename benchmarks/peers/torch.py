"""PyTorch: `python -m peers.torch THREADS channels_last|channels_first`."""

import sys

import numpy as np
import torch
from convolutions import FORWARD, GRID, INPUT_GRADIENT, WEIGHT_GRADIENT, arrays
from torch import nn
from workloads import WORKLOADS, Conv, Dense, MaxPool, Workload, activations, batch, channels_first, weights

from peers.worker import GATE_STEPS, sample, seconds_per_call, serve


class FlattenChannelsLast(nn.Module):
    """(N, C, H, W) → (N, H·W·C): nothing moves where the channels of a pixel lie side by side."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


class PyTorch:
    def __init__(self, layout: str) -> None:
        self.channels_last = layout == "channels_last"

    def start_training(self, workload: str, steps: int = GATE_STEPS) -> list[float]:
        """Build the network; the losses of its first steps."""
        net = WORKLOADS[workload]
        model = self.build(net)
        images, labels = (torch.from_numpy(array) for array in batch(net))
        x = self._laid_out(images.permute(0, 3, 1, 2))
        update = optimizer(net, model)
        measure = nn.BCEWithLogitsLoss() if net.classes == 1 else nn.CrossEntropyLoss()

        def step() -> float:
            update.zero_grad(set_to_none=True)
            loss = measure(model(x), labels)
            loss.backward()
            update.step()
            return loss.item()

        self.step = step
        return [step() for _ in range(steps)]

    def train(self, steps: int) -> float:
        return seconds_per_call(self.step, steps)

    def start_prediction(self, workload: str) -> list[np.ndarray]:
        """Build the network; its answers."""
        net = WORKLOADS[workload]
        model = self.build(net).eval()
        x = self._laid_out(torch.from_numpy(batch(net)[0]).permute(0, 3, 1, 2))

        @torch.inference_mode()
        def answer() -> np.ndarray:
            return model(x).numpy()

        self.answer = answer
        return [answer()]

    def predict(self, batches: int) -> float:
        return seconds_per_call(self.answer, batches)

    def start_convolution(self, name: str) -> list[np.ndarray]:
        """Numbers of the result of a pass of a layer."""
        layer, direction = GRID[name]
        images, kernel, gradient = map(torch.from_numpy, arrays(layer))
        x, dy = (self._laid_out(array.permute(0, 3, 1, 2)) for array in (images, gradient))
        w = self._laid_out(kernel.permute(3, 2, 0, 1))
        options = [(layer.stride,) * 2, (layer.pad,) * 2, (layer.dilation,) * 2]
        backward = torch.ops.aten.convolution_backward
        wanted = [direction == gradient for gradient in (INPUT_GRADIENT, WEIGHT_GRADIENT)]

        @torch.no_grad()
        def convolve() -> torch.Tensor:
            if direction == FORWARD:
                return nn.functional.conv2d(x, w, None, *options, layer.groups)
            dx, dw, _ = backward(dy, x, w, None, *options, False, (0, 0), layer.groups, (*wanted, False))
            return dw if direction == WEIGHT_GRADIENT else dx

        self.convolution = convolve
        return [sample(convolve().permute((2, 3, 1, 0) if direction == WEIGHT_GRADIENT else (0, 2, 3, 1)).numpy())]

    def convolve(self, times: int) -> float:
        return seconds_per_call(self.convolution, times)

    def build(self, net: Workload) -> nn.Module:
        modules: list[nn.Module] = []
        for layer, given in zip(net.layers, activations(net)):
            match layer:
                case Conv(filters, size, padding):
                    pad = size // 2 if padding == "same" else 0
                    modules += [nn.Conv2d(given[2], filters, size, padding=pad), nn.ReLU(inplace=True)]
                case MaxPool():
                    modules.append(nn.MaxPool2d(2))
                case Dense(units, relu):
                    if len(given) == 3:
                        modules.append(FlattenChannelsLast() if self.channels_last else nn.Flatten())
                    modules.append(nn.Linear(torch.Size(given).numel(), units))
                    modules += [nn.ReLU(inplace=True)] * relu
        model = nn.Sequential(*modules)
        self._set_weights(model, net)
        return model.to(memory_format=self._format)

    def _set_weights(self, model: nn.Module, net: Workload) -> None:
        arrays = channels_first(net)
        if self.channels_last:  # flattened as in Keras
            arrays = [a if a.ndim == 4 else np.ascontiguousarray(b.T) for a, b in zip(arrays, weights(net))]
        with torch.no_grad():
            for parameter, array in zip(model.parameters(), arrays, strict=True):
                parameter.copy_(torch.from_numpy(array))

    @property
    def _format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def _laid_out(self, x: torch.Tensor) -> torch.Tensor:
        return x.contiguous(memory_format=self._format)


def optimizer(net: Workload, model: nn.Module) -> torch.optim.Optimizer:
    """With Keras's decay; Adam updates all weights in one pass."""
    name, learning_rate, epsilon = net.optimizer
    if name == "Adam":
        return torch.optim.Adam(model.parameters(), learning_rate, eps=epsilon, fused=True)
    return torch.optim.RMSprop(model.parameters(), learning_rate, alpha=0.9, eps=epsilon)


if __name__ == "__main__":
    threads, layout = sys.argv[1:]
    torch.set_num_threads(int(threads))
    serve(PyTorch(layout))
