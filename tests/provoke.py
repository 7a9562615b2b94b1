"""Functions that each cause one message of the error index.

The error index shows their source, so each has at most 15 lines. `Rows` and `small_model` are all
that they share.
"""

import sys
import tempfile
from unittest import mock

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


def mask_into_a_layer_without_masking():
    layers = [keras.layers.Masking(), keras.layers.Conv1D(4, 3), keras.layers.LSTM(2)]
    keras.Sequential([keras.Input((None, 3)), *layers])


def mask_looked_up_after_an_operator():
    features = keras.layers.Masking()(np.ones((2, 5, 3)))
    doubled = features * 2
    keras.layers.LSTM(4)(doubled, mask=doubled._keras_mask)


def rows_of_several_lengths_in_a_list():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict([np.ones((steps, 3)) for steps in (5, 7, 4)], verbose=0)


def rows_of_one_length_in_a_list():
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, keras.layers.LSTM(2)(inputs))
    model.predict([np.ones((5, 3)), np.ones((5, 3))], verbose=0)


def rows_of_one_length_in_a_list_for_sequential():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict([np.ones((5, 3)), np.ones((5, 3))], verbose=0)


def rows_as_lists_of_numbers():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.LSTM(2)]
    keras.Sequential(layers).predict([[1, 2, 3], [4]], verbose=0)


def rows_in_an_object_array():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.LSTM(2)]
    rows = np.array([[1, 2, 3], [4]], dtype=object)
    keras.Sequential(layers).predict(rows, verbose=0)


def rows_of_several_lengths_as_one_array():
    np.array([[1, 2, 3], [4]])


def rows_of_several_lengths_as_one_tensor():
    tf.data.Dataset.from_tensor_slices([[1, 2, 3], [4]])


def rows_of_several_lengths_stacked():
    np.stack([np.ones((5, 3)), np.ones((4, 3))])


def rows_of_several_lengths_batched():
    def rows():
        yield from (np.ones((steps, 3)) for steps in (5, 7))

    spec = tf.TensorSpec((None, 3))
    list(tf.data.Dataset.from_generator(rows, output_signature=spec).batch(2))


def one_row_given_to_pad_sequences():
    keras.utils.pad_sequences([4, 2, 7])


def rows_with_other_features_given_to_pad_sequences():
    keras.utils.pad_sequences([np.ones((5, 3)), np.ones((4, 2))])


def words_given_to_pad_sequences():
    keras.utils.pad_sequences([["a", "word"], ["two", "more", "words"]], value="")


def padded_numbers_without_a_features_axis():
    padded = keras.utils.pad_sequences([[0.5, 0.2], [0.7]], dtype="float32")
    model = keras.Sequential([keras.layers.Masking(), keras.layers.LSTM(4)])
    model.predict(padded, verbose=0)


def masked_frames_into_an_rnn():
    frames = keras.Input((5, 8, 8, 1))
    masked = keras.layers.Masking()(frames)
    maps = keras.layers.TimeDistributed(keras.layers.Conv2D(2, 3))(masked)
    features = keras.layers.TimeDistributed(keras.layers.GlobalAveragePooling2D())(maps)
    model = keras.Model(frames, keras.layers.LSTM(4)(features))
    model.predict(np.ones((2, 5, 8, 8, 1)), verbose=0)


def mask_into_the_softmax_layer():
    tokens = keras.Input((None,))
    embedded = keras.layers.Embedding(10, 4, mask_zero=True)(tokens)
    scores = keras.layers.LSTM(3, return_sequences=True)(embedded)
    model = keras.Model(tokens, keras.layers.Softmax()(scores))
    model.predict(np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 7]]), verbose=0)


def padding_mask_as_an_attention_mask():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 5), bool)
    keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)(features, features, attention_mask=mask)


def one_mask_for_query_and_value():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 5), bool)
    keras.layers.Attention()([features, features], mask=mask)


def mask_times_features():
    features, mask = keras.ops.ones((2, 5, 4)), keras.ops.ones((2, 5))
    keras.ops.multiply(features, mask)


def mask_of_another_length():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 4), bool)
    keras.layers.LSTM(3)(features, mask=mask)


def compute_mask_without_a_mask():
    class Double(keras.layers.Layer):
        def call(self, x):
            return 2 * x

        def compute_mask(self, x):
            return keras.ops.any(x != 0, axis=-1)

    Double()(keras.layers.Masking()(np.ones((2, 5, 4))))


def mask_made_with_tensorflow():
    inputs = keras.Input((None, 4))
    mask = tf.reduce_any(tf.not_equal(inputs, 0.0), axis=-1)
    keras.layers.LSTM(3)(inputs, mask=mask)


def mask_made_with_numpy():
    inputs = keras.Input((None, 4))
    mask = np.any(inputs != 0, axis=-1)
    keras.layers.LSTM(3)(inputs, mask=mask)


def mask_made_with_the_old_backend():
    inputs = keras.Input((None, 4))
    mask = keras.backend.any(keras.backend.not_equal(inputs, 0), axis=-1)
    keras.layers.LSTM(3)(inputs, mask=mask)


def left_padding_for_cudnn():
    # Keras's own check, called as a GPU would: a CPU never gets there.
    from keras.src.backend.tensorflow.rnn import _assert_valid_mask

    tokens = keras.utils.pad_sequences([[1, 2, 3], [4]])
    _assert_valid_mask(tf.constant(tokens != 0))


def input_length_given_to_embedding():
    keras.layers.Embedding(10, 4, input_length=5)


def token_id_beyond_the_embedding():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.LSTM(2)]
    keras.Sequential(layers).predict(np.array([[1, 12, 0]]), verbose=0)


def flatten_of_an_unknown_length():
    layers = [keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
    keras.Sequential([keras.Input((None,)), *layers])


def flatten_of_another_length():
    layers = [keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    for rows in ([[1, 2, 3], [4]], [[1, 2, 3, 4, 5], [6]]):
        model.predict(keras.utils.pad_sequences(rows), verbose=0)


def longer_batch_than_the_input():
    tokens = keras.Input((5,))
    embedded = keras.layers.Embedding(10, 4, mask_zero=True)(tokens)
    model = keras.Model(tokens, keras.layers.LSTM(2)(embedded))
    model.predict(np.ones((2, 7)), verbose=0)


def kernel_longer_than_the_sequence():
    layers = [keras.layers.Conv1D(4, 5), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.predict(np.ones((2, 4, 3)), verbose=0)


def ragged_tensor_into_an_rnn():
    layers = [keras.layers.Embedding(10, 4), keras.layers.LSTM(2)]
    keras.Sequential(layers).predict(tf.ragged.constant([[1, 2, 3], [4]]), verbose=0)


def unrolled_rnn_of_unknown_length():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2, unroll=True)])
    batches = tf.data.Dataset.from_generator(
        lambda: (np.ones((2, steps, 3)) for steps in (5, 7)),
        output_signature=tf.TensorSpec((None, None, 3)),
    )
    model.predict(batches, verbose=0)


def time_distributed_with_more_rows_than_steps():
    layer = keras.layers.TimeDistributed(keras.layers.Dense(2))
    model = keras.Sequential([keras.Input((None, 3)), layer])
    for steps in (5, 7):
        model.predict(np.ones((9, steps, 3)), verbose=0)


def sequences_of_two_lengths_concatenated():
    question, text = keras.Input((5, 3)), keras.Input((7, 3))
    keras.layers.Concatenate()([question, text])


def sequences_of_two_lengths_added():
    question, text = keras.Input((5, 3)), keras.Input((7, 3))
    keras.layers.Add()([question, text])


def weights_per_row_for_one_answer_per_step():
    layer = keras.layers.LSTM(2, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    labels = np.ones((4, 5), int)
    model.fit(np.ones((4, 5, 3)), labels, class_weight={0: 0.5, 1: 2.0}, verbose=0)


def mask_into_the_ctc_loss():
    layers = [keras.layers.Masking(), keras.layers.LSTM(4, return_sequences=True)]
    model = keras.Sequential([keras.Input((None, 3)), *layers])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    model.fit(np.ones((2, 9, 3)), np.array([[1, 2], [1, 3]]), verbose=0)


def sample_weight_mode_of_older_keras():
    model = keras.Sequential([keras.layers.LSTM(1, return_sequences=True)])
    model.compile(loss="mse", optimizer="sgd", sample_weight_mode="temporal")


def labels_padded_with_minus_one():
    layer = keras.layers.LSTM(3, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 2)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    labels = keras.utils.pad_sequences([[1, 2, 0], [1]], padding="post", value=-1)
    model.fit(np.ones((2, 3, 2)), labels, verbose=0)


def labels_padded_to_another_length():
    layer = keras.layers.LSTM(3, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 2)), layer])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((2, 7, 2)), np.ones((2, 5), int), verbose=0)


def first_two_batches_of_one_width():
    class Images(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.ones((2, 8, (10, 10, 14)[index], 3)), np.ones((2, 3))

    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.GlobalMaxPooling2D()])
    model.predict(Images(), verbose=0)


def first_two_batches_of_one_length():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    batches = ((np.ones((2, steps, 3)),) for steps in (5, 5, 7))
    model.predict(batches, verbose=0)


def whole_batches_where_rows_are_described():
    batches = tf.data.Dataset.from_generator(
        lambda: (np.ones((2, steps, 3)) for steps in (5, 7)),
        output_signature=tf.TensorSpec((None, 3)),
    )
    list(batches)


def dataset_without_a_signature():
    tf.data.Dataset.from_generator(lambda: (np.ones((2, steps, 3)) for steps in (5, 7)))


def generator_where_a_function_belongs():
    batches = (np.ones((2, steps, 3)) for steps in (5, 7))
    tf.data.Dataset.from_generator(batches, output_signature=tf.TensorSpec((None, None, 3)))


def dataset_with_types_and_no_shapes():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(1)])
    model.compile(loss="mse", optimizer="sgd")
    batches = tf.data.Dataset.from_generator(
        lambda: ((np.ones((2, steps, 3)), np.ones((2, 1))) for steps in (5, 7)),
        output_types=("float32", "float32"),
    )
    model.fit(batches, verbose=0)


def function_where_a_generator_belongs():
    def batches():
        yield np.ones((2, 4)), np.ones((2, 1))

    small_model().fit(batches, verbose=0)


def arrays_from_a_generator():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(2)])
    model.predict((np.ones((2, steps, 3)) for steps in (5, 7)), verbose=0)


def generator_used_twice():
    batches = ((np.ones((2, 4)), np.ones((2, 1))) for _ in range(3))
    model = small_model()
    model.fit(batches, verbose=0)
    model.evaluate(batches, verbose=0)


def batches_with_their_lengths():
    batch = np.ones((2, 4)), np.ones((2, 1)), np.ones(2), np.array([4, 3])
    small_model().fit((batch for _ in range(3)), verbose=0)


def generator_with_shuffle_left_on():
    batches = ((np.ones((2, 4)), np.ones((2, 1))) for _ in range(3))
    small_model().fit(batches, verbose=0)


def as_many_batch_sizes_as_boundaries():
    rows = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1, 2, 3], [4]]))
    rows.bucket_by_sequence_length(len, bucket_boundaries=[2, 4], bucket_batch_sizes=[8, 4])


def row_as_long_as_the_last_boundary():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 8)), output_signature=tf.TensorSpec((None,), "int32")
    )
    batches = rows.bucket_by_sequence_length(
        tf.size, [4, 8], [2, 2, 2], pad_to_bucket_boundary=True
    )
    list(batches)


def length_of_a_row_as_int64():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int32")
    )
    rows.bucket_by_sequence_length(lambda row: tf.size(row, "int64"), [4, 8], [2, 2, 2])


def padded_batch_shorter_than_a_row():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int32")
    )
    list(rows.padded_batch(2, padded_shapes=(5,)))


def padded_batch_with_a_length_for_labels():
    spec = tf.TensorSpec((None,), "int32"), tf.TensorSpec((), "int32")
    rows = tf.data.Dataset.from_generator(
        lambda: (([1] * steps, 0) for steps in (3, 7)), output_signature=spec
    )
    rows.padded_batch(2, padded_shapes=((None,), (None,)))


def padded_batch_with_a_value_of_another_type():
    rows = tf.data.Dataset.from_generator(
        lambda: ([1] * steps for steps in (3, 7)), output_signature=tf.TensorSpec((None,), "int64")
    )
    rows.padded_batch(2, padding_values=0)


def row_longer_than_the_padding():
    row, length = np.ones((12, 3)), 10
    np.pad(row, ((0, length - len(row)), (0, 0)))


def padding_for_an_axis_that_is_not_there():
    row, length = np.ones(7), 10
    np.pad(row, ((0, length - len(row)), (0, 0)))


def ragged_tensor_into_a_convolution():
    layers = [keras.layers.Embedding(10, 4), keras.layers.Conv1D(2, 3)]
    keras.Sequential(layers).predict(tf.ragged.constant([[1, 2, 3], [4]]), verbose=0)


def mean_of_predictions_of_two_lengths():
    batches = tf.data.Dataset.from_generator(
        lambda: (np.ones((2, steps, 3)) for steps in (5, 7)),
        output_signature=tf.TensorSpec((None, None, 3)),
    )
    layers = [keras.Input((None, 3)), keras.layers.LSTM(2, return_sequences=True)]
    keras.Sequential(layers).predict(batches, verbose=0).mean()


def targets_of_another_length():
    layer = keras.layers.LSTM(1, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(np.ones((2, 7, 3)), np.ones((2, 5, 1)), verbose=0)


def one_target_per_row_for_one_answer_per_step():
    layer = keras.layers.LSTM(4, return_sequences=True, activation="softmax")
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile(loss="categorical_crossentropy", optimizer="sgd")
    model.fit(np.ones((2, 7, 3)), np.ones((2, 4)), verbose=0)


def image_files_with_their_own_sizes():
    keras.utils.image_dataset_from_directory("photographs", image_size=None)


def images_of_several_sizes_joined():
    images = [np.ones((8, 9, 3)), np.ones((7, 12, 3))]
    np.concatenate([image[None] for image in images])


def images_of_one_height_as_objects():
    np.array([np.ones((8, 9, 3)), np.ones((8, 12, 3))], dtype=object)


def image_into_a_slot_of_another_size():
    batch = np.zeros((2, 8, 9, 3))
    for place, image in zip(batch, [np.ones((8, 9, 3)), np.ones((8, 12, 3))], strict=True):
        place[:] = image


def one_image_without_a_batch_axis():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.predict(np.ones((28, 40, 3)), verbose=0)


def feature_map_into_an_lstm():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.LSTM(8)]
    keras.Sequential([keras.Input((None, None, 1)), *layers])


def pooled_features_into_a_model_of_sequences():
    model = keras.Sequential([keras.Input((None, 20)), keras.layers.LSTM(8)])
    model.predict(np.ones((2, 20)), verbose=0)


def columns_of_an_unknown_height():
    images = keras.Input((None, None, 1))
    columns = keras.layers.Permute((2, 1, 3))(keras.layers.Conv2D(4, 3)(images))
    features = keras.layers.TimeDistributed(keras.layers.Flatten())(columns)
    keras.layers.LSTM(8)(features)


def reshape_of_an_unknown_height():
    images = keras.Input((None, None, 1))
    columns = keras.layers.Permute((2, 1, 3))(keras.layers.Conv2D(4, 3)(images))
    keras.layers.Reshape((-1, columns.shape[2] * columns.shape[3]))(columns)


def image_of_unknown_channels():
    keras.layers.Conv2D(4, 3)(keras.Input((None, None, None)))


def reshape_with_two_unknown_sizes():
    images = keras.Input((None, None, 1))
    columns = keras.layers.Permute((2, 1, 3))(keras.layers.Conv2D(4, 3)(images))
    keras.layers.Reshape((-1, -1))(columns)


def width_written_into_a_reshape():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.Reshape((26, 26 * 4)), keras.layers.LSTM(8)]
    model = keras.Sequential([keras.Input((28, None, 1)), *layers])
    model.predict(np.ones((2, 28, 40, 1)), verbose=0)


def columns_of_another_height():
    model = keras.Sequential([keras.Input((None, 30)), keras.layers.LSTM(8)])
    images = np.ones((2, 31, 50))
    model.predict(images.swapaxes(1, 2), verbose=0)


def grey_image_for_a_colour_model():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.predict(np.ones((2, 8, 9, 1)), verbose=0)


def image_of_another_size_than_the_input():
    images = keras.Input((32, 32, 3))
    maps = keras.layers.Conv2D(4, 3)(images)
    model = keras.Model(images, keras.layers.GlobalMaxPooling2D()(maps))
    model.predict(np.ones((1, 40, 56, 3)), verbose=0)


def images_too_small_for_a_backbone():
    keras.applications.ResNet50(weights=None, include_top=False, input_shape=(20, 20, 3))


def top_of_a_backbone_with_an_open_size():
    keras.applications.ResNet50(weights=None, input_shape=(None, None, 3))


def crop_without_pixels():
    image, (top, left, bottom, right) = np.ones((1, 8, 9, 3)), (5, 1, 5, 7)
    keras.layers.Conv2D(4, 3)(image[:, top:bottom, left:right])


def image_smaller_than_the_window():
    layers = [keras.layers.Conv2D(4, 5), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    model.predict(np.ones((2, 28, 3, 1)), verbose=0)


def odd_image_down_and_up_again():
    images = keras.Input((None, None, 1))
    fine = keras.layers.Conv2D(4, 3, padding="same")(images)
    coarse = keras.layers.MaxPooling2D(2)(fine)
    joined = keras.layers.Concatenate()([fine, keras.layers.UpSampling2D(2)(coarse)])
    keras.Model(images, joined).predict(np.ones((2, 9, 11, 1)), verbose=0)


def clips_into_a_convolution_of_images():
    keras.layers.Conv2D(4, 3)(keras.Input((None, 28, 28, 1)))


def float_bounds_of_a_box():
    image, box = np.ones((28, 40)), np.array([3.2, 5.0, 19.7, 12.4])
    image[box[0] : box[2], box[1] : box[3]]


def boxes_of_a_whole_batch():
    image, detections = np.ones((28, 40)), np.ones((1, 5, 4), int)
    for box in detections:
        image[box[0] : box[2], box[1] : box[3]]


def no_regions_to_stack():
    boxes = np.zeros((0, 4))
    np.stack([np.ones(16) for box in boxes])


def ctc_label_longer_than_the_sequence():
    labels, scores = np.array([[1, 2, 3, 2]], "int32"), np.ones((1, 3, 5), "float32")
    labels = tf.sparse.from_dense(labels)
    tf.nn.ctc_loss(labels, scores, None, [3], logits_time_major=False, blank_index=0)


def ctc_with_more_steps_than_predictions():
    labels, predictions = np.array([[1, 2, 2]]), np.ones((1, 9, 5), "float32")
    width, letters = np.array([[36]]), np.array([[3]])
    tf.keras.backend.ctc_batch_cost(labels, predictions, width, letters)


def ctc_label_outside_the_alphabet():
    labels, predictions = np.array([[1, 4, 2]]), np.ones((1, 9, 5), "float32")
    steps, letters = np.array([[9]]), np.array([[3]])
    tf.keras.backend.ctc_batch_cost(labels, predictions, steps, letters)


def ctc_without_a_time_axis():
    model = keras.Sequential([keras.Input((None, 28)), keras.layers.LSTM(11)])
    model.compile(loss=keras.losses.CTC(), optimizer="sgd")
    model.fit(np.ones((2, 9, 28)), np.array([[1, 2], [3, 0]]), verbose=0)


def ctc_function_of_older_keras():
    keras.backend.ctc_batch_cost(np.ones((1, 2)), np.ones((1, 9, 5)), [[9]], [[2]])


def random_crop_of_an_unknown_size():
    images = tf.data.Dataset.from_generator(
        lambda: iter([np.ones((8, 9, 3))]), output_signature=tf.TensorSpec((None, None, 3))
    )
    images.map(keras.layers.RandomCrop(4, 4))


def clip_into_an_image_layer():
    clips = np.ones((2, 5, 8, 8, 3))
    keras.layers.RandomFlip()(clips)


def clips_into_an_image_data_generator():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)
    generator.flow(np.ones((2, 5, 8, 8, 3)))


def batch_into_a_transform_of_one_image():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    generator.random_transform(np.ones((2, 8, 8, 3)))


def image_data_generator_of_older_keras():
    keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)


def target_size_in_the_constructor():
    tf.keras.preprocessing.image.ImageDataGenerator(target_size=(224, 224))


def map_in_place_of_the_iterator():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    batches = generator.flow(np.ones((4, 8, 8, 3)), np.ones(4), batch_size=2)
    batches.on_epoch_end = lambda: batches.reset()
    old, batches = batches, map(tuple, batches)
    old.on_epoch_end()


def batch_beyond_the_iterator():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    batches = generator.flow(np.ones((4, 8, 8, 3)), np.ones(4), batch_size=2)
    for index in range(3):
        batches[index]


def fewer_labels_than_images():
    generator = tf.keras.preprocessing.image.ImageDataGenerator()
    generator.flow(np.ones((4, 8, 8, 3)), np.ones(3))


def folder_without_images():
    with tempfile.TemporaryDirectory() as folder:
        keras.utils.save_img(f"{folder}/1.png", np.ones((8, 9, 3)))  # in no class
        keras.utils.image_dataset_from_directory(folder)


def augmentation_without_scipy():
    from keras.src.legacy.preprocessing import image

    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    hidden = mock.patch.object(image, "scipy", type(image.scipy)("scipy"))
    with mock.patch.dict(sys.modules, scipy=None), hidden:  # as on a machine without SciPy
        next(generator.flow(np.ones((2, 8, 8, 3))))


def image_file_without_pillow():
    from keras.src.utils import image_utils

    with mock.patch.object(image_utils, "pil_image", None):  # as on a machine without Pillow
        keras.utils.load_img("photograph.png")


def random_height_of_older_keras():
    keras.layers.RandomHeight(0.2)


def preprocessing_layers_of_older_keras():
    tf.keras.layers.experimental.preprocessing.RandomFlip("horizontal")


def numpy_augmentation_in_tf_data():
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=20)
    rows = tf.data.Dataset.from_tensor_slices(np.ones((2, 8, 8, 3)))
    rows.map(generator.random_transform)


def layer_mapped_over_pairs():
    rows = tf.data.Dataset.from_tensor_slices((np.ones((2, 8, 8, 3)), np.ones(2)))
    rows.map(keras.layers.RandomFlip())


def layer_made_inside_a_mapped_function():
    rows = tf.data.Dataset.from_tensor_slices(np.ones((2, 8, 8, 3)))
    rows.map(lambda image: keras.layers.RandomContrast(0.1)(image))


def decoded_image_without_a_rank():
    files = tf.data.Dataset.from_tensor_slices([tf.io.encode_png(np.ones((8, 9, 3), "uint8"))])
    images = files.map(tf.io.decode_image)
    images.map(lambda image: tf.image.resize(image, (4, 4)))


def resizing_integers_with_padding():
    masks = np.ones((2, 6, 9, 1), "int32")
    keras.layers.Resizing(8, 8, pad_to_aspect_ratio=True)(masks)


def masks_without_channels():
    batch = {
        "images": np.ones((2, 6, 9, 3), "float32"),
        "segmentation_masks": np.ones((2, 6, 9), "int32"),
    }
    keras.layers.RandomRotation(0.2)(batch)


def boxes_without_a_format():
    boxes = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1))}
    keras.layers.RandomFlip()({"images": np.ones((2, 6, 9, 3)), "bounding_boxes": boxes})


def boxes_without_labels():
    layer = keras.layers.RandomFlip(bounding_box_format="xyxy")
    layer({"images": np.ones((2, 6, 9, 3)), "bounding_boxes": {"boxes": np.ones((2, 1, 4))}})


def layer_that_moves_no_boxes():
    boxes = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1))}
    layer = keras.layers.RandomElasticTransform(bounding_box_format="xyxy")
    layer({"images": np.ones((2, 6, 9, 3)), "bounding_boxes": boxes})


def colours_of_a_grey_image():
    keras.layers.RandomSaturation(0.2)(np.ones((2, 8, 8, 1)))


def factor_out_of_range():
    keras.layers.RandomBrightness(20)


def augmentation_and_jit_compile():
    layers = [keras.layers.RandomRotation(0.1), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    model.compile(loss="mse", optimizer="sgd", jit_compile=True)


def class_ids_into_mixup():
    keras.layers.MixUp()({"images": np.ones((2, 8, 8, 3)), "labels": np.array([0, 1])})
