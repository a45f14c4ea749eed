# A network of most kinds of kernels.
import keras
from keras import layers

inputs = keras.Input(shape=(20, 20, 3))
x = layers.Conv2D(20, 3, activation="relu")(inputs)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(24, 3, padding="same", use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.Activation("gelu")(x)
y = layers.DepthwiseConv2D(3, padding="same", activation="tanh")(x)
y = layers.Conv2D(24, 1, activation="softplus")(y)
x = layers.Add()([x, y])
x = layers.Conv2D(17, 5, strides=2, activation="sigmoid")(x)
x = layers.Conv2DTranspose(6, 3, strides=2, activation="elu")(x)
x = layers.LayerNormalization()(x)
x = layers.AveragePooling2D()(x)
x = layers.Dropout(0.3)(x)
x = layers.Flatten()(x)
x = layers.Dense(30, activation="selu", kernel_regularizer="l2")(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
