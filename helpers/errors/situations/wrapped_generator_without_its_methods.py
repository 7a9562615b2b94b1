import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    batches = generator.flow(np.ones((4, 8, 8, 3)), np.ones(4), batch_size=2)
    batches.on_epoch_end = lambda: batches.reset()
    old, batches = batches, map(tuple, batches)
    old.on_epoch_end()


def instead():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()

    def scaled(batch):
        images, labels = batch
        return images / 255, labels

    def shapes(images, labels):
        iterator = generator.flow(images, labels, batch_size=2)
        augmented = map(scaled, iterator)
        shapes = [next(augmented)[0].shape for _ in range(len(iterator))]
        return shapes, iterator.n

    return [
        (shapes(np.ones((4, 8, 8, 3)), np.ones(4)), ([(2, 8, 8, 3), (2, 8, 8, 3)], 4)),
        (shapes(np.ones((3, 6, 9, 3)), np.ones(3)), ([(2, 6, 9, 3), (1, 6, 9, 3)], 3)),
    ]
