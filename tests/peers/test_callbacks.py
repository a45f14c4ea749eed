"""Whole fits with callbacks beside real Keras: the same epochs, learning rates, messages and weights."""
import csv
import os
import pathlib
import tempfile
import unittest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras.callbacks import EarlyStopping, ReduceLROnPlateau, TerminateOnNaN  # noqa: F401, names of the cases

from test_keras import cepa

ROWS, BATCH, EPOCHS = 60, 16, 14

# They overfit sixty rows of noise, so that the validation turns soon.
CASES = [
    ["EarlyStopping()"],
    ["EarlyStopping(monitor='val_accuracy', patience=2, restore_best_weights=True)"],
    ["EarlyStopping(patience=3, min_delta=0.01, restore_best_weights=True, verbose=1)"],
    ["EarlyStopping(patience=3, baseline=0.5)"],
    ["EarlyStopping(patience=1, start_from_epoch=6)"],
    ["ReduceLROnPlateau(patience=2, factor=0.3, cooldown=1, verbose=1)"],
    ["ReduceLROnPlateau(monitor='accuracy', patience=1, min_delta=0.05, min_lr=0.004)", "EarlyStopping(patience=6)"],
    ["TerminateOnNaN()"],
]


def new_model(rate):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(24, activation="tanh"), keras.layers.Dense(3)])
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), metrics=["accuracy"],
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


class Callbacks(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        random = np.random.default_rng(5)
        self.x, self.x_test = random.normal(size=(2, ROWS, 6)).astype("float32")
        self.y, self.y_test = random.integers(0, 3, (2, ROWS)).astype("int32")
        np.savez(self.folder / "data.npz", x_train=self.x, y_train=self.y, x_test=self.x_test, y_test=self.y_test)
        np.save(self.folder / "x.npy", self.x_test)

    def compare(self, number, callbacks, rate=0.3, numbers=True):
        run = self.folder / f"run{number}"
        model = new_model(rate)
        model.save(self.folder / "start.keras")
        theirs = model.fit(self.x, self.y, BATCH, EPOCHS, verbose=0, shuffle=False,
                           validation_data=(self.x_test, self.y_test), callbacks=[eval(text) for text in callbacks])
        cepa("fit", self.folder / "start.keras", "--data", self.folder / "data.npz", "--no-shuffle", "--batch-size",
             BATCH, "--epochs", EPOCHS, "-o", run, *[part for text in callbacks for part in ("--callback", text)])
        with open(run / "history.csv", newline="") as file:
            ours = list(csv.DictReader(file))
        self.assertEqual(len(ours), len(theirs.epoch))
        self.assertEqual(sorted(name for name in ours[0] if name != "epoch"), sorted(theirs.history))
        if not numbers:
            return len(ours)
        for name, values in theirs.history.items():
            np.testing.assert_allclose([float(row[name]) for row in ours], values, rtol=2e-4, atol=2e-5, err_msg=name)
        cepa("predict", run, self.folder / "x.npy", "-o", self.folder / "y.npy")
        np.testing.assert_allclose(np.load(self.folder / "y.npy"), model.predict(self.x_test, verbose=0), rtol=1e-3,
                                   atol=1e-3)
        return len(ours)

    def test_as_keras(self):
        epochs = []
        for number, callbacks in enumerate(CASES):
            with self.subTest(callbacks):
                epochs.append(self.compare(number, callbacks))
        self.assertGreater(len(set(epochs)), 3)  # they stop at different times

    def test_numbers_that_break(self):
        self.assertEqual(self.compare(0, ["TerminateOnNaN()"], 3e38, numbers=False), 1)


if __name__ == "__main__":
    unittest.main()
