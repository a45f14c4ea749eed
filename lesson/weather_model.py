"""The lesson's third episode: how many hours will the sun shine in Basel tomorrow?

Cepa generates a table with the columns of the lesson's; it reads the real one with --data FILE.csv.

    cepa fit lesson/weather_model.py -o runs/weather
    cepa evaluate runs/weather --data weather --figure scatter.png
    cepa fit lesson/weather_model.py --set nodes1=10 --set nodes2=5 -o runs/small
    cepa fit lesson/weather_model.py:create_nn_batchnorm --epochs 1000 --callback 'EarlyStopping(patience=10)' -o runs/norm

Nine years of Basel alone instead of three years of all cities:

    cepa fit lesson/weather_model.py:create_nn_batchnorm --set features=9 --inputs 'BASEL_*' --first 3287 --epochs 100
"""
import pandas as pd
from sklearn.model_selection import train_test_split
from tensorflow import keras

data = pd.read_csv("https://zenodo.org/record/5071376/files/weather_prediction_dataset_light.csv?download=1")

nr_rows = 365 * 3  # three years
X_data = data.loc[:nr_rows].drop(columns=['DATE', 'MONTH'])

# What is to be predicted: the hours of sunshine of the next day.
y_data = data.loc[1:(nr_rows + 1)]["BASEL_sunshine"]

# 70 parts of a hundred to learn from, 15 to watch the learning with, 15 to test with.
X_train, X_holdout, y_train, y_holdout = train_test_split(X_data, y_data, test_size=0.3, random_state=0)
X_val, X_test, y_val, y_test = train_test_split(X_holdout, y_holdout, test_size=0.5, random_state=0)


def compile_model(model):
    model.compile(optimizer='adam',
                  loss='mse',
                  metrics=[keras.metrics.RootMeanSquaredError()])


def create_nn(nodes1=100, nodes2=50):
    inputs = keras.layers.Input(shape=(X_data.shape[1],), name='input')
    layers_dense = keras.layers.Dense(nodes1, 'relu')(inputs)
    layers_dense = keras.layers.Dense(nodes2, 'relu')(layers_dense)
    outputs = keras.layers.Dense(1)(layers_dense)

    model = keras.Model(inputs=inputs, outputs=outputs, name="weather_prediction_model")
    compile_model(model)
    return model


def create_nn_batchnorm(features=X_data.shape[1]):
    inputs = keras.layers.Input(shape=(features,), name='input')
    layers_dense = keras.layers.BatchNormalization()(inputs)  # each column to mean 0 and deviation 1
    layers_dense = keras.layers.Dense(100, 'relu')(layers_dense)
    layers_dense = keras.layers.Dense(50, 'relu')(layers_dense)
    outputs = keras.layers.Dense(1)(layers_dense)

    model = keras.Model(inputs=inputs, outputs=outputs, name="model_batchnorm")
    compile_model(model)
    return model


model = create_nn()

earlystopper = keras.callbacks.EarlyStopping(monitor='val_loss', patience=10)

history = model.fit(X_train, y_train,
                    batch_size=32,
                    epochs=200,
                    validation_data=(X_val, y_val),
                    callbacks=[earlystopper])
