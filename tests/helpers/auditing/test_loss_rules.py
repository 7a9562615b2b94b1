"""Rules about losses and metrics: what they leave alone, what they cannot tell, and what they name.

What they find is in the zoo, ``tests/zoo/audit_loss.py``.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_loss import accumulating, tagger
from audit_programs import Rows, compiled, ids, vectors
from keras import layers, ops

from helpers import masking
from helpers.auditing import audit

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]
BACKEND = keras.backend.backend()
X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(20, 1)).astype("float32")
KINDS = np.arange(20) % 3
REAL = (np.arange(7) < np.array([[7], [2], [5], [3]])).astype("float32")


def dense(loss="mse", outputs=1, activation=None, **kwargs):
    stack = [keras.Input((4,)), layers.Dense(outputs, activation=activation)]
    return compiled(keras.Sequential(stack), loss, **kwargs)


def verdict(code, model, data, **arguments):
    """Return what a rule says: its findings, or why there are none."""
    report = audit(model, data, select=code, **arguments)
    assert "the rule itself failed" not in str(report)
    if report.findings:
        return [finding.message for finding in report.findings]
    (one,) = [*report.passed, *report.undecided]
    return ("undecided: " if report.undecided else "passed: ") + one.why


def root(y_true, y_pred):
    return ops.sqrt(ops.mean(ops.square(y_true - y_pred)))


def mean(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred))


# RE402


@pytest.mark.parametrize("loss", ["mse", "huber", "cosine_similarity", "kl_divergence", mean])
def test_mean_over_rows_does_not_grow(loss):
    assert verdict("RE402", dense(loss, 3, "sigmoid"), (X, np.eye(3)[KINDS])) == "passed: "


def test_penalties_of_weights_and_outputs_do_not_grow():
    head = layers.Dense(1, kernel_regularizer="l2", activity_regularizer="l2")
    model = compiled(keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), head]))
    said = verdict("RE402", model, (X, Y))
    old = "undecided: on Keras 3.13.2 the penalty of activity_regularizer is a sum"
    assert said.startswith(old) if keras.__version__ == "3.13.2" else said == "passed: "


def contrast(y_true, y_pred):
    return ops.mean(ops.logsumexp(ops.matmul(y_pred, ops.transpose(y_pred)), axis=-1))


@pytest.mark.parametrize("loss", [root, contrast])
def test_loss_across_rows_is_undecided(loss):
    data = (X, np.eye(3)[KINDS])
    said = verdict("RE402", dense(loss, 3, "sigmoid"), data, fit={"batch_size": 8})
    assert said.startswith("undecided: loss ")
    assert "works across rows" in said


def test_mean_over_the_real_steps_of_a_batch_is_told_and_passes():
    model = compiled(tagger(), "sparse_categorical_crossentropy")
    for variable in model.variables:
        variable.assign(5 * variable)
    said = verdict("RE402", model, (ids(), ids() % 3))
    assert said.startswith("passed: loss ")
    assert "SequenceLoss" in said
    exact = compiled(tagger(), masking.SequenceLoss("sparse_categorical_crossentropy"))
    assert verdict("RE402", exact, (ids(), ids() % 3)) == "passed: "


def test_loss_in_a_train_step_is_undecided():
    class Own(keras.Sequential):
        def train_step(self, *args):
            return {}

    model = compiled(Own([keras.Input((4,)), layers.Dense(1)]), None)
    assert verdict("RE402", model, (X, Y)).startswith("undecided: the model trains by a train_step")


def test_loss_that_raises_is_undecided():
    def wrong(y_true, y_pred):
        raise RuntimeError("no such loss")

    assert verdict("RE402", dense(wrong), (X, Y)) == "undecided: the loss raises: no such loss"


def test_models_without_a_loss_have_nothing_to_check():
    bare = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    for code in ("RE402", "RE403", "RE404", "RE405"):
        assert verdict(code, bare, (X, Y)) == "passed: the model is not compiled"
    assert verdict("RE402", dense(None), (X, Y)) == "passed: the model is compiled without a loss"


# RE403


def test_metrics_of_keras_add_up():
    names = ["accuracy", "mae", keras.metrics.AUC(), keras.metrics.F1Score(threshold=0.5)]
    more = [
        keras.metrics.Precision(),
        keras.metrics.RootMeanSquaredError(),
        keras.metrics.MeanIoU(2),
    ]
    model = dense("binary_crossentropy", 1, "sigmoid", metrics=[*names, *more])
    assert verdict("RE403", model, (X, (Y > 0) * 1.0), fit={"batch_size": 8}) == "passed: "


@pytest.mark.parametrize(("size", "found"), [(10, False), (8, True)])
def test_mean_of_a_batch_is_wrong_with_a_tail_only(size, found):
    said = verdict("RE403", dense(metrics=[mean]), (X, Y), fit={"batch_size": size})
    assert isinstance(said, list) == found


def test_tail_of_an_evaluation_counts():
    model, whole = dense(metrics=[mean]), (X[:16], Y[:16])
    assert verdict("RE403", model, whole, fit={"batch_size": 8}) == "passed: "
    (said,) = verdict("RE403", model, whole, fit={"batch_size": 8}, evaluate=Rows(X, Y))
    assert "the metric mean depends on how the rows are batched" in said


def test_metrics_under_a_mask_add_up():
    exact = masking.SequenceMetric("sparse_categorical_accuracy")
    kinds = {"metrics": ["accuracy"], "weighted_metrics": [exact]}
    model = compiled(tagger(), "sparse_categorical_crossentropy", **kinds)
    data = (ids((7, 2, 5, 3, 6)), ids((7, 2, 5, 3, 6)) % 3)
    assert verdict("RE403", model, data, fit={"batch_size": 2}) == "passed: "


def test_one_row_is_undecided():
    said = verdict("RE403", dense(metrics=["mae"]), (X[:1], Y[:1]))
    assert said == "undecided: batch 0 has one row; look at a larger one"


# RE404


def test_metrics_that_heed_masks_and_weights():
    loss = "sparse_categorical_crossentropy"
    masked = compiled(tagger(), loss, metrics=["accuracy"])
    assert verdict("RE404", masked, (ids(), ids() % 3)) == "passed: "
    weighted = compiled(tagger(mask=False), loss, weighted_metrics=["accuracy"])
    assert verdict("RE404", weighted, (ids(), ids() % 3, REAL)) == "passed: "
    exact = masking.SequenceMetric("sparse_categorical_accuracy")
    both = compiled(tagger(), masking.SequenceLoss(loss), weighted_metrics=[exact])
    assert verdict("RE404", both, (ids(), ids() % 3, REAL)) == "passed: "


def test_weights_above_0_leave_nothing_out():
    weights = np.linspace(0.5, 2, 20)
    said = verdict("RE404", dense(metrics=["mae"]), (X, Y, weights))
    assert said == "passed: the loss leaves no step and no row of the batch out"


def test_padding_that_the_loss_counts_is_another_fault():
    loss = "sparse_categorical_crossentropy"
    model = compiled(tagger(mask=False), loss, metrics=["accuracy"])
    said = verdict("RE404", model, (ids(), ids() % 3))
    assert said == "passed: the loss leaves no step and no row of the batch out"


def test_metric_of_one_of_two_outputs_is_named():
    inputs = keras.Input((None, 3))
    h = layers.GRU(3, return_sequences=True)(inputs)
    heads = {"a": layers.Dense(1, name="a")(h), "b": layers.Dense(1, name="b")(h)}
    model = keras.Model(inputs, heads)
    model.compile("sgd", "mse", metrics={"a": ["mae"]}, weighted_metrics={"b": ["mae"]})
    x = vectors()
    data = (x, {"a": x[..., :1], "b": x[..., 1:2]}, {"a": REAL, "b": REAL})
    (said,) = verdict("RE404", model, data)
    assert said.startswith("the metric a_mae counts 11 of 28 steps of the output a")


# RE405


def test_steps_that_a_loss_skips_are_not_counted():
    y, loss = np.where(ids() == 0, -1, ids() % 3), keras.losses.SparseCategoricalCrossentropy
    model = compiled(tagger(mask=False), loss(ignore_class=-1))
    assert verdict("RE405", model, (ids(), y)) == "passed: "
    weighted = compiled(tagger(mask=False), "sparse_categorical_crossentropy")
    assert verdict("RE405", weighted, (ids(), ids() % 3, REAL)) == "passed: "


def test_random_labels_at_padded_steps_are_labels_of_padding():
    y = np.random.default_rng(0).integers(0, 3, (4, 7))
    model = compiled(tagger(mask=False), "sparse_categorical_crossentropy")
    (said,) = verdict("RE405", model, (ids(), y))
    assert said.startswith("the loss counts 11 of 28 steps of the output that are padding")


def test_layer_that_takes_the_mask_off_is_named():
    """Attention takes the mask off the tensor that it is given, so that the sum has none."""
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    h = layers.Add(name="both")([h, layers.MultiHeadAttention(1, 4)(h, h)])
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(h))
    compiled(model, "sparse_categorical_crossentropy")
    (said,) = verdict("RE405", model, (ids(), ids() % 3))
    assert "the mask is dropped silently at both" in said


def test_zeros_that_wait_for_a_forecast_are_no_padding():
    x = vectors((5, 5, 5, 5))
    model = keras.Sequential([keras.Input((None, 3)), layers.GRU(3, return_sequences=True)])
    y = np.random.default_rng(0).normal(size=(4, 7, 3))
    assert verdict("RE405", compiled(model), (x, y)).startswith("passed: no output answers")


def test_one_answer_for_a_row_has_no_padded_steps():
    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.Masking(), layers.GRU(2)]))
    said = verdict("RE405", model, (vectors(), np.ones((4, 2))))
    assert said in (
        "passed: the model answers once for each row",
        "passed: no output answers step by step to an input that is padded",
    )


def test_autoencoder_of_padded_rows_learns_padding():
    x = vectors()
    stack = [layers.Masking(), layers.GRU(3), layers.RepeatVector(7)]
    stack += [layers.GRU(3, return_sequences=True), layers.Dense(3)]
    model = compiled(keras.Sequential([keras.Input((7, 3)), *stack]))
    assert isinstance(verdict("RE405", model, (x, x)), list)
    real = (x != 0).any(axis=2) * 1.0
    assert verdict("RE405", model, (x, x, real)) == "passed: "


@pytest.mark.skipif(
    BACKEND == "jax" or (BACKEND == "torch" and keras.__version__ < "3.14"),
    reason="there a label below 0 has a loss of 0",
)
@pytest.mark.parametrize("mask", [True, False])
def test_label_that_the_loss_cannot_take(mask):
    y = np.where(ids() == 0, -1, ids() % 3)
    model = compiled(tagger(mask=mask), "sparse_categorical_crossentropy")
    (said,) = verdict("RE405", model, (ids(), y))
    assert "cannot take what the targets of the output are padded with (-1)" in said


# RE406


def test_accumulation_that_fits():
    assert verdict("RE406", dense(), (X, Y)) == "passed: the optimizer accumulates no gradients"
    assert verdict("RE406", accumulating(4), (X, Y), fit={"batch_size": 5}) == "passed: "
    # 19 rows of 20 in the last batch but one weigh about as much
    assert verdict("RE406", accumulating(4), (X[:19], Y[:19]), fit={"batch_size": 5}) == "passed: "


def test_updates_are_counted_on_this_keras():
    report = audit(accumulating(3), (X, Y), select="RE406", fit={"batch_size": 2, "epochs": 2})
    (found,) = report.findings
    assert "the gradients of its last 1 flow into the next epoch" in found.message
    assert "after 2 epochs those of 2 are lost" in found.message
    assert found.measured.startswith("3 updates in 10 batches of an epoch, 1 gradients left over")


def test_unknown_number_of_batches_is_undecided():
    def batches():
        while True:
            yield X, Y

    assert verdict("RE406", accumulating(2), batches).startswith("undecided: the number of batches")


# RE407


@pytest.mark.parametrize("weights", [{0: 1.0, 1: 3.0}, {1: 3.0}, {np.int64(0): 1, np.int64(1): 2}])
def test_class_weights_of_two_classes(weights):
    model = dense("binary_crossentropy", 1, "sigmoid")
    for y in ((Y > 0) * 1.0, (Y[:, 0] > 0) * 1):
        assert verdict("RE407", model, (X, y), fit={"class_weight": weights}) == "passed: "


def test_class_weights_of_smoothed_labels():
    y = np.eye(3)[KINDS] * 0.9 + 0.1 / 3
    fit = {"class_weight": {0: 1.0, 1: 2.0, 2: 4.0}}
    model = dense("categorical_crossentropy", 3, "softmax")
    assert verdict("RE407", model, (X, y), fit=fit) == "passed: "
    assert verdict("RE407", model, (X, y)) == "passed: fit gets no class_weight"


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"0": 1.0, "1": 2.0, "2": 3.0}, "the keys '0', '1', '2' are no classes; these are 0 to 2"),
        ({1: 1.0, 2: 2.0, 3: 3.0}, "the keys 3 are no classes; these are 0 to 2"),
        ({0: 1.0, 2: 3.0}, "class 1 has no key, and Keras gives it the weight 1 in silence"),
    ],
)
def test_keys_of_class_weights_are_named(weights, said):
    model = dense("sparse_categorical_crossentropy", 3, "softmax")
    (found,) = verdict("RE407", model, (X, KINDS), fit={"class_weight": weights})
    assert found.startswith(said)


def test_numbers_are_no_classes():
    (said,) = verdict("RE407", dense(), (X, Y), fit={"class_weight": {0: 1.0, 1: 2.0}})
    assert said.startswith("the targets are no classes")


def test_steps_are_no_classes():
    model = compiled(tagger(), "sparse_categorical_crossentropy")
    fit = {"class_weight": {0: 1.0, 1: 2.0, 2: 4.0}}
    report = audit(model, (ids(), ids() % 3), select="RE407", fit=fit)
    (found,) = report.findings
    assert "a row gets one weight" in found.message
    assert "counts as class" in found.measured


# What all of them leave as it was


def test_losses_and_metrics_are_left_as_they_were():
    metric = keras.metrics.MeanAbsoluteError(name="error")
    model = dense(metrics=[metric, "mse"])
    audit(model, (X, Y), select="RE4", fit={"batch_size": 8})
    names = [name for name in model.metrics_names if name != "loss"]
    assert names == ["compile_metrics"]
    assert all(not one.variables for one in model.metrics if one.name == "compile_metrics")
    assert float(metric.result()) == 0
    model.fit(X, Y, batch_size=8, verbose=0)
    before = {name: float(value) for name, value in model.get_metrics_result().items()}
    state = [keras.ops.convert_to_numpy(v).copy() for one in model.metrics for v in one.variables]
    audit(model, (X, Y), select="RE4", fit={"batch_size": 8})
    after = [keras.ops.convert_to_numpy(v) for one in model.metrics for v in one.variables]
    np.testing.assert_array_equal(np.hstack(state), np.hstack(after))
    assert {name: float(value) for name, value in model.get_metrics_result().items()} == before


def test_metric_that_is_built_by_an_audit_has_counted_nothing():
    metric = keras.metrics.F1Score()
    model = dense("categorical_crossentropy", 3, "softmax", metrics=[metric])
    audit(model, (X, np.eye(3)[KINDS]), select="RE403")
    assert not any(np.any(keras.ops.convert_to_numpy(one)) for one in metric.variables)


def test_model_can_be_compiled_for_other_targets_after_an_audit():
    model = dense("sparse_categorical_crossentropy", 3, "softmax", metrics=["accuracy"])
    audit(model, (X, KINDS), select="RE4")
    model.fit(X, KINDS, verbose=0)
    assert "accuracy" in model.evaluate(X, KINDS, verbose=0, return_dict=True)
