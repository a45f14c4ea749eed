"""`cepa summary` in the style keras3 against real Keras, model by model and width by width.

    python tests/peers/test_summary.py --write   writes Keras' tables anew into tests/golden/summary, where
                                                 tests/test_summary.c compares them without Keras.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import layers

ROOT = pathlib.Path(__file__).resolve().parents[2]
CEPA = ROOT / "build" / "cepa"
GOLDEN = ROOT / "tests" / "golden" / "summary"
WIDTHS = range(60, 201, 7)


def create_nn():
    inputs = keras.Input(shape=(32, 32, 3))
    x = layers.Conv2D(50, (3, 3), activation="relu")(inputs)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Conv2D(50, (3, 3), activation="relu")(x)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Flatten()(x)
    x = layers.Dense(50, activation="relu")(x)
    return keras.Model(inputs=inputs, outputs=layers.Dense(10)(x), name="cifar_model")


def branches():
    """Two inputs, a residual sum, a concatenation, two outputs, frozen parts, names that do not fit."""
    picture = keras.Input(shape=(16, 16, 3), name="picture")
    facts = keras.Input(shape=(7,), name="facts")
    x = layers.Conv2D(8, 3, padding="same", name="the_first_convolution_of_the_whole_network")(picture)
    y = layers.BatchNormalization()(x)
    y = layers.ReLU()(y)
    x = layers.Add(name="sum")([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    z = layers.Dense(5, trainable=False)(facts)
    x = layers.Concatenate()([x, z])
    return keras.Model([picture, facts], [layers.Dense(3, name="kind")(x), layers.Dense(1, name="size")(x)], name="two")


def shared():
    """A layer called twice in a row: no branch, yet no chain."""
    inputs = keras.Input(shape=(6,), name="x")
    twice = layers.Dense(6, name="twice")
    return keras.Model(inputs, twice(twice(inputs)), name="shared")


def fork():
    """Every layer reads one tensor, but two read the same; one output is read again."""
    inputs = keras.Input(shape=(9, 9, 3), name="picture")
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="middle")(inputs)
    return keras.Model(inputs, [x, layers.GlobalMaxPooling2D(name="left")(x), layers.ReLU(name="right")(x)], name="fork")


def idle():
    """An input that no output rests on."""
    used, unused = keras.Input(shape=(6,), name="used"), keras.Input(shape=(), name="unused")
    return keras.Model([used, unused], layers.Dense(2, name="dense")(used), name="idle")


def way_back():
    """A chain whose middle is an output too stays a chain."""
    inputs = keras.Input(shape=(6,), name="x")
    x = layers.Dense(4, name="middle")(inputs)
    return keras.Model(inputs, [x, layers.Dense(2, name="end")(x)], name="way_back")


def nested():
    """A model as a layer of two others, once with several outputs."""
    a = keras.Input(shape=(4,), name="a")
    b = layers.Dense(4, name="b")(a)
    inner = keras.Model(a, [b, layers.Dense(2, name="c")(b)], name="inner")
    first = keras.Input(shape=(4,), name="first")
    one, two = inner(first)
    again, _ = inner(one)
    return keras.Model(first, layers.Concatenate(name="joined")([again, two]), name="outer")


def stack():
    return keras.Sequential([keras.Input(shape=(1000,)), layers.Dense(2000, activation="relu"), layers.Dropout(0.5),
                             layers.BatchNormalization(), layers.Dense(3, activation="softmax")], name="stack")


def open_sizes():
    """Sizes that only data decide, carried through every kind of layer that carries them."""
    inputs = keras.Input(shape=(None, None, 3), name="picture")
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="first")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    y = layers.AveragePooling2D(3, strides=1, padding="same", name="mean")(x)
    x = layers.Concatenate(name="both")([x, layers.Add(name="sum")([x, y])])
    x = layers.MaxPooling2D(name="most")(layers.Dropout(0.1, name="drop")(x))
    x = layers.Dense(4, activation="softmax", name="map")(x)
    flat = layers.Flatten(name="flat")(x)
    pairs = layers.Reshape((-1, 2), name="pairs")(flat)
    return keras.Model(inputs, [pairs, layers.GlobalAveragePooling2D(name="kinds")(x)], name="open_sizes")


def normalized():
    inputs = keras.Input(shape=(9, 4), name="x")
    x = layers.SeparableConv1D(5, 3, name="steps")(layers.Normalization(name="norm")(inputs))
    return keras.Model(inputs, layers.Conv1DTranspose(2, 4, name="back")(x), name="normalized")


def trained():
    """The optimizer's variables are listed once they exist."""
    model = create_nn()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(np.zeros((2, 32, 32, 3), "float32"), np.zeros((2, 1), "int32"), verbose=0)
    return model


MODELS = [create_nn, branches, shared, fork, idle, way_back, nested, stack, open_sizes, trained, normalized]
WRITTEN = [(create_nn, 80), (create_nn, 60), (create_nn, 200), (branches, 80), (branches, 120), (shared, 90), (fork, 80),
           (idle, 80), (way_back, 80), (nested, 100),
           (stack, 80), (open_sizes, 90), (trained, 80), (normalized, 80)]


def keras_summary(model, width):
    os.environ["COLUMNS"] = str(width)
    lines = []
    model.summary(print_fn=lines.append)
    return "\n".join(lines)


def make(builder):
    keras.backend.clear_session()
    return builder()


class Summary(unittest.TestCase):
    def check(self, builder):
        model = make(builder)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            model.save(path)
            for width in WIDTHS:
                ours = subprocess.run([CEPA, "summary", path, "--style", "keras3", "--width", str(width)],
                                      capture_output=True, text=True, check=True).stdout
                with self.subTest(model=builder.__name__, width=width):
                    self.assertEqual(stripped(ours), stripped(keras_summary(model, width)))


def stripped(text):
    return [line.rstrip() for line in text.rstrip().split("\n")]


for each in MODELS:
    setattr(Summary, f"test_{each.__name__}", lambda self, builder=each: self.check(builder))


def write():
    for builder, width in WRITTEN:
        text = keras_summary(make(builder), width)
        (GOLDEN / f"{builder.__name__}_{width}_keras3.txt").write_text("\n".join(stripped(text)) + "\n")


if __name__ == "__main__":
    write() if "--write" in sys.argv else unittest.main()
