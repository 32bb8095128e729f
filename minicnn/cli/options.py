"""Options that several commands share, and what they do."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .errors import told_to_user

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; everything else goes to stderr.")]

Device = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="What computes: auto, gpu, gpu:1 …, cpu, portable or reference.", show_default="auto"
    ),
]

Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, max=65535, help="Threads of the compiled kernels.", show_default="one for every core"
    ),
]

ModelFile = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A .safetensors file that minicnn has written, or the directory of a run.",
        show_default=False,
    ),
]


def choose_device(name: str | None, threads: int | None = None) -> str:
    """Take device and threads from here on; by default those of MINICNN_DEVICE and MINICNN_NUM_THREADS, or the most."""
    from ..config import set_num_threads
    from ..device import current, device

    if threads is not None:
        set_num_threads(threads)
    with told_to_user(ValueError, RuntimeError):
        if name is not None:
            device(name)
        return current()


def open_model(path: Path) -> Any:
    """The model in a file, or in the directory of a run."""
    from ..run.directory import RunDirectory
    from ..saving import ModelFileError, load_model

    if path.is_dir():
        path = RunDirectory(path).model

    with told_to_user(ModelFileError, OSError):
        return load_model(path)
