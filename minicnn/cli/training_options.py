"""The options of `minicnn train` that decide how a run comes out; None leaves the choice to what suits the images."""

from pathlib import Path
from typing import Annotated

import typer

from .errors import CommandError

_DATA, _NET, _TRAINING, _RUN = "The images", "The net", "The training", "The run"

Directory = Annotated[
    Path | None,
    typer.Argument(
        metavar="[DIR]",
        help="Images in one sub-folder a class, or such folders in train/ and validation/. "
        "Without DIR: 5,000 handwritten digits that come with the package.",
        show_default=False,
    ),
]

Split = Annotated[
    float | None,
    typer.Option(
        metavar="PART",
        help="Part of each class to validate with, where DIR has no validation/.",
        show_default="0.2",
        rich_help_panel=_DATA,
    ),
]

Test = Annotated[
    Path | None,
    typer.Option(
        "--test",
        metavar="DIR",
        help="Other images, in sub-folders of the same names, to test on: all of the first DIR is learned from, and "
        "nothing is chosen by these.",
        show_default=False,
        rich_help_panel=_DATA,
    ),
]

ImageSize = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="What images are scaled to: 128, or 96x128 (height x width).",
        show_default="as the images, at most 96",
        rich_help_panel=_DATA,
    ),
]

Augment = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="How images are changed each time they are seen: light, strong, none, or transforms such as "
        "flip,rotation=15,zoom=0.2,translation=0.1,brightness=0.2,contrast=0.2; zoom-in=0.4 only enlarges.",
        show_default="strong; light for small images, no flip for grey ones",
        rich_help_panel=_DATA,
    ),
]

OnError = Annotated[
    str | None,
    typer.Option(
        metavar="skip|fail",
        help="What unreadable files do: they are left out and named, or end the command.",
        show_default="skip",
        rich_help_panel=_DATA,
    ),
]

ModelName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="lenet or convnet.",
        show_default="lenet for small grey images, else convnet",
        rich_help_panel=_NET,
    ),
]

Script = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A Python file of your own that defines `model(input_shape, classes)`. It is run. The model gets pixels "
        "0 … 255 if it begins with Rescaling, else 0 … 1. If it is compiled, it is trained as compiled.",
        show_default=False,
        rich_help_panel=_NET,
    ),
]

Epochs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="How many times every image is seen, at most.",
        show_default="10 to 120, the fewer images the more; lenet: to 40",
        rich_help_panel=_TRAINING,
    ),
]

BatchSize = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Images a step.", show_default="16, 32 or 64", rich_help_panel=_TRAINING),
]

Optimizer = Annotated[
    str | None, typer.Option(metavar="NAME", help="adam or sgd.", show_default="adam", rich_help_panel=_TRAINING)
]

LearningRate = Annotated[
    float | None,
    typer.Option(
        metavar="RATE",
        help="Highest learning rate.",
        show_default="0.003 for lenet, 0.002 for convnet, 0.05 with sgd",
        rich_help_panel=_TRAINING,
    ),
]

Schedule = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="cosine: the rate rises for a twentieth of the steps, then falls to 0; or constant.",
        show_default="cosine",
        rich_help_panel=_TRAINING,
    ),
]

WeightDecay = Annotated[
    float | None,
    typer.Option(
        metavar="PART",
        min=0,
        help="How much of itself, times the learning rate, every weight loses in a step.",
        show_default="0.05 for convnet with adam, else 0",
        rich_help_panel=_TRAINING,
    ),
]

LabelSmoothing = Annotated[
    float | None,
    typer.Option(
        metavar="PART",
        min=0,
        max=0.9,
        help="Part of the target that is spread over all classes, so that no answer is worth being ever surer of.",
        show_default="0.1 for convnet, else 0",
        rich_help_panel=_TRAINING,
    ),
]

Patience = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Stop after N epochs without a better validation loss, and keep the best; with the cosine schedule from "
        "the middle of all epochs on. 0: train to the end.",
        show_default="a quarter of the epochs; the digits: 0",
        rich_help_panel=_TRAINING,
    ),
]

ClassWeights = Annotated[
    bool | None,
    typer.Option(
        "--class-weights/--no-class-weights",
        help="Let rare classes count as much as frequent ones.",
        show_default="if one is 1.5 times as large as another",
        rich_help_panel=_TRAINING,
    ),
]

Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Same seed, same bits, at any number of threads.",
        show_default="0",
        rich_help_panel=_TRAINING,
    ),
]

Out = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN_DIR",
        help="Where everything goes: a folder that is empty or not there yet.",
        show_default="runs/NAME, runs/NAME-2, …",
        rich_help_panel=_RUN,
    ),
]

Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="RUN_DIR",
        help="Go on with a run that was interrupted or killed, with the settings that it has; it ends with the same "
        "bits as without the interruption.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]

TensorBoard = Annotated[
    bool | None,
    typer.Option(
        "--tensorboard",
        help="Also write event files for TensorBoard into the run directory.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the results.")]


def expect_known(option: str, value: str | None, known: list[str]) -> None:
    """Raise CommandError for another value than the known ones or None."""
    from ..kernels.errors import did_you_mean

    if value is not None and value not in known:
        raise CommandError(f"--{option} is {' or '.join(known)}, not {value!r}{did_you_mean(value, known)}")
