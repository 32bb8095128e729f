"""Can image files be decoded as fast as a network learns from them? Images a second, and what a training waits for.

    python benchmarks/input_pipeline.py [--images FOLDER] [--count N] [--rounds N] [--out FOLDER]

Writes input_pipeline.md. Without a folder of images, one sub-folder a class, the files are JPEGs of noise as large as
ordinary photographs.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from contestants import quiet_rounds
from PIL import Image
from sections import DISTURBED, digits
from surroundings import surroundings
from workloads import WORKLOADS, build, loss, optimizer

import minicnn
from minicnn.data import ImageDataset
from minicnn.data.folder import ImageFolder, find_images
from minicnn.images import load_image

WORKLOAD = WORKLOADS["W1"]
SIZE = WORKLOAD.image[:2]
NOISE = (374, 443)  # (H, W): the median of a well-known collection of cats and dogs

# ------------------------------------------------------------------------------------------------------------ passes


class Pass(NamedTuple):
    """Seconds of a pass: on the clock, of them waiting for the next batch, and of all processors together."""

    elapsed: float
    waited: float
    cpu: float


@dataclass
class Watched:
    """A dataset that knows how long one waited for its batches."""

    data: Any
    waited: float = 0.0

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self.data)
        while True:
            start = time.perf_counter()
            batch = next(batches, None)
            self.waited += time.perf_counter() - start
            if batch is None:
                return
            yield batch


def measured(data: Any, use: Callable[[Any], object]) -> Pass:
    """One pass over the data, by someone who does something with each batch."""
    watched, start, cpu = Watched(data), time.perf_counter(), time.process_time()
    use(watched)
    return Pass(time.perf_counter() - start, watched.waited, time.process_time() - cpu)


def look(batches: Any) -> None:
    for _ in batches:
        pass


def dataset(folder: ImageFolder, **options: Any) -> ImageDataset:
    return ImageDataset(folder, SIZE, WORKLOAD.batch, label_mode="binary", seed=0, **options)


def turns(folder: ImageFolder) -> dict[str, Callable[[], Pass]]:
    """What is measured, by name."""
    cached, fit = dataset(folder), partial(network().fit, verbose=0)
    (x, y), *_ = cached
    arrays = [(x, y)] * len(cached)
    fit(Watched(arrays[:3]))
    look(cached)
    return {
        "load_image, one file after the other": partial(measured, [folder], load_all),
        "pass, decoding": lambda: measured(dataset(folder, cache=False), look),
        "pass, decoded images in memory": lambda: measured(cached, look),
        "training on one batch again and again": lambda: measured(arrays, fit),
        "training, decoding in every epoch": lambda: measured(dataset(folder, cache=False), fit),
        "training, first epoch": lambda: measured(dataset(folder), fit),
        "training, later epochs": lambda: measured(cached, fit),
    }


def network() -> Any:
    """The network of the workload for pixels 0 … 255."""
    model = minicnn.Sequential(
        [minicnn.Input(WORKLOAD.image), minicnn.layers.Rescaling(1 / 255), *build(minicnn, WORKLOAD).layers]
    )
    model.compile(optimizer(minicnn, WORKLOAD), loss(minicnn, WORKLOAD))
    return model


def load_all(folders: Any) -> None:
    for folder in folders:
        for path in folder.paths:
            load_image(path, SIZE)


# ------------------------------------------------------------------------------------------------------------ memory


def peak_memory(folder: Path, count: int, cache: bool) -> int:
    """The most bytes that are resident in a process that trains two epochs on so many images (Linux)."""
    command = [sys.executable, __file__, "--images", str(folder), "--count", str(count), "--train", str(int(cache))]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def train_and_tell_memory(folder: ImageFolder, cache: bool) -> None:
    network().fit(dataset(folder, cache=cache), epochs=2, verbose=0)
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")))


# ------------------------------------------------------------------------------------------------------------ images


def chosen(root: Path, count: int) -> ImageFolder:
    """So many of the images, drawn by lot."""
    folder = find_images(root)
    return folder.take(np.sort(np.random.default_rng(0).permutation(len(folder))[:count]))


def make_noise(root: Path, count: int) -> None:
    """Noise that is smooth enough to become as many bytes as a photograph."""
    rng, (height, width) = np.random.default_rng(0), NOISE
    for number in range(count):
        path = root / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (height // 12, width // 12, 3), np.uint8))
        coarse.resize((width, height), Image.Resampling.BICUBIC).save(path, quality=85)


# ---------------------------------------------------------------------------------------------------------- document


def table(passes: dict[str, list[Pass]], images: int) -> str:
    lines = [
        "| | images/s | ms a step | waiting for data | processor, ms a step |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    steps = images / WORKLOAD.batch
    for name, found in passes.items():
        middle = Pass(*np.median(found, axis=0))
        waits = f"{middle.waited / middle.elapsed:.1%}" if name.startswith("training") else ""
        amounts = (images / middle.elapsed, 1e3 * middle.elapsed / steps, 1e3 * middle.cpu / steps)
        speed, step, cpu = map(digits, amounts)
        lines.append(f"| {name} | {speed} | {step} | {waits} | {cpu} |")
    return "\n".join(lines)


def document(folder: ImageFolder, rounds: Any, memory: dict[str, int]) -> str:
    kind = "photographs" if "--images" in sys.argv else "pictures of noise"
    size = np.median([path.stat().st_size for path in folder.paths])
    trouble = "" if rounds.disturbance <= DISTURBED else ": **too much to rely on the times**"
    lasting = "\n".join(f"| {name} | {peak / 1e6:.0f} MB |" for name, peak in memory.items())
    return f"""# The input pipeline beside the training

{surroundings()}
{len(folder)} {kind} in JPEG files, median {size / 1e3:.0f} kB, which the system has in its memory. They become
batches of {WORKLOAD.batch} times {"×".join(map(str, SIZE))} pixels; the network is that of W1, trained by `fit`.
Medians of rounds whose order changes; other processes had {rounds.disturbance:.0%} of the machine at most{trouble}.

{table(rounds.amounts, len(folder))}

The most memory that was resident in a process that trains for two epochs:

| | |
| --- | ---: |
{lasting}
"""


# -------------------------------------------------------------------------------------------------------------- main


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="a folder of images, one sub-folder a class")
    parser.add_argument("--count", type=int, default=1000, help="how many images (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--train", type=int, choices=(0, 1), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with ExitStack() as stack:
        root = options.images
        if root is None:
            root = Path(stack.enter_context(TemporaryDirectory()))
            make_noise(root, options.count)
        folder = chosen(root, options.count)
        if options.train is not None:
            train_and_tell_memory(folder, bool(options.train))
            return
        rounds = quiet_rounds(turns(folder), options.rounds)
        memory = {
            name: peak_memory(root, options.count, cache)
            for name, cache in (("decoding in every epoch", False), ("decoded images in memory", True))
        }
        options.out.mkdir(parents=True, exist_ok=True)
        text = document(folder, rounds, memory)
        (options.out / "input_pipeline.md").write_text(text)
        print(text)


if __name__ == "__main__":
    main()
