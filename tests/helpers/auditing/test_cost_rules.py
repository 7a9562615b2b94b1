"""Rules of cost: right programs that look like broken ones, and what cannot be told."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_cost import Sizes, points, pooled, seen
from audit_programs import Rows, compiled, dense
from keras import layers, ops

from helpers.auditing import audit
from helpers.auditing.rules import jit_off

pytestmark = [
    pytest.mark.any_backend,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Model doesn't support"),
]
BACKEND = keras.backend.backend()
COMPILES = pytest.mark.skipif(BACKEND == "torch", reason="PyTorch takes an axis for free")
LENGTHS = [4, 9, 14, 6, 11, 17, 8, 12, 20, 7]


def judged(code, model, data, **given):
    """Return what a rule says: its findings, or "passed", "undecided" or why there is nothing."""
    report = audit(model, data, select=code, **given)
    if report.undecided:
        return f"undecided: {report.undecided[0].why}"
    return report.findings or report.passed[0].why or "passed"


def batches(lengths, rows=4):
    return Sizes([(rows, length, 3) for length in lengths])


@COMPILES
@pytest.mark.parametrize(
    ("lengths", "wanted"),
    [
        (LENGTHS, "10 shapes in 10 batches; with lengths rounded up to a ladder of 4: 4"),
        ([5, 9, 14, 6, 11], None),  # few
        ([5, 10, 15, 20, 25, 30] * 4, None),  # each shape often
        (range(1, 26), "25 shapes in 25 batches; with lengths rounded up to a ladder of 4: 4"),
    ],
)
def test_shapes_are_many_if_most_batches_have_their_own(lengths, wanted):
    found = judged("RE502", pooled(jit_compile=True), batches(lengths))
    assert found == "passed" if wanted is None else found[0].measured == wanted


@COMPILES
def test_only_batches_that_were_looked_at_are_counted():
    found = judged("RE502", pooled(jit_compile=True), batches(range(1, 60)), batches=10)
    assert found[0].measured.startswith("10 shapes in 10 batches that were looked at; ")


@COMPILES
def test_shapes_do_not_count_without_jit():
    for model in (pooled(jit_compile=False), pooled(jit_compile=False, run_eagerly=True)):
        assert "jit is off" in judged("RE502", model, batches(LENGTHS))
    assert "not compiled" in judged("RE502", keras.Sequential([layers.Dense(1)]), points(8))


def test_default_of_jit_differs_by_backend():
    found = judged("RE502", pooled(), batches(LENGTHS))
    assert (isinstance(found, tuple)) == (BACKEND == "jax")


@COMPILES
def test_generator_object_leaves_the_shapes_undecided():
    data = (batch for batch in [points(8)])
    assert judged("RE502", dense(3), data).startswith(
        "jit is off" if BACKEND == "tensorflow" else "undecided: data is a generator object"
    )
    assert judged("RE502", pooled(jit_compile=True), data).startswith("undecided")


def turned(**kwargs):
    stack = [layers.RandomRotation(0.1), layers.Flatten(), layers.Dense(1)]
    return compiled(keras.Sequential([keras.Input((8, 8, 1)), *stack]), **kwargs)


IMAGES = np.random.default_rng(0).uniform(size=(4, 8, 8, 1)), np.ones((4, 1))


def test_layer_that_switches_jit_off_is_named_if_asked_for_jit():
    [found] = judged("RE503", turned(jit_compile=True), IMAGES)
    assert found.where.startswith("layer random_rotation")
    assert found.measured == "supports_jit=False in 1 of 4 layers; model.jit_compile=False"


def test_default_leaves_jit_off_by_a_layer_where_it_would_be_on():
    found = judged("RE503", turned(), IMAGES)
    if BACKEND == "jax":
        assert "without it, 'auto' compiles the whole model" in found[0].message
    else:
        assert found.startswith("jit_compile is off here whatever the layers; on a GPU, random_")


def test_default_on_a_gpu(monkeypatch):
    monkeypatch.setattr(jit_off, "_auto_compiles", lambda model, backend: True)
    model = turned()
    if model.jit_compile:
        return
    assert "'auto' compiles the whole model" in judged("RE503", model, IMAGES)[0].message
    rnn = layers.LSTM(1)
    rnn.supports_jit = False  # as on a GPU with TensorFlow: cuDNN runs it
    model = compiled(keras.Sequential([keras.Input((5, 3)), rnn]), jit_compile=False)
    assert judged("RE503", model, np.ones((4, 5, 3))) == "passed"
    model = compiled(keras.Sequential([keras.Input((5, 3)), rnn]), jit_compile=True)
    assert "use_cudnn=False" in judged("RE503", model, np.ones((4, 5, 3)))[0].fix


def test_eager_model_is_found_where_others_are_compiled():
    found = judged("RE503", pooled(run_eagerly=True), batches([4, 4]))
    assert (found == "passed") == (BACKEND == "torch")


def test_setting_that_runs_everything_eagerly():
    tf = pytest.importorskip("tensorflow")
    if BACKEND != "tensorflow":
        pytest.skip("of TensorFlow")
    tf.config.run_functions_eagerly(True)
    try:
        [found] = judged("RE503", dense(3), points(8))
    finally:
        tf.config.run_functions_eagerly(False)
    assert found.where == "settings"
    assert judged("RE503", dense(3), points(8)) == "passed"


def test_jit_that_is_on_or_was_not_wanted_is_no_finding():
    for jit_compile in (True, False):
        assert judged("RE503", pooled(jit_compile=jit_compile), batches([4, 4])) == "passed"


@pytest.mark.parametrize("axes", [1, 2])
def test_batch_normalisation_over_steps_or_pixels_has_more_than_one(axes):
    shape = (6, 5, 3)[-axes - 1 :]
    pool = layers.GlobalAveragePooling1D() if axes == 1 else layers.GlobalAveragePooling2D()
    stack = [layers.BatchNormalization(), pool, layers.Dense(1)]
    model = compiled(keras.Sequential([keras.Input(shape), *stack]))
    data = Sizes([(1, *shape)] * 3)
    assert judged("RE504", model, data) == "passed"


def test_one_step_of_one_row_is_one():
    stack = [layers.BatchNormalization(), layers.GlobalAveragePooling1D(), layers.Dense(1)]
    model = compiled(keras.Sequential([keras.Input((None, 3)), *stack]))
    assert judged("RE504", model, batches([4, 3], rows=1)) == "passed"
    [found] = judged("RE504", model, batches([1, 1], rows=1))
    assert "shape (1, 1, 3)" in found.measured


def test_frozen_normalisation_takes_no_statistics():
    norm = layers.BatchNormalization()
    norm.trainable = False
    assert "no layer takes statistics" in judged("RE504", seen(3, norm=norm), points(33))


def test_normalisation_of_each_row_or_of_none_is_right():
    class Own(layers.Layer):
        def call(self, x):
            return (x - ops.mean(x, axis=-1, keepdims=True)) * 2

    class Constant(layers.Layer):
        def call(self, x):
            return ops.zeros_like(x)

    for norm in (layers.LayerNormalization(), Own(), Constant()):
        said = judged("RE504", seen(3, norm=norm), points(33))
        assert isinstance(said, str)
        assert not said.startswith("undecided")


def test_first_of_two_normalisations_is_named():
    first, second = layers.BatchNormalization(name="a"), layers.BatchNormalization(name="b")
    stack = [layers.Dense(4), layers.Dropout(0.5), first, layers.Dense(4), second, layers.Dense(1)]
    model = compiled(keras.Sequential([keras.Input((3,)), *stack]))
    [found] = judged("RE504", model, (np.ones((33, 3), "float32"), np.ones((33, 1))))
    assert found.where == "layer a, data, batch 1"
    assert len(judged("RE504", seen(3, norm=layers.BatchNormalization()), points(31))) == len(
        "passed"
    )


def test_model_and_moving_averages_are_left_as_they_were():
    norm = layers.BatchNormalization()
    model = seen(3, norm=norm)
    before = keras.ops.convert_to_numpy(norm.moving_variance).copy()
    audit(model, points(33), select="RE504")
    assert (keras.ops.convert_to_numpy(norm.moving_variance) == before).all()


def test_tail_that_was_not_looked_at():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(points(81)).batch(8)
    model = seen(3, norm=layers.BatchNormalization())
    assert judged("RE504", model, data, batches=4).startswith("undecided: the last batch was not")
    assert len(judged("RE504", model, data, batches=4, rows=81)) == 1
    assert judged("RE504", model, data, batches=4, rows=82) == "passed"
    assert judged("RE504", dense(3), data, batches=4).startswith("no layer takes")
    full = tf.data.Dataset.from_tensor_slices(points(81)).batch(8, drop_remainder=True)
    assert judged("RE504", model, full, batches=4) == "passed"


def test_epoch_that_ends_before_the_tail():
    model = seen(3, norm=layers.BatchNormalization())
    assert judged("RE504", model, Rows(*points(17)), fit={"steps_per_epoch": 2}) == "passed"


def test_one_device_shares_nothing():
    said = judged("RE505", dense(3), points(7))
    assert said == ("not on torch" if BACKEND == "torch" else "one device computes each batch")
