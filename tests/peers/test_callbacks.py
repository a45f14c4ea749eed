"""Whole fits with callbacks beside real Keras: the same epochs, learning rates, messages and weights."""
import contextlib
import csv
import io
import os
import pathlib
import tempfile
import unittest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras.callbacks import (  # noqa: F401, names of the cases
    CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, TerminateOnNaN)

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

    def fit_both(self, callbacks, epochs=6, validation=True):
        """The same fit in two folders: what each of them printed."""
        model, said = new_model(0.3), []
        model.save(self.folder / "start.keras")
        for place in "theirs", "ours":
            (self.folder / place).mkdir(exist_ok=True)
        with contextlib.chdir(self.folder / "theirs"), contextlib.redirect_stdout(io.StringIO()) as out:
            model.fit(self.x, self.y, BATCH, epochs, verbose=0, shuffle=False, callbacks=[eval(text) for text in callbacks],
                      validation_data=(self.x_test, self.y_test) if validation else None)
        said.append([line for line in out.getvalue().splitlines() if line])
        with contextlib.chdir(self.folder / "ours"):
            text = cepa("fit", self.folder / "start.keras", "--data", self.folder / "data.npz", "--no-shuffle", "--batch-size",
                        BATCH, "--epochs", epochs, "--verbose", 0, *([] if validation else ["--validation", "none"]),
                        *[part for text in callbacks for part in ("--callback", text)])
        said.append([line for line in text.splitlines() if line.startswith(("Epoch", "Can save"))])
        return model, said

    def files(self, place):
        return sorted(str(path.relative_to(self.folder / place)) for path in (self.folder / place).rglob("*") if path.is_file())

    def test_checkpoints(self):
        _, said = self.fit_both([
            "ModelCheckpoint('{epoch:02d}-{val_loss:.2f}.keras')", "ModelCheckpoint('best.keras', save_best_only=True, verbose=1)",
            "ModelCheckpoint('deep/er/{epoch}{{}}.keras', 'accuracy', save_best_only=True, verbose=1)",
            "ModelCheckpoint('{epoch:3d}_{val_accuracy:07.3f}.weights.h5', save_weights_only=True, verbose=1)",
            "ModelCheckpoint('low.keras', mode='max', save_best_only=True, initial_value_threshold=0.9, verbose=1)",
            "ModelCheckpoint('{epoch}_{batch:04d}_{loss:.1f}.keras', save_freq=6)"])
        self.assertEqual(*said)
        self.assertGreater(len(said[0]), 20)
        self.assertEqual(self.files("ours"), self.files("theirs"))
        self.assertGreater(len(self.files("ours")), 18)
        for name in self.files("ours"):
            outputs = []
            for place in "ours", "theirs":
                model = new_model(0.3)
                if name.endswith(".weights.h5"):
                    model.load_weights(self.folder / place / name)
                else:
                    model = keras.saving.load_model(self.folder / place / name)
                outputs.append(model.predict(self.x_test, verbose=0))
            np.testing.assert_allclose(*outputs, rtol=1e-3, atol=1e-3, err_msg=name)

    def test_checkpoint_of_what_is_not_measured(self):
        _, said = self.fit_both(["ModelCheckpoint('best{epoch}.keras', save_best_only=True)"], 2, validation=False)
        self.assertEqual(self.files("ours"), self.files("theirs"))
        self.assertEqual(said[1], ["Can save best model only with val_loss available."] * 2)

    def test_logs(self):
        for callbacks, validation in ((["CSVLogger('a.csv')", "ReduceLROnPlateau(patience=1)", "CSVLogger('b.log', separator=';')"], True),
                                      (["CSVLogger('a.csv')", "CSVLogger('b.log', ';', append=True)"], False),
                                      (["CSVLogger('a.csv', append=True)", "CSVLogger('c.csv', separator='.')"], True)):
            self.fit_both(callbacks, 4, validation)
            self.assertEqual(self.files("ours"), self.files("theirs"))
            for name in self.files("ours"):
                separator = {"b.log": ";", "c.csv": "."}.get(name, ",")
                ours, theirs = ((self.folder / place / name).read_bytes() for place in ("ours", "theirs"))
                self.assertEqual(ours.count(b"\r\n"), theirs.count(b"\r\n"))
                rows = [list(csv.reader(io.StringIO(text.decode(), newline=""), delimiter=separator)) for text in (ours, theirs)]
                self.assertEqual(rows[0][0], rows[1][0])
                for mine, keras_ in zip(*rows, strict=True):
                    self.assertEqual(len(mine), len(keras_))
                    for a, b in zip(mine, keras_):
                        if a != b:
                            np.testing.assert_allclose(float(a), float(b), rtol=2e-4, atol=2e-5)

    def test_numbers_that_break(self):
        self.assertEqual(self.compare(0, ["TerminateOnNaN()"], 3e38, numbers=False), 1)


if __name__ == "__main__":
    unittest.main()
