import tensorflow as tf


def provoke():
    tf.keras.preprocessing.image.ImageDataGenerator(target_size=(224, 224))
