import numpy as np
import tensorflow as tf


def provoke():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    batches = generator.flow(np.ones((4, 8, 8, 3)), np.ones(4), batch_size=2)
    batches.on_epoch_end = lambda: batches.reset()
    old, batches = batches, map(tuple, batches)
    old.on_epoch_end()
