import keras


def provoke():
    keras.applications.ResNet50(weights=None, input_shape=(None, None, 3))
