"""What figures were measured with, for the head of a results file."""

import datetime
import importlib.metadata
import platform
import shlex
import sys

from minicnn.cli.devices import machine

PACKAGES = (
    *("minicnn", "numpy", "numba", "pillow", "hypothesis"),
    *("tensorflow", "tensorflow-cpu", "keras", "torch", "onnxruntime", "openvino", "cupy-cuda12x", "cupy-cuda13x"),
)


def surroundings(*more: str) -> str:
    """Command, date, processor and versions, as a Markdown list."""
    here = machine()
    return f"""\
* Command: `python {shlex.join(sys.argv)}`
* Date: {", ".join((datetime.date.today().isoformat(), *more))}
* Processor: {here["cpu"]}, {here["usable_cores"]} cores, {here["threads"]} threads
* Versions: Python {platform.python_version()}, {", ".join(_versions())}
"""


def _versions() -> list[str]:
    """Name and version of the packages that are here."""
    installed = {found.metadata["Name"].lower().replace("_", "-") for found in importlib.metadata.distributions()}
    return [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES if name in installed]
