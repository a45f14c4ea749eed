"""Models that go to and fro between Cepa and real Keras: the same outputs, the same measures, training that goes on."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import layers

ROOT = pathlib.Path(__file__).resolve().parents[2]
CEPA = pathlib.Path(os.environ.get("CEPA", ROOT / "build" / "cepa"))
ROWS, BATCH = 70, 16  # a short last batch

# Smooth functions: no ReLU or pooling that could decide differently over a rounding.
SOURCE = """
import keras
from keras import layers

inputs = keras.Input(shape=(8, 8, 3), name="picture")
x = layers.Rescaling(2.0, offset=-1.0)(inputs)
x = layers.Conv2D(6, 3, padding="same", activation="tanh", kernel_regularizer=keras.regularizers.L2(0.01))(x)
x = layers.BatchNormalization()(x)
y = layers.Conv2D(6, (1, 3), padding="same", use_bias=False, activation="sigmoid")(x)
x = layers.Add()([x, y])
x = layers.AveragePooling2D(2)(x)
x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.Flatten()(x)])
x = layers.Dense(5, activation="gelu")(x)
outputs = layers.Dense(4, activation="softmax")(x)
model = keras.Model(inputs, outputs, name="smooth")
model.compile(optimizer=OPTIMIZER, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
"""

OPTIMIZERS = [
    "keras.optimizers.Adam(learning_rate=0.01)",
    "keras.optimizers.Adam(learning_rate=0.01, amsgrad=True, clipnorm=0.5)",
    "keras.optimizers.SGD(learning_rate=0.05, momentum=0.9, nesterov=True)",
    "keras.optimizers.RMSprop(learning_rate=0.005, momentum=0.5, centered=True)",
    "keras.optimizers.AdamW(learning_rate=0.01, weight_decay=0.02)",
]


def cepa(*arguments):
    done = subprocess.run([CEPA, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


class ToAndFro(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        random = np.random.default_rng(1)
        self.x = random.random((ROWS, 8, 8, 3), dtype=np.float32)
        self.y = (self.x.mean(axis=(1, 2)) @ [9, 5, 7] * 31).astype("int32") % 4
        np.save(self.folder / "x.npy", self.x)
        np.savez(self.folder / "data.npz", x=self.x, y=self.y)

    def cepa_outputs(self, model):
        cepa("predict", model, self.folder / "x.npy", "-o", self.folder / "y.npy")
        return np.load(self.folder / "y.npy")

    def cepa_fit(self, model, run, epochs=1):
        cepa("fit", model, "--data", self.folder / "data.npz", "--validation", "none", "--no-shuffle", "--batch-size", BATCH,
             "--epochs", epochs, "-o", self.folder / run)
        return self.folder / run / "model.keras"

    def keras_fit(self, model):
        model.fit(self.x, self.y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)

    def same_outputs(self, path, model, bound):
        ours, theirs = self.cepa_outputs(path), model.predict(self.x, verbose=0)
        self.assertLess(np.abs(ours - theirs).max(), bound)

    def test_ours_in_keras(self):
        for optimizer in OPTIMIZERS:
            with self.subTest(optimizer):
                (self.folder / "model.py").write_text(SOURCE.replace("OPTIMIZER", optimizer))
                first = self.cepa_fit(self.folder / "model.py", "first" + str(OPTIMIZERS.index(optimizer)))
                model = keras.saving.load_model(first)
                self.same_outputs(first, model, 1e-5)
                self.assertEqual(int(model.optimizer.iterations.numpy()), -(-ROWS // BATCH))
                second = self.cepa_fit(first, "second" + str(OPTIMIZERS.index(optimizer)))
                self.keras_fit(model)
                self.same_outputs(second, model, 2e-5)

    def test_theirs_in_ours(self):
        for number, optimizer in enumerate(OPTIMIZERS):
            with self.subTest(optimizer):
                scope = {}
                exec(SOURCE.replace("OPTIMIZER", optimizer), scope)
                model = scope["model"]
                self.keras_fit(model)
                path = self.folder / f"theirs{number}.keras"
                model.save(path)
                self.same_outputs(path, model, 1e-5)
                measured = json.loads(cepa("evaluate", path, "--data", self.folder / "data.npz", "--json"))
                expected = model.evaluate(self.x, self.y, batch_size=BATCH, verbose=0, return_dict=True)
                for name, number_ in expected.items():
                    self.assertAlmostEqual(measured[name], number_, delta=2e-5)
                self.keras_fit(model)
                self.same_outputs(self.cepa_fit(path, f"on{number}"), model, 2e-5)

    def test_open_sizes(self):
        """Sizes of None: outputs for pictures of two sizes, and training that goes on."""
        inputs = keras.Input((None, None, 3))
        x = layers.Conv2D(6, 3, strides=2, padding="same", activation="tanh")(inputs)
        maps = layers.BatchNormalization()(x)
        outputs = layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling2D()(maps))
        model, maps = keras.Model(inputs, outputs), keras.Model(inputs, maps)
        model.compile("adam", "sparse_categorical_crossentropy")
        self.keras_fit(model)
        for kind in (model, maps):
            kind.save(self.folder / "open.keras")
            for size in ((8, 8), (5, 11)):
                x = np.random.default_rng(4).random((5, *size, 3), dtype=np.float32)
                np.save(self.folder / "x.npy", x)
                ours = self.cepa_outputs(self.folder / "open.keras")
                self.assertLess(np.abs(ours - kind.predict(x, verbose=0)).max(), 1e-5)
        model.save(self.folder / "open.keras")
        np.save(self.folder / "x.npy", self.x)
        again = self.cepa_fit(self.folder / "open.keras", "open")
        self.keras_fit(model)
        self.same_outputs(again, model, 2e-5)
        self.assertEqual(keras.saving.load_model(again).input_shape, (None, None, None, 3))

    def test_kinds_of_models(self):
        """Sequential with and without Input, shared layers, nested models, several inputs and outputs."""
        shared = layers.Dense(5, activation="tanh")
        a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
        pair = keras.Model([a, b], {"sum": layers.Dense(2)(layers.add([shared(a), shared(b)])), "one": shared(a)})
        inner = keras.Sequential([keras.Input((6,)), layers.Dense(6, activation="elu"), layers.Dropout(0.3)], name="inner")
        outer_in = keras.Input((6,))
        outer = keras.Model(outer_in, layers.Dense(3)(inner(inner(outer_in))))
        lazy = keras.Sequential([layers.Dense(4, activation="selu"), layers.Dense(2)])
        lazy.build((None, 6))
        data = np.random.default_rng(2).random((9, 6), dtype=np.float32)
        for model in (outer, lazy):
            with self.subTest(model.name):
                model.save(self.folder / "kind.keras")
                np.save(self.folder / "x.npy", data)
                ours = self.cepa_outputs(self.folder / "kind.keras")
                self.assertLess(np.abs(ours - model.predict(data, verbose=0)).max(), 1e-5)
        pair.save(self.folder / "pair.keras")
        np.savez(self.folder / "pair.npz", a=data, b=data[::-1])
        cepa("predict", self.folder / "pair.keras", self.folder / "pair.npz", "-o", self.folder / "out.npz")
        ours = np.load(self.folder / "out.npz")
        theirs = pair.predict({"a": data, "b": data[::-1]}, verbose=0)
        found = sorted(ours.files)
        self.assertEqual(found, ["output_0", "output_1"])
        by_shape = {value.shape: value for value in theirs.values()}
        for name in found:
            self.assertLess(np.abs(ours[name] - by_shape[ours[name].shape]).max(), 1e-5)


if __name__ == "__main__":
    unittest.main()
