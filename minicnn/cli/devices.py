"""`minicnn devices`: what can compute here?"""

import os
import platform
from pathlib import Path
from typing import Any

from .options import Json, choose_device
from .output import results

_PURPOSE = {
    "cpu": "compiled float32 kernels on all cores: the fast one without a GPU",
    "portable": "plain NumPy: no compiler, also float64",
    "reference": "loops beside the equations: the definition, slow",
}


def devices(as_json: Json = False) -> None:
    """List the kernels that minicnn can compute with, and the machine it found.

    Choose with `--device NAME`, with the environment variable MINICNN_DEVICE, or in Python with
    minicnn.device("NAME"). The number of threads is set with `--threads N`, MINICNN_NUM_THREADS or
    minicnn.config.set_num_threads(N); results do not depend on it.

    **Examples**

    ```
    minicnn devices --json
    ```
    """
    with results(as_json) as found:
        on_host = [_device(name, purpose) for name, purpose in _PURPOSE.items()]
        found |= {"chosen": choose_device(None), "devices": [*on_host, *_gpus()], "machine": machine()}
        _show(found)


def _device(name: str, purpose: str) -> dict[str, Any]:
    """What the device is for; "missing" says why it cannot be used, or None."""
    from .. import kernels

    try:
        kernels.backend(name)
    except ImportError as error:
        return {"name": name, "purpose": purpose, "missing": str(error)}
    return {"name": name, "purpose": purpose, "missing": None}


def _gpus() -> list[dict[str, Any]]:
    """A device for each, or one that says why there is none."""
    from ..kernels.gpu.machine import count, gpu

    try:
        names = [f"gpu:{number}" if number else "gpu" for number in range(count())]
    except RuntimeError as error:
        return [{"name": "gpu", "purpose": "CUDA kernels", "missing": str(error)}]
    return [
        {"name": name, "purpose": f"CUDA kernels on {gpu(number)}", "missing": None}
        for number, name in enumerate(names)
    ]


def machine() -> dict[str, Any]:
    import numpy

    numba, threads = _numba()
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "numba": numba,
    }


def _numba() -> tuple[str | None, int]:
    """Numba's version and the threads of the compiled kernels; without Numba, one thread."""
    try:
        import numba
    except ImportError:
        return None, 1
    from ..kernels.cpu.threads import get_num_threads

    return numba.__version__, get_num_threads()


def _cpu_model() -> str:
    """As Linux names it, else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for column in ("device", "", ""):
        table.add_column(column)
    for entry in found["devices"]:
        state = Text("missing", "red") if entry["missing"] else Text("present", "green")
        chosen = " (used unless you choose another)" if entry["name"] == found["chosen"] else ""
        table.add_row(Text(entry["name"], "bold"), state, (entry["missing"] or entry["purpose"]) + chosen)
    console = Console(highlight=False)
    console.print(table)
    machine = found["machine"]
    console.print(
        f"\n{machine['cpu']}: {machine['cores']} cores, {machine['usable_cores']} usable, {machine['threads']} threads",
        f"Python {machine['python']}, NumPy {machine['numpy']}, Numba {machine['numba'] or 'missing'}",
        sep="\n",
    )
