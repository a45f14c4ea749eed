"""Archives of branching models to and fro between Cepa and real Keras: nested and shared layers, several inputs and
outputs, compile arguments with options, architectures as JSON."""
import json
import os
import pathlib
import tempfile
import unittest
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import layers

from test_keras import cepa

ROWS, BATCH = 24, 8


def bottleneck():
    inputs = keras.Input((8, 8, 6))
    x = layers.Conv2D(4, 1, activation="tanh")(inputs)
    x = layers.BatchNormalization(center=False, momentum=0.6)(x)
    x = layers.Conv2D(6, 3, padding="same")(x)
    return keras.Model(inputs, layers.Add()([inputs, x]), name="bottleneck")


def branching():
    """Two inputs, two outputs, a model that is used twice, a layer that is used twice, a Sequential inside, frozen parts."""
    image, facts = keras.Input((16, 16, 3), name="image"), keras.Input((8, 8, 2), name="facts")
    x = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, kernel_regularizer=keras.regularizers.L2(1e-3))(image)
    x = layers.BatchNormalization(momentum=0.8)(x)
    x = layers.Activation("silu")(x)
    twice = bottleneck()
    x = twice(twice(x))
    y = layers.Conv2D(6, 1, trainable=False, name="frozen")(facts)
    shared = layers.Conv2D(3, 3, activation="tanh", name="shared")
    x = layers.Concatenate()([shared(x), shared(y)])
    x = layers.AveragePooling2D(3, 2, padding="same")(x)
    head = keras.Sequential(
        [keras.Input((3, 3, 6)), layers.Flatten(), layers.Dense(7, activation=layers.Activation("elu")),
         layers.Dense(7, activation=layers.LeakyReLU(negative_slope=0.9))], name="head")
    kind = layers.Dense(5, activation="softmax", name="kind", kernel_constraint=keras.constraints.MaxNorm(2.0))(head(x))
    size = layers.Dense(1, activation="sigmoid", name="size")(layers.GlobalAveragePooling2D()(x))
    return keras.Model([image, facts], [kind, size], name="branching")


class Archives(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        random = np.random.default_rng(3)
        self.x = {"image": random.normal(size=(ROWS, 16, 16, 3)).astype("float32"),
                  "facts": random.normal(size=(ROWS, 8, 8, 2)).astype("float32")}
        self.y = {"kind": random.integers(0, 5, (ROWS, 1)).astype("int32"),
                  "size": random.random((ROWS, 1)).astype("float32")}
        np.savez(self.folder / "x.npz", **self.x)
        np.savez(self.folder / "data.npz", **{f"x_{name}": value for name, value in self.x.items()},
                 **{f"y_{name}": value for name, value in self.y.items()})

    def same_outputs(self, path, model, bound):
        cepa("predict", path, self.folder / "x.npz", "-o", self.folder / "out.npz")
        ours = np.load(self.folder / "out.npz")
        theirs = model.predict(self.x, verbose=0)
        for i, expected in enumerate(theirs):
            self.assertLess(np.abs(ours[f"output_{i}"] - expected).max(), bound)

    def cepa_fit(self, path, run):
        cepa("fit", path, "--data", self.folder / "data.npz", "--validation", "none", "--no-shuffle", "--batch-size",
             BATCH, "--epochs", 1, "-o", self.folder / run)
        return self.folder / run / "model.keras"

    def keras_fit(self, model):
        model.fit(self.x, self.y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)

    def test_branching(self):
        model = branching()
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
                      loss=["sparse_categorical_crossentropy", "mse"], loss_weights=[1.0, 0.5])
        self.keras_fit(model)
        model.save(self.folder / "theirs.keras")
        self.same_outputs(self.folder / "theirs.keras", model, 1e-5)
        first = self.cepa_fit(self.folder / "theirs.keras", "first")
        self.keras_fit(model)
        self.same_outputs(first, model, 2e-5)
        ours = keras.saving.load_model(first)
        self.assertEqual([layer.name for layer in ours.layers], [layer.name for layer in model.layers])
        self.same_outputs(first, ours, 1e-5)
        second = self.cepa_fit(first, "second")
        self.keras_fit(ours)
        self.same_outputs(second, ours, 2e-5)

    def test_compile_arguments(self):
        model = branching()
        model.compile(
            keras.optimizers.Adam(0.01, weight_decay=0.01, global_clipnorm=1.0),
            loss={"kind": keras.losses.SparseCategoricalCrossentropy(), "size": keras.losses.BinaryCrossentropy(label_smoothing=0.1)},
            metrics={"kind": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="two")], "size": ["mae", keras.metrics.MeanSquaredError(name="square")]})
        self.keras_fit(model)
        model.save(self.folder / "theirs.keras")
        first = self.cepa_fit(self.folder / "theirs.keras", "first")
        self.keras_fit(model)
        ours = keras.saving.load_model(first)
        measured = json.loads(cepa("evaluate", first, "--data", self.folder / "data.npz", "--batch-size", BATCH, "--json"))
        for other in (model, ours):
            expected = other.evaluate(self.x, self.y, batch_size=BATCH, verbose=0, return_dict=True)
            self.assertEqual(sorted(measured), sorted(expected))
            for name, number in expected.items():
                self.assertAlmostEqual(measured[name], number, delta=5e-5, msg=name)

    def test_architecture_as_json(self):
        model = branching()
        (self.folder / "net.json").write_text(model.to_json())
        text = cepa("summary", self.folder / "net.json")
        self.assertIn(f"Total params: {model.count_params():,}", text)

    def test_same_bytes(self):
        """A saved model holds no times and no order that could differ."""
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model.compile("sgd", "mse")
        model.save(self.folder / "theirs.keras")
        np.savez(self.folder / "data.npz", x=np.ones((4, 3), "float32"), y=np.ones((4, 2), "float32"))
        one, two = (self.cepa_fit(self.folder / "theirs.keras", run).read_bytes() for run in ("one", "two"))
        self.assertEqual(one, two)
        with zipfile.ZipFile(self.folder / "one" / "model.keras") as archive:
            self.assertEqual([member.filename for member in archive.infolist()],
                             ["metadata.json", "config.json", "model.weights.h5", "cepa.json"])
            self.assertEqual({member.date_time for member in archive.infolist()}, {(1980, 1, 1, 0, 0, 0)})
            self.assertEqual({member.compress_type for member in archive.infolist()}, {zipfile.ZIP_STORED})


if __name__ == "__main__":
    unittest.main()
