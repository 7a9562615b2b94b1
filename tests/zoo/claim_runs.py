"""What the tests of claims share: how close two answers are, weights that show, a seed."""

import keras
import numpy as np
import pytest

SAME = 1e-5  # rounding: float32 sums in another order
MOVED = 1e-3  # a hundred times more


@pytest.fixture(autouse=True)
def seeded():
    """Draw the weights of each test from the same seed; it works where it is imported."""
    keras.utils.set_random_seed(0)


def apart(a, b):
    """Return the largest difference of two arrays."""
    return np.abs(np.asarray(a) - np.asarray(b)).max()


def randomised(model, seed=0):
    """Return a model whose weights, biases too, are large enough to show what it reads."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return model
