import keras
import numpy as np


def four_batches():
    for _ in range(4):
        yield np.ones((8, 1)), np.ones((8, 1))


class FourBatches(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        return np.ones((8, 1)), np.ones((8, 1))


def small_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken():
    model, data = small_model(), four_batches()
    return model, data


def mend():
    model, data = small_model(), FourBatches()
    return model, data


def detect(model, data):
    class Count(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            batches.append(0)

        def on_train_batch_end(self, batch, logs=None):
            batches[-1] += 1

    batches = []
    model.fit(data, epochs=2, callbacks=[Count()], verbose=0)
    return batches[1], batches[0]
