"""Rules about values: where they cannot decide, have nothing to check, and must be silent."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_programs import compiled, dense, ids, vectors
from keras import layers

from helpers.auditing import audit

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]


def verdict(rule, model, data, **options):
    """Return "found", "passed", or why the rule passed or could not decide."""
    report = audit(model, data, select=rule, **options)
    assert "the rule itself failed" not in str(report)
    if report.findings:
        return "found"
    if report.undecided:
        return f"undecided: {report.undecided[0].why}"
    return report.passed[0].why or "passed"


def embedding(*more, size=10, mask_zero=True, dtype="int32"):
    layer = layers.Embedding(size, 4, mask_zero=mask_zero)
    return compiled(keras.Sequential([keras.Input((None,), dtype=dtype), layer, *more]))


def masking(*more, value=0.0, features=3):
    layer = layers.Masking(value)
    return compiled(keras.Sequential([keras.Input((None, features)), *more, layer, layers.GRU(2)]))


# RE112


def test_padding_is_data_needs_a_layer_that_masks():
    assert verdict("RE112", dense(), np.ones((8, 4))) == "no layer of the model masks a value"


def test_blank_step_of_floats_may_be_missing():
    x = vectors()
    x[0, 3] = 0
    assert "the step may be missing; give lengths=" in verdict("RE112", masking(), x)
    assert verdict("RE112", masking(), x, lengths=[7, 2, 5, 3]) == "found"
    assert verdict("RE112", masking(value=-1.0), x) == "passed"


def test_marker_outside_the_range_of_counts_is_on_purpose():
    x = np.random.default_rng(0).poisson(2, (6, 9, 1)).astype("float32")
    x[:, 4] = -1.0
    x[:, -2:] = -1.0
    assert "may be missing" in verdict("RE112", masking(value=-1.0, features=1), x)


def test_two_padded_parts_in_a_row_are_on_purpose():
    x = np.concatenate([ids(), ids((5, 7, 2, 3), seed=1)], axis=1)
    assert "several padded parts" in verdict("RE112", embedding(layers.GRU(2)), x)


def test_one_hot_step_without_a_class_may_be_missing():
    x = np.eye(3, dtype="float32")[np.random.default_rng(0).integers(0, 3, (6, 9))]
    x[0, 3], x[:, 7:] = 0, 0
    assert "no class" in verdict("RE112", masking(), x)


def test_counts_of_several_kinds_are_all_zero_by_chance():
    x = np.random.default_rng(0).poisson(0.4, (16, 12, 3)).astype("float32")
    x[:, 0] = x[:, -1] = 1
    assert verdict("RE112", masking(), x) == "found"


def test_mask_that_nobody_uses_hides_nothing():
    x = ids()
    x[0, 3] = 0
    assert verdict("RE112", embedding(layers.Lambda(lambda h: h[:, 0])), x) == "passed"
    assert verdict("RE112", embedding(layers.GRU(2)), x) == "found"


def by_hand(features, rnn=None):
    x = keras.Input((None, features) if features else (None,), dtype=None if features else "int32")
    h = x if features else layers.Embedding(9, 3)(x)
    real = keras.ops.not_equal(x, 0)
    real = keras.ops.any(real, axis=-1) if features else real
    return compiled(keras.Model(x, (rnn or layers.SimpleRNN(2))(h, mask=real)))


def test_masks_made_by_hand_are_looked_at():
    x = ids()
    assert verdict("RE112", by_hand(0), x) == "passed"
    x[0, 3] = 0
    assert verdict("RE112", by_hand(0), x) == "found"
    steps = vectors()
    steps[0, 3] = 0
    assert "may be missing" in verdict("RE112", by_hand(3), steps)
    assert verdict("RE112", by_hand(3), steps, lengths=[7, 2, 5, 3]) == "found"
    assert verdict("RE113", by_hand(3), steps) == "passed"
    assert verdict("RE113", by_hand(3), (vectors() - 1) * [1, 2, 3]) == "found"


# RE113


def test_scaled_padding_needs_masking():
    assert verdict("RE113", dense(), np.ones((8, 4))).startswith("no layer masks a value")
    assert verdict("RE113", embedding(layers.GRU(2)), ids()) == "passed"


def test_rows_that_repeat_their_last_step_are_not_scaled_padding():
    x = vectors()
    for row, length in enumerate((7, 2, 5, 3)):
        x[row, length:] = x[row, length - 1]
    assert verdict("RE113", masking(), x) == "passed"


def test_data_that_rests_beside_masked_padding_is_not_scaled_padding():
    x = vectors(side="pre")
    x[0, 5:] = x[1, 6:] = x[2, 4:] = [0.3, 0.2, 0.1]
    assert verdict("RE113", masking(), x) == "passed"


def test_masking_of_what_scaling_makes_of_padding_is_right():
    model = masking(layers.Rescaling(1 / 2, offset=-1), value=-1.0)
    assert verdict("RE113", model, vectors()) == "passed"
    assert verdict("RE113", masking(layers.Rescaling(1 / 2, offset=-1)), vectors()) == "found"


def test_batch_normalization_before_masking_fails_in_training():
    assert verdict("RE113", masking(layers.BatchNormalization()), vectors()) == "found"
    assert verdict("RE113", masking(layers.Dropout(0.5)), vectors()) == "passed"


def test_weights_are_as_before_after_they_were_moved():
    model = masking(layers.Dense(3))
    before = [weight.copy() for weight in model.get_weights()]
    assert verdict("RE113", model, vectors()) == "found"
    assert all(map(np.array_equal, before, model.get_weights()))


# RE114


def test_wrong_integers_need_an_embedding():
    assert verdict("RE114", dense(), np.ones((8, 4))) == "the model has no Embedding"


def test_whole_numbers_as_floats_are_ids():
    x = ids().astype("float64")
    assert verdict("RE114", embedding(layers.GRU(2), dtype="float32"), x) == "passed"
    x[1, 0] = np.nan
    assert verdict("RE114", embedding(layers.GRU(2), dtype="float32"), x) == "found"


def test_negative_padding_that_never_reaches_an_answer_is_right():
    words = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 3)(words)
    real = keras.ops.cast(words >= 0, "float32")[..., None]
    mean = keras.ops.sum(h * real, axis=1) / keras.ops.sum(real, axis=1)
    model = compiled(keras.Model(words, mean))
    assert verdict("RE114", model, ids(value=-1)) == "passed"
    tags = compiled(keras.Model(words, layers.Dense(2)(h)))
    assert verdict("RE114", tags, ids(value=-1)) == "passed"
    assert verdict("RE114", compiled(keras.Model(words, h[:, -1])), ids(value=-1)) == "found"


def test_floats_that_the_model_cuts_itself_are_right():
    hours = keras.Input((None,))
    h = layers.Embedding(24, 3)(keras.ops.cast(hours, "int32"))
    model = compiled(keras.Model(hours, layers.GRU(2)(h)))
    x = np.random.default_rng(0).uniform(0, 24, (4, 6)).astype("float32")
    assert verdict("RE114", model, x) == "passed"
    assert verdict("RE114", model, x + 9) == "found"


def test_embedding_that_also_looks_up_words_of_vectors_is_given_ids_once():
    table = layers.ReversibleEmbedding(9, 3)
    words = keras.Input((None,), dtype="int32")
    model = compiled(keras.Model(words, table(layers.Dense(3)(table(words)), reverse=True)))
    assert verdict("RE114", model, ids()) == "passed"
    assert verdict("RE114", model, ids() + 1) == "found"


# RE115


def images(low=0.0, high=1.0):
    return np.random.default_rng(0).uniform(low, high, (4, 6, 6, 3)).astype("float32")


def augmenting(*more):
    return compiled(keras.Sequential([keras.Input((6, 6, 3)), *more, layers.Flatten()]))


def test_value_range_needs_a_layer_that_has_one():
    why = "no layer has a value_range or scales by 1/255"
    assert verdict("RE115", augmenting(layers.RandomFlip()), images()) == why


def test_hues_do_not_depend_on_the_range():
    hue = augmenting(layers.RandomHue(0.4, seed=1))
    assert verdict("RE115", hue, images()) == "passed"
    assert verdict("RE115", augmenting(layers.RandomBrightness(0.4, seed=1)), images()) == "found"


def test_pictures_of_one_colour_say_nothing():
    ones = np.ones((4, 6, 6, 3), "float32")
    for layer in (layers.RandomBrightness(0.2), layers.Rescaling(1 / 255)):
        assert "of one colour" in verdict("RE115", augmenting(layer), ones)


def test_dark_pictures_and_slight_overshoot_fit():
    assert verdict("RE115", augmenting(layers.RandomBrightness(0.2)), images(0, 12)) == "passed"
    to_one = layers.RandomBrightness(0.2, value_range=(0, 1))
    assert verdict("RE115", augmenting(to_one), images(-0.05, 1.05)) == "passed"
    scaled = augmenting(layers.Rescaling(1 / 255), to_one)
    assert verdict("RE115", scaled, images(0, 255)) == "passed"


def test_random_state_of_a_layer_is_as_before():
    layer = layers.RandomBrightness(0.2, seed=3)
    model = augmenting(layer)
    before = np.array(keras.ops.convert_to_numpy(layer.generator.state))
    assert verdict("RE115", model, images()) == "found"
    assert np.array_equal(before, keras.ops.convert_to_numpy(layer.generator.state))


# RE116


def steps_model(loss="mse"):
    rnn = layers.SimpleRNN(1, return_sequences=True)
    return compiled(keras.Sequential([keras.Input((None, 3)), rnn]), loss)


def weighted(*shape, rows=4, steps=7):
    x = vectors((steps,) * rows, steps)
    weight = np.random.default_rng(0).uniform(0.1, 1, shape).astype("float32")
    return x, x.mean(axis=2, keepdims=True), weight


def test_weights_axis_needs_weights_and_a_loss():
    assert verdict("RE116", dense(), (np.ones((8, 4)), np.ones((8, 1)))) == (
        "the batches hold no sample weights"
    )
    bare = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    assert "without a loss" in verdict("RE116", bare, np.ones((8, 4)))


@pytest.mark.parametrize("shape", [(4, 7), (4, 7, 1), (4, 1), (4,)])
def test_weights_of_a_loss_per_step_that_fit_or_belong_to_another_rule(shape):
    assert verdict("RE116", steps_model(), weighted(*shape)) == "passed"


@pytest.mark.parametrize("shape", [(4, 7, 3), (4, 5), (4, 1, 1, 7)])
def test_weights_of_a_loss_per_step_that_do_not_fit(shape):
    assert verdict("RE116", steps_model(), weighted(*shape)) == "found"


def test_weights_of_rows_in_a_column_are_right():
    x, y = np.ones((6, 4), "float32"), np.ones((6, 1), "float32")
    column = np.arange(6, dtype="float32")[:, None]
    assert verdict("RE116", dense(), (x, y, column)) == "passed"
    square = np.tri(6, dtype="float32")
    assert verdict("RE116", dense(), (x, y, square)) == "found"
    assert verdict("RE116", dense(), (x, y), validation=(x, y, square)) == "found"


def test_weights_of_outputs_by_name():
    steps = keras.Input((None, 3))
    h = layers.SimpleRNN(2, return_sequences=True)(steps)
    outputs = {"tag": layers.Dense(1)(h), "row": layers.Dense(1)(h[:, -1])}
    model = compiled(keras.Model(steps, outputs), {"tag": "mse", "row": "mae"})
    x, per_step, weight = weighted(4, 7)
    y = {"tag": per_step, "row": per_step[:, 0]}
    right = {"tag": weight, "row": weight[:, 0]}
    assert verdict("RE116", model, (x, y, right)) == "passed"
    assert verdict("RE116", model, (x, y, {**right, "row": weight})) == "found"


def test_loss_that_weighs_by_itself_is_undecided():
    class Own(keras.losses.Loss):
        def __call__(self, y_true, y_pred, sample_weight=None):
            return keras.ops.mean((y_true - y_pred) ** 2)

    assert "a way of its own" in verdict("RE116", steps_model(Own()), weighted(4, 5))


# RE207

on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's")


@on_tensorflow
def test_layers_without_cudnn_take_every_mask():
    for layer in (
        layers.SimpleRNN(2),
        layers.LSTM(2, activation="relu"),
        layers.GRU(2, unroll=True),
    ):
        model = compiled(keras.Sequential([keras.Input((7, 3)), layers.Masking(), layer]))
        assert verdict("RE207", model, vectors(side="pre")) == "no LSTM or GRU would use cuDNN"


@on_tensorflow
def test_left_padding_without_a_mask_is_no_mask():
    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.LSTM(2)]))
    assert "no mask reaches" in verdict("RE207", model, vectors(side="pre"))


@on_tensorflow
@pytest.mark.parametrize(
    ("lengths", "side", "words"),
    [((7, 2), "pre", "1 padded in front"), ((7, 0), "post", "1 masked from end to end")],
)
def test_what_cudnn_does_not_take_is_counted(lengths, side, words):
    report = audit(masking(), vectors(lengths, side=side), select="RE207")
    assert words in report.warnings[0].measured


# RE208


def test_empty_row_needs_a_row_that_is_all_padding():
    assert verdict("RE208", masking(), vectors()) == "no row is all padding"


def test_row_of_zeros_that_nothing_masks_is_data():
    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.GRU(2)]))
    x = vectors((7, 0, 5, 3))
    assert verdict("RE208", model, (x, np.ones((4, 2), "float32"))) == "no row is all padding"


def test_empty_sequence_beside_another_input_is_an_answer():
    past = keras.Input((None,), dtype="int32", name="past")
    age = keras.Input((1,), name="age")
    h = layers.GRU(2)(layers.Embedding(9, 3, mask_zero=True)(past))
    out = layers.Dense(1)(layers.Concatenate()([h, age]))
    model = compiled(keras.Model({"past": past, "age": age}, out))
    x = {"past": ids((7, 0, 5, 3)), "age": np.ones((4, 1), "float32")}
    assert verdict("RE208", model, (x, np.ones((4, 1), "float32"))) == "passed"


def test_nan_without_an_empty_row_has_another_reason():
    model = masking()
    x = vectors((7, 0, 5, 3))
    x[0, 0, 0] = np.nan
    assert verdict("RE208", model, x) == "passed"


def test_steps_of_an_empty_row_that_the_mask_takes_out_of_the_loss():
    rnn = layers.SimpleRNN(1, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(), rnn])
    data = vectors((7, 0, 5, 3)), np.ones((4, 7, 1), "float32")
    assert verdict("RE208", compiled(model), data) == "passed"


def test_loss_that_divides_by_the_length_is_nan():
    def per_step(y_true, y_pred):
        real = keras.ops.cast(y_true >= 0, "float32")[..., 0]
        wrong = keras.ops.square(y_true - y_pred)[..., 0] * real
        return keras.ops.sum(wrong, axis=1) / keras.ops.sum(real, axis=1)

    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.Dense(1)]), per_step)
    x = vectors((7, 2, 0, 3))
    y = np.where((x != 0).any(axis=2), 1.0, -1.0)[..., None].astype("float32")
    report = audit(model, (x, y), lengths=[7, 2, 0, 3], select="RE208")
    assert "the loss is NaN" in report.errors[0].message
    kept = [0, 1, 3]
    assert verdict("RE208", model, (x[kept], y[kept]), lengths=[7, 2, 3]) == (
        "no row is all padding"
    )


def test_masking_behind_an_embedding_belongs_to_another_rule():
    model = keras.Sequential([keras.Input((None,), dtype="int32"), layers.Embedding(9, 4)])
    model = compiled(keras.Sequential([model, layers.Masking(), layers.GRU(2)]))
    assert verdict("RE113", model, ids()) == "passed"
    assert verdict("RE202", model, ids()) == "found"


def test_mean_by_hand_over_an_empty_row_is_nan():
    x = keras.Input((None, 3))
    real = keras.ops.cast(keras.ops.any(keras.ops.not_equal(x, 0), axis=-1), "float32")
    mean = keras.ops.sum(x, axis=1) / keras.ops.sum(real, axis=1, keepdims=True)
    model = compiled(keras.Model(x, mean))
    assert verdict("RE208", model, vectors((7, 0, 5, 3))) == "found"
    assert verdict("RE208", model, vectors()) == "no row is all padding"
