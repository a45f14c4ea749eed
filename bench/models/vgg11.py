"""VGG-11 for pictures of 32 x 32, with one Dense layer as its head: configuration A of Simonyan and Zisserman, Very
Deep Convolutional Networks for Large-Scale Image Recognition, 2015."""
from tensorflow import keras
from keras import layers

inputs = keras.Input(shape=(32, 32, 3))
x = inputs
for stage in [[64], [128], [256, 256], [512, 512], [512, 512]]:
    for filters in stage:
        x = layers.Conv2D(filters, 3, padding='same', activation='relu')(x)
    x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10)(x)

model = keras.Model(inputs, outputs, name='vgg11')
model.compile(optimizer='adam', loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
