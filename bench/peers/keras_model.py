"""Keras on any of its back ends: as Keras opens the file that Cepa saved, with the scaling in front."""


class KerasModel:
    def __init__(self):
        import keras
        self.keras = keras

    def model(self, network):
        return self.keras.saving.load_model(network.archive, compile=False)

    def trainer(self, network, x, y, batch):
        keras = self.keras
        bytes_in = keras.Input(x.shape[1:], dtype="uint8")
        model = keras.Model(bytes_in, self.model(network)(keras.layers.Rescaling(1 / 255)(bytes_in)))
        model.compile(optimizer="adam", metrics=["accuracy"],
                      loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return lambda epochs: model.fit(x, y, epochs=epochs, batch_size=batch, verbose=0)

    def predictor(self, network, x):
        model = self.model(network)
        return lambda: model.predict_on_batch(x)
