import keras


def provoke():
    keras.utils.image_dataset_from_directory("photographs", image_size=None)
