"""ONNX Runtime, which only predicts; and the network as an ONNX file, which MNN reads too."""
import onnx
from onnx import TensorProto, helper, numpy_helper

from peers.network import padding


def convolution(node):
    top, bottom, left, right = padding(node)
    return "Conv", dict(kernel_shape=node.config["kernel_size"], pads=[top, left, bottom, right],
                        group=node.config["groups"], strides=node.config["strides"])


def pooling(node):
    size = node.config["pool_size"]
    return "MaxPool", dict(kernel_shape=size, strides=node.config["strides"] or size)


OPERATORS = {
    "Conv2D": convolution,
    "MaxPooling2D": pooling,
    "Dense": lambda node: ("Gemm", {"transB": 1}),
    "BatchNormalization": lambda node: ("BatchNormalization", {"epsilon": node.config["epsilon"]}),
    "Activation": lambda node: ("Relu", {}),
    "Add": lambda node: ("Add", {}),
    "GlobalAveragePooling2D": lambda node: ("GlobalAveragePool", {}),
    "Flatten": lambda node: ("Flatten", {}),
    "Dropout": lambda node: ("Identity", {}),
}


def onnx_model(network, batch):
    """The network for one batch size, channels first."""
    steps, weights, output = [], [], None

    def add(operator, inputs, name, **attributes):
        steps.append(helper.make_node(operator, inputs, [name], name=name, **attributes))

    for node in network.nodes():
        output = node.name
        if node.kind == "InputLayer":
            height, width, channels = node.config["batch_shape"][1:]
            first = helper.make_tensor_value_info(node.name, TensorProto.FLOAT, [batch, channels, height, width])
            continue
        operator, attributes = OPERATORS[node.kind](node)
        names = [f"{node.name}/{i}" for i in range(len(node.weights))]
        weights += [numpy_helper.from_array(array, name) for array, name in zip(node.weights, names)]
        inner = {"GlobalAveragePooling2D": "/average"}.get(node.kind, "")
        if node.kind != "Activation" and node.config.get("activation") == "relu":
            inner = "/linear"
        add(operator, node.inputs + names, node.name + inner, **attributes)
        if inner:
            add({"/average": "Flatten", "/linear": "Relu"}[inner], [node.name + inner], node.name)
    last = helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, 10])
    graph = helper.make_graph(steps, "network", [first], [last], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    return model


class Peer:
    def __init__(self, threads):
        import onnxruntime
        self.runtime, self.threads = onnxruntime, threads

    def predictor(self, network, x):
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        model = onnx_model(network, len(x)).SerializeToString()
        session = self.runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: x.transpose(0, 3, 1, 2).copy()}
        return lambda: session.run(None, feed)[0]
