"""Functions that each cause one message of the error index.

The error index shows their source, so each has at most 15 lines. `Rows` and `small_model` are all
that they share.
"""

import keras
import numpy as np
import tensorflow as tf


class Rows(keras.utils.PyDataset):
    """Rows of x and y in batches; the last batch may be smaller."""

    def __init__(self, x, y, batch_size=32, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.x[rows], self.y[rows]


def small_model(loss="mse"):
    """Four features in, one number out."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(loss=loss, optimizer="sgd")
    return model


def stateful_rnn_with_a_smaller_last_batch():
    inputs = keras.Input(batch_shape=(32, 5, 4))
    outputs = keras.layers.GRU(16, stateful=True)(inputs)
    model = keras.Model(inputs, outputs)
    model.predict(Rows(np.ones((41, 5, 4)), np.ones(41)), verbose=0)


def batch_size_written_into_a_reshape():
    class Flat(keras.layers.Layer):
        def call(self, x):
            return keras.ops.reshape(x, (32, 12))

    model = keras.Sequential([keras.Input((3, 4)), Flat(), keras.layers.Dense(1)])
    model.predict(Rows(np.ones((41, 3, 4)), np.ones(41)), verbose=0)


def batch_size_written_into_a_loss():
    def weighted(y_true, y_pred):
        return tf.reduce_mean(tf.ones((32, 1)) * tf.square(y_true - y_pred))

    small_model(weighted).fit(Rows(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def batch_size_written_into_an_input_signature():
    model = small_model()

    @tf.function(input_signature=[tf.TensorSpec((32, 4))])
    def step(x):
        return model(x)

    for first in range(0, 41, 32):
        step(np.ones((41, 4), "float32")[first : first + 32])


def batch_size_written_into_an_output_signature():
    data = Rows(np.ones((41, 4)), np.ones((41, 1)))
    batches = tf.data.Dataset.from_generator(
        lambda: (data[index] for index in range(2)),
        output_signature=(tf.TensorSpec((32, 4)), tf.TensorSpec((32, 1))),
    )
    small_model().fit(batches, verbose=0)


def fewer_rows_than_one_batch():
    class Floor(Rows):
        def __len__(self):
            return len(self.x) // self.batch_size

    small_model().fit(Floor(np.ones((31, 4)), np.ones((31, 1))), verbose=0)


def length_that_is_a_float():
    class Ceil(Rows):
        def __len__(self):
            return np.ceil(len(self.x) / self.batch_size)

    small_model().fit(Ceil(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def dataset_without_a_length():
    class Endless(keras.utils.PyDataset):
        def __getitem__(self, index):
            return np.ones((32, 4)), np.ones((32, 1))

    small_model().fit(Endless(), verbose=0)


def more_steps_than_batches():
    data = Rows(np.ones((41, 4)), np.ones((41, 1)))
    small_model().fit(data, steps_per_epoch=3, verbose=0)


def predict_with_no_batch_left():
    rows = tf.data.Dataset.from_tensor_slices(np.ones((31, 4)))
    small_model().predict(rows.batch(32, drop_remainder=True), verbose=0)


def constructor_without_super():
    class Forgetful(Rows):
        def __init__(self, x, y):
            self.x, self.y, self.batch_size = x, y, 32

    small_model().fit(Forgetful(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def workers_given_to_fit():
    data = Rows(np.ones((41, 4)), np.ones((41, 1)))
    small_model().fit(data, workers=2, verbose=0)


def lists_in_batches_of_two_sizes():
    data = Rows(np.ones((41, 4)), [1.0] * 41)
    small_model().fit(data, verbose=0)


def lists_in_batches_of_one_size():
    data = Rows(np.ones((64, 4)), [1.0] * 64)
    small_model().fit(data, verbose=0)


def inputs_in_a_list():
    class Pairs(Rows):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return [x, x], y

    left, right = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([left, right], keras.layers.Dense(1)(left + right))
    model.compile(loss="mse", optimizer="sgd")
    model.fit(Pairs(np.ones((41, 4)), np.ones((41, 1))), verbose=0)


def labels_in_a_list():
    small_model().fit(np.ones((41, 4)), [1.0] * 41, verbose=0)


def labels_beside_a_dataset():
    y = np.ones((41, 1))
    small_model().fit(Rows(np.ones((41, 4)), y), y, verbose=0)


def validation_split_of_a_dataset():
    data = Rows(np.ones((41, 4)), np.ones((41, 1)))
    small_model().fit(data, validation_split=0.2, verbose=0)


def fit_generator_of_older_keras():
    data = Rows(np.ones((41, 4)), np.ones((41, 1)))
    small_model().fit_generator(data)


def one_label_too_few():
    data = Rows(np.ones((41, 4)), np.ones((40, 1)))
    small_model().fit(data, verbose=0)


def one_class_label_too_few():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(Rows(np.ones((41, 4)), np.ones(40)), verbose=0)


def empty_batch_to_end_predict():
    class Ending(Rows):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return super().__getitem__(index) if index < 2 else (np.array([]), np.array([]))

    small_model().predict(Ending(np.ones((41, 4)), np.ones(41)), verbose=0)
