"""PyTorch on a GPU, in TF32 and with channels last: `python -m peers.torch_cuda THREADS eager|graph`."""

import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from workloads import WORKLOADS, Workload, batch

from peers.torch import PyTorch
from peers.worker import GATE_STEPS, serve

_WARM_UP = 11  # steps before a capture, as PyTorch advises


class OnGpu:
    def __init__(self, way: str) -> None:
        self.graphed = way == "graph"
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True

    def start_training(self, workload: str, steps: int = GATE_STEPS) -> list[float]:
        """Build the network; the losses of its first steps. What is measured are later ones of a network like it."""
        self.step = self._step(WORKLOADS[workload])
        losses = [self.step().item() for _ in range(steps)]
        if self.graphed:
            self.step = self._captured(self._step(WORKLOADS[workload]))
        return losses

    def train(self, steps: int) -> float:
        """Seconds a step, the loss of the last one read: the host runs ahead of the GPU."""
        for _ in range(steps):
            self.step()
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(steps):
            loss = self.step()
        loss.item()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / steps

    def _step(self, net: Workload) -> Callable[[], torch.Tensor]:
        model = PyTorch("channels_last").build(net).cuda()
        images, labels = (torch.from_numpy(array).cuda() for array in batch(net))
        x = images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        measure = nn.BCEWithLogitsLoss() if net.classes == 1 else nn.CrossEntropyLoss()
        update = optimizer(net, model)

        def step() -> torch.Tensor:
            update.zero_grad(set_to_none=True)
            loss = measure(model(x), labels)
            loss.backward()
            update.step()
            return loss.detach()

        return step

    def _captured(self, step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(_WARM_UP):
                step()
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss = step()

        def replay() -> torch.Tensor:
            graph.replay()
            return loss

        return replay


def optimizer(net: Workload, model: nn.Module) -> torch.optim.Optimizer:
    """With Keras's decay, and numbers of steps that a graph can count."""
    name, learning_rate, epsilon = net.optimizer
    if name == "Adam":
        return torch.optim.Adam(model.parameters(), learning_rate, eps=epsilon, fused=True, capturable=True)
    return torch.optim.RMSprop(model.parameters(), learning_rate, alpha=0.9, eps=epsilon, capturable=True)


if __name__ == "__main__":
    serve(OnGpu(sys.argv[2]))
