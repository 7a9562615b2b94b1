"""What two articles of 2025-01-30 claim about padding and masking, settled by running it.

The rows are those of the articles; the layers are narrower. `book/claims.yml` names these tests.
"""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from claim_runs import MOVED, SAME, apart, randomised
from claim_runs import seeded as seeded
from keras import layers
from keras.utils import pad_sequences

pytestmark = pytest.mark.slow

WORDS = [[1, 2, 3], [4, 5], [6, 7, 8, 9]]
NUMBERS = [[10, 20, 30], [40, 50], [60, 70, 80, 90]]
LABELS = np.array([0, 1, 0])
RNG = np.random.default_rng(0)
SERIES = [RNG.normal(size=(steps, 10)).astype("float32") for steps in range(10, 20)]


def sequential(*stack, run_eagerly=True):
    """Return a compiled model; a graph of a recurrent layer costs more than it saves here."""
    model = keras.Sequential([*stack, layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(1.0), "binary_crossentropy", run_eagerly=run_eagerly)
    return randomised(model)


def text_model(*between, steps=None, **embedding):
    """Return the network of the first listing; `between` stands behind the embedding."""
    return sequential(
        keras.Input((steps,)), layers.Embedding(10, 4, **embedding), *between, layers.LSTM(6)
    )


def series_model(*stack, features=10):
    return sequential(keras.Input((None, features)), *stack)


def convolution_model(steps, *before):
    """Return the network of the second listing for rows of so many steps."""
    return sequential(
        keras.Input((steps, 1)),
        *before,
        layers.Conv1D(8, 3, activation="relu"),
        layers.MaxPooling1D(2),
        layers.Flatten(),
        run_eagerly=False,
    )


def branches_model(words=4, numbers=4, mask_zero=False):
    """Return the network of the third listing."""
    inputs = keras.Input((words,)), keras.Input((numbers, 1))
    text = layers.Embedding(10, 4, mask_zero=mask_zero)(inputs[0])
    text = layers.LSTM(6)(text if mask_zero else layers.Masking(0)(text))
    merged = layers.concatenate([text, layers.LSTM(3)(layers.Masking(0)(inputs[1]))])
    assert merged.shape == (None, 6 + 3)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(merged))
    model.compile("sgd", "binary_crossentropy", run_eagerly=True)
    return randomised(model)


def padded(rows, steps=None, side="post"):
    """Return words as int32 `(batch, steps)`, or rows with features as float32."""
    dtype = "int32" if np.ndim(rows[0]) == 1 else "float32"
    return pad_sequences(rows, steps, dtype=dtype, padding=side)


def alone(model, rows):
    """Return the predictions for rows that are shown one by one, without padding."""
    return np.concatenate([model(padded([row])) for row in rows])


def moves(model, rows, side="post"):
    """Return how far padding moves the predictions, for 1 and 20 steps beyond the longest."""
    longest, reference = max(map(len, rows)), alone(model, rows)
    return np.array(
        [apart(model(padded(rows, longest + extra, side)), reference) for extra in (1, 20)]
    )


# How Keras takes rows of several lengths


def test_a_time_axis_of_none_takes_any_length():
    inputs = keras.Input((None, 10))
    model = keras.Model(inputs, layers.Dense(1)(layers.LSTM(4)(inputs)))
    model.compile("sgd", "mse")
    for steps in (3, 7, 12):
        batch = np.ones((2, steps, 10), "float32")
        assert np.isfinite(model.train_on_batch(batch, np.zeros((2, 1))))
        assert model.predict(batch, verbose=0).shape == (2, 1)
    with pytest.raises(ValueError, match="inhomogeneous shape"):
        np.array(SERIES[:2])
    fixed, shorter = keras.Input((19, 10)), np.ones((2, 12, 10), "float32")
    with pytest.raises(ValueError, match=r"expected shape=\(None, 19, 10\)"):
        keras.Model(fixed, layers.LSTM(4)(fixed)).predict(shorter, verbose=0)
    unchecked = keras.Sequential([keras.Input((19, 10)), layers.LSTM(4)])
    assert unchecked.predict(shorter, verbose=0).shape == (2, 4)


def test_rows_grouped_by_length_need_neither_padding_nor_a_mask():
    rows, shapes = [[1, 2, 3], [4, 5], [6, 7, 8], [9, 1]], set()

    class Groups(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            group = [row for row in rows if len(row) == 3 - index]
            shapes.add(np.shape(group))
            return np.array(group), np.zeros((len(group), 1))

    model, data = text_model(), Groups()
    before = alone(model, rows)
    together = model.predict(data, verbose=0)
    assert apart(together, before[[0, 2, 1, 3]]) < SAME
    model.fit(data, verbose=0)
    assert shapes == {(2, 3), (2, 2)}
    assert (alone(model, rows) < before).all()


def test_padding_or_cutting_makes_every_batch_rectangular():
    for batch, steps in ((WORDS[:2], 3), (WORDS[2:], 4)):
        assert pad_sequences(batch).shape == (len(batch), steps)
    assert pad_sequences(WORDS, 2, truncating="post").tolist() == [[1, 2], [4, 5], [6, 7]]


def test_padding_to_the_longest_row_of_each_batch_is_enough():
    rows = [[1, 2], [3, 4], [5, 6, 7], [9, 8, 7, 6, 5, 4, 3, 2, 1]]
    model = text_model(mask_zero=True)
    whole = padded(rows)
    batches = [padded(rows[:2]), padded(rows[2:])]
    by_batch = np.concatenate([model.predict_on_batch(batch) for batch in batches])
    assert apart(by_batch, model.predict_on_batch(whole)) < SAME
    assert (whole.size, sum(batch.size for batch in batches)) == (36, 22)


@pytest.mark.parametrize(
    ("rows", "features", "shapes"),
    [(WORDS, (), [(2, 4), (1, 4)]), (SERIES, (10,), [(2, 19, 10)] * 5)],
    ids=["words", "series"],
)
def test_both_listings_pad_the_whole_data_set_to_one_length(rows, features, shapes):
    seen = []

    class Watch(layers.Layer):
        def call(self, x):
            seen.append(tuple(x.shape))
            return keras.ops.cast(x, "float32")

    model = keras.Sequential([Watch(), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(padded(rows), np.zeros(len(rows)), batch_size=2, shuffle=False, verbose=0)
    assert seen[-len(shapes) :] == shapes
    assert max(map(len, rows[:2])) < shapes[0][1]


# What a mask does


def test_with_a_mask_padded_rows_give_what_the_rows_alone_give():
    for side in ("post", "pre"):
        assert moves(text_model(mask_zero=True), WORDS, side).max() < SAME


def test_with_a_mask_a_training_step_is_the_same_whatever_the_padding():
    def step(steps, **embedding):
        model = text_model(**embedding)
        loss = model.train_on_batch(padded(WORDS, steps), LABELS)
        return [loss, *model.get_weights()]

    few, many = step(4, mask_zero=True), step(12, mask_zero=True)
    assert max(map(apart, few, many)) < SAME
    assert max(map(apart, step(4), step(12))) > MOVED


@pytest.mark.filterwarnings("ignore:.*will therefore destroy the mask")
def test_a_mask_helps_only_where_every_layer_keeps_or_uses_it():
    rows = [-1 - np.abs(row) for row in SERIES[:3]]  # a padded 0 is the largest value
    for stack in ([layers.LSTM(4)], [layers.GlobalAveragePooling1D()]):
        assert moves(series_model(layers.Masking(), *stack), rows).max() < SAME
    for stack in ([layers.GlobalMaxPooling1D()], [layers.Conv1D(3, 3), layers.LSTM(4)]):
        assert moves(series_model(layers.Masking(), *stack), rows).min() > MOVED


def test_without_a_mask_padding_counts_as_data():
    model = text_model()
    assert moves(model, WORDS).min() > MOVED
    few, many = (model.predict_on_batch(padded(WORDS, steps)) for steps in (4, 8))
    assert apart(few, many) > MOVED


@functools.cache
def accuracy(side, masking, seed=0):
    """Train the first listing's network to tell a row by its first word; 40 steps of padding.

    Returns the share of 256 further rows it gets right. Half of them would be guessing.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    rows = [rng.integers(1, 10, rng.integers(3, 9)) for _ in range(768)]
    x = pad_sequences(rows, 40, padding=side)
    y = np.array([row[0] < 5 for row in rows], "float32")
    between = [layers.Masking(0)] if masking == "Masking" else []
    model = keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(10, 8, mask_zero=masking == "mask_zero"),
            *between,
            layers.LSTM(16),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    model.fit(x[:512], y[:512], epochs=6, verbose=0)
    return np.mean((np.asarray(model(x[512:]))[:, 0] > 0.5) == y[512:])


@pytest.mark.wide
def test_padding_without_a_mask_ruins_training_if_it_stands_behind_what_matters():
    assert accuracy("post", None) < 0.7
    assert accuracy("pre", None) > 0.95
    assert accuracy("post", "mask_zero") > 0.95


@pytest.mark.wide
def test_in_the_listing_as_printed_padding_before_the_row_is_the_better_choice():
    assert accuracy("post", "Masking") < 0.7
    assert accuracy("pre", "Masking") > 0.95
    assert min(accuracy(side, "mask_zero") for side in ("post", "pre")) > 0.95


def test_the_side_of_the_padding_matters_only_without_a_mask():
    def sides(model):
        return (model.predict_on_batch(padded(WORDS, 12, side)) for side in ("pre", "post"))

    assert apart(*sides(text_model(mask_zero=True))) < SAME
    assert apart(*sides(text_model())) > MOVED


def test_the_order_of_the_steps_is_the_same_on_both_sides():
    before, behind = (padded(WORDS, 12, side) for side in ("pre", "post"))
    assert before[before > 0].tolist() == behind[behind > 0].tolist() == list(range(1, 10))
    model = text_model(mask_zero=True)
    turned = padded([row[::-1] for row in WORDS], 12)
    assert apart(model.predict_on_batch(before), model.predict_on_batch(behind)) < SAME
    assert apart(model.predict_on_batch(turned), model.predict_on_batch(behind)) > MOVED


# The first listing: words


@pytest.mark.parametrize(
    ("make", "x"),
    [
        (text_model, padded(WORDS)),
        (lambda: convolution_model(4), padded(WORDS)[..., None]),
        (branches_model, [padded(WORDS), padded(NUMBERS)[..., None]]),
    ],
    ids=["words", "convolution", "branches"],
)
def test_labels_in_a_python_list_raise(make, x):
    with pytest.raises(ValueError, match="Unrecognized data type: x="):
        make().fit(x, LABELS.tolist(), verbose=0)
    assert np.isfinite(make().fit(x, LABELS, verbose=0).history["loss"]).all()


def test_nine_words_and_the_padding_need_ten_rows_of_the_embedding():
    ids = padded(WORDS)
    assert set(ids.ravel()) == set(range(10))
    with keras.device("cpu:0"):
        assert layers.Embedding(10, 4)(ids).shape == (3, 4, 4)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"= 9 is not in \[0, 9\)"):
            layers.Embedding(9, 4)(ids)


def test_input_length_is_warned_of_and_ignored():
    with pytest.warns(UserWarning, match="`input_length` is deprecated"):
        model = text_model(input_length=4)
    for steps in (4, 8, 40):
        assert model.predict(padded(WORDS, steps), verbose=0).shape == (3, 1)
    assert apart(alone(model, WORDS), alone(text_model(), WORDS)) == 0


def test_pad_sequences_pads_integers_and_silently_casts_and_cuts_the_rest():
    assert pad_sequences(WORDS, padding="post").tolist() == [[1, 2, 3, 0], [4, 5, 0, 0], WORDS[2]]
    assert pad_sequences([[0.5, -0.9], [2.7]]).tolist() == [[0, 0], [0, 2]]
    assert pad_sequences(WORDS, 2).tolist() == [[2, 3], [4, 5], [8, 9]]


def test_masking_behind_an_embedding_marks_no_step_as_padding():
    embedding, masking = layers.Embedding(10, 32), layers.Masking(0)
    vectors = embedding(padded(WORDS))
    assert np.asarray(masking.compute_mask(vectors)).all()
    table = embedding.get_weights()[0]
    assert table[0].any()
    table[0] = 0  # only then is the vector of the padding what Masking(0) looks for
    embedding.set_weights([table])
    mask = np.asarray(masking.compute_mask(embedding(padded(WORDS))))
    assert mask.tolist() == (padded(WORDS) > 0).tolist()


def test_with_masking_behind_an_embedding_padded_zeros_move_the_prediction():
    assert moves(text_model(layers.Masking(0)), WORDS).min() > MOVED
    assert moves(text_model(mask_zero=True), WORDS).max() < SAME


def test_without_the_masking_layer_every_bit_is_the_same():
    def trained(*between):
        model = text_model(*between)
        model.train_on_batch(padded(WORDS, 8), LABELS)
        return model.predict_on_batch(padded(WORDS, 8))

    np.testing.assert_array_equal(trained(layers.Masking(0)), trained())


# The second listing: a convolution


def test_convolution_and_global_pooling_take_any_length_from_the_kernel_up():
    model = series_model(layers.Conv1D(4, 3), layers.GlobalMaxPooling1D())
    for steps in (3, 5, 40):
        assert model.predict(np.ones((2, steps, 10)), verbose=0).shape == (2, 1)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        model.predict(np.ones((2, 2, 10)), verbose=0)


def test_the_network_of_the_second_listing_takes_one_length():
    assert convolution_model(4).predict(np.ones((3, 4, 1)), verbose=0).shape == (3, 1)
    for steps, message in ((3, "Negative dimension size"), (6, "expected axis -1")):
        with pytest.raises(ValueError, match=message):
            convolution_model(4).predict(np.ones((3, steps, 1)), verbose=0)
    with pytest.raises(ValueError, match="must be fully-defined"):
        convolution_model(None)


@pytest.mark.parametrize("pooling", [layers.GlobalMaxPooling1D, layers.GlobalAveragePooling1D])
def test_padding_leaks_through_a_convolution(pooling):
    rows = [row[:3] / 10 for row in SERIES[:3]]
    assert (
        moves(series_model(layers.Conv1D(4, 3, activation="relu"), pooling()), rows).min() > MOVED
    )


def test_masking_in_front_of_a_convolution_is_lost_and_changes_no_bit():
    x = padded(WORDS)[..., None].astype("float32")
    with pytest.warns(UserWarning, match="will therefore destroy the mask"):
        masked = convolution_model(4, layers.Masking(0)).predict(x, verbose=0)
    np.testing.assert_array_equal(masked, convolution_model(4).predict(x, verbose=0))


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("method", ["fit", "predict"])
def test_the_network_of_the_second_listing_takes_no_short_rows(steps, method):
    data = (np.ones((3, steps, 1)), LABELS)[: 2 if method == "fit" else 1]
    with pytest.raises(ValueError, match=r"would be (zero or )?negative|Negative dimension size"):
        getattr(convolution_model(steps), method)(*data, verbose=0)
    assert convolution_model(4).layers[1].output.shape == (None, 1, 8)


def test_np_pad_pads_as_pad_sequences_does():
    rows = [np.pad(row, (0, 4 - len(row)), "constant") for row in WORDS]
    np.testing.assert_array_equal(np.array(rows), pad_sequences(WORDS, padding="post"))


@pytest.mark.parametrize("make", [lambda: convolution_model(4), branches_model])
def test_a_model_adds_the_last_axis_that_a_layer_misses(make, recwarn):
    flat = padded(NUMBERS).astype("float32") / 10
    for layer in (layers.Conv1D(4, 3), layers.LSTM(4)):
        with pytest.raises(ValueError, match="ndim=3, found ndim=2"):
            layer(flat)

    def results(numbers):
        model = make()
        x = numbers if len(model.inputs) == 1 else [padded(WORDS), numbers]
        loss = model.fit(x, LABELS, shuffle=False, verbose=0).history["loss"]
        return [np.asarray(model(x)), model.predict(x, verbose=0), loss]

    for without, with_axis in zip(results(flat), results(flat[..., None]), strict=True):
        np.testing.assert_array_equal(without, with_axis)
    assert not [warning for warning in recwarn if warning.category is UserWarning]


# The third listing: two branches


def test_the_third_listing_does_not_import_pad_sequences():
    names = {}
    exec(
        "import numpy as np\nfrom tensorflow import keras\nfrom tensorflow.keras.layers import "
        "Input, Embedding, LSTM, Dense, concatenate, Reshape, Masking",
        names,
    )
    with pytest.raises(NameError, match="'pad_sequences' is not defined"):
        eval("pad_sequences([[1], [2, 3]])", names)


def test_branches_take_words_and_numbers_each_of_its_own_length():
    model = branches_model(words=4, numbers=6)
    x = [padded(WORDS), padded(NUMBERS, 6)[..., None] / 10]
    history = model.fit(x, LABELS, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for index in (0, 1):  # both branches count
        changed = [part.copy() for part in x]
        changed[index][:, 0] = 1 + changed[index][:, 0] % 3
        assert (model.predict(changed, verbose=0) != model.predict(x, verbose=0)).any()


def test_pad_sequences_keeps_decimals_only_with_a_dtype():
    rows = [[1.9, -2.5, 3.99], [0.5]]
    assert pad_sequences(rows, padding="post").tolist() == [[1, -2, 3], [0, 0, 0]]
    kept = pad_sequences(rows, padding="post", dtype="float32")
    np.testing.assert_allclose(kept, [[1.9, -2.5, 3.99], [0.5, 0, 0]], rtol=1e-6)


def test_the_second_input_takes_no_images():
    model = branches_model()
    images = np.ones((3, 8, 8, 3), "float32")
    with pytest.raises(
        ValueError, match=r"expected shape=\(None, 4, 1\), found shape=\(3, 8, 8, 3\)"
    ):
        model.predict([padded(WORDS), images], verbose=0)


def test_masking_hides_the_padding_of_the_numbers_and_not_that_of_the_words():
    numbers = [np.array(row, "float32")[:, None] / 10 for row in NUMBERS]

    def change(mask_zero, words=4, steps=4):
        """Return how far more padding in one branch moves the predictions of a short row."""
        few = branches_model(mask_zero=mask_zero)
        many = branches_model(words, steps, mask_zero=mask_zero)
        many.set_weights(few.get_weights())
        return apart(
            few.predict_on_batch([padded(WORDS), padded(numbers)]),
            many.predict_on_batch([padded(WORDS, words), padded(numbers, steps)]),
        )

    assert change(False, words=12) > MOVED
    assert change(False, steps=12) < SAME
    assert change(True, words=12, steps=12) < SAME


def test_masking_takes_genuine_zeros_for_padding():
    def predict(row, mask_value):
        model = series_model(layers.Masking(mask_value), layers.LSTM(4), features=1)
        return model.predict_on_batch(np.array(row, "float32").reshape(1, -1, 1))

    assert apart(predict([1, 0, 3], 0), predict([1, 3], 0)) < SAME
    assert apart(predict([1, 0, 3], 0), predict([0, 1, 0, 0, 3, 0], 0)) < SAME
    assert apart(predict([1, 0, 3], -1), predict([1, 3], -1)) > MOVED
    assert apart(predict([1, 0, 3, -1], -1), predict([1, 0, 3], -1)) < SAME


# The recurrent network with a time axis of None


def test_a_recurrent_network_with_a_mask_takes_batches_of_changing_length():
    model = series_model(layers.Masking(), layers.LSTM(4))
    batches = [SERIES[:2], SERIES[2:7], SERIES[7:]]
    together = np.concatenate([model.predict_on_batch(padded(batch)) for batch in batches])
    assert [padded(batch).shape[1] for batch in batches] == [11, 16, 19]
    assert apart(together, alone(model, SERIES)) < SAME
    for batch in batches:
        loss = model.train_on_batch(padded(batch), np.zeros((len(batch), 1)))
        assert np.isfinite(loss)


def test_masking_hides_padded_numbers_unless_a_real_step_is_all_zero():
    rows = [row.copy() for row in SERIES[:3]]
    rows[0][4, :9] = 0  # one feature is left
    masked = series_model(layers.Masking(), layers.LSTM(4))
    assert moves(masked, rows).max() < SAME
    assert moves(series_model(layers.LSTM(4)), rows).min() > MOVED
    rows[0][4] = 0
    assert apart(alone(masked, [rows[0]]), alone(masked, [np.delete(rows[0], 4, axis=0)])) < SAME
