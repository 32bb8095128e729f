"""`minicnn summary`: what is in a model file?"""

from typing import Any

from .options import Json, ModelFile, open_model
from .output import results


def summary(model_file: ModelFile, as_json: Json = False) -> None:
    """Print the layers of a model with their output shapes and parameter counts.

    **Examples**

    ```
    minicnn summary digits.safetensors
    minicnn summary digits.safetensors --json
    ```
    """
    with results(as_json) as found:
        model = open_model(model_file)
        found |= _facts(model)
        _show(model)


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


def _show(model: Any) -> None:
    model.summary()
    if model.class_names:
        print(f" Classes: {', '.join(model.class_names)}")
