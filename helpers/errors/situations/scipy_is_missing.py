import sys
from unittest import mock

import numpy as np
import tensorflow as tf


def provoke():
    from keras.src.legacy.preprocessing import image

    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    hidden = mock.patch.object(image, "scipy", type(image.scipy)("scipy"))
    with mock.patch.dict(sys.modules, scipy=None), hidden:  # as on a machine without SciPy
        next(generator.flow(np.ones((2, 8, 8, 3))))
