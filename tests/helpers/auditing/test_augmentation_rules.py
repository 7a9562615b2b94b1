"""Rules about pictures: right programs that look like broken ones, and what cannot be told."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import audit_augmentation as zoo
import keras
import numpy as np
import pytest
from audit_programs import Rows, compiled
from keras import layers, ops

from helpers.auditing import audit

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]
OURS = "RE2"


def report(model, data, select=OURS, **arguments):
    found = audit(model, data, select=select, **arguments)
    assert "the rule itself failed" not in str(found)
    return found


def codes(found):
    return [finding.code for finding in found.findings]


class Noise(layers.Layer):
    def call(self, x, training=False):
        return x + 0.3 * keras.random.normal(ops.shape(x)) if training else x


RIGHT = {
    "batch normalisation first": lambda: [layers.BatchNormalization()],
    "dropout first": lambda: [layers.Dropout(0.5, seed=0)],
    "noise": lambda: [layers.GaussianNoise(0.3, seed=0)],
    "noise of one's own": lambda: [Noise()],
    "fill": lambda: [layers.RandomTranslation(0.3, 0.3, fill_mode="constant", seed=0)],
    "zoom and turn": lambda: [layers.RandomZoom(0.3, seed=0), layers.RandomRotation(0.2, seed=0)],
    "colours": lambda: [
        layers.RandomBrightness(0.3, value_range=(0, 1), seed=0),
        layers.RandomContrast(0.5, value_range=(0, 1), seed=0),
    ],
    "scale in both": lambda: [layers.Rescaling(2.0, -1.0), layers.RandomFlip(seed=0)],
    "crop and resize": lambda: [layers.RandomCrop(12, 12, seed=0), layers.Resizing(12, 12)],
    "nested": lambda: [keras.Sequential([layers.RandomFlip(seed=0), layers.Rescaling(2.0)])],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_models_of_pictures_give_no_finding(name):
    found = report(zoo.small(*RIGHT[name]()), zoo.pictures(8))
    assert codes(found) == [], str(found)
    assert "RE210" not in {verdict.rule.code for verdict in found.undecided}


def test_constant_pictures_hide_no_range():
    x, y = np.ones((8, 16, 16, 1), "float32"), np.ones((8, 1), "float32")
    turn = layers.RandomRotation(0.2, fill_mode="constant", seed=0)
    assert codes(report(zoo.small(turn), (x, y))) == []
    assert codes(report(zoo.small(zoo.Scaled(True)), (x, y))) == ["RE210"]


def test_what_is_drawn_behind_the_first_weights_is_no_augmentation():
    class Sampling(layers.Layer):
        def call(self, x):
            return x + keras.random.normal(ops.shape(x))

    image = keras.Input((16, 16, 1))
    h = layers.Dense(2)(layers.Flatten()(image))
    model = compiled(keras.Model(image, layers.Dense(1)(Sampling()(h))))
    assert codes(report(model, zoo.pictures(8))) == []


def test_other_sizes_are_right_where_the_answer_has_the_size_of_the_picture():
    image = keras.Input((None, None, 1))
    model = compiled(keras.Model(image, layers.Conv2D(1, 3, padding="same")(image)))
    x = zoo.pictures(8)[0]
    test = zoo.pictures(4, (32, 40))[0]
    assert codes(report(model, (x, x), predict=test)) == []


def test_validation_in_another_order_is_not_augmented():
    class Shuffled(Rows):
        def __getitem__(self, i):
            return tuple(np.random.permutation(part) for part in super().__getitem__(i))

    held = Shuffled(*zoo.pictures(8, seed=1), size=4)
    assert codes(report(zoo.small(), zoo.pictures(8), validation=held)) == []


def test_many_validation_rows_in_random_order_are_undecided():
    class Sampled(Rows):
        def __getitem__(self, i):
            rows = np.random.randint(0, len(self.arrays[0]), self.size)
            return tuple(part[rows] for part in self.arrays)

    held = Sampled(*zoo.pictures(400, (4, 4), seed=1), size=2)
    found = report(zoo.small(size=(4, 4)), zoo.pictures(8, (4, 4)), validation=held, batches=2)
    assert codes(found) == []
    assert "not all of it was looked at" in found.undecided[-1].why


def test_a_keras_layer_that_does_right_here_passes():
    flip = layers.RandomFlip(bounding_box_format="xyxy", seed=0)
    found = report(zoo.small(flip, layers.Resizing(8, 8, pad_to_aspect_ratio=True)), zoo.pictures())
    assert codes(found) == []
    assert ("RE209", "") in {(verdict.rule.code, verdict.why) for verdict in found.passed}


def test_time_distributed_over_a_fixed_length_passes():
    frames = keras.Input((6, 5))
    h = layers.TimeDistributed(layers.Dense(3))(frames)
    model = compiled(keras.Model(frames, layers.LSTM(1)(h)))
    x = np.random.default_rng(0).normal(size=(4, 6, 5)).astype("float32")
    assert codes(report(model, (x, np.ones((4, 1), "float32")))) == []
