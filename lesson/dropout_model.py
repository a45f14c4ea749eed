"""Three convolutional layers and Dropout against overfitting. The rate and the sizes are parameters:

    cepa fit lesson/dropout_model.py --set dropout_rate=0.45 --epochs 20 -o runs/dropout
"""
from tensorflow import keras

(train_images, train_labels), (test_images, test_labels) = keras.datasets.cifar10.load_data()

n = 5000
train_images = train_images[:n]
train_labels = train_labels[:n]

train_images = train_images / 255.0
test_images = test_images / 255.0


def create_nn_with_dropout(dropout_rate=0.8, filters=50, units=50):
    inputs = keras.Input(shape=train_images.shape[1:])
    x = keras.layers.Conv2D(filters, (3, 3), activation='relu')(inputs)
    x = keras.layers.MaxPooling2D((2, 2))(x)
    x = keras.layers.Conv2D(filters, (3, 3), activation='relu')(x)
    x = keras.layers.MaxPooling2D((2, 2))(x)
    x = keras.layers.Conv2D(filters, (3, 3), activation='relu')(x)
    x = keras.layers.Dropout(dropout_rate)(x)  # silent in training only
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(units, activation='relu')(x)
    outputs = keras.layers.Dense(10)(x)

    model = keras.Model(inputs=inputs, outputs=outputs, name="cifar_model")
    return model


def compile_model(model):
    model.compile(optimizer='adam',
                  loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=['accuracy'])


model = create_nn_with_dropout()
compile_model(model)
