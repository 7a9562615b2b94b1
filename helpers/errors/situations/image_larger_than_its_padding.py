import keras
import numpy as np


def provoke():
    keras.ops.image.pad_images(np.ones((8, 8, 3)), 0, 0, target_height=8, target_width=6)


def mend():
    layers = [keras.layers.Conv2D(2, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    batches = []
    for sizes in (((8, 8), (6, 9)), ((7, 9), (9, 12))):
        high, wide = np.max(sizes, axis=0)
        room = {"target_height": int(high), "target_width": int(wide)}
        images = [np.ones((*size, 3)) for size in sizes]
        images = [keras.ops.image.pad_images(image, 0, 0, **room) for image in images]
        batches.append(np.stack(images))
    return model, [(x, np.ones((2, 2))) for x in batches]
