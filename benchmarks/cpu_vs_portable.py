"""Is any compiled kernel slower than its NumPy counterpart?

    python benchmarks/cpu_vs_portable.py [--out FILE] [--rounds N] [--only WORD]

Whole training steps, and every kernel by itself on shapes that no one tuned it for. Each backend runs in a process of
its own, and stands still while the other has its turn: idle threads, which wait for work in a loop, would take a core
from it. A turn gives some timed calls. A case counts only if the results agree. The table shows the ratio
cpu / portable of the medians, worst first. update_moving_average, which is the same function in both, shows how
much of a ratio is noise. The exit status is 1 if a result differs or a training step takes longer than in NumPy.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from surroundings import surroundings

MARGIN = 1.1  # between two runs of the same code on a shared machine
TOLERANCE = 1e-4
TURN = 0.015  # seconds of calls in one turn

STEP = "training step: "

Call = tuple[str | Callable, tuple, dict[str, Any]]  # a kernel's name or a function, its arguments and options


class Cases:
    """The grid: the kernel, the arguments and the options of every case, made anew from one seed in each process."""

    def __init__(self) -> None:
        self.makers: dict[str, Callable[[], Call]] = {}
        self._steps()
        self._convolutions()
        self._dense()
        self._pooling()
        self._activations()
        self._normalization()
        self._losses()
        self._optimizers()

    def _add(self, name: str, kernel: str, *shapes: tuple[int, ...], **options: Any) -> None:
        self._make(f"{kernel} {name}", lambda rng: (kernel, tuple(_normal(rng, shape) for shape in shapes), options))

    def _make(self, name: str, maker: Callable[[np.random.Generator], Call]) -> None:
        self.makers[name] = lambda: maker(np.random.default_rng(0))

    def _steps(self) -> None:
        convolutions = [conv for filters in (16, 32) for conv in (("conv", filters), ("conv", filters), ("pool",))]
        grid: dict[str, tuple[tuple[int, ...], list[tuple], tuple[int, ...]]] = {
            "LeNet": ((28, 28, 1), [("conv", 6), ("pool",), ("conv", 16), ("pool",), ("dense", 120)], (1, 16, 128)),
            "four convolutions": ((32, 32, 3), [*convolutions, ("dense", 64)], (1, 32)),
            "two dense layers": ((28, 28, 1), [("dense", 512), ("dense", 512)], (1, 32, 256)),
        }
        for name, (image, plan, batches) in grid.items():
            for batch in batches:
                self._make(f"{STEP}{name}, batch {batch}", _step(image, plan, batch))

    def _convolutions(self) -> None:
        # name: N, H = W, C, K, R = S, stride, padding, dilation, groups
        grid = {
            "tiny": (1, 8, 1, 4, 3, 1, 0, 1, 1),
            "tiny batch": (4, 8, 3, 8, 3, 1, 1, 1, 1),
            "LeNet 1": (128, 28, 1, 6, 5, 1, 2, 1, 1),
            "LeNet 2": (128, 14, 6, 16, 5, 1, 0, 1, 1),
            "LeNet 1, batch 1": (1, 28, 1, 6, 5, 1, 2, 1, 1),
            "CIFAR 1": (64, 32, 3, 32, 3, 1, 1, 1, 1),
            "CIFAR 2": (32, 32, 32, 32, 3, 1, 1, 1, 1),
            "CIFAR 3": (32, 16, 32, 64, 3, 1, 1, 1, 1),
            "CIFAR 5×5": (16, 32, 3, 64, 5, 1, 2, 1, 1),
            "VGG 3→64": (4, 112, 3, 64, 3, 1, 1, 1, 1),
            "VGG 64→64": (2, 112, 64, 64, 3, 1, 1, 1, 1),
            "VGG 128→128": (2, 56, 128, 128, 3, 1, 1, 1, 1),
            "VGG 256→256": (2, 28, 256, 256, 3, 1, 1, 1, 1),
            "VGG 256→256, batch 1": (1, 14, 256, 256, 3, 1, 1, 1, 1),
            "7×7 images, 256→256": (1, 7, 256, 256, 3, 1, 1, 1, 1),
            "1×1 64→256": (4, 28, 64, 256, 1, 1, 0, 1, 1),
            "1×1 256→64": (4, 28, 256, 64, 1, 1, 0, 1, 1),
            "1×1 256→1": (4, 28, 256, 1, 1, 1, 0, 1, 1),
            "1×1 stride 2": (8, 28, 64, 128, 1, 2, 0, 1, 1),
            "1×1 stride 3": (8, 32, 32, 64, 1, 3, 0, 1, 1),
            "3×3 1→256": (4, 28, 1, 256, 3, 1, 1, 1, 1),
            "3×3 256→1": (4, 28, 256, 1, 3, 1, 1, 1, 1),
            "3×3 256→8": (4, 28, 256, 8, 3, 1, 1, 1, 1),
            "3×3 8→256": (4, 28, 8, 256, 3, 1, 1, 1, 1),
            "3×3 2→2": (8, 32, 2, 2, 3, 1, 1, 1, 1),
            "5×5 32→32": (16, 16, 32, 32, 5, 1, 2, 1, 1),
            "7×7 stride 2": (2, 112, 3, 64, 7, 2, 3, 1, 1),
            "3×3 stride 2": (16, 32, 32, 64, 3, 2, 1, 1, 1),
            "3×3 stride 3": (8, 32, 32, 32, 3, 3, 0, 1, 1),
            "2×2 stride 2": (8, 32, 32, 64, 2, 2, 0, 1, 1),
            "11×11 stride 4": (2, 115, 3, 64, 11, 4, 0, 1, 1),
            "dilated 2": (8, 32, 32, 32, 3, 1, 2, 2, 1),
            "dilated 4": (4, 32, 64, 64, 3, 1, 4, 4, 1),
            "2 groups": (8, 16, 64, 64, 3, 1, 1, 1, 2),
            "4 groups": (8, 32, 32, 32, 3, 1, 1, 1, 4),
            "16 groups": (8, 16, 64, 64, 3, 1, 1, 1, 16),
            "depthwise 32": (8, 32, 32, 32, 3, 1, 1, 1, 32),
            "depthwise 256": (2, 28, 256, 256, 3, 1, 1, 1, 256),
            "depthwise 64 stride 2": (8, 32, 64, 64, 3, 2, 1, 1, 64),
            "depthwise 5×5": (4, 28, 64, 64, 5, 1, 2, 1, 64),
            "depthwise ×2": (8, 32, 32, 64, 3, 1, 1, 1, 32),
        }
        for name, (n, h, c, k, r, stride, pad, dilation, groups) in grid.items():
            options = {
                "strides": (stride, stride),
                "pads": ((pad, pad), (pad, pad)),
                "dilation": (dilation, dilation),
                "groups": groups,
            }
            p = (h + 2 * pad - (r - 1) * dilation - 1) // stride + 1
            x, w, y = (n, h, h, c), (r, r, c // groups, k), (n, p, p, k)
            self._add(name, "conv2d", x, w, (k,), **options)
            self._add(name, "conv2d_input_grad", y, w, input_size=(h, h), **options)
            self._add(name, "conv2d_weight_grad", x, y, kernel_size=(r, r), **options)
        for shape in ((128, 28, 28, 6), (32, 32, 32, 32), (2, 56, 56, 128), (128, 10), (4, 64, 64, 1)):
            self._add("×".join(map(str, shape)), "bias_grad", shape)

    def _dense(self) -> None:
        grid = (
            (1, 10, 10), (32, 84, 10), (128, 400, 120), (128, 120, 84), (1, 400, 120), (32, 25088, 50),
            (1, 25088, 50), (64, 2048, 1000), (1, 2048, 1000), (256, 784, 512), (512, 512, 512), (3, 1000, 100),
            (1000, 64, 1), (1000, 1, 64), (2000, 100, 100),
        )  # fmt: skip
        for n, c, k in grid:
            name = f"{n}×{c}→{k}"
            self._add(name, "dense", (n, c), (c, k), (k,))
            self._add(name, "dense_input_grad", (n, k), (c, k))
            self._add(name, "dense_weight_grad", (n, c), (n, k))

    def _pooling(self) -> None:
        # name: input, window, stride, padding
        grid = {
            "2×2 LeNet": ((128, 28, 28, 6), 2, 2, 0),
            "2×2 grey": ((32, 28, 28, 1), 2, 2, 0),
            "2×2 VGG": ((4, 56, 56, 64), 2, 2, 0),
            "2×2 256": ((2, 28, 28, 256), 2, 2, 0),
            "3×3 stride 2": ((8, 32, 32, 64), 3, 2, 1),
            "3×3 stride 1": ((8, 16, 16, 32), 3, 1, 1),
            "2×2 tiny": ((1, 4, 4, 2), 2, 2, 0),
            "7×7": ((4, 28, 28, 64), 7, 7, 0),
        }
        for name, (shape, window, stride, pad) in grid.items():
            options = {"pool_size": (window, window), "strides": (stride, stride), "pads": ((pad, pad), (pad, pad))}
            size = tuple((s + 2 * pad - window) // stride + 1 for s in shape[1:3])
            pooled = (shape[0], *size, shape[3])
            self._add(name, "max_pool2d", shape, **options)
            self._add(name, "avg_pool2d", shape, **options)
            self._add(name, "avg_pool2d_grad", pooled, input_size=shape[1:3], **options)
            self._make(f"max_pool2d_grad {name}", _max_pool_grad(pooled, window, input_size=shape[1:3], **options))
        for shape in ((32, 7, 7, 512), (1, 7, 7, 512), (8, 32, 32, 64), (64, 8, 8, 3)):
            name = "×".join(map(str, shape))
            self._add(name, "global_avg_pool2d", shape)
            self._add(name, "global_max_pool2d", shape)
            self._add(name, "global_avg_pool2d_grad", (shape[0], shape[3]), input_size=shape[1:3])
            self._make(f"global_max_pool2d_grad {name}", _global_max_grad(shape))

    def _activations(self) -> None:
        options: dict[str, dict] = {
            "leaky_relu": {"negative_slope": 0.1},
            "clip": {"low": -0.5, "high": 0.5},
        }
        for shape in ((10,), (128, 84), (64, 32, 32, 32), (8, 112, 112, 64)):
            name = "×".join(map(str, shape))
            for kernel in ("relu", "leaky_relu", "clip", "sigmoid", "tanh"):
                self._add(name, kernel, shape, **options.get(kernel, {}))
                self._add(name, f"{kernel}_grad", shape, shape, **options.get(kernel, {}))
            self._make(f"dropout {name}", _dropout(shape))
            self._make(f"dropout_grad {name}", _dropout_grad(shape))
        for shape in ((1, 10), (128, 10), (32, 1000), (4096, 100)):
            name = "×".join(map(str, shape))
            for kernel in ("softmax", "log_softmax"):
                self._add(name, kernel, shape)
                self._add(name, f"{kernel}_grad", shape, shape)

    def _normalization(self) -> None:
        for shape in ((128, 84), (32, 32, 32, 32), (4, 56, 56, 128), (64, 28, 28, 6), (8, 64, 64, 1), (2, 4, 4, 8)):
            name, channels = "×".join(map(str, shape)), shape[-1:]
            self._add(name, "batch_norm", shape, channels, channels, epsilon=1e-3)
            for kernel, arrays in (
                ("batch_norm_grad", (shape, shape)),
                ("batch_norm_inference", (shape,)),
                ("batch_norm_inference_grad", (shape, shape)),
            ):
                self._make(f"{kernel} {name}", _with_statistics(kernel, arrays, channels))
        self._make(
            "update_moving_average 64",
            lambda rng: ("update_moving_average", (_normal(rng, (64,)), _normal(rng, (64,))), {"momentum": 0.9}),
        )

    def _losses(self) -> None:
        for n, k in ((1, 10), (128, 10), (32, 1000), (4096, 100)):
            self._add(f"{n}×{k}", "softmax_cross_entropy", (n, k), (n, k))
            self._add(f"{n}×{k}", "sigmoid_cross_entropy", (n, k), (n, k))
            self._make(f"sparse_softmax_cross_entropy {n}×{k}", _sparse(n, k))

    def _optimizers(self) -> None:
        rate = {"learning_rate": 1e-3}
        for size in (10, 10_000, 1_000_000):
            for kernel, states, options in (
                ("sgd_update", 0, {}),
                ("sgd_update", 1, {"momentum": 0.9}),
                ("sgd_update", 1, {"momentum": 0.9, "nesterov": True}),
                ("rmsprop_update", 1, {}),
                ("rmsprop_update", 3, {"momentum": 0.9}),
                ("adam_update", 2, {"step": 3}),
                ("adam_update", 3, {"step": 3}),
                ("adamw_update", 2, {"step": 3, "weight_decay": 1e-2}),
            ):
                nesterov = " nesterov" if "nesterov" in options else ""
                name = f"{kernel} {size}, {states} states{nesterov}"
                self._make(name, _optimizer(kernel, size, states, rate | options))


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32)


def _step(image: tuple[int, ...], plan: list[tuple], batch: int) -> Callable:
    """A training step of a net of so many filters and units; its result is the loss."""
    from minicnn import Sequential, layers, utils

    kinds = {"conv": lambda n: layers.Conv2D(n, 5, activation="relu"), "pool": lambda: layers.MaxPooling2D()}
    kinds["dense"] = lambda n: layers.Dense(n, activation="relu")

    def make(rng: np.random.Generator) -> Call:
        utils.set_random_seed(0)
        body = [kinds[kind](*size) for kind, *size in plan]
        first_dense = next(i for i, (kind, *_) in enumerate(plan) if kind == "dense")
        body.insert(first_dense, layers.Flatten())
        net = Sequential([layers.Input(image), *body, layers.Dense(10, activation="softmax")])
        net.compile("adam", "sparse_categorical_crossentropy")
        x, y = _normal(rng, (batch, *image)), rng.integers(10, size=batch)
        return lambda: np.array(net.train_on_batch(x, y)), (), {}

    return make


def _max_pool_grad(pooled: tuple[int, ...], window: int, **options: Any) -> Callable:
    # centre codes never point at the padding
    def make(rng: np.random.Generator) -> Call:
        code = rng.integers(window, size=pooled) + window * (window // 2)
        code[:, :, 0] = code[:, :, -1] = window * (window // 2) + window // 2
        return "max_pool2d_grad", (_normal(rng, pooled), code.astype(np.uint8)), options

    return make


def _global_max_grad(shape: tuple[int, ...]) -> Callable:
    n, h, w, c = shape

    def make(rng: np.random.Generator) -> Call:
        return (
            "global_max_pool2d_grad",
            (_normal(rng, (n, c)), rng.integers(h * w, size=(n, c))),
            {"input_size": (h, w)},
        )

    return make


def _dropout(shape: tuple[int, ...]) -> Callable:
    return lambda rng: ("dropout", (_normal(rng, shape),), {"rate": 0.5, "rng": rng})


def _dropout_grad(shape: tuple[int, ...]) -> Callable:
    return lambda rng: ("dropout_grad", (_normal(rng, shape), rng.random(shape) < 0.5), {"rate": 0.5})


def _with_statistics(kernel: str, shapes: tuple, channels: tuple[int, ...]) -> Callable:
    def make(rng: np.random.Generator) -> Call:
        arrays = [_normal(rng, shape) for shape in shapes]
        gamma, mean, variance = _normal(rng, channels), _normal(rng, channels), rng.random(channels, np.float32) + 1
        beta = [_normal(rng, channels)] if kernel == "batch_norm_inference" else []
        return kernel, (*arrays, gamma, *beta, mean, variance), {"epsilon": 1e-3}

    return make


def _sparse(n: int, k: int) -> Callable:
    return lambda rng: ("sparse_softmax_cross_entropy", (_normal(rng, (n, k)), rng.integers(k, size=n)), {})


def _optimizer(kernel: str, size: int, states: int, options: dict) -> Callable:
    def make(rng: np.random.Generator) -> Call:
        # the first state of three, a mean square, must exceed the square of the second, a mean
        state = [np.square(_normal(rng, (size,))) * np.float32(0.1) + 1 for _ in range(states)]
        if states == 3:
            state[0] += 99
        return kernel, (_normal(rng, (size,)), _normal(rng, (size,)), *state), options

    return make


class Contestant:
    """A backend in a process of its own, which runs only while it is asked something."""

    def __init__(self, name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(name, theirs), daemon=True)
        self._process.start()
        self._signal(signal.SIGSTOP)

    def ask(self, request: str | float) -> Any:
        """The results of a case, or the times of its calls in so many seconds."""
        self._signal(signal.SIGCONT)
        self._connection.send(request)
        answer = self._connection.recv()
        self._signal(signal.SIGSTOP)
        return answer

    def end(self) -> None:
        self._process.kill()

    def _signal(self, number: int) -> None:
        assert self._process.pid
        os.kill(self._process.pid, number)


def serve(name: str, connection: Connection) -> None:
    """A backend's process: make a case and send its results, or time some calls of it and send the seconds."""
    from minicnn import device
    from minicnn.kernels import backend

    device(name)
    kernels, makers = backend(name), Cases().makers
    run: Callable[[], Any] = lambda: None  # noqa: E731
    while True:
        request = connection.recv()
        if isinstance(request, str):
            kernel, arguments, options = makers[request]()
            function = kernel if callable(kernel) else getattr(kernels, kernel)
            run = lambda: function(*arguments, **options)  # noqa: B023, E731
            result = run()
            connection.send(arguments if result is None else result)
        else:
            connection.send(list(timed(run, request)))


def timed(run: Callable[[], Any], seconds: float) -> Iterator[float]:
    """Seconds of single calls, after one to warm up; short calls are timed a few at a time."""
    run()
    start = time.perf_counter()
    run()
    repeats = max(1, int(2e-4 / (time.perf_counter() - start)))
    end = time.perf_counter() + seconds
    for turn in range(1000):
        if turn >= 3 and time.perf_counter() > end:
            return
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        yield (time.perf_counter() - start) / repeats


def agree(a: Any, b: Any) -> bool:
    """Whether two results are equal to TOLERANCE of their largest number."""
    if isinstance(a, tuple):
        return all(agree(*pair) for pair in zip(a, b, strict=True))
    scale = float(np.max(np.abs(b), initial=0.0))
    return a.shape == b.shape and bool(np.all(np.abs(a.astype(float) - b.astype(float)) <= TOLERANCE * scale))


def measure(case: str, contestants: list[Contestant], rounds: int) -> dict[str, Any]:
    """The quartiles, in microseconds, of cpu and portable taking turns."""
    results = [contestant.ask(case) for contestant in contestants]
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for contestant, times in zip(contestants, samples):
            times.extend(contestant.ask(TURN))
    quartiles = [[float(q) * 1e6 for q in np.percentile(times, (25, 50, 75))] for times in samples]
    return {
        "case": case,
        "ratio": quartiles[0][1] / quartiles[1][1],
        "cpu": quartiles[0],
        "portable": quartiles[1],
        "equal": agree(*results),
    }


def show(rows: list[dict[str, Any]]) -> None:
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*cells(row), style="red" if row["ratio"] > MARGIN or not row["equal"] else None)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


COLUMNS = ("case", "cpu / portable", "cpu µs (quartiles)", "portable µs (quartiles)")


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    times = ("{1:,.1f} ({0:,.1f} … {2:,.1f})".format(*row[name]) for name in ("cpu", "portable"))
    return row["case"], f"{row['ratio']:.2f}{'' if row['equal'] else ' results differ'}", *times


def document(rows: list[dict[str, Any]]) -> str:
    """The table as Markdown, training steps first, and what can be said of all."""
    steps, kernels = ([row for row in rows if row["case"].startswith(STEP) == wanted] for wanted in (True, False))
    return f"""# The compiled kernels against the NumPy ones

{surroundings()}
Ratios of median times, cpu / portable, both with two threads, taking turns. Below 1 the compiled kernels are faster.
update_moving_average is the same function in both: it shows how much of a ratio is noise.

## Training steps

{markdown(steps)}
## Single kernels

{len(kernels)} cases, geometric mean {geometric_mean(kernels):.2f}, {len(slower(kernels))} above {MARGIN}. Of those,
{len([row for row in slower(kernels) if "dense" in row["case"]])} are matrix products by themselves, which OpenBLAS
computes in the NumPy kernels; within a training step its threads and ours would get into each other's way.

{markdown(kernels)}"""


def markdown(rows: list[dict[str, Any]]) -> str:
    lines = [COLUMNS, ("---",) * len(COLUMNS), *map(cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def geometric_mean(rows: list[dict[str, Any]]) -> float:
    return float(np.exp(np.mean([np.log(row["ratio"]) for row in rows]))) if rows else 1.0


def slower(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["ratio"] > MARGIN]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="also write the table there, as Markdown")
    parser.add_argument("--rounds", type=int, default=6, help="turns of each backend in each case")
    parser.add_argument("--only", default="", help="only the cases whose name contains this")
    options = parser.parse_args()
    contestants = [Contestant("cpu"), Contestant("portable")]
    cases = [case for case in Cases().makers if options.only in case]
    rows = sorted((measure(case, contestants, options.rounds) for case in cases), key=lambda row: -row["ratio"])
    for contestant in contestants:
        contestant.end()
    show(rows)
    if options.out:
        options.out.write_text(document(rows), encoding="utf-8")
    steps = [row for row in rows if row["case"].startswith(STEP)]
    return int(bool(slower(steps)) or not all(row["equal"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
