"""How fast is minicnn on the CPU, beside TensorFlow, PyTorch and the runtimes made for prediction?

    python benchmarks/cpu_vs_tensorflow.py [--section NAME]... [--only WORD] [--resume] [--rounds N] [--threads N]
                                           [--out FOLDER]

Writes cpu_vs_tensorflow.md and cpu_vs_tensorflow.json. The tables may be made in pieces: rows that are not measured
again stay as they are in the JSON file. What is not installed is left out: `pip install -e .[benchmarks]`.
"""

import argparse
import datetime
import json
import os
import signal
import sys
from pathlib import Path

from contestants import Entry
from convolutions import GRID
from grid import Grid
from launches import EMPTY_CACHE, Launch, peak_memory, seconds_to_first_step
from races import Race
from rich.console import Console
from rich.progress import Progress
from sections import DISTURBED, Row, Section, Unit, counts
from surroundings import surroundings
from workloads import WORKLOADS

NAME = "cpu_vs_tensorflow"
MILLISECONDS, SECONDS, MEGABYTES = Unit("ms", 1e3), Unit("s", 1), Unit("MB", 1e-6)

# ------------------------------------------------------------------------------------------------------- libraries

MINICNN = Entry("minicnn", "minicnn")
EXACT = Entry("minicnn, exact", "minicnn", variant=("exact",))

TF = ("tensorflow", ("tensorflow-cpu",))
ONEDNN = {"TF_ENABLE_ONEDNN_OPTS": "1"}  # TensorFlow itself switches it on only where the processor has AVX-512
FIT = Entry("TensorFlow, fit", *TF, ("fit",), ONEDNN)
FUNCTION = Entry("TensorFlow, function", *TF, ("function",), ONEDNN)
AS_INSTALLED = Entry("TensorFlow, as installed", *TF, ("function",))

# glibc gives large blocks back to the system, and fetches them anew in each step, unless it is told otherwise
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
PYTORCH = ("torch", ("torch",))
CHANNELS_LAST = Entry("PyTorch, channels last", *PYTORCH, ("channels_last",), KEEP)
CHANNELS_FIRST = Entry("PyTorch, channels first", *PYTORCH, ("channels_first",), KEEP)

RUNTIMES = (
    Entry("ONNX Runtime", "onnxruntime", ("onnxruntime", "onnx")),
    Entry("OpenVINO", "openvino", ("openvino", "onnx")),
)

# -------------------------------------------------------------------------------------------------------- sections

NETS = {name: f"{name}: {workload.title}" for name, workload in WORKLOADS.items()}

SECTIONS: dict[str, Section] = {
    "train": Race(
        "Training step",
        "Forward, backward and update of all weights in float32, by minicnn's own `fit`.",
        NETS,
        (MINICNN, EXACT, FIT, FUNCTION, AS_INSTALLED, CHANNELS_LAST, CHANNELS_FIRST),
        MILLISECONDS,
        start="start_training",
        run="train",
        tolerance=1e-3,
    ),
    "predict": Race(
        "Prediction",
        "One batch, by minicnn's own `predict`.",
        NETS,
        (MINICNN, EXACT, FIT, FUNCTION, CHANNELS_LAST, CHANNELS_FIRST, *RUNTIMES),
        MILLISECONDS,
        start="start_prediction",
        run="predict",
        tolerance=1e-4,
    ),
    "grid": Grid(
        "Single convolution layers",
        "Forward pass and gradients, each by itself, of layers that nothing was tuned for: some from well-known\n"
        "networks, most drawn by lot. minicnn's kernels by themselves, without what a network saves by fusing them.\n"
        "TensorFlow has no gradients for groups and dilation on the CPU.",
        {name: name for name in GRID},
        (MINICNN, FUNCTION, CHANNELS_LAST, CHANNELS_FIRST),
        MILLISECONDS,
        start="start_convolution",
        run="convolve",
        tolerance=5e-4,
        turn=0.01,
    ),
    "memory": Launch(
        "Memory",
        "The most that was resident in a process that trains for three steps, with all that it has loaded.",
        {"W2": NETS["W2"]},
        (MINICNN, FIT, FUNCTION, CHANNELS_LAST),
        MEGABYTES,
        amount=peak_memory,
    ),
    "first-step": Launch(
        "First step",
        "From the start of the process to the end of the first training step. minicnn compiles its kernels once for\n"
        "all, and finds them in a cache from then on.",
        {name: NETS[name] for name in ("W3", "W4")},
        (
            Entry("minicnn, filled cache", "minicnn"),
            Entry(f"minicnn, {EMPTY_CACHE}", "minicnn"),
            *(FIT, FUNCTION, CHANNELS_LAST),
        ),
        SECONDS,
        amount=seconds_to_first_step,
    ),
}


# ------------------------------------------------------------------------------------------------------- document


def document(rows: dict[str, list[Row]]) -> str:
    sections = "\n".join(section.markdown(rows[name]) for name, section in SECTIONS.items() if rows.get(name))
    return f"""# minicnn beside TensorFlow and others on the CPU

{surroundings()}
Every library computes in a process of its own with the same number of threads, from the same weights, on the same
batch, which lies in memory. They take turns in rounds, in another order each round, and stand still while another has
its turn. In a turn as much is done to warm up as is timed. Before a race the libraries must agree: about the losses of
the first three steps to 1e-3, about predictions to 1e-4 of the largest number; else there is no ratio.

* Median (quartiles) over the rounds. Of a library with several ways, the fastest one and its name; ways that a trial
  showed to be far slower do not take part.
* Ratio: minicnn / fastest peer; below 1 minicnn is faster. The median over the rounds of the ratios of one round is
  another way to put it, in which what slows down a whole round cancels.
* Others' load: the largest share of the machine that other processes had in a round. Disturbed rounds are measured
  again, whatever their times are; where none was below {DISTURBED:.0%}, there is no ratio.
* TensorFlow: Keras's `fit` (with jit_compile=False, which is faster here), and a step written by hand under
  tf.function; both with oneDNN, which TensorFlow as installed uses only on processors with AVX-512.
* PyTorch: a loop written by hand, with memory that glibc does not give back, a fused Adam, and channels first or
  last.
* exact: minicnn with `config.set_precision("exact")`, which computes no convolution by Winograd's algorithm.

{sections}"""


# ------------------------------------------------------------------------------------------------------------ main


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the workers are ended
    options = arguments()
    os.environ["MINICNN_NUM_THREADS"] = str(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{NAME}.json"
    kept = json.loads(path.read_text()) if path.exists() else {"threads": options.threads, "rows": {}}
    if kept["threads"] != options.threads:
        print(f"{path} was made with --threads {kept['threads']}: choose another --out", file=sys.stderr)
        return 2
    with Progress(console=Console(stderr=True)) as progress:
        for name in options.section:
            section = SECTIONS[name]
            held = {row["case"] for row in kept["rows"].get(name, []) if counts(row)} if options.resume else ()
            cases = [case for case in section.cases if options.only in case and case not in held]
            measured = section.rows(cases, options.threads, options.rounds)
            for row in progress.track(measured, len(cases), description=name):
                row["date"] = datetime.datetime.now().isoformat(timespec="minutes")
                rows = {old["case"]: old for old in kept["rows"].get(name, [])} | {row["case"]: row}
                kept["rows"][name] = [rows[case] for case in section.cases if case in rows]
                path.write_text(json.dumps(kept, indent=1), encoding="utf-8")
                section.draw(kept["rows"][name], options.out)
                path.with_suffix(".md").write_text(document(kept["rows"]), encoding="utf-8")
    print(path.with_suffix(".md").read_text(encoding="utf-8"))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--section", choices=SECTIONS, action="append", help="only this one; may be given repeatedly")
    parser.add_argument("--only", default="", help="only the cases whose name contains this")
    parser.add_argument("--resume", action="store_true", help="only the cases without a ratio in the JSON file")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", help="folder of the results")
    options = parser.parse_args()
    options.section = options.section or list(SECTIONS)
    return options


if __name__ == "__main__":
    sys.exit(main())
