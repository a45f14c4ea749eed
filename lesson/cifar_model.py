"""The lesson's first network: a small convolutional network that sorts CIFAR-10's pictures.

cepa reads this file as it stands, and Keras runs it as it stands:

    cepa fit lesson/cifar_model.py --epochs 10 -o runs/cnn
"""
from tensorflow import keras

# The data: 50,000 pictures to learn from, of which the first 5,000 are used, and 10,000 to check with.
(train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()

n = 5000
train_images = train_images[:n]
train_labels = train_labels[:n]

# Pictures are bytes, 0 ... 255; the network learns from numbers between 0 and 1.
train_images = train_images / 255.0
test_images = test_images / 255.0


def create_nn():
    inputs = keras.Input(shape=train_images.shape[1:])
    x = keras.layers.Conv2D(50, (3, 3), activation='relu')(inputs)
    x = keras.layers.MaxPooling2D((2, 2))(x)  # halves height and width
    x = keras.layers.Conv2D(50, (3, 3), activation='relu')(x)
    x = keras.layers.MaxPooling2D((2, 2))(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(50, activation='relu')(x)
    outputs = keras.layers.Dense(10)(x)  # one number a class; the largest is the answer

    model = keras.Model(inputs=inputs, outputs=outputs, name="cifar_model")
    return model


def compile_model(model):
    model.compile(optimizer='adam',
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=['accuracy'])


model = create_nn()
compile_model(model)
