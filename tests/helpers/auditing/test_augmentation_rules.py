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
    """Adds noise, in training alone or always."""

    def __init__(self, always=False):
        super().__init__()
        self.always, self.seed = always, keras.random.SeedGenerator(0)

    def call(self, x, training=False):
        if not (training or self.always):
            return x
        return x + 0.3 * keras.random.normal(ops.shape(x), seed=self.seed)


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
    image = keras.Input((16, 16, 1))
    h = layers.Dense(2)(layers.Flatten()(image))
    model = compiled(keras.Model(image, layers.Dense(1)(Noise(always=True)(h))))
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


def test_two_pictures_that_do_not_belong_together_are_no_pair():
    one, other = keras.Input((24, 24, 1)), keras.Input((24, 24, 1))
    turned = [layers.RandomRotation(0.3, seed=i)(x) for i, x in enumerate((one, other))]
    h = layers.Flatten()(layers.Subtract()(turned))
    model = compiled(keras.Model([one, other], layers.Dense(1)(h)))
    x = zoo.pictures(8, (24, 24))[0]
    found = report(model, ((x, x[::-1]), np.ones((8, 1), "float32")))
    assert codes(found) == []
    assert "RE211" in {verdict.rule.code for verdict in found.passed}


def test_small_scenes_are_undecided_where_something_moves():
    class Flipped(Rows):
        def __getitem__(self, i):
            coin = np.random.random((8, 1, 1, 1)) < 0.5
            return tuple(np.where(coin, a[:, :, ::-1], a) for a in super().__getitem__(i))

    x, y = (part[:, :12, :12] for part in zoo.scenes())
    model = compiled(keras.Sequential([keras.Input((12, 12, 1)), layers.Conv2D(1, 1)]))
    found = report(model, Flipped(x, y))
    assert codes(found) == []
    assert "at least 16 x 16" in {v.rule.code: v.why for v in found.undecided}["RE211"]
    assert "RE211" in {v.rule.code for v in report(model, Rows(x, y)).passed}


def test_named_boxes_stay_behind_where_the_model_moves_pictures():
    image = keras.Input((24, 24, 1))

    def detector(layer):
        h = layers.Flatten()(layer(image))
        return compiled(keras.Model(image, {"boxes": layers.Dense(4)(h)}))

    data = zoo.scenes()[0], {"boxes": np.ones((8, 4), "float32")}
    found = report(detector(layers.RandomTranslation(0.3, 0.3, seed=0)), data)
    assert codes(found) == ["RE211"]
    assert "layer random_translation" in found.findings[0].where
    assert codes(report(detector(layers.RandomContrast(0.3)), data)) == []


def test_data_is_as_it_was_after_its_arrays_have_been_replaced():
    arguments = zoo.masks_flipped_by_a_coin_of_their_own(True)
    data = arguments["data"]
    before = [part.copy() for part in data.arrays]
    assert codes(report(arguments["model"], data)) == ["RE211"]
    assert all(map(np.array_equal, before, data.arrays))


def test_clips_that_are_drawn_by_frames_equal_for_all_rows_pass():
    class Window(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return np.roll(x, np.random.randint(1, 9), axis=2), y

    x = zoo.clips(8)[0]
    found = report(zoo.watcher(), Window(x, np.ones((8, 2), "float32")))
    assert codes(found) == []
    assert "RE212" in {verdict.rule.code for verdict in found.passed}


def test_clips_that_cannot_be_replaced_are_undecided_where_they_are_drawn_anew():
    class Made(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            x = np.random.random((4, 3, 12, 12, 1)).astype("float32")
            return x, np.ones((4, 2), "float32")

    found = report(zoo.watcher(), Made())
    assert codes(found) == []
    assert "holds no arrays" in {v.rule.code: v.why for v in found.undecided}["RE212"]


def test_targets_for_each_pixel_stay_behind_where_the_model_moves_pictures():
    def mended(layer):
        return compiled(
            keras.Sequential([keras.Input((24, 24, 1)), layer, layers.Conv2D(1, 3, padding="same")])
        )

    x = zoo.scenes()[0]
    assert codes(report(mended(layers.RandomFlip(seed=0)), (x, x))) == ["RE211"]
    assert codes(report(mended(layers.GaussianNoise(0.1, seed=0)), (x, x))) == []


def test_clips_in_a_list_are_replaced_one_by_one():
    def clips(broken):
        class Videos(keras.utils.PyDataset):
            def __init__(self):
                super().__init__()
                self.videos = list(zoo.clips(8)[0])

            def __len__(self):
                return 2

            def __getitem__(self, i):
                turns = np.random.randint(0, 4, (4, 3))
                made = [
                    np.stack(
                        [
                            np.rot90(frame, turns[j, t if broken else 0])
                            for t, frame in enumerate(clip)
                        ]
                    )
                    for j, clip in enumerate(self.videos[4 * i : 4 * i + 4])
                ]
                return np.stack(made), np.zeros((4, 2), "float32")

        return Videos()

    assert codes(report(zoo.watcher(), clips(True))) == ["RE212"]
    assert codes(report(zoo.watcher(), clips(False))) == []


def test_raw_pixels_after_training_on_scaled_ones_are_found_without_a_channel_axis():
    raw = np.random.default_rng(0).integers(0, 256, (8, 16, 16)).astype("uint8")
    y = np.ones((8, 1), "float32")

    def model():
        flat = [keras.Input((16, 16)), layers.Flatten(), layers.Dense(1)]
        return compiled(keras.Sequential(flat))

    assert codes(report(model(), (raw / 255, y), predict=raw)) == ["RE210"]
    assert codes(report(model(), (raw / 255, y), predict=raw / 255)) == []
    assert codes(report(model(), (raw, y), predict=raw[:4])) == []


def boxed(write, move=True):
    """Pictures that are flipped, with boxes that are flipped alike and then written otherwise."""
    arguments = zoo.boxes_that_are_not_flipped(not move)

    class Written(type(arguments["data"])):
        def __getitem__(self, i):
            x, boxes = super().__getitem__(i)
            return x, write(boxes)

    return arguments["model"], Written()


def test_boxes_that_are_written_otherwise_after_the_draw_pass():
    def centred(b):
        return np.stack(
            [
                (b[:, 0] + b[:, 2]) / 2,
                (b[:, 1] + b[:, 3]) / 2,
                b[:, 2] - b[:, 0],
                b[:, 3] - b[:, 1],
            ],
            axis=-1,
        )

    for write in (lambda b: b / 24, centred):
        found = report(*boxed(write))
        assert codes(found) == []
        assert "RE211" in {verdict.rule.code for verdict in found.passed}
        assert codes(report(*boxed(write, move=False))) == ["RE211"]


def test_boxes_in_a_format_that_is_not_known_are_undecided():
    found = report(*boxed(lambda b: np.log(1 + b)))
    assert codes(found) == []
    assert "not known" in {v.rule.code: v.why for v in found.undecided}["RE211"]
