"""ResNet-20 for pictures of 32 x 32, with projections where a stage begins: He et al., Deep Residual Learning for Image
Recognition, 2016, section 4.2."""
from tensorflow import keras
from keras import layers


def convolution(x, filters, size=3, strides=1):
    x = layers.Conv2D(filters, size, strides=strides, padding='same', use_bias=False)(x)
    return layers.BatchNormalization()(x)


def residual(x, shortcut, filters, strides=1):
    y = layers.Activation('relu')(convolution(x, filters, strides=strides))
    y = layers.add([convolution(y, filters), shortcut])
    return layers.Activation('relu')(y)


inputs = keras.Input(shape=(32, 32, 3))
x = layers.Activation('relu')(convolution(inputs, 16))
for i in range(3):
    x = residual(x, x, 16)
for filters in [32, 64]:
    x = residual(x, convolution(x, filters, size=1, strides=2), filters, strides=2)
    for i in range(2):
        x = residual(x, x, filters)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(10)(x)

model = keras.Model(inputs, outputs, name='resnet20')
model.compile(optimizer='adam', loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
