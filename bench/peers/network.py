"""A network as the peers get it: the .keras file that Cepa wrote, so that all compute the same."""
import collections
import io
import json
import pathlib
import re
import zipfile

Node = collections.namedtuple("Node", "name kind config inputs weights shape")


def snake(name):
    """A class' name as Keras names the groups of its weights: conv2d, max_pooling2d, batch_normalization."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()


def tensors(value):
    """The names of the layers whose outputs a call's arguments are, and the first one's shape without the batch."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return [(value["config"]["keras_history"][0], value["config"]["shape"][1:])]
    if isinstance(value, (list, tuple)):
        return [found for part in value for found in tensors(part)]
    return []


class Network:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.archive = self.folder / "model.keras"

    def nodes(self):
        """The layers in an order that works, with their inputs' names, their weights and their first input's shape."""
        import h5py
        with zipfile.ZipFile(self.archive) as archive:
            config = json.loads(archive.read("config.json"))["config"]
            weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))["layers"]
        seen, nodes = collections.Counter(), []
        for layer in config["layers"]:
            kind = layer["class_name"]
            group = snake(kind) + (f"_{seen[kind]}" if seen[kind] else "")
            seen[kind] += 1
            arrays = weights[group]["vars"] if group in weights and "vars" in weights[group] else {}
            arguments = tensors(layer["inbound_nodes"][0]["args"]) if layer["inbound_nodes"] else []
            nodes.append(Node(layer["name"], kind, layer["config"], [name for name, _ in arguments],
                              [arrays[str(i)][()] for i in range(len(arrays))], arguments[0][1] if arguments else []))
        return self.channels_first(nodes)

    @staticmethod
    def channels_first(nodes):
        """Filters as (out, in, height, width); matrices as (out, in), behind a Flatten for rows of channels first."""
        by_name = {node.name: node for node in nodes}
        for node in nodes:
            if node.kind == "Conv2D":
                node.weights[0] = node.weights[0].transpose(3, 2, 0, 1).copy()
            elif node.kind == "Dense":
                matrix, before = node.weights[0], by_name[node.inputs[0]]
                if before.kind == "Flatten" and len(before.shape) == 3:
                    matrix = matrix.reshape(*before.shape, -1).transpose(2, 0, 1, 3).reshape(matrix.shape)
                node.weights[0] = matrix.T.copy()
        return nodes


def padding(node):
    """Rows before and after, columns before and after, that padding="same" adds."""
    if node.config["padding"] == "valid":
        return [0, 0, 0, 0]
    window = node.config.get("kernel_size") or node.config["pool_size"]
    pads = []
    for size, kernel, stride in zip(node.shape, window, node.config["strides"]):
        more = max(0, ((size + stride - 1) // stride - 1) * stride + kernel - size)
        pads += [more // 2, more - more // 2]
    return pads
