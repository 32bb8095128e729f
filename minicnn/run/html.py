"""The report of a run: one HTML file that holds its pictures and needs nothing else."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..plots import HINT, Mistake

#: the longer side of a picture in the report
_SIDE = 224


class ReportUnavailableError(RuntimeError):
    """Jinja is not installed."""


def render(
    *,
    results: Mapping[str, Any],
    mistakes: Sequence[Mistake],
    curves: Path | None = None,
    confusion: Path | None = None,
    **texts: Any,
) -> bytes:
    """The page, in UTF-8.

    results             `Evaluation.numbers()`
    curves, confusion   PNG files, None for none
    texts               title, subtitle, held_back ("validation"), facts [(name, value)], layers
                        [{name, kind, shape, parameters}], settings, unreadable {file: reason}, commands {command: why},
                        footer

    Raises ReportUnavailableError without Jinja.
    """
    page = _template().render(
        **texts,
        accuracy=results["accuracy"],
        samples=results["samples"],
        right=sum(row["correct"] for row in results["classes"].values()),
        loss=results["loss"],
        classes=results["classes"],
        mistakes=[_figure(mistake) for mistake in mistakes],
        curves=curves and _embedded(curves.read_bytes(), "png"),
        confusion=confusion and _embedded(confusion.read_bytes(), "png"),
        confusion_width=min(900, 330 + 34 * len(results["classes"])),
    )
    return page.encode("utf-8", "replace")


def _template() -> Any:
    try:
        import jinja2
    except ImportError:
        raise ReportUnavailableError(f"the report needs Jinja: {HINT}") from None
    page = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"percent": _percent, "thousands": "{:,}".format}
    return environment.from_string(page)


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part:.1%}"


def _figure(mistake: Mistake) -> dict[str, Any]:
    picture = mistake.picture.copy()
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    small = max(picture.size) <= 64
    picture.save(file, "PNG" if small else "JPEG", quality=85)
    kind = "png" if small else "jpeg"
    return {**mistake._asdict(), "picture": _embedded(file.getvalue(), kind), "small": small}


def _embedded(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def layer_rows(model: Any) -> list[dict[str, Any]]:
    """The layers of a model, for the page.

    >>> import minicnn as mc
    >>> layer_rows(mc.Sequential([mc.Input((4,)), mc.layers.Dense(2, name="out")]))
    [{'name': 'out', 'kind': 'Dense', 'shape': '2', 'parameters': 10}]
    """
    from .. import graph

    return [
        {
            "name": node.layer.name,
            "kind": type(node.layer).__name__,
            "shape": ", ".join("×".join(map(str, s.shape[1:])) for s in graph.flatten(node.outputs)),
            "parameters": node.layer.count_params(),
        }
        for node in model.calls()
    ]
