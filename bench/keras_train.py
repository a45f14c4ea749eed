"""Trains the lesson's network with real Keras and prints seconds an epoch: bench/run calls it.

Usage: keras_train.py IMAGES.npz EPOCHS BATCH THREADS"""
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
threads = int(sys.argv[4])
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(1)
import keras


def create_nn(shape):
    inputs = keras.Input(shape=shape)
    x = keras.layers.Conv2D(50, (3, 3), activation="relu")(inputs)
    x = keras.layers.MaxPooling2D((2, 2))(x)
    x = keras.layers.Conv2D(50, (3, 3), activation="relu")(x)
    x = keras.layers.MaxPooling2D((2, 2))(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(50, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


data = np.load(sys.argv[1])
images, labels = (data["x"] / 255.0).astype("float32"), data["y"]
model = create_nn(images.shape[1:])
model.compile(optimizer="adam", metrics=["accuracy"],
              loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
batch = int(sys.argv[3])
model.fit(images, labels, epochs=1, batch_size=batch, verbose=0)
start = time.perf_counter()
model.fit(images, labels, epochs=int(sys.argv[2]), batch_size=batch, verbose=0)
print((time.perf_counter() - start) / int(sys.argv[2]))
