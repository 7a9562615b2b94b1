"""Programs for the audit: pictures, clips and masks that are augmented wrongly."""

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled
from keras import layers, ops

from helpers.augmentation import OneDraw

VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])


def pictures(rows=4, size=(16, 16), seed=0, channels=1):
    x = np.random.default_rng(seed).random((rows, *size, channels)).astype("float32")
    return x, np.ones((rows, 1), "float32")


def small(*before, size=(16, 16), channels=1):
    model = keras.Sequential([keras.Input((*size, channels)), *before])
    model.add(layers.Conv2D(2, 3))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(1))
    return compiled(model)


# RE210: augmented otherwise in inference


class Scaled(layers.Layer):
    """Scales, in training alone if it is broken."""

    def __init__(self, broken):
        super().__init__()
        self.broken = broken

    def call(self, x, training=False):
        return x / 255.0 if training or not self.broken else x * 1.0


@breaks("RE210")
def scaled_in_training_alone(broken):
    x, y = pictures(8)
    model = small(layers.RandomFlip(seed=0), Scaled(broken))
    return {"model": model, "data": (255 * x, y)}


@breaks("RE210")
def centred_in_inference_alone(broken):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.flip, self.center = layers.RandomFlip(seed=0), layers.Rescaling(2.0, -1.0)
            self.conv, self.pool = layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()

        def call(self, x, training=False):
            x = self.flip(x, training=training)
            if not (broken and training):
                x = self.center(x)
            return self.pool(self.conv(x))

    x = pictures(8)[0]
    return {"model": compiled(Net()), "data": (x, np.ones((8, 2), "float32"))}


@breaks("RE210")
def flips_in_inference(broken):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.flip, self.flat = layers.RandomFlip(seed=0), layers.Flatten()
            self.dense = layers.Dense(1)

        def call(self, x, training=False):
            return self.dense(self.flat(self.flip(x, training=training or broken)))

    return {"model": compiled(Net()), "data": pictures(8)}


@breaks("RE210")
def validation_by_the_training_dataset(broken):
    class Flipped(Rows):
        augment = True

        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            if self.augment:
                x = np.where(np.random.random((len(x), 1, 1, 1)) < 0.5, x, x[:, :, ::-1])
            return x, y

    data, held = Flipped(*pictures(16)), Flipped(*pictures(16, seed=1), size=4)
    held.augment = broken
    return {"model": small(), "data": data, "validation": held, "select": "RE2"}


@breaks("RE210", tensorflow=True)
def one_map_for_all_datasets(broken):
    import tensorflow as tf

    keras.utils.set_random_seed(1)  # with it, each dataset begins with the same draws

    flip = layers.RandomTranslation(0.3, 0.3, seed=0)

    def make(seed, augmented):
        dataset = tf.data.Dataset.from_tensor_slices(pictures(12, seed=seed)).shuffle(12)
        dataset = dataset.map(lambda x, y: (flip(x, training=augmented), y))
        return dataset.batch(4).prefetch(1)

    return {
        "model": small(),
        "data": make(0, True),
        "validation": make(1, broken),
        "select": "RE2",
    }


@breaks("RE210")
def predict_without_the_scaling(broken):
    test = np.random.default_rng(3).integers(0, 256, (8, 16, 16, 1)).astype("uint8")
    if not broken:
        test = test.astype("float32") / 255
    return {"model": small(), "data": pictures(8), "predict": test}


@breaks("RE210")
def predict_without_the_resize(broken):
    inputs = keras.Input((None, None, 1))
    h = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3)(inputs))
    model = compiled(keras.Model(inputs, layers.Dense(1)(h)))
    test = pictures(8, (40, 30) if broken else (16, 16), seed=3)[0]
    return {"model": model, "data": pictures(8), "predict": test}


@breaks("RE210")
def a_crop_of_ones_own(broken):
    class Crop(layers.Layer):
        def call(self, x, training=False):
            if training:
                return x[:, 2:12, 3:13]
            return x if broken else x[:, 3:13, 3:13]

        def compute_output_shape(self, shape):
            return (shape[0], None, None, shape[-1])

    return {
        "model": small(Crop(), layers.RandomContrast(0.2, value_range=(0, 1))),
        "data": pictures(8),
    }


# RE212: frames of one clip that are drawn apart


def clips(rows=4, seed=0):
    x = np.random.default_rng(seed).random((rows, 3, 12, 12, 1)).astype("float32")
    return x, np.ones((rows, 1), "float32")


def watcher(*before):
    model = keras.Sequential([keras.Input((3, 12, 12, 1)), *before, layers.Conv3D(2, 3)])
    model.add(layers.GlobalMaxPooling3D())
    return compiled(model)


class Folded(layers.Layer):
    """Folds time into the batch around a layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x, training=False):
        shape = ops.shape(x)
        frames = ops.reshape(x, (-1, *x.shape[2:]))
        return ops.reshape(self.layer(frames, training=training), shape)


@breaks("RE212")
def frames_folded_into_the_batch(broken):
    flip = layers.RandomTranslation(0.3, 0.3, seed=0)
    x = clips()[0]
    model = watcher(Folded(flip) if broken else OneDraw(flip))
    return {"model": model, "data": (x, np.ones((4, 2), "float32"))}


@breaks("RE212")
def augmentation_in_a_frame_model(broken):
    frame = [layers.RandomRotation(0.2, seed=0)] if broken else []
    frame = keras.Sequential([*frame, layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()])
    first = [] if broken else [OneDraw(layers.RandomRotation(0.2, seed=0))]
    h = inputs = keras.Input((3, 12, 12, 1))
    for layer in [*first, layers.TimeDistributed(frame)]:
        h = layer(h)
    return {"model": compiled(keras.Model(inputs, layers.LSTM(1)(h))), "data": clips()}


@breaks("RE212")
def contrast_by_a_model_of_ones_own(broken):
    class Video(keras.Model):
        def __init__(self):
            super().__init__()
            self.light = layers.RandomBrightness(0.4, value_range=(0, 1), seed=0)
            self.one = OneDraw(self.light)
            self.conv, self.pool = layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()
            self.rnn = layers.GRU(1)

        def call(self, x, training=False):
            if not broken:
                x = self.one(x, training=training)
            frames = ops.reshape(x, (-1, 12, 12, 1))
            if broken:
                frames = self.light(frames, training=training)
            h = self.pool(self.conv(frames))
            return self.rnn(ops.reshape(h, (-1, 3, 2)))

    return {"model": compiled(Video()), "data": clips()}


@breaks("RE212")
def frames_flipped_by_a_dataset(broken):
    class Flipped(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            shape = (len(x), 3 if broken else 1, 1, 1, 1)
            return np.where(np.random.random(shape) < 0.5, x, x[:, :, :, ::-1]), y

    x = clips(16)[0]
    data = Flipped(x, np.ones((16, 2), "float32"))
    return {"model": watcher(), "data": data, "select": "RE2"}


@breaks("RE212", tensorflow=True)
def frames_mapped_one_by_one(broken):
    import tensorflow as tf

    turn = layers.RandomTranslation(0.3, 0.3, seed=0)
    one = OneDraw(turn)

    def drawn(clip, y):
        return (tf.map_fn(turn, clip) if broken else one(clip[None])[0]), y

    x = clips(8)[0]
    dataset = tf.data.Dataset.from_tensor_slices((x, np.ones((8, 2), "float32")))
    dataset = dataset.shuffle(8).map(drawn, num_parallel_calls=2).batch(4).prefetch(1)
    return {"model": watcher(), "data": dataset, "select": "RE2"}


# RE211: pictures and masks that are drawn apart


def scenes(rows=8, seed=0):
    x = np.random.default_rng(seed).random((rows, 24, 24, 1)).astype("float32")
    x[:, 4:12, 4:16] += 1.0
    return x, (x > 1.0).astype("int32")


def segmenter(*before):
    model = keras.Sequential([keras.Input((24, 24, 1)), *before])
    model.add(layers.Conv2D(1, 3, padding="same"))
    return compiled(model)


@breaks("RE211")
def image_and_mask_by_two_layers(broken):
    class Both(keras.Model):
        def __init__(self):
            super().__init__()
            self.turn = layers.RandomTranslation(0.3, 0.3, fill_mode="constant", seed=0)
            self.again = layers.RandomTranslation(0.3, 0.3, fill_mode="constant", seed=1)
            self.one, self.conv = OneDraw(self.turn), layers.Conv2D(1, 3)
            self.pool = layers.GlobalMaxPooling2D()

        def call(self, inputs, training=False):
            x, mask = inputs["image"], inputs["mask"]
            if broken:
                x = self.turn(x, training=training)
                mask = self.again(ops.cast(mask, "float32"), training=training)
            else:
                drawn = self.one({"images": x, "masks": mask[..., 0]}, training=training)
                x, mask = drawn["images"], drawn["masks"][..., None]
            return self.pool(self.conv(x) * ops.cast(mask, "float32")[:, 1:-1, 1:-1])

    x, mask = scenes()
    x = {"image": x, "mask": mask}
    return {"model": compiled(Both()), "data": (x, np.ones((8, 1), "float32"))}


@breaks("RE211")
def pictures_turned_in_the_model_and_targets_not(broken):
    image = keras.Input((24, 24, 1))
    h = layers.RandomRotation(0.3, seed=0)(image) if broken else image
    h = layers.RandomContrast(0.3, value_range=(0, 2))(h)
    h = layers.Conv2D(4, 3, padding="same", activation="relu")(layers.Rescaling(0.5)(h))
    model = compiled(keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(h)))
    return {"model": model, "data": scenes()}


@breaks("RE211")
def masks_flipped_by_a_coin_of_their_own(broken):
    class Flipped(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            coin = np.random.random((len(x), 1, 1, 1)) < 0.5
            other = np.random.random((len(x), 1, 1, 1)) < 0.5 if broken else coin
            return np.where(coin, x, x[:, :, ::-1]), np.where(other, y, y[:, :, ::-1])

    return {"model": segmenter(), "data": Flipped(*scenes(16)), "select": "RE2"}


@breaks("RE211", tensorflow=True)
def zip_of_two_mapped_datasets(broken):
    import tensorflow as tf

    def moved(seed):
        move = layers.RandomFlip(seed=seed)
        return lambda x: move(x, training=True)

    x, y = (part.astype("float32") for part in scenes())
    if broken:
        parts = (tf.data.Dataset.from_tensor_slices(part) for part in (x, y))
        parts = tuple(part.map(moved(i)) for i, part in enumerate(parts))
        dataset = tf.data.Dataset.zip(parts)
    else:
        both = moved(0)
        dataset = tf.data.Dataset.from_tensor_slices((x, y))
        dataset = dataset.map(lambda x, y: tf.concat([x, y], -1)).map(both)
        dataset = dataset.map(lambda z: (z[..., :1], z[..., 1:]))
    return {"model": segmenter(), "data": dataset.batch(4).prefetch(1), "select": "RE2"}


@breaks("RE211")
def two_generators_with_two_seeds(broken):
    x, y = scenes(16)

    def shifted(array, seed):
        random = np.random.default_rng(seed)
        while True:
            for i in range(0, 16, 4):
                steps = random.integers(-9, 9, 4)
                yield np.stack([np.roll(a, s, 1) for a, s in zip(array[i:], steps, strict=False)])

    def batches():
        return zip(shifted(x, 1), shifted(y, 2 if broken else 1), strict=False)

    fit = {"steps_per_epoch": 4}
    return {"model": segmenter(), "data": batches, "fit": fit, "select": "RE2"}


@breaks("RE211")
def boxes_that_are_not_flipped(broken):
    x = scenes(16)[0]
    boxes = np.tile(np.array([4, 4, 16, 12], "float32"), (16, 1))  # left, top, right, bottom

    class Flipped(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.x, self.boxes = x.copy(), boxes.copy()

        def __len__(self):
            return 2

        def __getitem__(self, i):
            rows = slice(8 * i, 8 * i + 8)
            coin = np.random.random(8) < 0.5
            left, top, right, bottom = self.boxes[rows].T
            if not broken:
                left, right = np.where(coin, 24 - right, left), np.where(coin, 24 - left, right)
            x = np.where(coin[:, None, None, None], self.x[rows, :, ::-1], self.x[rows])
            return x, np.stack([left, top, right, bottom], axis=-1)

    model = keras.Sequential([keras.Input((24, 24, 1)), layers.Flatten(), layers.Dense(4)])
    return {"model": compiled(model), "data": Flipped(), "select": "RE2"}


@breaks("RE211", tensorflow=True)
def named_boxes_of_a_mapped_dataset(broken):
    import tensorflow as tf

    x = scenes(16)[0]
    boxes = np.tile(np.array([0.2, 0.2, 0.3, 0.4], "float32"), (16, 1, 1))  # x, y, width, height

    def flipped(image, box):
        coin = tf.random.uniform(()) < 0.5
        image = tf.where(coin, image[:, ::-1], image)
        if not broken:
            left = tf.where(coin, 1 - box[:, 0] - box[:, 2], box[:, 0])
            box = tf.stack([left, box[:, 1], box[:, 2], box[:, 3]], axis=-1)
        return image, {"boxes": box}

    image = keras.Input((24, 24, 1))
    h = layers.Reshape((1, 4))(layers.Dense(4)(layers.Flatten()(image)))
    model = compiled(keras.Model(image, {"boxes": h}))
    dataset = tf.data.Dataset.from_tensor_slices((x, boxes)).map(flipped).batch(4)
    return {"model": model, "data": dataset, "select": "RE2"}
