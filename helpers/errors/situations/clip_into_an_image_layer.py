import keras
import numpy as np


def provoke():
    clips = np.ones((2, 5, 8, 8, 3))
    keras.layers.RandomFlip()(clips)


def instead():
    flip = keras.layers.RandomFlip("horizontal")

    def flipped(clip):
        _, _, width, channels = clip.shape
        image = flip(clip.reshape(-1, width, channels), training=True)
        return keras.ops.convert_to_numpy(image).reshape(clip.shape)

    def draws(frames, height, width):
        clip = np.zeros((frames, height, width, 3)) + np.arange(width)[:, None]  # equal frames
        return flipped(clip).shape, len(np.unique(flipped(clip), axis=0))

    return [(draws(5, 8, 8), ((5, 8, 8, 3), 1)), (draws(3, 6, 9), ((3, 6, 9, 3), 1))]
