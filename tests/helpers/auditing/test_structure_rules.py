"""Odd cases of the rules about the structure of the data: RE105 to RE111."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_answers import codes, lstm, pair, rows, why
from audit_programs import Rows, compiled, dense, vectors
from keras import layers

from helpers.auditing import audit
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
