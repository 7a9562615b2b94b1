import keras


def provoke():
    maps = keras.Input((9, 11, 2))
    keras.Model(maps, maps + keras.layers.Conv2D(2, 3)(maps))


def mend():
    maps = keras.Input((None, None, 2))
    outputs = maps + keras.layers.Conv2D(2, 3, padding="same")(maps)
    return keras.Model(maps, outputs), [(2, 9, 11, 2), (2, 8, 6, 2)]
