"""`minicnn predict`: what is on these pictures?"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .errors import FAILED, told_to_user
from .options import Device, Json, ModelFile, Threads, choose_device, open_model
from .output import results


def predict(
    model_file: ModelFile,
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Image files.", show_default=False)],
    invert: Annotated[
        bool,
        typer.Option("--invert", help="The pictures show dark ink on light paper; the digits are white on black."),
    ] = False,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many classes to show for each file.")] = 3,
    device: Device = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Classify image files and print the most probable classes.

    Pictures of any size and kind are turned upright, made grey or RGB, and resized to what the model takes;
    they are not cropped, so let the object fill a square picture. Files that cannot be read are named on
    stderr; the others are classified all the same, and the exit code is 1.

    **Examples**

    ```
    minicnn predict runs/photos holiday/*.jpg
    minicnn predict runs/digits --invert photos/*.jpg   # ink on paper
    minicnn predict model.safetensors --json *.png
    ```
    """
    with results(as_json) as found:
        choose_device(device, threads)
        model = open_model(model_file)
        images, unreadable = _read(model, files, invert)
        predictions = _classify(model, images)
        found |= {"model": str(model_file), "predictions": predictions, "unreadable": unreadable}
        _show(predictions, top)
    if unreadable:
        raise typer.Exit(FAILED)


def _read(model: Any, files: list[Path], invert: bool) -> tuple[dict[Path, Any], list[str]]:
    """Pixels by file, and the files that could not be read."""
    from ..classify import image_shape
    from ..images import ImageFileError, read_image

    images, unreadable = {}, []
    with told_to_user(ValueError):
        shape = image_shape(model)
        for path in files:
            try:
                images[path] = read_image(path, shape, invert)
            except ImageFileError as error:
                print(f"minicnn: {error}", file=sys.stderr)
                unreadable.append(str(path))
    return images, unreadable


def _classify(model: Any, images: dict[Path, Any]) -> list[dict[str, Any]]:
    """For each file its class and the probability of every class."""
    import numpy as np

    from ..classify import class_names, probabilities

    if not images:
        return []
    with told_to_user(ValueError):
        p = probabilities(model, np.stack(list(images.values())))
    names = class_names(model, p.shape[1])
    return [
        {
            "file": str(path),
            "class": names[int(row.argmax())],
            "probabilities": {name: float(value) for name, value in zip(names, row)},
        }
        for path, row in zip(images, p)
    ]


def _show(predictions: list[dict[str, Any]], top: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from .tables import bar

    if not predictions:
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for column in ("file", "class", "probability"):
        table.add_column(column, overflow="fold")
    for prediction in predictions:
        ranked = sorted(prediction["probabilities"].items(), key=lambda item: -item[1])[:top]
        for rank, (name, p) in enumerate(ranked):
            style = "dim" if rank else "bold green"
            file = "" if rank else prediction["file"]
            table.add_row(Text(file), Text(name, style), Text(f"{bar(p, width=20)} {p:6.1%}", style))
    Console(highlight=False).print(table)
