import keras


def provoke():
    keras.applications.ResNet50(weights=None, include_top=False, input_shape=(20, 20, 3))
