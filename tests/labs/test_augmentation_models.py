"""The lab on augmentation: models that tell near from far, trained with and without scale."""

import functools
import re

import keras
import lab_runs
import numpy as np
import pytest
from keras import layers, ops

from helpers import images
from helpers.labs.tasks import augmentation as tasks

pytestmark = pytest.mark.slow

untouched = lab_runs.fixture("augmentation")
right = functools.partial(lab_runs.right, "augmentation")
wrong = functools.partial(lab_runs.wrong, "augmentation")


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(3)


# --- 6: near or far ------------------------------------------------------------------------------


def small(classes=2, after=lambda h: h, size=(None, None), leak=False):
    """A model that has learnt nothing."""
    inputs = keras.Input((*size, 1)), keras.Input((2,), dtype="int32")
    parts = [layers.Conv2D(4, 5, strides=4), layers.ReLU()]
    if leak:
        h = inputs[0]
        for part in parts:
            h = part(h)
        h = layers.GlobalAveragePooling2D()(h)
        h = ops.concatenate([h, ops.cast(inputs[1], "float32") / 80], axis=1)
    else:
        steps = images.ToSequence("rows", across="mean")(images.SizedStack(parts)(inputs))
        h = layers.LSTM(3)(steps)
    return keras.Model(inputs, after(layers.Dense(classes)(h)))


def test_wrong_models(names):
    tell = functools.partial(wrong, "tell", crops=names["crops"])
    assert tell(None) == "teller: expected a model, got None. Does it return what it computed?"
    pictures = keras.Input((None, None, 1))
    blind = keras.Model(pictures, layers.Dense(2)(layers.GlobalAveragePooling2D()(pictures)))
    assert tell(blind).startswith("teller: it has one input, and is called with two, [pictures, s")
    assert re.match(
        r"teller: it tells \d+% of the test crops right, expected 85%; of crops like those it was "
        r"trained on \d+%\. It has not learnt it yet, or it has never seen a scale",
        tell(small()),
    )
    assert tell(small(classes=3)).startswith("teller: the class axis: expected 2, got 3; batch")
    assert tell(small(after=lambda h: h * float("nan"))).startswith("teller: its output holds NaN")
    assert tell(small(size=(64, 64))).startswith("teller: cannot be called with [pictures, sizes]")
    assert re.match(
        r"teller: padding changes what it says: \d+ of 300 crops get another answer with 9 instead"
        r" of 0 in the padding\.",
        tell(small(leak=True)),
    )


def test_a_model_that_counts_the_padding_is_wrong(names):
    class Counts(keras.Model):
        """Its answer depends on the size of the batch, not on what the padding holds."""

        def call(self, inputs):
            pictures, sizes = inputs
            area = ops.cast(ops.prod(ops.shape(pictures)[1:3]), "float32")
            share = ops.cast(ops.prod(sizes, axis=1), "float32") / area
            return ops.stack([share, 1 - share], axis=1)

    told = wrong("tell", Counts(), crops=names["crops"])
    assert told.startswith("teller: padding changes what it says: 8 of 8 crops get another answer ")
    assert "padded to a smaller batch" in told


@pytest.mark.wide
def test_a_model_trained_on_resized_crops_is_wrong(names):
    crops, _, far = names["crops"](240)
    resize = layers.Resizing(48, 48)
    x = np.stack([ops.convert_to_numpy(resize(crop)) for crop in crops])
    inputs = keras.Input((None, None, 1)), keras.Input((2,), dtype="int32")
    stack = []
    for filters, window in ((16, 5), (24, 3)):
        stack += [layers.Conv2D(filters, window, strides=2)]
        stack += [layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    steps = images.ToSequence("rows", across="mean")(images.SizedStack(stack)(inputs))
    teller = keras.Model(inputs, layers.Dense(2)(layers.LSTM(24)(steps)))
    warm = {"warmup_target": 5e-3, "warmup_steps": 20}
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rate = keras.optimizers.schedules.CosineDecay(0.0, 28, **warm)  # six epochs of eight batches
    teller.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    seen = teller.fit([x, np.full((240, 2), 48, "int32")], far, epochs=6, verbose=0)
    assert seen.history["accuracy"][-1] > 0.75  # it has learnt what it was shown
    told = wrong("tell", teller, crops=names["crops"])
    right_now = re.match(
        r"teller: it tells (\d+)% of the test crops right, expected 85%; of ", told
    )
    assert int(right_now[1]) < 82


def grey_crops(count, split="train", seed=0):
    """Crops that nobody has to learn: what is far is bright."""
    random = np.random.default_rng(seed)
    sizes = random.integers(20, 80, (count, 2)).astype("int32")
    far = random.integers(0, 2, count)
    return (
        [
            np.full((*size, 1), 0.2 + 0.6 * is_far, "float32")
            for size, is_far in zip(sizes, far, strict=True)
        ],
        sizes,
        far,
    )


def test_models_in_another_style_are_right():
    answer = layers.Dense(2)

    class Shares(keras.Model):
        def call(self, inputs, training=None):
            steps = images.ToSequence("rows", across="mean")(inputs)
            return ops.softmax(answer(layers.GlobalAveragePooling1D()(steps)))

    answer.build((None, 1))
    answer.set_weights([np.float32([[-1, 1]]), np.float32([1, 0])])
    right("tell", Shares(), crops=grey_crops)
    answer.set_weights([np.float32([[1, -1]]), np.float32([0, 1])])
    assert "it tells 0% of the test crops right" in wrong("tell", Shares(), crops=grey_crops)


@pytest.mark.parametrize(
    ("own", "word"), [(0.6, "not resized"), (0.8, "on its way"), (0.97, "by heart")]
)
def test_advice_goes_with_what_is_known_of_the_training(own, word):
    assert word in tasks._advice(own)
