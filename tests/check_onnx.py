# SPDX-License-Identifier: Apache-2.0
# check_onnx.py FILE.onnx...: each is valid, says what it is, and its operators,
# run in NumPy in double as ONNX defines them, give what OpenCV gives. Silent
# when all is well.
import sys

import cv2
import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import helper, numpy_helper

KNOWN = {"Conv", "Gemm", "MatMul", "Relu", "Tanh", "Sigmoid", "Softmax", "Sqrt",
         "Abs", "Atan", "Add", "Sub", "Mul", "Div", "Max", "MaxPool",
         "AveragePool", "InstanceNormalization", "Flatten", "Reshape",
         "Transpose", "Concat", "Slice", "Identity"}


def windows(x, kernel, strides):
    view = sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, ::strides[0], ::strides[1]]


def run(op, a, x):
    if op == "Conv":
        pads = a.get("pads", [0, 0, 0, 0])
        padded = np.pad(x[0], ((0, 0), (0, 0), (pads[0], pads[2]),
                               (pads[1], pads[3])))
        view = windows(padded, x[1].shape[2:], a.get("strides", [1, 1]))
        y = np.einsum("nchwij,ocij->nohw", view, x[1], optimize=True)
        return y + x[2][:, None, None] if len(x) > 2 else y
    if op == "Gemm":
        assert a == {"transB": 1}
        return x[0] @ x[1].T + x[2]
    if op in ("MaxPool", "AveragePool"):
        view = windows(x[0], a["kernel_shape"], a["strides"])
        return view.max((4, 5)) if op == "MaxPool" else view.mean((4, 5))
    if op == "InstanceNormalization":
        centred = x[0] - x[0].mean((2, 3), keepdims=True)
        variance = (centred**2).mean((2, 3), keepdims=True)
        return centred / np.sqrt(variance + a["epsilon"]) * x[1] + x[2]
    if op == "Softmax":
        assert x[0].ndim == 2 and a["axis"] == 1
        e = np.exp(x[0] - x[0].max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)
    if op == "Flatten":
        return x[0].reshape(len(x[0]), -1)
    if op == "Slice":
        begin, end, axis = (int(v[0]) for v in x[1:])
        return np.take(x[0], range(begin, end), axis)
    return {"MatMul": lambda: x[0] @ x[1], "Relu": lambda: np.maximum(x[0], 0),
            "Tanh": lambda: np.tanh(x[0]), "Sqrt": lambda: np.sqrt(x[0]),
            "Sigmoid": lambda: 1 / (1 + np.exp(-x[0])),
            "Abs": lambda: np.abs(x[0]), "Atan": lambda: np.arctan(x[0]),
            "Add": lambda: x[0] + x[1], "Sub": lambda: x[0] - x[1],
            "Mul": lambda: x[0] * x[1], "Div": lambda: x[0] / x[1],
            "Max": lambda: np.max(x, axis=0),
            "Reshape": lambda: x[0].reshape(x[1].astype(int)),
            "Transpose": lambda: x[0].T, "Identity": lambda: x[0],
            "Concat": lambda: np.concatenate(x, a["axis"])}[op]()


def evaluate(model, inputs):
    values = {name: value.astype(float) for name, value in inputs.items()}
    for tensor in model.graph.initializer:
        values[tensor.name] = numpy_helper.to_array(tensor).astype(float)
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a)
                      for a in node.attribute}
        arguments = [values[name] for name in node.input]
        values[node.output[0]] = run(node.op_type, attributes, arguments)
    return values


def shape(value, open_sizes):
    return [d.dim_value or open_sizes[d.dim_param]
            for d in value.type.tensor_type.shape.dim]


random = np.random.default_rng(1)
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [o.version for o in model.opset_import] == [12], path
    facts = {p.key: p.value for p in model.metadata_props}
    for key in ("name", "licence", "version", "architecture", "card", "data"):
        assert facts.get(key), f"{path}: no {key}"
    assert facts["name"] in path and facts["licence"] == "Apache-2.0", path
    operators = {node.op_type for node in model.graph.node}
    assert operators <= KNOWN, operators - KNOWN
    net = cv2.dnn.readNetFromONNX(path)
    for count in (1, 4, 33):
        sizes = {"N": count, "H": 30 + count, "W": 40}
        inputs = {}
        for value in model.graph.input:
            data = random.normal(size=shape(value, sizes))
            if value.name in ("patch", "image"):
                data = np.clip(128 + 40 * data, 0, 255)
            inputs[value.name] = data.astype(np.float32)
            net.setInput(inputs[value.name], value.name)
        expected = evaluate(model, inputs)
        names = [value.name for value in model.graph.output]
        for name, found in zip(names, net.forward(names)):
            off = np.abs(found - expected[name]).max()
            largest = np.abs(expected[name]).max()
            assert found.shape == expected[name].shape, (path, name)
            assert off <= 1e-4 * largest, f"{path}: {name} is off by {off}"
