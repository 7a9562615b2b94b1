"""Odd cases of the rules about the structure of the data: RE105 to RE111."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_programs import Rows, compiled, dense, vectors
from keras import layers

from helpers.auditing import audit
from helpers.auditing.asked import source_kept
from helpers.batching import fixed

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the fault is one of TensorFlow"
)


class Listed(keras.utils.PyDataset):
    """Batches that are given."""

    def __init__(self, *batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, i):
        batch = self.batches[i]
        if isinstance(batch, Exception):
            raise batch
        return batch


def rows(n=4, features=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, features)).astype("float32")


def pair(n=4):
    return rows(n), rows(n, 1)


def codes(report):
    return [finding.code for finding in report.findings]


def why(report, code):
    """What the audit says of a rule that found nothing, in which list."""
    lists = {"passed": report.passed, "undecided": report.undecided}
    return next((n, v.why) for n, found in lists.items() for v in found if v.rule.code == code)


def lstm():
    return compiled(keras.Sequential([keras.Input((None, 3)), layers.LSTM(1)]))


def steps(*lengths):
    return [(vectors((length,) * 2, length), rows(2, 1)) for length in lengths]


def test_a_fault_before_the_batch_that_raises_is_found():
    data = Listed(pair(), pair(0), OSError("file 2 is gone"))
    assert codes(audit(dense(), data, select="RE105")) == ["RE105"]


def test_a_batch_that_raises_leaves_the_rest_undecided():
    data = Listed(pair(), OSError("file 1 is gone"))
    assert why(audit(dense(), data, select="RE105"), "RE105")[0] == "undecided"


def test_a_fault_of_one_feed_is_said_though_another_is_unread():
    given = (one for one in [pair()])
    report = audit(dense(), Listed(pair(), pair(0)), validation=given, select="RE105")
    assert codes(report) == ["RE105"]


def test_arrays_have_no_empty_batch():
    assert why(audit(dense(), pair(64)), "RE105") == (
        "passed",
        "Keras cuts arrays into batches with rows",
    )


def test_a_batch_without_any_array_is_empty():
    assert codes(audit(dense(), Listed(pair(), ([], [])), select="RE105")) == ["RE105"]


def test_a_batch_of_weight_0_is_not_empty():
    data = Listed((*pair(), np.ones(4, "float32")), (*pair(), np.zeros(4, "float32")))
    assert audit(dense(), data, select="RE1").findings == ()


@on_tensorflow
def test_a_planned_dataset_declares_its_axes():
    x = [np.ones((length, 3), "float32") for length in (5, 5, 5, 5, 7, 6)]
    report = audit(lstm(), (fixed(6, 2), x, rows(6, 1)), select="RE106")
    assert report.findings == ()


@on_tensorflow
def test_keras_stops_where_the_rule_says():
    data = Listed(*steps(5, 5, 7, 5))
    found = audit(lstm(), data, select="RE106").errors
    assert [one.where for one in found] == ["data, batch 2, x, axis 1"]
    with pytest.raises(Exception, match="element of shape"):
        lstm().fit(data, shuffle=False, verbose=0)


@on_tensorflow
@pytest.mark.parametrize("lengths", [(5, 7, 7, 5), (5, 5), (5, 5, 5), (7, 5, 6, 6)])
def test_lengths_that_keras_takes(lengths):
    data = Listed(*steps(*lengths))
    assert audit(lstm(), data, select="RE106").findings == ()
    lstm().fit(data, shuffle=False, verbose=0)


@on_tensorflow
def test_a_smaller_last_batch_is_right():
    data = Rows(np.ones((20, 4), "float32"), np.ones((20, 1), "float32"))
    assert audit(dense(), data, select="RE106").findings == ()


@on_tensorflow
def test_arrays_are_not_looked_at_for_shapes():
    assert why(audit(dense(), pair()), "RE106")[0] == "passed"


def as_dtypes(*dtypes, scale=1.0):
    return Listed(*[((scale * rows()).astype(dtype), rows(4, 1)) for dtype in dtypes])


@pytest.mark.parametrize(
    "data",
    [
        as_dtypes("float32", "float64", "float16", "float32"),
        as_dtypes("int32", "int64", "int8", scale=5),
        Listed(pair(), list(pair()), pair()),
        Listed(
            ({"a": 1 + rows(), "b": rows()}, rows(4, 1)), ({"b": rows(), "a": rows()}, rows(4, 1))
        ),
        Listed(pair(), pair(0), pair(3), (np.array([]), np.array([]))),
    ],
    ids=["floats", "integers", "list or tuple", "order of keys", "rows"],
)
def test_batches_of_one_structure(data):
    model = dense()
    assert audit(model, data, select="RE107").findings == ()


def test_what_differs_is_said():
    data = Listed(pair(), (*pair(), np.ones(4, "float32")))
    (found,) = audit(dense(), data, select="RE107").errors
    assert found.where == "data, batch 1, sample_weight"
    assert found.measured == "sample_weight: nothing before, float32 now"


@on_tensorflow
@pytest.mark.parametrize(
    ("first", "value", "said"),
    [
        ("uint8", 300, "300, which is cast to 44"),
        ("float16", 1e6, "1000000.0, which is cast to inf"),
    ],
)
def test_numbers_that_the_first_dtype_does_not_hold(first, value, said):
    later = np.full((4, 4), value, "int64" if first == "uint8" else "float32")
    data = Listed((np.ones((4, 4), first), rows(4, 1)), (later, rows(4, 1)))
    (found,) = audit(dense(), data, select="RE107").errors
    assert said in found.message


@on_tensorflow
def test_keras_raises_where_a_tuple_becomes_a_list():
    def model():
        inputs = [keras.Input((4,)), keras.Input((4,))]
        return compiled(keras.Model(inputs, layers.Dense(1)(layers.Add()(inputs))))

    batches = [((rows(), rows()), rows(4, 1))] * 2 + [([rows(), rows()], rows(4, 1))]
    assert codes(audit(model(), Listed(*batches), select="RE107")) == ["RE107"]
    with pytest.raises(Exception, match=r"structure|yield"):
        model().fit(Listed(*batches), shuffle=False, verbose=0)


def test_arrays_have_one_structure():
    assert why(audit(dense(), pair()), "RE107") == (
        "passed",
        "arrays and tf.data have one structure",
    )


class Filled(layers.Layer):
    """Masks steps of NaN and puts 0 there, or only masks them."""

    supports_masking = True

    def __init__(self, fill):
        super().__init__()
        self.fill = fill

    def compute_mask(self, x, mask=None):
        return keras.ops.logical_not(keras.ops.any(keras.ops.isnan(x), -1))

    def call(self, x):
        return keras.ops.where(keras.ops.isnan(x), 0.0, x) if self.fill else x


@pytest.mark.parametrize("fill", [True, False])
def test_nan_as_padding_is_right_where_no_gradient_sees_it(fill):
    x = vectors(value=np.nan)
    model = compiled(keras.Sequential([keras.Input((None, 3)), Filled(fill), layers.LSTM(1)]))
    report = audit(model, (x, rows(4, 1)), value=np.nan, select="RE108")
    assert codes(report) == ([] if fill else ["RE108"])
    if not fill:
        assert "the gradient of" in report.errors[0].message
    model.fit(x, rows(4, 1), verbose=0)
    assert all(np.isfinite(keras.ops.convert_to_numpy(v)).all() for v in model.weights) == fill


def test_infinity_in_a_bias_of_attention_is_right():
    x, bias = keras.Input((5, 3), name="x"), keras.Input((5, 5), name="bias")
    scores = keras.ops.softmax(keras.ops.matmul(x, keras.ops.transpose(x, (0, 2, 1))) + bias)
    answer = layers.Dense(1)(keras.ops.matmul(scores, x)[:, 0])
    model = compiled(keras.Model({"x": x, "bias": bias}, answer))
    hidden = np.where(np.tril(np.ones((4, 5, 5))) > 0, 0, -np.inf).astype("float32")
    data = {"x": vectors((5,) * 4, 5), "bias": hidden}, rows(4, 1)
    assert audit(model, data, select="RE108").findings == ()


def test_the_audit_of_nan_leaves_the_model_as_it_was():
    model = compiled(keras.Sequential([keras.Input((4,)), layers.BatchNormalization()]))
    x = rows()
    x[1, 1] = np.nan
    assert codes(audit(model, (x, x), select="RE108")) == ["RE108"]
    values = [keras.ops.convert_to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]
    assert all(np.isfinite(value).all() for value in values)


def test_nan_in_targets_without_a_loss_is_undecided():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    data = rows(), np.full((4, 1), np.nan)
    assert why(audit(model, data, select="RE108"), "RE108")[0] == "undecided"
    assert codes(audit(model, (data[1] * rows(),), select="RE108")) == ["RE108"]


@on_tensorflow
@pytest.mark.parametrize("dtype", ["U", object])
def test_text_is_right_where_keras_takes_it(dtype):
    words = layers.TextVectorization(output_sequence_length=3, vocabulary=["a", "b"])
    text = keras.Input((), dtype="string")
    pooled = layers.GlobalAveragePooling1D()(layers.Embedding(9, 1)(words(text)))
    x, y = np.array(["a b", "b", "a", "a a"], dtype), rows(4, 1)
    model = compiled(keras.Model(text, pooled))
    found = [codes(audit(model, data, select="RE108")) for data in ((x, y), Listed((x, y)))]
    assert found == [["RE108"] if dtype == "U" else [], ["RE108"]]
    if dtype == "U":
        with pytest.raises(ValueError, match="Invalid dtype"):
            model.fit(x, y, verbose=0)
    else:
        model.fit(x, y, verbose=0)


def test_targets_in_a_form_of_their_own_are_right():
    def flat_labels(y_true, y_pred):
        return keras.ops.sum(y_pred) - keras.ops.sum(y_true)

    model = compiled(dense(), flat_labels)
    assert audit(model, Listed((rows(4), rows(7, 1))), select="RE109").findings == ()


def test_inputs_with_answers_of_their_own_are_right():
    inputs = [keras.Input((4,)), keras.Input((4,))]
    model = compiled(keras.Model(inputs, [layers.Dense(1)(one) for one in inputs]))
    data = Listed(((rows(4), rows(3)), (rows(4, 1), rows(3, 1))))
    assert audit(model, data, select="RE109").findings == ()


def test_one_row_of_targets_has_one_code():
    report = audit(dense(), Listed((rows(4), rows(1, 1))), select=["RE109", "RE401"])
    assert codes(report) == ["RE401"]


@pytest.mark.parametrize("part", [1, 2])
def test_one_row_that_is_stretched(part):
    if part == 1:
        inputs = [keras.Input((4,)), keras.Input((4,))]
        model = compiled(keras.Model(inputs, layers.Dense(1)(layers.Add()(inputs))))
        data = Listed(((rows(4), rows(1)), rows(4, 1)))
    else:
        model, data = dense(), Listed((*pair(), np.ones(1, "float32")))
    (found,) = audit(model, data, select="RE109").errors
    assert "stretch" in found.message


def test_unlike_rows_without_a_loss():
    data = Listed((rows(4), rows(3, 1)))
    bare = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    assert codes(audit(bare, data, select="RE109")) == ["RE109"]
    assert audit(bare, pair(), predict=data, select="RE109").findings == ()


def test_inputs_without_a_batch_axis_are_another_rule():
    data = Listed((np.ones(4, "float32"), np.ones(1, "float32")))
    assert why(audit(dense(), data, select="RE109"), "RE109")[0] == "undecided"


def test_unlike_rows_and_a_step_of_its_own_are_undecided():
    class Own(keras.Model):
        def call(self, x):
            return 2 * x

        def train_step(self, *args):
            return {}

    data = Listed((rows(4), rows(3, 4)))
    report = audit(compiled(Own()), data, select="RE109")
    assert "a train_step of its own" in why(report, "RE109")[1]


X = np.arange(96, dtype="float32").reshape(24, 4)


class Augmented(Rows):
    """Rows of X, with what a function makes of each batch: it takes the dataset, x and y."""

    def __init__(self, change, **attributes):
        super().__init__(X, X[:, :1] % 3)
        self.change = change
        vars(self).update(attributes)

    def __getitem__(self, i):
        return self.change(self, *super().__getitem__(i))


def noise(data, x, y):
    return x + np.random.normal(size=x.shape), y


def flips(data, x, y):
    return (x[:, ::-1] if data.rng.random() < 0.5 else x), y


def fresh_noise(data, x, y):
    return x * np.random.default_rng().uniform(0.5, 2, x.shape), y


def counted_seed(data, x, y):
    data.calls += 1
    return x + np.random.default_rng(data.calls).normal(size=x.shape), y


def mixed(data, x, y):
    share = data.rng.beta(0.2, 0.2)
    return share * x + (1 - share) * x[::-1], share * y + (1 - share) * y[::-1]


def masked_tokens(data, x, y):
    tokens = x.astype("int64")
    hidden = data.rng.random(x.shape) < 0.15
    return np.where(hidden, 1000, tokens), np.where(hidden, tokens, -1)


def order_within_a_batch(data, x, y):
    order = np.random.permutation(len(x))
    return x[order], y[order]


def cached(data, x, y):
    return data.cache.setdefault(float(x[0, 0]), (x + np.random.normal(size=x.shape), y))


def counted(data, x, y):
    data.calls += 1
    return x, y


@pytest.mark.parametrize(
    "change",
    [
        noise,
        flips,
        fresh_noise,
        counted_seed,
        mixed,
        masked_tokens,
        order_within_a_batch,
        cached,
        counted,
    ],
    ids=lambda change: change.__name__,
)
def test_augmentation_of_values_is_steady(change):
    data = Augmented(change, rng=np.random.default_rng(1), calls=0, cache={})
    report = audit(dense(), data, select="RE110")
    assert (report.findings, report.undecided) == ((), ())
    assert data.calls == 0


def test_random_masks_over_a_small_alphabet_are_steady():
    def masks(data, x, y):
        hidden = data.rng.random(x.shape) < 0.3
        return np.where(hidden, -1, x), np.where(hidden, x, -1)

    data = Augmented(masks, rng=np.random.default_rng(0))
    data.arrays = np.random.default_rng(1).integers(0, 4, (24, 12)), X
    assert audit(dense(12), data, select="RE110").findings == ()


def test_pictures_that_turn_with_their_targets_are_steady():
    def turned(data, x, y):
        data.calls += 1
        way = slice(None, None, -1 if data.rng.random() < 0.5 else 1)
        return x[:, way], y[:, way]

    data = Augmented(turned, rng=np.random.default_rng(3), calls=0)
    data.arrays = X, (X % 3 == 0).astype("int64")
    assert audit(dense(), data, select="RE110").findings == ()


def test_classes_that_are_drawn_with_their_rows_are_found():
    def drawn(data, x, y):
        return np.random.normal(size=x.shape), np.eye(3)[np.random.randint(0, 3, len(x))]

    (found,) = audit(dense(), Augmented(drawn), select="RE110").warnings
    assert "targets differ, at random" in found.measured


def test_an_order_that_is_drawn_at_the_first_call_is_steady():
    class Lazy(Rows):
        order = None

        def __getitem__(self, i):
            if self.order is None:
                self.order = np.random.permutation(24)
            rows = self.order[8 * i : 8 * i + 8]
            return X[rows], X[rows, :1]

    assert audit(dense(), Lazy(X), select="RE110").findings == ()


def other_targets(data, x, y):
    data.calls += 1
    return x, y + data.calls


def cropped(data, x, y):
    rows = np.random.randint(3, 8)
    return x[:rows], y[:rows]


def other_steps(data, x, y):
    data.calls += 1
    return np.pad(x, ((0, 0), (0, data.calls))), y


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_targets, "of 8 targets differ, by the calls before it"),
        (cropped, "rows, then"),
        (other_steps, "x (8, 7), then (8, 8), by the calls before it"),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_what_is_unsteady_is_said(change, said):
    (found,) = audit(dense(), Augmented(change, calls=0), select="RE110").warnings
    assert said in found.measured


def test_asking_again_leaves_lists_and_iterators_as_they_were():
    class Pool(Rows):
        def __init__(self):
            super().__init__(X, X[:, :1])
            self.pool, self.stream = list(range(9)), iter(range(9))

        def __getitem__(self, i):
            if self.pool:
                self.pool.pop()
            return super().__getitem__(i)

    data = Pool()
    with source_kept(data):
        data[0], next(data.stream)
    assert (data.pool, list(data.stream)) == (list(range(9)), list(range(9)))


def test_keras_shows_rows_twice_where_the_rule_warns():
    class Next(Rows):
        at = 0

        def __getitem__(self, i):
            self.at += 1
            seen.append(self.at - 1)
            return super().__getitem__((self.at - 1) % 3)

    seen: list = []
    assert codes(audit(dense(), Next(X, X[:, :1]), select="RE110")) == ["RE110"]
    seen.clear()
    dense().fit(Next(X, X[:, :1]), shuffle=False, verbose=0)
    assert len(seen) == {"tensorflow": 5, "jax": 4, "torch": 4}[keras.backend.backend()]


def test_arrays_are_not_asked_for_by_number():
    assert why(audit(dense(), pair()), "RE110")[0] == "passed"


def test_rows_that_are_scaled_in_place_are_found():
    class Scaled(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            x /= 255
            return x, y

    x = 255 * X
    data = Scaled(x, X[:, :1])
    (found,) = audit(dense(), data, select="RE110").warnings
    assert "in place" in found.message


class Ends(Augmented):
    """Calls a function with itself when an epoch ends, and another for each batch."""

    def __init__(self, end, change=lambda data, x, y: (x, y), **attributes):
        super().__init__(change, **attributes)
        self.end = end
        self.arrays = tuple(array.copy() for array in self.arrays)

    def on_epoch_end(self):
        self.end(self)


def reordered(data):
    order = np.random.permutation(len(data.arrays[0]))
    data.arrays = tuple(array[order] for array in data.arrays)


def reordered_in_place(data):
    for array in data.arrays:
        np.random.default_rng(data.epoch).shuffle(array)
    data.epoch += 1


def noisy(data):
    data.arrays = X + np.random.normal(size=X.shape), data.arrays[1]


def noisy_by_a_seed(data):
    data.epoch += 1
    data.arrays = X + np.random.default_rng(data.epoch).normal(size=X.shape), data.arrays[1]


def counted_for_a_log(data):
    data.epoch += 1
    print("epoch", data.epoch)


def drawn_anew(data):
    data.arrays = np.random.normal(size=X.shape), np.random.normal(size=(24, 1))


@pytest.mark.parametrize(
    "end",
    [reordered, reordered_in_place, noisy, noisy_by_a_seed, counted_for_a_log, drawn_anew],
    ids=lambda end: end.__name__,
)
def test_ends_of_epochs_that_are_right(end, capsys):
    data = Ends(end, epoch=0)
    report = audit(dense(), data, validation=data, fit={"epochs": 3}, select="RE111")
    assert (report.findings, report.undecided) == ((), ())
    assert data.epoch == 0
    assert np.array_equal(data.arrays[0], X)
    assert capsys.readouterr().out == ""


def test_batches_of_rows_of_like_length_are_right():
    class Bucketed(keras.utils.PyDataset):
        epoch = 0

        def __len__(self):
            return 4

        def __getitem__(self, i):
            rows = np.random.default_rng(self.epoch).permutation(8)[2 * i : 2 * i + 2]
            x = np.zeros((2, rows.max() + 1, 3), "float32")
            for place, row in enumerate(rows):
                x[place, : row + 1] = row + 1
            return x, np.where(x, x, -1)[..., :1]

        def on_epoch_end(self):
            self.epoch += 1

    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.Dense(1)]))
    assert audit(model, Bucketed(), select="RE111").findings == ()


def longer_rows(data):
    data.steps += 1


def easy_rows_first(data):
    data.steps += 1
    data.arrays = tuple(np.resize(array[: 6 * data.steps], array.shape) for array in (X, X[:, :1]))


def fewer_rows(data):
    data.arrays = tuple(array[:-1] for array in data.arrays)


def too_often(data):
    data.sizes.pop()


@pytest.mark.parametrize(
    ("end", "change", "said"),
    [
        (longer_rows, lambda data, x, y: (x[:, : data.steps], y), "depends on how often"),
        (easy_rows_first, lambda data, x, y: (x, y), "depends on how often"),
        (fewer_rows, lambda data, x, y: (x, y), "loses rows"),
        (too_often, lambda data, x, y: (x, y), "it 3 times, once before the first epoch"),
    ],
    ids=["longer", "easy first", "fewer", "too often"],
)
def test_ends_of_epochs_that_are_wrong(end, change, said):
    data = Ends(end, change, steps=1, sizes=[1, 2])
    (found,) = audit(dense(), data, fit={"epochs": 2}, select="RE111").warnings
    assert said in found.message
    assert (data.steps, data.sizes) == (1, [1, 2])


def test_a_large_array_is_not_shuffled():
    class Shuffled(Rows):
        def on_epoch_end(self):
            np.random.shuffle(self.large)

    data = Shuffled(X, X[:, :1])
    data.large = np.zeros(1 << 21)
    assert why(audit(dense(), data, select="RE111"), "RE111")[0] == "undecided"
    assert data.large.flags.writeable


@pytest.mark.parametrize("epochs", [1, 3])
def test_keras_ends_one_epoch_more_than_there_are(epochs):
    def count(data):
        data.ended += 1

    data, validation = Ends(count, ended=0), Ends(count, ended=0)
    dense().fit(data, validation_data=validation, epochs=epochs, verbose=0)
    assert (data.ended, validation.ended) == (epochs + 1, 2 * epochs)


def test_planned_datasets_are_right():
    x = [np.ones((length, 3), "float32") for length in (5, 6, 5, 5, 7, 6)]
    report = audit(lstm(), (fixed(6, 2), x, rows(6, 1)), select=["RE110", "RE111"])
    assert (report.findings, report.undecided) == ((), ())
