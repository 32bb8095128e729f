"""`minicnn summary`: what is in a model file?"""

from typing import Annotated, Any

import typer

from .options import Json, ModelFile, open_model
from .output import results


def summary(
    model_file: ModelFile,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also show which kernels a step calls, and what they cost.")
    ] = False,
    batch_size: Annotated[int, typer.Option(help="Samples of that step.", min=1)] = 32,
    as_json: Json = False,
) -> None:
    """Print the layers of a model with their output shapes and parameter counts.

    With `--plan`, a training step (a prediction, if the file holds no training state) is planned and run a few times
    on noise: for each kernel you see how it is computed, why, its operations, its memory traffic and its time.

    **Examples**

    ```
    minicnn summary runs/digits
    minicnn summary runs/digits --plan --batch-size 128
    minicnn summary model.safetensors --json
    ```
    """
    with results(as_json) as found:
        model = open_model(model_file)
        found |= _facts(model)
        _show(model)
        if plan:
            found |= _plan(model, batch_size)


def _facts(model: Any) -> dict[str, Any]:
    from .. import graph

    return {
        "name": model.name,
        "class_names": model.class_names,
        "inputs": [list(symbol.shape) for symbol in getattr(model, "inputs", [])],
        "layers": [
            {
                "name": node.layer.name,
                "type": type(node.layer).__name__,
                "output_shapes": [list(symbol.shape) for symbol in graph.flatten(node.outputs)],
                "parameters": node.layer.count_params(),
            }
            for node in model.calls()
        ],
        "parameters": model.count_params(),
        "trainable_parameters": sum(w.numpy().size for w in model.trainable_weights),
    }


def _plan(model: Any, batch_size: int) -> dict[str, Any]:
    from ..plan.explain import plan_rows, print_rows

    rows, memory = plan_rows(model, batch_size)
    print_rows(model, batch_size, rows, memory)
    return {"batch_size": batch_size, "plan": [row._asdict() for row in rows], "plan_bytes": memory}


def _show(model: Any) -> None:
    model.summary()
    if model.class_names:
        print(f" Classes: {', '.join(model.class_names)}")
