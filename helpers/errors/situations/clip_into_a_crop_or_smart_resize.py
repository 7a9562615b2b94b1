import keras
import numpy as np


def provoke():
    keras.layers.CenterCrop(4, 4)(keras.Input((5, 8, 8, 3)))


def instead():
    crop, resize = keras.layers.CenterCrop(4, 4), keras.preprocessing.image.smart_resize

    def cropped(clips):
        frames = crop(clips.reshape(-1, *clips.shape[2:]))
        return keras.ops.convert_to_numpy(frames).reshape(*clips.shape[:2], 4, 4, 3).shape

    def resized(plane):
        return resize(plane[..., None], (8, 8))[..., 0].shape

    return [
        (cropped(np.ones((2, 5, 8, 8, 3))), (2, 5, 4, 4, 3)),
        (cropped(np.ones((1, 3, 6, 9, 3))), (1, 3, 4, 4, 3)),
        (resized(np.ones((28, 40))), (8, 8)),
        (resized(np.ones((9, 5))), (8, 8)),
    ]
