"""Rules about the model: right programs that look like faults, and what cannot be decided."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_model import AttentionPooling, of_lengths
from audit_programs import Rows, compiled, ids, vectors
from keras import layers, ops

from helpers.auditing import audit
from helpers.masking import KeepMask

pytestmark = [
    pytest.mark.any_backend,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*destroy the mask"),
]


def on_words(*parts, masked=True):
    inputs = h = keras.Input((None,), dtype="int32")
    for part in (layers.Embedding(9, 4, mask_zero=masked), *parts):
        h = part(h)
    return keras.Model(inputs, h)


def said(report):
    return [finding.code for finding in report.findings]


class Own(layers.Layer):
    """A layer that supports masking: what it does to the steps, and to their mask."""

    def __init__(self, on_steps, on_mask=lambda mask: mask):
        super().__init__()
        self.supports_masking, self.on_steps, self.on_mask = True, on_steps, on_mask

    def call(self, x):
        return self.on_steps(x)

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else self.on_mask(mask)


def with_a_first_step(x):
    return ops.concatenate([ops.ones_like(x[:, :1]), x], axis=1)


MEAN = layers.GlobalAveragePooling1D
RIGHT_MASKS = {
    "a step in front": lambda: Own(with_a_first_step, with_a_first_step),
    "shifted to the right": lambda: Own(lambda x: with_a_first_step(x)[:, :-1]),
    "every second step": lambda: Own(lambda x: x[:, ::2], lambda mask: mask[:, ::2]),
    "turned around": lambda: Own(lambda x: ops.flip(x, 1), lambda mask: ops.flip(mask, 1)),
    "repeated steps": lambda: Own(lambda x: ops.repeat(x, 2, 1), lambda m: ops.repeat(m, 2, 1)),
    "features alone": lambda: Own(lambda x: ops.tanh(x) * 2),
    "strides": lambda: KeepMask(layers.Conv1D(3, 2, strides=2)),
    "recurrence": lambda: layers.LSTM(3, return_sequences=True),
    "both directions": lambda: layers.Bidirectional(layers.GRU(2, return_sequences=True)),
    "per step": lambda: layers.TimeDistributed(layers.Dense(2)),
}


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("name", RIGHT_MASKS)
def test_right_masks_are_right(name, side):
    if (name, side) == ("shifted to the right", "pre"):
        pytest.skip("there the first real step holds padding")
    model = on_words(RIGHT_MASKS[name](), MEAN())
    report = audit(model, ids((6, 2, 5, 4), 6, side), select="RE203")
    assert (said(report), report.undecided) == ([], ())


def test_wrong_mask_that_nobody_uses_is_no_fault():
    model = on_words(AttentionPooling(ends=False), layers.Reshape((2, 2)), layers.LSTM(2))
    assert said(audit(model, ids(), select="RE203")) == []


@pytest.mark.parametrize("side", ["post", "pre"])
def test_time_turned_around_and_back(side):
    # Each of the two layers passes a wrong mask on; where it is used, it is right again.
    back = layers.GRU(3, return_sequences=True, go_backwards=True)
    model = on_words(back, Own(lambda x: ops.flip(x, 1)), MEAN())
    assert said(audit(model, ids(side=side), select="RE203")) == []


def test_without_masks_there_is_no_wrong_one():
    report = audit(on_words(MEAN(), masked=False), ids(), select="RE203")
    assert report.passed[0].why == "no layer passes a mask on"


def test_wrong_mask_is_told_once_and_at_the_innermost_layer():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True
            self.shorten = Own(lambda x: x[:, ::2])

        def call(self, x):
            return self.shorten(x)

    model = compiled(on_words(Block(), layers.Dense(1)))
    report = audit(model, (ids(), np.ones((4, 4, 1), "float32")))
    assert said(report) == ["RE203"]
    assert report.errors[0].where.startswith("layer own")


@pytest.mark.xfail(
    keras.backend.backend() == "torch" and keras.__version__ < "3.14",
    reason="the audit misses it there",
    strict=True,
)
def test_step_that_a_mask_leaves_out_wrongly():
    last = Own(lambda x: 2 * x, lambda mask: ops.logical_and(mask, mask[:, :1] & mask[:, -1:]))
    report = audit(on_words(last, MEAN()), ids(), select="RE203")
    assert "False steps hold real steps alone" in report.errors[0].measured


def test_vectors_with_a_right_mask():
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(), layers.GRU(2)])
    assert said(audit(model, vectors(), select="RE203")) == []


def numbers(*parts, shape=(4,)):
    inputs = h = keras.Input(shape)
    for part in parts:
        h = part(h)
    return keras.Model(inputs, h)


def drawn(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


class Sampled(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x):
        return x + keras.random.normal(ops.shape(x), seed=self.seeds)


def statefully():
    inputs = keras.Input(batch_shape=(6, 4, 3))
    return keras.Model(inputs, layers.GRU(2, stateful=True)(inputs)), drawn(6, 4, 3)


def trimmed():
    """Cuts a batch to its longest row, as much code does; no padding gets in."""

    class Trim(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.rnn = layers.Embedding(9, 4, mask_zero=True), layers.GRU(2)

        def call(self, x):
            longest = int(ops.max(ops.sum(ops.cast(x != 0, "int32"), axis=1)))
            return self.rnn(self.embed(x[:, :longest]))

    return Trim(), ids((5, 2, 5, 3), 7)


INDEPENDENT = {
    "dropout": lambda: (numbers(layers.Dropout(0.5), layers.Dense(1)), drawn(6, 4)),
    "normalisation": lambda: (numbers(layers.BatchNormalization()), drawn(6, 4)),
    "steps as rows": lambda: (
        numbers(layers.Dense(2), Own(lambda x: ops.reshape(x, (-1, 2))), shape=(5, 4)),
        drawn(6, 5, 4),
    ),
    "rows that are the same": lambda: (numbers(layers.Dense(1)), np.ones((6, 4), "float32")),
    "state of a recurrence": statefully,
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_rows_that_do_not_meet(name):
    model, x = INDEPENDENT[name]()
    report = audit(model, x, select="RE204")
    assert (said(report), report.undecided) == ([], ())


def test_padding_that_leaks_is_not_rows_that_meet():
    report = audit(on_words(layers.LSTM(3), masked=False), ids(), select="RE2")
    assert said(report) == ["RE202"]


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="a traced length cuts nothing")
def test_batch_that_is_cut_to_its_longest_row():
    model, x = trimmed()
    assert said(audit(model, x, select="RE204")) == []


def test_rows_that_meet_are_no_padding_leak():
    centred = layers.Lambda(lambda h: h - ops.mean(h, axis=0, keepdims=True))
    report = audit(on_words(layers.LSTM(3), centred), ids(), select="RE2")
    assert said(report) == ["RE204"]


COMPARED_ON_PURPOSE = {
    "not every input": lambda: (
        keras.Model(
            [a := keras.Input((4,)), b := keras.Input(batch_shape=(3, 4))],
            a + Own(lambda x: ops.mean(x, axis=0, keepdims=True))(b),
        ),
        [drawn(6, 4), drawn(3, 4)],
    ),
    "an input relates the 6 rows to each other": lambda: (
        keras.Model([a := keras.Input((4,)), b := keras.Input((6,))], ops.matmul(b, a)),
        [drawn(6, 4), drawn(6, 6)],
    ),
    "no output has an entry for each row": lambda: (
        numbers(Own(lambda x: ops.matmul(x, ops.transpose(x)))),
        drawn(6, 4),
    ),
    "it draws random numbers": lambda: (numbers(Sampled()), drawn(6, 4)),
    "all rows of the batch are the same": lambda: (
        on_words(layers.LSTM(2)),
        np.ones((4, 3), "int32"),
    ),
}


@pytest.mark.parametrize("why", COMPARED_ON_PURPOSE)
def test_rows_that_may_meet_on_purpose_are_undecided(why):
    model, x = COMPARED_ON_PURPOSE[why]()
    report = audit(model, x, select="RE204")
    assert said(report) == []
    assert why in report.undecided[0].why


def test_table_beside_the_answers_is_no_row():
    inputs = keras.Input((4,))
    table = Own(lambda x: ops.ones((5, 2)) + 0 * ops.mean(x))(inputs)
    model = keras.Model(inputs, [layers.Dense(1)(inputs), table])
    report = audit(model, drawn(6, 4), select="RE204")
    assert (said(report), report.undecided) == ([], ())


def test_one_row_meets_no_other():
    report = audit(numbers(layers.Dense(1)), drawn(1, 4), select="RE204")
    assert report.passed[0].why == "the batches have one row"


def padded_numbers(*parts):
    return keras.Sequential([keras.Input((None, 3)), *parts])


class Pooled(layers.Layer):
    """A mean of the real steps, which ends the mask."""

    def call(self, x, mask=None):
        real = ops.cast(mask, x.dtype)[..., None]
        return ops.sum(x * real, axis=1) / ops.sum(real, axis=1)


NOTHING_OVER_PADDING = {
    "the mask is used": lambda: padded_numbers(
        layers.Masking(), layers.BatchNormalization(), layers.GRU(2)
    ),
    "behind the pooling": lambda: padded_numbers(
        layers.Masking(), Pooled(), layers.BatchNormalization(), layers.Dense(1)
    ),
    "frozen": lambda: padded_numbers(
        layers.Dense(3), layers.BatchNormalization(trainable=False), layers.Dense(1)
    ),
    "features alone": lambda: padded_numbers(
        layers.Masking(), layers.LayerNormalization(), layers.Bidirectional(layers.GRU(2))
    ),
    "with strides": lambda: padded_numbers(
        layers.Masking(),
        KeepMask(layers.Conv1D(4, 2, strides=2)),
        layers.BatchNormalization(),
        layers.GRU(2),
    ),
    "constant statistics": lambda: padded_numbers(
        layers.Normalization(mean=1.0, variance=2.0), layers.Dense(1)
    ),
}


@pytest.mark.parametrize("name", NOTHING_OVER_PADDING)
def test_padding_that_nothing_counts(name):
    report = audit(NOTHING_OVER_PADDING[name](), vectors(), select="RE205")
    assert (said(report), report.undecided) == ([], ())


def test_statistics_behind_strides_without_a_mask():
    # Nobody says how long the rows are here: what their contents do not change is padding.
    convolution = layers.Conv1D(4, 2, strides=2, activation="relu")
    model = padded_numbers(convolution, layers.BatchNormalization(name="norm"), layers.Dense(1))
    report = audit(model, vectors((8, 2, 4, 3), 8), select="RE205")
    assert [finding.where for finding in report.findings] == ["layer norm"]


def test_statistics_of_each_step():
    model = keras.Sequential([keras.Input((7, 3)), layers.BatchNormalization(axis=1)])
    assert said(audit(model, vectors(), select="RE205")) == ["RE205"]


def test_positions_are_no_neighbours():
    places = Own(lambda x: x + ops.cast(ops.arange(ops.shape(x)[1]), "float32")[:, None])
    report = audit(on_words(places, MEAN()), ids(side="pre"), select="RE2")
    assert said(report) == ["RE202"]


def test_nothing_keeps_a_mask_or_gathers():
    report = audit(padded_numbers(layers.Dense(1)), vectors(), select="RE205")
    assert report.passed[0].why == "no layer keeps a mask, and none gathers statistics over steps"
    model = padded_numbers(layers.BatchNormalization())
    assert audit(model, drawn(4, 5, 3), select="RE205").undecided  # nobody says what is padding
    pictures = numbers(layers.BatchNormalization(), shape=(4, 4, 1))
    report = audit(pictures, drawn(6, 4, 4, 1), select="RE205")
    assert report.passed[0].why == "no input has a time axis"


@pytest.mark.parametrize("rule", ["RE203", "RE204", "RE205", "RE206"])
def test_model_that_cannot_be_called_is_undecided(rule):
    class Wrong(layers.Layer):
        def call(self, x):
            raise ValueError("nothing here works")

    model = keras.Sequential([layers.Masking(), Wrong()])
    report = audit(model, of_lengths(3, 5), select=rule)
    assert said(report) == []
    why = report.undecided[0].why
    assert why.startswith(("the model cannot be called", "the model takes none of 2 shapes"))


ANY_LENGTH = {
    "time that ends": lambda: numbers(layers.GRU(2), shape=(None, 3)),
    "per step": lambda: numbers(layers.Dense(2), shape=(None, 3)),
    "flat features": lambda: numbers(
        layers.TimeDistributed(layers.Flatten()), layers.GRU(2), shape=(None, 3)
    ),
    "a length that nothing minds": lambda: keras.Sequential([keras.Input((7, 3)), layers.GRU(2)]),
}


@pytest.mark.parametrize("name", ANY_LENGTH)
def test_models_of_any_length(name):
    report = audit(ANY_LENGTH[name](), of_lengths(7, 4, 9), select="RE206")
    assert (said(report), report.undecided) == ([], ())


def test_data_of_one_shape_fits_a_fixed_length():
    model = keras.Sequential([layers.Flatten(), layers.Dense(1)])
    report = audit(model, of_lengths(5, 5, 5), select="RE206")
    assert report.passed[0].why == "all batches that were looked at have one shape"


def test_length_below_a_window():
    model = numbers(layers.Conv1D(2, 4), layers.GRU(2), shape=(None, 3))
    report = audit(model, of_lengths(5, 8, 3), select="RE206")
    assert "does not take every length: it takes (batch, 5, 3)" in report.errors[0].message


def test_smaller_last_batch_is_no_other_length():
    class Tail(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return x[:, : 5 + i], y

    inputs = keras.Input(batch_shape=(4, None, 3))
    model = keras.Model(inputs, layers.GRU(2)(inputs))
    data = Tail(drawn(6, 7, 3), np.ones((6, 2), "float32"), size=4)
    report = audit(model, data, select="RE206")
    assert (said(report), report.undecided) == ([], ())


def test_other_lengths_of_predict_are_seen_though_data_is_gone():
    model = numbers(layers.Dense(1), shape=(5, 3))
    gone = ((drawn(2, 5, 3), drawn(2, 5, 1)) for _ in range(3))
    report = audit(model, gone, predict=of_lengths(5, 6), select="RE206")
    assert [finding.where for finding in report.errors] == [f"layer {model.name}; predict, batch 1"]
    assert audit(model, gone, select="RE206").undecided
