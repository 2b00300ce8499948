"""ONNX models for tests, made on the spot."""

from onnx import TensorProto, helper, save


def write(path, factor, operator="MatMul"):
    """A model that gives the sum of three numbers, times a factor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", "w"], ["y"])], "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1])],
        [helper.make_tensor("w", TensorProto.FLOAT, [3, 1], [factor] * 3)],
    )
    # Opset 18 and its IR are what servers of these years read.
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path.parent


def service(name, uri, **model):
    return {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": name},
            "spec": {"predictor": {"model": {"modelFormat": {"name": "onnx"}, "storageUri": uri, **model}}}}
