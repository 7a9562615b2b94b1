import keras


def provoke():
    keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
