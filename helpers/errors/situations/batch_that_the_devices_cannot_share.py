import os

import keras
import numpy as np

ALONE = True  # the number of devices is set before the first tensor is made


def provoke():
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((9, 4)), np.ones((9, 1)), batch_size=4, verbose=0)


def instead():
    def shared(x, devices=2):
        """Return the rows with zeros below, and weights that leave these out of the loss."""
        missing = -len(x) % devices
        weights = np.append(np.ones(len(x)), np.zeros(missing))
        return np.pad(x, [(0, missing), (0, 0)]), weights

    nine, weights = shared(np.ones((9, 4)))
    ten, _ = shared(np.ones((10, 4)))
    return [(nine.shape, (10, 4)), (weights.sum(), 9.0), (ten.shape, (10, 4))]
