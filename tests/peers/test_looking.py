"""What cepa shows of a model's inside, beside real Keras: class activation maps by TensorFlow's gradients, the value of
a unit, filters slid over a picture by a Conv2D layer."""
import json
import os
import pathlib
import tempfile
import unittest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow
from keras import layers

from test_keras import cepa

CLASS = 3


def network():
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="first")(inputs)
    x = layers.MaxPooling2D(name="pool")(layers.BatchNormalization()(x))
    x = layers.Conv2D(8, 3, activation="elu", padding="same", name="second")(x)
    x = layers.AveragePooling2D(2)(layers.Dropout(0.3)(x))
    x = layers.Dense(12, activation="tanh")(layers.Flatten()(x))
    logits = layers.Dense(5, name="logits")(x)
    return keras.Model(inputs, layers.Softmax()(logits))


class Looking(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        keras.utils.set_random_seed(3)
        self.model = network()
        self.model.compile("adam", "sparse_categorical_crossentropy")
        self.model.save(self.folder / "model.keras")
        self.x = np.random.default_rng(5).normal(size=(1, 16, 16, 3)).astype("float32")
        np.savez(self.folder / "data.npz", x=self.x, y=np.array([2]))

    def inspect(self, what, *arguments):
        return cepa("inspect", what, self.folder / "model.keras", "--data", self.folder / "data.npz", *arguments)

    def outputs(self, *names):
        wanted = [self.model.get_layer(name).output for name in names]
        return keras.Model(self.model.inputs, wanted)([self.x], training=False)

    def test_class_activation(self):
        for layer in ("first", "second"):
            with tensorflow.GradientTape() as tape:
                maps, logits = self.outputs(layer, "logits")
                score = logits[:, CLASS]
            gradient = tape.gradient(score, maps).numpy()[0]
            expected = np.maximum((maps.numpy()[0] * gradient.mean((0, 1))).sum(-1), 0)
            printed = self.inspect("cam", "--class", CLASS, "--layer", layer)
            found = np.array([line.split() for line in printed.splitlines()[2:]], float)
            np.testing.assert_allclose(found, expected / expected.max(), atol=1e-4)

    def test_units(self):
        for layer, place in (("first", (3, 4, 5)), ("pool", (6, 0, 2)), ("second", (0, 6, 7)), ("logits", (CLASS,))):
            told = json.loads(self.inspect("unit", "-l", layer, "--at", ",".join(map(str, place)), "--json"))
            expected = self.outputs(layer, layer)[0].numpy()[0][place]
            self.assertAlmostEqual(told["value"], float(expected), places=5)

    def test_filters(self):
        np.save(self.folder / "x.npy", self.x[0])
        for size, strides, padding, name in ((3, 1, "valid", "valid"), (4, 2, "same", "zero"), (5, 3, "same", "zero")):
            kernel = np.random.default_rng(size).normal(size=(size, size, 3))
            np.save(self.folder / "k.npy", kernel)
            cepa("filter", self.folder / "x.npy", "-k", self.folder / "k.npy", "--padding", name, "--strides", strides,
                 "-o", self.folder / "out.npy")
            expected = keras.ops.conv(self.x, kernel[..., None].astype("float32"), strides, padding).numpy()[0, ..., 0]
            np.testing.assert_allclose(np.load(self.folder / "out.npy"), expected, rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    unittest.main()
