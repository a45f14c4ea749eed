"""The progress bar beside real Keras' on a terminal: the same characters but for the numbers."""
import os
import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/cli"))
from terminal import on_terminal  # noqa: E402, lies there

CEPA = os.environ.get("CEPA", str(ROOT / "build" / "cepa"))

MODEL = """
import keras
inputs = keras.Input(shape=(4,))
outputs = keras.layers.Dense(3)(inputs)
model = keras.Model(inputs, outputs)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer="sgd", loss=loss, metrics=["accuracy"])
"""
DATA = """
import numpy as np
x, y = np.random.default_rng(3).random((70, 4), dtype="float32"), np.arange(70) % 3
"""
FIT = "model.fit(x, y, batch_size=7, epochs=2, validation_split=0.2)"
EVALUATE = "model.evaluate(x, y)"


def redraws(text):
    """The lines with a bar: each as its first and last state, numbers and units left out."""
    lines = [line for line in text.split("\n") if "━" in line or line.startswith("Epoch ")]
    states = ([state for state in re.split("\b*\r", line) if state] for line in lines)
    return [(plain(each[0]), plain(each[-1])) for each in states]


def plain(state):
    state = re.sub(r"(?<!\x1b\[)(?<!\d)\d+\.\d{4}(e[-+]\d+)?", "V", state)  # values
    state = re.sub(r"\x1b\[1m\d+s\x1b\[0m \d+(us|ms|s)/step", "T/step", state)
    return state.rstrip(" ")


class Bar(unittest.TestCase):
    def test_fit_and_evaluate(self):
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder)
            (here / "model.py").write_text(MODEL)
            save = f"np.savez({str(here / 'data.npz')!r}, x=x, y=y)"
            (here / "peer.py").write_text("\n".join((MODEL, DATA, save, FIT, EVALUATE)))
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
            keras = redraws(on_terminal([sys.executable, str(here / "peer.py")], env=environment))
            data = ("--data", str(here / "data.npz"))
            fit = on_terminal([CEPA, "fit", str(here / "model.py"), *data, "--batch-size", "7", "--epochs", "2",
                               "--validation", "0.2", "-o", str(here / "run")])
            measured = on_terminal([CEPA, "evaluate", str(here / "run"), *data])
        ours = redraws(fit + measured)
        self.assertEqual((len(keras), len(ours)), (5, 5))
        self.assertEqual(ours[:4], keras[:4])
        self.assertEqual(ours[4][1], keras[4][1])  # evaluate may take several steps at once


if __name__ == "__main__":
    unittest.main()
