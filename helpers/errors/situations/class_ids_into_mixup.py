import keras
import numpy as np


def provoke():
    keras.layers.MixUp()({"images": np.ones((2, 8, 8, 3)), "labels": np.array([0, 1])})


def mend():
    layers = [keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.compile("sgd", "categorical_crossentropy")
    labels = keras.ops.one_hot(np.array([0, 1]), 2)
    images = [np.ones((2, 8, 8, 3)), np.ones((2, 6, 9, 3))]
    mixed = [keras.layers.MixUp()({"images": x, "labels": labels}) for x in images]
    return model, [(batch["images"], batch["labels"]) for batch in mixed]
