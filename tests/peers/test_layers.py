"""Every layer to and fro between Cepa and real Keras: the same outputs, and an archive of Cepa's that Keras opens to the
same outputs and the same layer."""
import json
import os
import pathlib
import tempfile
import unittest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import layers  # noqa: F401, name of the cases

from test_keras import cepa

VECTOR, STEPS, PICTURE = (3,), (6, 2), (6, 7, 2)

CASES = {
    VECTOR: ["RepeatVector(3)", "Dense(2)", "GaussianNoise(0.1)", "ELU(0.5)"],
    STEPS: [
        "Conv1D(2, 2, padding='causal', activation='tanh')", "MaxPooling1D(2)", "AveragePooling1D(3, 2, 'same')",
        "GlobalAveragePooling1D()", "GlobalMaxPooling1D(keepdims=True)", "ZeroPadding1D((1, 0))", "Cropping1D((1, 0))",
        "UpSampling1D(2)", "SpatialDropout1D(0.1)", "LayerNormalization()",
    ],
    PICTURE: [
        "DepthwiseConv2D(2, depth_multiplier=2, strides=2)", "SeparableConv2D(2, 2, padding='same', activation='relu')",
        "Conv2DTranspose(2, 3, strides=2, output_padding=0)", "Conv2DTranspose(3, (2, 4), strides=3, padding='same')",
        "ZeroPadding2D(0)", "ZeroPadding2D(((1, 0), (0, 2)))", "Cropping2D()", "Cropping2D(((1, 0), (0, 2)))",
        "UpSampling2D((1, 3))", "UpSampling2D(2, interpolation='bilinear')", "Resizing(4, 5)",
        "Resizing(3, 9, interpolation='bicubic', crop_to_aspect_ratio=True, antialias=True)", "SpatialDropout2D(0.1)",
        "LayerNormalization(axis=[1, 2])", "GroupNormalization(1, scale=False)", "RMSNormalization()",
        "GaussianDropout(0.2, seed=3)", "RandomFlip('horizontal')", "RandomTranslation(0.1, (0.0, 0.2))",
        "RandomRotation(0.1, fill_mode='constant')", "RandomZoom((-0.2, 0.0), (0.0, 0.1), seed=5)", "LeakyReLU()",
        "PReLU(alpha_initializer='ones')", "PReLU(shared_axes=[1, 2])", "Permute((3, 1, 2))", "Softmax(axis=[1, 2])",
    ],
}


class Layers(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def outputs(self, model):
        cepa("predict", model, self.folder / "x.npy", "-o", self.folder / "y.npy")
        return np.load(self.folder / "y.npy")

    def test_to_and_fro(self):
        for shape, texts in CASES.items():
            x = np.random.default_rng(4).normal(size=(5, *shape)).astype("float32")
            np.save(self.folder / "x.npy", x)
            for text in texts:
                with self.subTest(text):
                    layer = eval("layers." + text)
                    inputs = keras.Input(shape)
                    model = keras.Model(inputs, layers.Flatten()(layer(inputs)))
                    model.compile("sgd", "mse")
                    model.save(self.folder / "theirs.keras")
                    np.testing.assert_allclose(self.outputs(self.folder / "theirs.keras"), model.predict(x, verbose=0),
                                               atol=2e-6, rtol=1e-5)
                    np.savez(self.folder / "data.npz", x=x, y=np.zeros((5, model.output_shape[-1]), "float32"))
                    cepa("fit", self.folder / "theirs.keras", "--data", self.folder / "data.npz", "--validation", "none",
                         "--overwrite", "-o", self.folder / "run")
                    ours = keras.saving.load_model(self.folder / "run" / "model.keras")
                    np.testing.assert_allclose(self.outputs(self.folder / "run"), ours.predict(x, verbose=0), atol=2e-6,
                                               rtol=1e-5)
                    ours, theirs = (json.dumps(each.get_config(), default=str, sort_keys=True) for each in (ours.layers[1], layer))
                    self.assertEqual(ours, theirs)


if __name__ == "__main__":
    unittest.main()
