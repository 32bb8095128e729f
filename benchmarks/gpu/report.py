"""What the parts of first_contact.sh found, as one JSON file and one page: python benchmarks/gpu/report.py FOLDER"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from surroundings import surroundings

MICROSECONDS = 1e6
TOP = 12  # kernels of a network

#: what was hoped for before anything was measured: net → (minicnn / PyTorch eager, minicnn / PyTorch's graph)
TARGETS = {"W2": (0.6, 1.0), "W3": (0.15, 0.7)}

Found = dict[str, Any]


def collected(folder: Path) -> Found:
    """All that the parts have written."""
    found: Found = {"parts": [json.loads(line) for line in _read(folder / "parts.jsonl").splitlines()]}
    for name in ("roofline", "steps", "curves"):
        text = _read(folder / f"{name}.json")
        found[name] = json.loads(text) if text else None
    return found


def page(found: Found, head: str) -> str:
    sections = (_parts, _steps, _roofline, _curves)
    return "\n".join([f"# minicnn on a GPU\n\n{head}", *("\n".join(section(found)) + "\n" for section in sections)])


def _parts(found: Found) -> Iterator[str]:
    yield "## What ran\n"
    yield "| part | outcome | s | at most |\n| --- | --- | ---: | ---: |"
    for part in found["parts"]:
        outcome = {0: "passed", 124: "ran out of time"}.get(part["status"], f"failed ({part['status']})")
        yield f"| {part['name']} | {outcome} | {part['seconds']} | {part['limit']} |"


def _steps(found: Found) -> Iterator[str]:
    yield "## Training step, ms\n"
    yield "Median over the rounds; ratios of minicnn in TF32 to PyTorch, and what was hoped for.\n"
    for row in found["steps"] or []:
        if "amounts" not in row:
            yield f"* {row['case']}: {row['problem']}"
            continue
        medians = {name: float(np.median(times)) for name, times in row["amounts"].items()}
        times = ", ".join(f"{name} {1e3 * seconds:.3g}" for name, seconds in medians.items())
        yield f"* {row['case']}: {times}{''.join(_ratios(row['case'], medians))}"
    for row in found["steps"] or []:
        for name, reason in row.get("unable", {}).items():
            yield f"* {row['case']}: {name} could not: {reason.strip().splitlines()[-1]}"


def _ratios(case: str, medians: dict[str, float]) -> Iterator[str]:
    for i, peer in enumerate(("PyTorch, eager", "PyTorch graph")):
        if peer in medians:
            hoped = f" (hoped for: {TARGETS[case][i]})" if case in TARGETS else ""
            yield f"; / {peer}: {medians['minicnn, tf32'] / medians[peer]:.2f}{hoped}"


def _roofline(found: Found) -> Iterator[str]:
    yield "## Kernels beside the least time they can take\n"
    if not (roofline := found["roofline"]):
        yield "Not measured."
        return
    ceilings = roofline["ceilings"]
    yield f"""\
Ceilings, measured: {ceilings["bytes"] / 1e12:.2f} TB/s, {ceilings["float32"] / 1e12:.1f} TFLOP/s in float32,
{ceilings["tf32"] / 1e12:.0f} TFLOP/s in TF32. Share: least time / time taken."""
    for net, rows in roofline["kernels"].items():
        total, needed = (sum(row[what] for row in rows) * MICROSECONDS for what in ("seconds", "needs"))
        yield f"\n{net}: {total:.0f} µs one by one, least {needed:.0f} µs\n"
        yield "| layer | kernel | result | algorithm | µs | least µs | share |"
        yield "| --- | --- | --- | --- | ---: | ---: | ---: |"
        for row in sorted(rows, key=lambda row: -row["seconds"])[:TOP]:
            share = "" if row["share"] is None else f"{row['share']:.2f}"
            times = f"{row['seconds'] * MICROSECONDS:.1f} | {row['needs'] * MICROSECONDS:.1f}"
            yield f"| {row['layer']} | {row['kernel']} | {row['shape']} | {row['algorithm']} | {times} | {share} |"


def _curves(found: Found) -> Iterator[str]:
    yield "## Losses of a real training\n"
    if not (curves := found["curves"]):
        yield "Not measured."
        return
    (first, measure), *others = curves.items()
    yield f"The loss after each of {len(measure)} steps, and how far it was at most from that of {first}.\n"
    yield "| run | first | last | farthest |\n| --- | ---: | ---: | ---: |"
    for name, losses in [(first, measure), *others]:
        far = np.abs(np.subtract(losses, measure)).max()
        yield f"| {name} | {losses[0]:.5f} | {losses[-1]:.5f} | {far:.1e} |"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _gpu() -> str:
    try:
        import cupy

        return cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    except (ImportError, RuntimeError) as error:
        return f"no GPU: {error}"


def main(out: str) -> None:
    folder = Path(out)
    found = collected(folder / "gpu")
    (folder / "gpu.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    (folder / "gpu.md").write_text(page(found, surroundings(_gpu())), encoding="utf-8")
    print(folder / "gpu.md")


if __name__ == "__main__":
    main(sys.argv[1])
