import keras


def provoke():
    models = []
    for steps in (5, 7):
        layers = [keras.layers.Flatten(), keras.layers.Dense(2)]
        models.append(keras.Sequential([keras.Input((steps, 4)), *layers]))
    models[0].set_weights(models[1].get_weights())


def mend():
    models = []
    for steps in (None, 7):
        layers = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(2)]
        models.append(keras.Sequential([keras.Input((steps, 4)), *layers]))
    models[0].set_weights(models[1].get_weights())
    return models[0], [(2, 5, 4), (2, 7, 4)]
