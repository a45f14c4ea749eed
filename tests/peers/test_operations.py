"""Operations on tensors beside real Keras: read from its files and from text, trained, written for it."""
import json
import os
import pathlib
import tempfile
import unittest
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import ops  # noqa: F401, a name of the cases

from test_keras import cepa

# What becomes of two tensors x and y, both positive, of 4 numbers each.
CASES = [
    "x * 2.0", "3 * x", "x + 1", "1 + x", "x - 0.5", "1 - x", "x / 4", "2 / x", "x ** 2", "(x + 1) ** -3", "x ** 0.5", "2 ** x", "-x",
    "x + y", "x - y", "x * y", "x / y", "(x + y) / 2 - x * y", "x * (1 - y)",
    "ops.add(x, 2.5)", "ops.add(x, y)", "ops.subtract(1.5, x)", "ops.subtract(y, x)", "ops.multiply(x, -3)", "ops.divide(x, 3)",
    "ops.divide(y, x)", "ops.true_divide(2, x)", "ops.power(x, 3)", "ops.maximum(x, 1)", "ops.maximum(1, x)", "ops.minimum(y, 1.1)",
    "ops.minimum(x, y)", "ops.negative(x)", "ops.abs(x - 1)", "ops.absolute(1 - x)", "ops.square(x)", "ops.sqrt(x)", "ops.rsqrt(x)",
    "ops.reciprocal(x)", "ops.exp(x)", "ops.log(x)", "ops.relu(x - 1)", "ops.sigmoid(x)",
    "ops.leaky_relu(x - 1, negative_slope=0.3)", "ops.softmax(x)", "ops.tanh(x)", "ops.gelu(x, approximate=False)", "ops.silu(-x)",
    "ops.concatenate([x, y], axis=-1)", "ops.elu(1 - x)",
]

TEXT = """
import keras
from keras import ops
inputs = keras.Input((4,))
x = keras.layers.Dense(4, 'softplus', kernel_initializer=keras.initializers.Constant(0.3))(inputs)
y = keras.layers.Dense(4, 'sigmoid', kernel_initializer=keras.initializers.Constant(-0.2))(inputs)
z = {}
outputs = keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(0.1))(z)
model = keras.Model(inputs, outputs)
model.compile(keras.optimizers.SGD(0.01), 'mse')
"""


class Operations(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        random = np.random.default_rng(6)
        self.x, self.y = random.normal(size=(20, 4)).astype("float32"), random.normal(size=(20, 2)).astype("float32")
        np.savez(self.folder / "data.npz", x=self.x, y=self.y)
        np.save(self.folder / "x.npy", self.x)

    def predict(self, model):
        cepa("predict", model, self.folder / "x.npy", "-o", self.folder / "y.npy")
        return np.load(self.folder / "y.npy")

    def layers_of(self, path):
        with zipfile.ZipFile(path) as archive:
            return [(layer["name"], layer["class_name"]) for layer in json.loads(archive.read("config.json"))["config"]["layers"]]

    def test_operations(self):
        for first in range(0, len(CASES), 16):
            text = f"keras.layers.Concatenate()([{', '.join(CASES[first:first + 16])}])"
            with self.subTest(text):
                keras.backend.clear_session()
                names = {}
                exec(TEXT.format(text), names)
                model = names["model"]
                (self.folder / "model.py").write_text(TEXT.format(text))
                model.save(self.folder / "theirs.keras")
                np.testing.assert_allclose(self.predict(self.folder / "theirs.keras"), model.predict(self.x, verbose=0), rtol=2e-5,
                                           atol=2e-6)
                model.fit(self.x, self.y, 20, 2, verbose=0)
                theirs = model.predict(self.x, verbose=0)
                for start in "theirs.keras", "model.py":
                    cepa("fit", self.folder / start, "--data", self.folder / "data.npz", "--validation", "none", "--epochs", 2,
                         "--batch-size", 20, "--overwrite", "-o", self.folder / "run")
                    np.testing.assert_allclose(self.predict(self.folder / "run"), theirs, rtol=1e-4, atol=1e-5, err_msg=start)
                    ours = keras.saving.load_model(self.folder / "run/model.keras")
                    np.testing.assert_allclose(ours.predict(self.x, verbose=0), theirs, rtol=1e-4, atol=1e-5, err_msg=start)
                    names = [name for name, _ in self.layers_of(self.folder / "run/model.keras")]
                    self.assertEqual(sorted(names), sorted(name for name, _ in self.layers_of(self.folder / "theirs.keras")))

    def test_summary(self):
        keras.backend.clear_session()
        names, lines = {}, []
        text = TEXT.format("1 - x / 2 + ops.maximum(x, y) / y")
        exec(text, names)
        (self.folder / "model.py").write_text(text)
        names["model"].summary(print_fn=lambda line, **_: lines.append(line), line_length=78)
        rows = [line.split("│")[1].strip() for line in "\n".join(lines).splitlines() if line.startswith("│")]
        ours = [line.split("│")[1].strip() for line in cepa("summary", self.folder / "model.py").splitlines() if line.startswith("│")]
        self.assertEqual(sorted(ours), sorted(rows))


if __name__ == "__main__":
    unittest.main()
