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

VECTOR, STEPS, PICTURE, VOLUME = (3,), (6, 2), (6, 7, 2), (4, 5, 6, 2)

CASES = {
    VECTOR: ["RepeatVector(3)", "Dense(2)", "GaussianNoise(0.1)", "ELU(0.5)", "Identity()",
             "Normalization(axis=None, mean=0.3, variance=2.0)"],
    STEPS: [
        "Conv1D(2, 2, padding='causal', activation='tanh')", "MaxPooling1D(2)", "AveragePooling1D(3, 2, 'same')",
        "GlobalAveragePooling1D()", "GlobalMaxPooling1D(keepdims=True)", "ZeroPadding1D((1, 0))", "Cropping1D((1, 0))",
        "UpSampling1D(2)", "SpatialDropout1D(0.1)", "LayerNormalization()",
        "DepthwiseConv1D(3, strides=2, padding='same', depth_multiplier=2)", "UnitNormalization()",
        "SeparableConv1D(3, 2, dilation_rate=2, use_bias=False)", "Conv1DTranspose(2, 3, strides=2, output_padding=0)",
        "Conv1DTranspose(3, 4, strides=3, padding='same', activation='relu')",
        "Normalization(axis=[1, 2], mean=[0.3, 0.1], variance=[2.0, 0.0], invert=True)",
    ],
    PICTURE: [
        "DepthwiseConv2D(2, depth_multiplier=2, strides=2)", "SeparableConv2D(2, 2, padding='same', activation='relu')",
        "Conv2DTranspose(2, 3, strides=2, output_padding=0)", "Conv2DTranspose(3, (2, 4), strides=3, padding='same')",
        "ZeroPadding2D(0)", "ZeroPadding2D(((1, 0), (0, 2)))", "Cropping2D()", "Cropping2D(((1, 0), (0, 2)))",
        "UpSampling2D((1, 3))", "UpSampling2D(2, interpolation='bilinear')", "Resizing(4, 5)",
        "Resizing(3, 9, interpolation='bicubic', crop_to_aspect_ratio=True, antialias=True)", "SpatialDropout2D(0.1)",
        "Resizing(9, 4, pad_to_aspect_ratio=True, fill_value=0.3)", "Resizing(3, 4, 'bicubic', pad_to_aspect_ratio=True, fill_value=-2, antialias=True)",
        "Resizing(4, 9, 'nearest', pad_to_aspect_ratio=True)",
        "LayerNormalization(axis=[1, 2])", "GroupNormalization(1, scale=False)", "RMSNormalization()",
        "GaussianDropout(0.2, seed=3)", "AlphaDropout(0.2)", "RandomBrightness((0.1, 0.3), value_range=(0, 1))",
        "RandomContrast(0.2, seed=4)", "CenterCrop(3, 4)", "CenterCrop(9, 5)", "RandomFlip('horizontal')", "RandomTranslation(0.1, (0.0, 0.2))",
        "RandomRotation(0.1, fill_mode='constant')", "RandomZoom((-0.2, 0.0), (0.0, 0.1), seed=5)", "LeakyReLU()",
        "UnitNormalization(axis=[1, 3])", "Normalization(axis=1)", "PReLU(alpha_initializer='ones')", "PReLU(shared_axes=[1, 2])", "Permute((3, 1, 2))", "Softmax(axis=[1, 2])",
    ],
    VOLUME: [
        "Conv3D(4, (2, 3, 3), strides=(2, 1, 2), padding='same', groups=2, activation='tanh')",
        "Conv3D(3, 2, dilation_rate=(1, 2, 1), use_bias=False)", "Conv3DTranspose(2, (3, 2, 3), strides=(2, 1, 3))",
        "Conv3DTranspose(3, 3, strides=2, padding='same', output_padding=(0, 1, 0))", "MaxPooling3D((2, 3, 2), 2, 'same')",
        "AveragePooling3D(3, (1, 2, 2), padding='same')", "GlobalAveragePooling3D()", "GlobalMaxPooling3D(keepdims=True)",
        "ZeroPadding3D((1, 0, 2))", "Cropping3D(((1, 0), (0, 2), (1, 1)))", "UpSampling3D((1, 2, 3))",
        "SpatialDropout3D(0.1)", "BatchNormalization()",
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

    def check(self, inputs, tensor, layer, x):
        """A model around a layer: its outputs here and there, before and after a fit by Cepa."""
        np.save(self.folder / "x.npy", x)
        model = keras.Model(inputs, layers.Flatten()(tensor))
        model.compile("sgd", "mse")
        model.save(self.folder / "theirs.keras")
        np.testing.assert_allclose(self.outputs(self.folder / "theirs.keras"), model.predict(x, verbose=0), atol=2e-6,
                                   rtol=1e-5)
        np.savez(self.folder / "data.npz", x=x, y=np.zeros((5, model.output_shape[-1]), "float32"))
        cepa("fit", self.folder / "theirs.keras", "--data", self.folder / "data.npz", "--validation", "none",
             "--overwrite", "-o", self.folder / "run")
        model = keras.saving.load_model(self.folder / "run" / "model.keras")
        np.testing.assert_allclose(self.outputs(self.folder / "run"), model.predict(x, verbose=0), atol=2e-6, rtol=1e-5)
        ours, theirs = (json.loads(json.dumps(each.get_config(), default=str))
                        for each in (model.get_layer(layer.name), layer))
        self.assertEqual(ours, theirs)
        return model.get_layer(layer.name)

    def test_to_and_fro(self):
        for shape, texts in CASES.items():
            x = np.random.default_rng(4).normal(size=(5, *shape)).astype("float32")
            for text in texts:
                with self.subTest(text):
                    layer = eval("layers." + text)
                    inputs = keras.Input(shape)
                    self.check(inputs, layer(inputs), layer, x)

    def test_adapted_normalization(self):
        x = np.random.default_rng(5).normal(3, 2, size=(5, *PICTURE)).astype("float32")
        layer = layers.Normalization(axis=[1, 3])
        layer.adapt(x)
        inputs = keras.Input(PICTURE)
        again = self.check(inputs, layer(inputs), layer, x)
        for ours, theirs in zip(again.weights, layer.weights):
            np.testing.assert_array_equal(ours, theirs)
            self.assertEqual(ours.dtype, theirs.dtype)

    def test_embedding(self):
        x = np.random.default_rng(6).integers(0, 7, size=(5, 3, 4)).astype("int32")
        layer = layers.Embedding(7, 3, embeddings_regularizer="l2")
        inputs = keras.Input((3, 4), dtype="int32")
        self.check(inputs, layer(inputs), layer, x)

    def test_dot(self):
        x = np.random.default_rng(7).normal(size=(5, *PICTURE)).astype("float32")
        for layer in layers.Dot((1, 3)), layers.Dot([2, 2], normalize=True):
            inputs = keras.Input(PICTURE)
            other = layers.Dense(6)(inputs)
            with self.subTest(layer.get_config()):
                self.check(inputs, layer([inputs, other]), layer, x)


if __name__ == "__main__":
    unittest.main()
