from unittest import mock

import keras


def provoke():
    from keras.src.utils import image_utils

    with mock.patch.object(image_utils, "pil_image", None):  # as on a machine without Pillow
        keras.utils.load_img("photograph.png")
