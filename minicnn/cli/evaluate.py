"""`minicnn evaluate`: how good is a model on images that it did not learn from?"""

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from . import training_options
from .announce import show_unreadable
from .errors import FAILED, CommandError, told_to_user
from .options import Device, Json, ModelFile, Threads, choose_device, open_model
from .output import results

if TYPE_CHECKING:
    from ..run.pictures import Pictures


def evaluate(
    model_file: ModelFile,
    directory: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Images in one sub-folder a class, named as the model's classes. Without DIR: what its run held back; "
            "for a model without a run, the 1,000 built-in test digits.",
            show_default=False,
        ),
    ] = None,
    on_error: training_options.OnError = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="RESULTS",
            help="Also write report.html, metrics.json and the pictures into this folder, new or empty.",
            show_default=False,
        ),
    ] = None,
    device: Device = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Test a model on labelled images.

    Prints loss, accuracy, the confusion matrix, and precision, recall and specificity of each class. With --out, the
    same as a report to be read in a browser, with the worst mistakes.

    **Examples**

    ```
    minicnn evaluate runs/digits
    minicnn evaluate runs/photos new-photos --out runs/photos-new
    minicnn evaluate model.safetensors photos/test --json | python -m json.tool
    ```
    """
    from ..images import ImageFileError
    from ..run.directory import RunDirectoryError, new_run
    from ..run.evaluation import evaluate as evaluated
    from .tables import show_evaluation
    from .training import disk_errors_told

    training_options.expect_known("on-error", on_error, ["skip", "fail"])
    with results(as_json) as found:
        found["device"] = choose_device(device, threads)
        model = open_model(model_file)
        with told_to_user(ValueError):
            held_back, pictures = _pictures(model, model_file, directory, on_error)
        console = Console(highlight=False)
        with told_to_user(ImageFileError, exit_code=FAILED):
            pictures.check()
        show_unreadable(console, pictures.unreadable)
        with told_to_user(ValueError):
            evaluation = evaluated(model, pictures)
        found |= {"model": str(model_file), "held_back": held_back, **evaluation.numbers()}
        found["unreadable"] = pictures.unreadable
        show_evaluation(console, evaluation, held_back)
        if out is not None:
            with told_to_user(RunDirectoryError), disk_errors_told(out):
                found["files"] = _write(new_run(out, ""), model, evaluation, pictures, found)
            console.print(f"\n[bold]Saved[/]  {escape(str(out))}", soft_wrap=True)


def _pictures(model: Any, model_file: Path, directory: Path | None, on_error: str | None) -> "tuple[str, Pictures]":
    """What to test on, and what it is called."""
    from ..classify import class_names, image_shape
    from ..run.pictures import FolderPictures
    from ..run.sources import Digits, labelled_as

    height, width, channels = image_shape(model)
    config = _config_of_run(model_file)
    if directory is not None:
        _warn_about_known_images(config, directory)
        classes = max(2, model.outputs[0].shape[-1])
        images = labelled_as(class_names(model, classes), directory)
        raises: dict[str, Any] = {"on_error": "raise" if on_error == "fail" else "skip"}
        return "test", FolderPictures(images, image_size=(height, width), channels=channels, shuffle=False, **raises)
    if config is not None:
        return _held_back(config)
    if (height, width, channels) != (28, 28, 1):
        raise CommandError(
            f"the built-in digits are (28, 28, 1), but the model takes images {(height, width, channels)}: "
            f"name a folder, as in minicnn evaluate {model_file} DIR"
        )
    return "test", Digits().test_pictures()


def _config_of_run(model_file: Path) -> dict[str, Any] | None:
    """Of the run that a model belongs to, if it lies in one."""
    from ..run.directory import RunDirectory, existing_run

    directory = model_file if model_file.is_dir() else model_file.parent
    return existing_run(directory)[1] if RunDirectory(directory).config.is_file() else None


def _held_back(config: dict[str, Any]) -> "tuple[str, Pictures]":
    """The images that a run was validated or tested with."""
    from ..run.settings import settings_of
    from ..run.sources import source_of

    settings = settings_of(config)
    images = source_of(settings)
    return images.held_back, images.pictures(settings, "int")[1]


def _warn_about_known_images(config: dict[str, Any] | None, directory: Path) -> None:
    if config is None or config["settings"]["directory"] is None:
        return
    if Path(config["settings"]["directory"]).resolve() == directory.resolve():
        warnings.warn(
            f"most of the images in {directory} are those that the model learned from, which says little about others; "
            "without DIR it is tested on those that were held back",
            stacklevel=2,
        )


def _write(directory: Any, model: Any, evaluation: Any, pictures: "Pictures", found: dict[str, Any]) -> dict[str, str]:
    """The report, the pictures and the numbers; the files by name."""
    from ..plots import HINT
    from ..run.directory import write_json
    from ..run.html import layer_rows
    from ..run.results import write_results

    numbers = {name: value for name, value in found.items() if name != "device"}
    texts = {
        "title": f"Test of {found['model']}",
        "subtitle": ", ".join(pictures.class_names[:8]),
        "held_back": found["held_back"],
        "facts": [("Model", found["model"]), ("Images", f"{len(pictures):,}")],
        "layers": layer_rows(model),
        "settings": {},
        "unreadable": pictures.unreadable,
        "commands": {},
    }
    written = write_results(directory, evaluation, pictures, **texts)
    write_json(directory.metrics, numbers)
    if directory.report not in written:
        print(f"minicnn: no report: {HINT}", file=sys.stderr)
    return {path.stem: str(path) for path in (*written, directory.metrics)}
