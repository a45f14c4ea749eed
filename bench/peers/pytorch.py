"""PyTorch as fast as it goes on a processor: channels last, ReLU in place, Adam in one fused pass, the data resident as
bytes. (torch.compile trains this kind of network at less than half the speed and predicts no faster.)"""
import torch
import torch.nn.functional as F

from peers.network import padding

ACTIVATIONS = {None: lambda x: x, "linear": lambda x: x, "relu": F.relu_}


def tensor(array):
    return torch.nn.Parameter(torch.from_numpy(array))


def convolution(node):
    c, (top, bottom, left, right) = node.config, padding(node)
    layer = torch.nn.Conv2d(node.shape[-1], c["filters"], c["kernel_size"], c["strides"], (top, left),
                            groups=c["groups"], bias=c["use_bias"])
    activation = ACTIVATIONS[c["activation"]]
    if top == bottom and left == right:
        return layer, lambda x: activation(layer(x))
    layer.padding = (0, 0)
    return layer, lambda x: activation(layer(F.pad(x, (left, right, top, bottom))))


def dense(node):
    layer = torch.nn.Linear(node.weights[0].shape[1], node.config["units"], bias=node.config["use_bias"])
    activation = ACTIVATIONS[node.config["activation"]]
    return layer, lambda x: activation(layer(x))


def normalization(node):
    layer = torch.nn.BatchNorm2d(node.shape[-1], eps=node.config["epsilon"], momentum=1 - node.config["momentum"])
    layer.running_mean, layer.running_var = (torch.from_numpy(array) for array in node.weights[2:])
    return layer, layer


def plain(module):
    return module, module


LAYERS = {
    "Conv2D": convolution,
    "Dense": dense,
    "BatchNormalization": normalization,
    "MaxPooling2D": lambda node: plain(torch.nn.MaxPool2d(node.config["pool_size"], node.config["strides"])),
    "GlobalAveragePooling2D": lambda node: (torch.nn.Identity(), lambda x: x.mean((2, 3))),
    "Flatten": lambda node: plain(torch.nn.Flatten()),
    "Dropout": lambda node: plain(torch.nn.Dropout(node.config["rate"])),
    "Activation": lambda node: (torch.nn.Identity(), ACTIVATIONS[node.config["activation"]]),
    "Add": lambda node: (torch.nn.Identity(), torch.add),
}


class Model(torch.nn.Module):
    def __init__(self, nodes):
        super().__init__()
        self.layers = torch.nn.ModuleList()
        self.calls = []
        for node in nodes:
            if node.kind == "InputLayer":
                self.input = node.name
                continue
            layer, call = LAYERS[node.kind](node)
            for name, array in zip(("weight", "bias"), node.weights):
                setattr(layer, name, tensor(array))
            self.layers.append(layer)
            self.calls.append((node.name, call, node.inputs))

    def forward(self, x):
        values = {self.input: x}
        for name, call, inputs in self.calls:
            values[name] = call(*(values[i] for i in inputs))
        return values[name]


class Peer:
    def __init__(self, threads):
        torch.set_num_threads(threads)

    def trainer(self, network, x, y, batch):
        model = Model(network.nodes()).to(memory_format=torch.channels_last)
        step = self.step(model, torch.optim.Adam(model.parameters(), eps=1e-7, fused=True))
        x, y = torch.from_numpy(x), torch.from_numpy(y)

        def train(epochs):
            for _ in range(epochs):
                loss, hits, order = torch.zeros(()), torch.zeros((), dtype=torch.int64), torch.randperm(len(x))
                for start in range(0, len(x), batch):
                    rows = order[start:start + batch]
                    step(x[rows], y[rows].long(), loss, hits)
                loss.item(), hits.item()
        return train

    def step(self, model, optimizer):
        def step(images, labels, loss, hits):
            logits = model(images.permute(0, 3, 1, 2).float().mul_(1 / 255))
            cost = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
            loss.add_(cost.detach(), alpha=len(labels))
            hits.add_((logits.detach().argmax(1) == labels).sum())
        return step

    def predictor(self, network, x):
        model = Model(network.nodes()).to(memory_format=torch.channels_last).eval()
        images = torch.from_numpy(x).permute(0, 3, 1, 2)

        @torch.inference_mode()
        def predict():
            return model(images)
        return predict
