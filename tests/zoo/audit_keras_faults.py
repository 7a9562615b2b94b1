"""Programs of the audit's zoo that meet a fault of the installed Keras (RE209)."""

import keras
import numpy as np
from audit_augmentation import pictures, small
from audit_programs import Rows, breaks, compiled
from keras import layers, ops

from helpers.augmentation import OneDraw
from helpers.images import PerFrame

VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])

# RE209: a fault of the installed Keras


@breaks("RE209")
def box_of_a_perspective_in_a_dataset(broken):
    move = layers.RandomPerspective if broken else layers.RandomTranslation
    given = {} if broken else {"height_factor": 0.2, "width_factor": 0.2, "fill_mode": "constant"}
    x, _ = pictures(8, (32, 32))
    boxes = np.tile(np.float32([8, 8, 20, 24]), (8, 1, 1))

    class Boxes(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.move = move(bounding_box_format="yxyx", seed=1, **given)

        def __len__(self):
            return 2

        def __getitem__(self, i):
            rows = slice(4 * i, 4 * i + 4)
            labelled = {"boxes": boxes[rows], "labels": np.zeros((4, 1))}
            drawn = self.move({"images": x[rows], "bounding_boxes": labelled}, training=True)
            box = ops.convert_to_numpy(drawn["bounding_boxes"]["boxes"])[:, 0]
            return ops.convert_to_numpy(drawn["images"]), box

    model = keras.Sequential([keras.Input((32, 32, 1)), layers.Flatten(), layers.Dense(4)])
    return {"model": compiled(model), "data": Boxes(), "select": "RE2"}


@breaks("RE209", tensorflow=True)
def shear_of_boxes_in_tf_data(broken):
    import tensorflow as tf

    x, _ = pictures(8, (32, 32))
    boxes = np.tile(np.float32([8, 8, 20, 24]), (8, 1, 1))
    format = "yxyx" if broken else None
    shear = layers.RandomShear(0.3, 0.3, bounding_box_format=format, seed=1)

    def drawn(image, box):
        if not broken:
            return shear(image), box[0]
        labelled = {"boxes": box, "labels": tf.zeros(1)}
        both = shear({"images": image, "bounding_boxes": labelled})
        return both["images"], both["bounding_boxes"]["boxes"][0]

    dataset = tf.data.Dataset.from_tensor_slices((x, boxes)).map(drawn).batch(4).prefetch(1)
    model = keras.Sequential([keras.Input((32, 32, 1)), layers.Flatten(), layers.Dense(4)])
    return {"model": compiled(model), "data": dataset, "select": "RE2"}


@breaks("RE209")
def rotation_of_boxes_in_the_model(broken):
    class Detector(keras.Model):
        def __init__(self):
            super().__init__()
            move = layers.RandomRotation if broken else layers.RandomTranslation
            size = (0.15,) if broken else (0.1, 0.1)
            self.move = move(*size, fill_mode="constant", bounding_box_format="xyxy", seed=0)
            self.flat, self.box = layers.Flatten(), layers.Dense(4)

        def call(self, inputs, training=False):
            labels = {"boxes": inputs["boxes"], "labels": inputs["boxes"][..., 0]}
            given = {"images": inputs["images"], "bounding_boxes": labels}
            return self.box(self.flat(self.move(given, training=training)["images"]))

    x, _ = pictures(4, (24, 24))
    x = {"images": x, "boxes": np.tile(np.float32([8, 6, 16, 14]), (4, 1, 1))}
    y = np.ones((4, 4), "float32")
    return {"model": compiled(Detector()), "data": (x, y), "select": "RE2"}


if VERSION >= (3, 14):

    @breaks("RE209", tensorflow=True)
    def steps_lost_at_a_later_length(broken):
        frames = keras.Input((None, 5))
        wrapped = layers.TimeDistributed if broken else PerFrame
        h = wrapped(layers.Dense(3))(frames)
        model = compiled(keras.Model(frames, layers.LSTM(1)(h)))
        x = np.random.default_rng(0).normal(size=(4, 6, 5)).astype("float32")
        return {"model": model, "data": (x, np.ones((4, 1), "float32"))}

    @breaks("RE209", tensorflow=True)
    def columns_by_flatten_in_time_distributed(broken):
        image = keras.Input((8, None, 1))
        h = layers.Permute((2, 1, 3))(image)
        flat = layers.TimeDistributed(layers.Flatten()) if broken else layers.Reshape((-1, 8))
        model = compiled(keras.Model(image, layers.GRU(1)(flat(h))))
        x, y = pictures(4, (8, 12))
        return {"model": model, "data": (x, y)}

    @breaks("RE209", tensorflow=True)
    def clips_of_several_lengths(broken):
        class Clips(keras.utils.PyDataset):
            def __len__(self):
                return 3

            def __getitem__(self, i):
                x = np.random.default_rng(i).random((4, 5 + i, 8, 8, 1)).astype("float32")
                return x, np.ones((4, 1), "float32")

        class Watcher(keras.Model):
            def __init__(self):
                super().__init__()
                inner = keras.Sequential([layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()])
                self.frames = (layers.TimeDistributed if broken else PerFrame)(inner)
                self.rnn = layers.LSTM(1)

            def call(self, x):
                return self.rnn(self.frames(x))

        return {"model": compiled(Watcher()), "data": Clips()}


if keras.backend.backend() in ("tensorflow", "jax"):

    @breaks("RE209")
    def elastic_transform_in_the_model(broken):
        move = layers.RandomElasticTransform(1.0, scale=1.0, value_range=(0, 1), seed=0)
        x, y = pictures()
        if broken:
            return {"model": small(move), "data": (x, y)}
        return {"model": small(layers.RandomTranslation(0.1, 0.1, seed=0)), "data": (x, y)}


if keras.backend.backend() == "torch" and VERSION < (3, 14):

    @breaks("RE209")
    def masked_mean_of_an_activation(broken):
        h = [layers.Masking(), layers.Dense(3, "relu" if broken else None)]
        model = [keras.Input((None, 4)), *h, layers.GlobalAveragePooling1D(), layers.Dense(1)]
        x = np.random.default_rng(0).normal(size=(4, 5, 4)).astype("float32")
        x[0, 3:] = 0
        model = compiled(keras.Sequential(model))
        return {"model": model, "data": (x, np.ones((4, 1), "float32"))}

    @breaks("RE209")
    def letterbox_of_high_pictures(broken):
        fit = layers.Resizing(16, 16, pad_to_aspect_ratio=broken)
        x, y = pictures(4, (24, 12))
        return {"model": small(fit, size=(24, 12)), "data": (x, y)}


if keras.backend.backend() == "torch":

    @breaks("RE209")
    def masks_turned_otherwise(broken):
        x = pictures(4, (32, 32))[0]
        masks = (x > 0.5).astype("float32")
        turn = layers.RandomRotation(0.2, fill_mode="constant", seed=0)
        one = OneDraw(layers.RandomRotation(0.2, fill_mode="constant", seed=0))

        class Turned(keras.utils.PyDataset):
            def __len__(self):
                return 1

            def __getitem__(self, i):
                if broken:
                    drawn = turn({"images": x, "segmentation_masks": masks}, training=True)
                    pair = drawn["images"], drawn["segmentation_masks"]
                else:
                    drawn = one({"images": x, "masks": masks[..., 0].astype("int32")})
                    pair = drawn["images"], ops.cast(drawn["masks"], "float32")[..., None]
                return tuple(map(ops.convert_to_numpy, pair))

        model = keras.Sequential([keras.Input((32, 32, 1)), layers.Conv2D(1, 3, padding="same")])
        return {"model": compiled(model), "data": Turned(), "select": "RE2"}


if (keras.backend.backend() == "torch") == (VERSION >= (3, 14)):

    @breaks("RE209", tensorflow=keras.backend.backend() != "torch")
    def state_between_batches(broken):
        inputs = keras.Input(batch_shape=(4, 5, 3))
        rnn = layers.LSTM(2, stateful=broken)
        model = compiled(keras.Model(inputs, layers.Dense(1)(rnn(inputs))))
        x = np.random.default_rng(0).normal(size=(8, 5, 3)).astype("float32")
        data = Rows(x, np.ones((8, 1), "float32"), size=4)
        return {"model": model, "data": data, "select": "RE2"}
