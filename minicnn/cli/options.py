"""Options that several commands share, and what they do."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .errors import told_to_user

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; everything else goes to stderr.")]

Device = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Which kernels compute: auto, cpu, portable or reference.", show_default="auto"),
]

ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A .safetensors file that minicnn has written.", show_default=False)
]


def choose_device(name: str | None) -> str:
    """Take the device from here on; without a name the one of MINICNN_DEVICE, or the fastest."""
    from ..device import current, device

    with told_to_user(ValueError, RuntimeError):
        if name is not None:
            device(name)
        return current()


def open_model(path: Path) -> Any:
    """The model in a file."""
    from ..saving import ModelFileError, load_model

    with told_to_user(ModelFileError, OSError):
        return load_model(path)
