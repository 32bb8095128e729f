"""`minicnn train`: from nothing to a tested digit classifier in a minute."""

import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import FAILED, INTERRUPTED, CommandError, told_to_user
from .options import Device, Json, Threads, choose_device
from .output import results

if TYPE_CHECKING:
    from rich.console import Console

    from .watch import Watch


def train(
    epochs: Annotated[int, typer.Option(metavar="N", min=1, help="How many times every image is seen.")] = 20,
    batch_size: Annotated[int, typer.Option(metavar="N", min=1, help="Images a step.")] = 64,
    learning_rate: Annotated[
        float, typer.Option(metavar="RATE", help="Highest learning rate of the schedule.")
    ] = 0.003,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Same seed, same bits, at any number of threads.")] = 0,
    device: Device = None,
    threads: Threads = None,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Model file; the picture goes beside it, with .png.")
    ] = Path("digits.safetensors"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the results.")] = False,
    as_json: Json = False,
) -> None:
    """Train a LeNet on the built-in handwritten digits, test it, and save it.

    4,000 MNIST images to learn from, turned, shifted and zoomed a little each time they are seen; 1,000 others
    to test on. Ends with test accuracy, confusion matrix and recall, a model file and a picture of the curves.
    Ctrl-C stops after the current step and saves what there is.

    **Examples**

    ```
    minicnn train                                      # about a minute
    minicnn train --epochs 3 --out quick.safetensors   # a first impression
    minicnn train --seed 1 --json > result.json        # for machines
    ```
    """
    from rich.console import Console

    from ..utils import set_random_seed
    from .evaluate import on_digits
    from .recipe import compiled_lenet, training_batches

    if not learning_rate > 0:
        raise CommandError(f"--learning-rate must be positive, not {learning_rate:g}.")
    _expect_writable(out)
    with results(as_json) as found:
        found |= {"device": choose_device(device, threads), "seed": seed, "epochs": epochs}
        set_random_seed(seed)
        data = training_batches(batch_size)
        model = compiled_lenet(epochs * len(data), learning_rate)

        console = Console(highlight=False)
        progress = Console(highlight=False, quiet=quiet)
        _announce(progress, model, data, found)
        watch, seconds = _fit(model, data, epochs, progress)
        if watch.diverged:
            raise CommandError(f"{watch.diverged}; nothing is saved. Try a smaller --learning-rate.", FAILED)
        found |= {"seconds": round(seconds, 2), "interrupted": watch.interrupted, "history": model.history.history}
        if watch.interrupted:
            console.print(f"[yellow]Interrupted[/] after step {watch.steps:,} of {epochs * len(data):,}.")
        else:
            tested = on_digits(model)
            found |= tested.numbers()
            progress.print()
            tested.show(console)
        found["files"] = _save(model, out, found.get("test_accuracy"))
        _tell_what_next(console, found["files"], watch.interrupted, quiet)
    if watch.interrupted:
        raise typer.Exit(INTERRUPTED)


def _expect_writable(out: Path) -> None:
    """Better now than after the training."""
    if out.suffix != ".safetensors":
        raise CommandError(f"--out {out} must end in .safetensors.")
    if out.is_dir():
        raise CommandError(f"--out {out} is a folder.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise CommandError(f"cannot write to {out.parent}: {error.strerror}.") from error


def _announce(console: "Console", model: Any, data: Any, found: dict[str, Any]) -> None:
    steps = len(data)
    console.print(f"[bold]Data[/]    5,000 MNIST digits, 28×28: {data.size:,} to learn from, 1,000 to test on")
    console.print(f"[bold]Net[/]     {model.name}: {_layers(model)}; {model.count_params():,} parameters")
    console.print(
        f"[bold]Plan[/]    {found['epochs']} epochs of {steps} steps of {data.batch_size} images, seed {found['seed']}"
    )
    console.print(f"[bold]Device[/]  {found['device']}; on first use the kernels are compiled, which takes a moment")
    console.print()


def _layers(model: Any) -> str:
    """The layers with parameters: conv 5×5·16, conv 5×5·32, dense 128, dense 10."""
    names = []
    for layer in model.layers:
        if hasattr(layer, "kernel_size"):
            names.append(f"conv {'×'.join(map(str, layer.kernel_size))}·{layer.filters}")
        elif hasattr(layer, "units"):
            names.append(f"dense {layer.units}")
    return ", ".join(names)


def _fit(model: Any, data: Any, epochs: int, console: "Console") -> "tuple[Watch, float]":
    """Train; the watch, and how many seconds it took."""
    from ..callbacks import progress_display
    from .watch import Watch

    began = time.perf_counter()
    with Watch() as watch, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a loss that is no number is the watch's to report
        model.fit(data, epochs=epochs, verbose=0, callbacks=[*progress_display(1, console), watch])
    return watch, time.perf_counter() - began


def _save(model: Any, out: Path, test_accuracy: float | None) -> dict[str, str | None]:
    """Model and picture; the picture is None where Matplotlib is missing."""
    from ..plots import PlotsUnavailableError, save_curves

    picture = out.with_suffix(".png")
    with told_to_user(OSError, exit_code=FAILED):
        model.save(out)
        try:
            save_curves(model.history.history, picture, test_accuracy)
        except PlotsUnavailableError:
            return {"model": str(out), "picture": None}
    return {"model": str(out), "picture": str(picture)}


def _tell_what_next(console: "Console", files: dict[str, str | None], interrupted: bool, quiet: bool) -> None:
    from rich.markup import escape

    from ..plots import HINT

    console.print()
    console.print(f"[bold]Saved[/]  {files['model']}", soft_wrap=True)
    console.print(
        f"       {files['picture']}" if files["picture"] else f"       (for a picture of the curves: {escape(HINT)})"
    )
    if quiet:
        return
    commands = (
        {f"minicnn evaluate {files['model']}": "how good is what there is?"}
        if interrupted
        else {
            f"minicnn predict {files['model']} --invert PHOTO": "a digit of yours, dark ink on white paper",
            f"minicnn summary {files['model']}": "the layers",
            "minicnn train --seed 1 --out other.safetensors": "how much is luck?",
        }
    )
    console.print("\n[bold]Try next[/]")
    width = max(map(len, commands))
    for command, why in commands.items():
        console.print(f"  [cyan]{command:{width}}[/]   [dim]{why}[/]", soft_wrap=True)
