"""A network as an ONNX model, which runtimes for prediction read."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from workloads import Conv, Dense, MaxPool, Workload, activations, batch, channels_first

OPSET, IR_VERSION = 17, 8  # old enough for every runtime of the last years


def serialized(net: Workload) -> bytes:
    """The model from (N, C, H, W) images to answers, with all sizes fixed."""
    nodes, arrays, value = [], [], "images"
    parameters = iter(channels_first(net))

    def append(operator: str, *inputs: str, **attributes: object) -> None:
        nonlocal value
        nodes.append(helper.make_node(operator, [value, *inputs], [f"{operator}{len(nodes)}"], **attributes))
        value = nodes[-1].output[0]

    def two_parameters() -> tuple[str, str]:
        for array in (next(parameters), next(parameters)):
            arrays.append(numpy_helper.from_array(array, f"parameter{len(arrays)}"))
        return arrays[-2].name, arrays[-1].name

    for layer, given in zip(net.layers, activations(net)):
        match layer:
            case Conv(_, size, padding):
                append("Conv", *two_parameters(), pads=[size // 2 if padding == "same" else 0] * 4)
                append("Relu")
            case MaxPool():
                append("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
            case Dense(_, relu):
                if len(given) == 3:
                    append("Flatten")
                append("Gemm", *two_parameters(), transB=1)
                if relu:
                    append("Relu")
    shapes = {"images": images(net).shape, value: (net.batch, net.classes)}
    inputs, outputs = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    graph = helper.make_graph(nodes, "net", [inputs], [outputs], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return model.SerializeToString()


def images(net: Workload) -> np.ndarray:
    """The batch as ONNX wants it."""
    return np.ascontiguousarray(batch(net)[0].transpose(0, 3, 1, 2))
