"""Training in minicnn beside training in TensorFlow: how far do losses and weights drift apart, and what is far?

    python benchmarks/trajectories.py [--steps N] [--seed S]

Two nets, four optimizers, float32 and float64, the same weights and batches. The controls show how far TensorFlow
drifts from itself: with 1 thread beside 2, and in float32 beside float64. Each number of threads has a process of its
own, because TensorFlow takes it once and for all.

Writes benchmarks/results/trajectories.md with a picture of each net; the exit status is 1 if minicnn leaves its bound.
"""

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from surroundings import surroundings

import minicnn
from minicnn.verify import Verdict
from minicnn.verify.trajectories import FACTOR, Distance, Task, Trajectory, bound, distance, judge, new_task, train

RESULTS = Path(__file__).parent / "results"
DTYPES = ("float32", "float64")
BATCH = 32


# --------------------------------------------------------------------------------------------- nets and optimizers


def smooth(keras: ModuleType) -> Any:
    """LeNet-5 as it was: tanh and averages."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="tanh"),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10),
        ]
    )


def kinked(keras: ModuleType) -> Any:
    """LeNet's plan with today's parts. No bias before a normalization: its gradient is rounding noise around 0."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.875),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, use_bias=False),
            layers.BatchNormalization(momentum=0.875),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ]
    )


def sgd(keras: ModuleType) -> Any:
    return keras.optimizers.SGD(2**-5)


def momentum(keras: ModuleType) -> Any:
    return keras.optimizers.SGD(2**-7, momentum=0.875)


def rmsprop(keras: ModuleType) -> Any:
    return keras.optimizers.RMSprop(2**-10, rho=0.875, epsilon=2**-23)


def adam(keras: ModuleType) -> Any:
    return keras.optimizers.Adam(2**-10, beta_1=0.875, beta_2=1 - 2**-10, epsilon=2**-23)


NETS = {"smooth": smooth, "kinked": kinked}
OPTIMIZERS = {"SGD": sgd, "SGD with momentum": momentum, "RMSprop": rmsprop, "Adam": adam}


# ------------------------------------------------------------------------------------------------------------ runs

OURS, THREADS = "minicnn – TensorFlow", "TensorFlow, 1 – 2 threads"
OUR_ROUNDING, THEIR_ROUNDING = "minicnn – TensorFlow in float64", "TensorFlow – TensorFlow in float64"
PAIRS = {
    OURS: ("minicnn", "TensorFlow"),
    THREADS: ("1 thread", "TensorFlow"),
    OUR_ROUNDING: ("minicnn", "TensorFlow in float64"),
    THEIR_ROUNDING: ("TensorFlow", "TensorFlow in float64"),
}


class Comparison(NamedTuple):
    """One net and one optimizer in one dtype.

    losses      mean of the last 20, in minicnn and in TensorFlow
    distances   of each pair of runs
    allowed     for minicnn
    verdict     None where no bound can be stated
    """

    losses: tuple[float, float]
    distances: dict[str, Distance]
    allowed: Distance
    verdict: Verdict | None


Comparisons = dict[tuple[str, str], Comparison]  # by optimizer and dtype


def tensorflow(threads: int) -> Executor:
    """A process that runs TensorFlow with so many threads."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_start_tensorflow, initargs=(threads,))


def _start_tensorflow(threads: int) -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)


def in_tensorflow(task: Task, dtype: str) -> Trajectory:
    import keras

    return train(task, keras, dtype)


def run(task: Task, dtype: str, one: Executor, two: Executor) -> dict[str, Trajectory]:
    """In minicnn, and in TensorFlow's two processes."""
    theirs, one_thread = (process.submit(in_tensorflow, task, dtype) for process in (two, one))
    with minicnn.device("cpu"):  # which leaves float64 to the portable kernels
        ours = train(task, minicnn, dtype)
    return {"minicnn": ours, "TensorFlow": theirs.result(), "1 thread": one_thread.result()}


def compare(task: Task, bounded: bool, one: Executor, two: Executor) -> dict[str, Comparison]:
    """By dtype. In float32 rounding soon reaches across a kink, and no bound holds at every step."""
    runs = {dtype: run(task, dtype, one, two) for dtype in DTYPES}
    runs["float32"]["TensorFlow in float64"] = runs["float64"]["TensorFlow"]
    control = distance(runs["float32"]["TensorFlow"], runs["float64"]["TensorFlow"])
    comparisons = {}
    for dtype, found in runs.items():
        distances = {pair: distance(found[a], found[b]) for pair, (a, b) in PAIRS.items() if b in found}
        allowed = bound(control, dtype)
        verdict = judge(distances[OURS], allowed) if bounded or dtype == "float64" else None
        ours, theirs = (float(found[name].losses[-20:].mean()) for name in PAIRS[OURS])
        comparisons[dtype] = Comparison((ours, theirs), distances, allowed, verdict)
    return comparisons


def compare_all(name: str, steps: int, seed: int, one: Executor, two: Executor) -> Comparisons:
    """A net with every optimizer."""
    images, labels = minicnn.datasets.digits.load_data()[0]
    pixels = np.float32(images[..., None]) / 256
    comparisons = {}
    for optimizer, make in OPTIMIZERS.items():
        task = new_task(NETS[name], make, pixels, labels, steps, BATCH, seed)
        for dtype, comparison in compare(task, name == "smooth", one, two).items():
            comparisons[optimizer, dtype] = comparison
            print(f"{name}, {optimizer}, {dtype}: {comparison.verdict or 'no bound'}", flush=True)
    return comparisons


# --------------------------------------------------------------------------------------------------------- results

LOOKED_AT = (10, 100, 500)
JUMP = 1e-5  # more than rounding makes of the weights in float32 as long as no number crosses a kink


def document(found: dict[str, Comparisons], steps: int, seed: int, seconds: float) -> str:
    """What was done and why, the numbers, and under what they were made."""
    verdicts = [comparison.verdict for net in found.values() for comparison in net.values() if comparison.verdict]
    failed = sum(bool(verdict.problem) for verdict in verdicts)
    outcome = (
        f"{failed} of {len(verdicts)} runs leave their bound" if failed else f"{len(verdicts)} runs, all in bounds"
    )
    return f"""# Training in minicnn beside training in TensorFlow

{steps} steps on the built-in digits, from the same weights, with the same batches of {BATCH} in the same order:
**{outcome}**.

Two programs that round differently drift apart, however right both are, and training magnifies what rounding does. How
far is shown by controls: TensorFlow with 1 thread beside 2 (sums in another order; with the same number it repeats
itself bit by bit), and TensorFlow in float32 beside float64. The second sets the bound. With ε the unit of rounding, at
every step, for weights and losses alike,

    magnification = largest distance so far of TensorFlow in float32 from TensorFlow in float64, divided by ε of float32
    distance of minicnn from TensorFlow ≤ {FACTOR} · ε · max(1, magnification), in the same dtype

Rounding is 2²⁹ times smaller in float64 than in float32, and a mistake is not. So in float64 the bound proves that both
compute the same; in float32, that minicnn rounds about as well as TensorFlow.

* Distance of weights: ‖w − w'‖ / ‖w'‖ over all weights, moving averages too. Of losses: |ℓ − ℓ'| / max(1, ℓ')
* Kernels of minicnn: cpu in float32, portable in float64
* A run jumps where its weights are first more than {JUMP:.0e} apart
{surroundings(f"{seconds:.0f} s", f"seed {seed}")}
## A smooth net

LeNet-5 with tanh and averages ({minicnn_parameters("smooth"):,} weights).

![Distances of weights and losses at each step](trajectories.png)

{losses_table(found["smooth"])}

{distances_table(found["smooth"], steps)}

## A net with kinks

Two convolutions with batch normalization, ReLU and maximum ({minicnn_parameters("kinked"):,} weights).

In float64 the bound holds. In float32, rounding soon puts some number on the other side of a kink (a ReLU's corner, two
equal maxima). The distance then jumps, at a step that is a matter of luck, and training carries it on: TensorFlow jumps
away from itself as it does from minicnn, and no bound holds at every step. Which of two runs jumped, and when, shows in
its distance from TensorFlow's run in float64.

![Distances of weights and losses at each step](trajectories_kinked.png)

{losses_table(found["kinked"])}

{distances_table(found["kinked"], steps)}
"""


def minicnn_parameters(name: str) -> int:
    return NETS[name](minicnn).count_params()


def losses_table(comparisons: Comparisons) -> str:
    lines = [
        [
            "mean of the last 20 losses",
            *(f"{name}, {dtype}" for dtype in DTYPES for name in PAIRS[OURS]),
        ]
    ]
    lines.append(["---", *["---:"] * 4])
    for optimizer in OPTIMIZERS:
        means = [mean for dtype in DTYPES for mean in comparisons[optimizer, dtype].losses]
        lines.append([optimizer, *(f"{mean:.6f}" for mean in means)])
    return markdown(lines)


def distances_table(comparisons: Comparisons, steps: int) -> str:
    after = [step for step in LOOKED_AT if step <= steps]
    heading = ["optimizer", "dtype", "runs", *(f"weights after {step}" for step in after)]
    heading += ["largest of one weight", "largest of losses", "jumps after", "in units of the bound"]
    lines = [heading, ["---"] * 3 + ["---:"] * (len(heading) - 3)]
    for (optimizer, dtype), comparison in comparisons.items():
        for pair, apart in comparison.distances.items():
            numbers = [*apart.weights[after], apart.largest.max(), apart.losses.max()]
            line = [optimizer, dtype, pair, *(f"{number:.1e}" for number in numbers), first_jump(apart)]
            lines.append([*line, units_of_bound(comparison, pair)])
    return markdown(lines)


def first_jump(apart: Distance) -> str:
    jumped = apart.weights > JUMP
    return str(np.argmax(jumped)) if jumped.any() else "never"


def units_of_bound(comparison: Comparison, pair: str) -> str:
    """The largest distance, of the runs that the bound is about."""
    if comparison.verdict is None or pair not in (OURS, THREADS):
        return ""
    verdict = judge(comparison.distances[pair], comparison.allowed)
    return f"**{verdict.problem}**" if verdict.problem else f"{verdict.worst:.2f}"


def markdown(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# --------------------------------------------------------------------------------------------------------- picture

STYLES = {
    THEIR_ROUNDING: {"color": "lightgrey", "linewidth": 4},
    OUR_ROUNDING: {"color": "tab:green"},
    THREADS: {"color": "tab:orange"},
    OURS: {"color": "tab:blue"},
}
BOUND = {"color": "black", "linestyle": "--"}


def draw(comparisons: Comparisons, path: Path) -> None:
    """Weights above, losses below, a column for each optimizer; float32 and float64 in one panel."""
    figure = Figure(figsize=(14, 7.5), dpi=110, layout="constrained")
    panels = figure.subplots(2, len(OPTIMIZERS), sharex=True, sharey=True)
    for row, kind in zip(panels, ("weights", "losses")):
        row[0].set_ylabel(f"largest distance of {kind} so far")
        for axes, optimizer in zip(row, OPTIMIZERS):
            axes.set(yscale="log", ylim=(1e-18, 10))
            axes.grid(alpha=0.3)
            for dtype in DTYPES:
                draw_lines(axes, comparisons[optimizer, dtype], kind, dtype)
    for axes, optimizer in zip(panels[0], OPTIMIZERS):
        axes.set_title(optimizer)
    for axes in panels[1]:
        axes.set_xlabel("step")
    labelled = {line.get_label(): line for line in panels[0, 0].lines}
    figure.legend(labelled.values(), labelled.keys(), loc="outside lower center", ncols=5)
    figure.savefig(path)


def draw_lines(axes: Any, comparison: Comparison, kind: str, dtype: str) -> None:
    """Controls below, minicnn above them, and the bound; 0 has no place on a logarithmic scale."""
    lines = {
        pair: (np.maximum.accumulate(getattr(comparison.distances[pair], kind)), style)
        for pair, style in STYLES.items()
        if pair in comparison.distances
    }
    if comparison.verdict:
        lines["bound"] = (getattr(comparison.allowed, kind), BOUND)
    for label, (values, style) in lines.items():
        axes.plot(np.where(values > 0, values, np.nan), label=label, **style)
    highest = max(values[-1] for values, _ in lines.values())
    axes.text(len(values), 2 * highest, dtype, ha="right", va="bottom")


# ------------------------------------------------------------------------------------------------------------ main


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.monotonic()
    with tensorflow(1) as one, tensorflow(2) as two:
        found = {name: compare_all(name, options.steps, options.seed, one, two) for name in NETS}
    RESULTS.mkdir(exist_ok=True)
    draw(found["smooth"], RESULTS / "trajectories.png")
    draw(found["kinked"], RESULTS / "trajectories_kinked.png")
    text = document(found, options.steps, options.seed, time.monotonic() - started)
    (RESULTS / "trajectories.md").write_text(text, encoding="utf-8")
    verdicts = [comparison.verdict for net in found.values() for comparison in net.values()]
    return 1 if any(verdict and verdict.problem for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
