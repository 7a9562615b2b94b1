"""A loss and a metric over timesteps: one value for a data set, however it is batched."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from helpers.masking import SequenceLoss, SequenceMetric
from helpers.padding import pad

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(3)
LENGTHS = (1, 6, 3, 2, 5, 1, 4)
ROWS = [RNG.uniform(0.5, 2, size=(n, 2)).astype("float32") for n in LENGTHS]
TARGETS = [RNG.normal(size=(n, 1)).astype("float32") for n in LENGTHS]
ERRORS = [np.abs(row.sum(axis=1) - target[:, 0]) for row, target in zip(ROWS, TARGETS, strict=True)]
MEAN_LENGTH = np.mean(LENGTHS)
EXACT = {
    "row": np.mean([(errors**2).mean() for errors in ERRORS]),
    "step": (np.concatenate(ERRORS) ** 2).mean(),
}
FORMS = [{"per": "row"}, {"per": "step", "mean_length": MEAN_LENGTH}]


class Batches(keras.utils.PyDataset):
    """Each batch padded by its longest row, and the first two never to the same length.

    Few lengths in all: JAX compiles a step anew for each.
    """

    def __init__(self, order, size, weights=None):
        super().__init__()
        self.groups = [order[i : i + size] for i in range(0, len(order), size)]
        self.weights = weights

    def __len__(self):
        return len(self.groups)

    def __getitem__(self, i):
        group = self.groups[i]
        steps = (4 if max(LENGTHS[k] for k in group) < 4 else 12) + i % 2
        x, y = (pad([rows[k] for k in group], steps)[0] for rows in (ROWS, TARGETS))
        return (x, y) if self.weights is None else (x, y, self.weights[group])


def compiled(loss="mse", *, masked=True, **options):
    """A model that adds up its two features and masks all-zero steps."""
    first = [layers.Masking()] if masked else []
    dense = layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((None, 2)), *first, dense])
    model.compile(keras.optimizers.SGD(1.0), loss, **options)
    return model


@pytest.fixture(scope="module")
def models():
    made = {form["per"]: compiled(SequenceLoss("mse", **form)) for form in FORMS}
    metrics = [SequenceMetric("mse", per=per) for per in ("row", "step")]
    return made | {"keras": compiled("mse", metrics=["mse", *metrics])}


def evaluate(model, *data, **options):
    return model.evaluate(*data, verbose=0, return_dict=True, **options)


def masked(values, lengths):
    """A model's output under a mask."""
    x = ops.convert_to_tensor(np.asarray(values, "float32"))
    mask = np.arange(x.shape[1]) < np.asarray(lengths)[:, None]
    return Marked(mask)(x)


class Marked(layers.Layer):
    def __init__(self, mask):
        super().__init__()
        self.mask = mask

    def call(self, inputs):
        return inputs + 0.0

    def compute_mask(self, inputs, previous_mask=None):
        return ops.convert_to_tensor(self.mask)


def value(x):
    return ops.convert_to_numpy(x).item()


# What Keras does


@pytest.mark.slow
def test_keras_masked_loss_depends_on_the_batches():
    """Row 0 has one real step, row 1 has six; only row 0 is wrong, by 2."""
    x = np.ones((2, 6, 1), "float32")
    x[0, 1:] = 0
    y = np.ones((2, 6, 1), "float32")
    y[0, 0] = 3
    model = keras.Sequential(
        [
            keras.Input((None, 1)),
            layers.Masking(),
            layers.Dense(1, kernel_initializer="ones"),
        ]
    )
    model.compile("sgd", "mse")
    assert model.evaluate(x, y, batch_size=2, verbose=0) == pytest.approx(4 / 7)
    assert model.evaluate(x, y, batch_size=1, verbose=0) == pytest.approx(2.0)
    model.compile("sgd", SequenceLoss("mse"))
    assert model.evaluate(x, y, batch_size=2, verbose=0) == pytest.approx(2.0)
    assert model.evaluate(x, y, batch_size=1, verbose=0) == pytest.approx(2.0)
    model.compile("sgd", SequenceLoss("mse", per="step", mean_length=3.5))
    assert model.evaluate(x, y, batch_size=2, verbose=0) == pytest.approx(4 / 7)
    assert model.evaluate(x, y, batch_size=1, verbose=0) == pytest.approx(4 / 7)


@pytest.mark.slow
def test_keras_loss_under_weights_of_0_and_1_shrinks_with_the_padding():
    model, exact = compiled(masked=False), compiled(SequenceLoss("mse"), masked=False)
    for steps in (6, 12):
        x, mask = pad(ROWS, steps)
        data = {"x": x, "y": pad(TARGETS, steps)[0], "sample_weight": mask.astype("float32")}
        shrunk = EXACT["step"] * sum(LENGTHS) / mask.size
        assert evaluate(model, **data)["loss"] == pytest.approx(shrunk, rel=1e-5)
        assert evaluate(exact, **data)["loss"] == pytest.approx(EXACT["row"], rel=1e-5)


@pytest.mark.slow
def test_keras_metrics_are_exact_only_if_all_batches_are_padded_to_one_length(models):
    x, y, order = pad(ROWS)[0], pad(TARGETS)[0], np.arange(7)
    for size in (1, 2, 7):
        logs = evaluate(models["keras"], x, y, batch_size=size)
        assert logs["mse"] == pytest.approx(EXACT["step"], rel=1e-5)
    logs = evaluate(models["keras"], Batches(order, 2))
    assert abs(logs["mse"] / EXACT["step"] - 1) > 0.02
    assert logs["mse_per_step"] == pytest.approx(EXACT["step"], rel=1e-5)
    assert logs["mse_per_row"] == pytest.approx(EXACT["row"], rel=1e-5)


def test_keras_averages_over_time_if_targets_lack_the_last_axis():
    """With as many rows as steps nothing raises, and the loss is another."""
    y_true, y_pred = np.zeros((3, 3)), masked([[[3], [9], [9]]] * 3, [1, 1, 1])
    wrong = value(keras.losses.MeanSquaredError()(y_true, y_pred))
    assert value(keras.losses.MeanSquaredError()(y_true[..., None], y_pred)) == pytest.approx(9)
    assert wrong == pytest.approx((9 + 81 + 81) / 3)
    assert value(SequenceLoss("mse")(y_true, y_pred)) == pytest.approx(9)


# SequenceLoss


@pytest.mark.slow
@given(order=st.permutations(range(7)), size=st.sampled_from([1, 2, 3, 7]))
@settings(max_examples=6)
def test_the_loss_is_the_same_however_rows_are_batched_ordered_and_padded(models, order, size):
    for per, exact in EXACT.items():
        logs = evaluate(models[per], Batches(np.array(order), size))
        assert logs["loss"] == pytest.approx(exact, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_fit_reports_the_same_loss_at_any_batch_size(models, size):
    x, y = pad(ROWS)[0], pad(TARGETS)[0]
    for per, exact in EXACT.items():
        models[per].optimizer.learning_rate = 0.0
        history = models[per].fit(x, y, batch_size=size, verbose=0).history
        models[per].optimizer.learning_rate = 1.0
        assert history["loss"] == [pytest.approx(exact, rel=1e-5)]


def gradient(model, batches):
    """The gradient of an epoch: the batches' gradients weighted by their rows."""
    before, total = model.get_weights()[0], 0
    for i in range(len(batches)):
        model.train_on_batch(*batches[i])
        total += len(batches.groups[i]) * (before - model.get_weights()[0])
        model.set_weights([before])
    return total


@pytest.mark.slow
def test_the_gradient_of_an_epoch_is_the_same_however_rows_are_batched(models):
    order = np.array([3, 0, 6, 1, 2, 5, 4])
    slopes = [
        2 * (row.sum(axis=1) - target[:, 0])[:, None] * row
        for row, target in zip(ROWS, TARGETS, strict=True)
    ]
    exact = {
        "row": sum(slope.mean(axis=0) for slope in slopes),
        "step": sum(slope.sum(axis=0) for slope in slopes) / MEAN_LENGTH,
    }
    for per in EXACT:
        for size in (1, 3, 7):
            found = gradient(models[per], Batches(order, size))[:, 0]
            np.testing.assert_allclose(found, exact[per], rtol=1e-4)
    found = [gradient(models["keras"], Batches(order, size)) for size in (1, 7)]
    assert np.abs(found[0] / found[1] - 1).max() > 0.05


@pytest.mark.parametrize("form", FORMS, ids=["row", "step"])
def test_masks_and_weights_say_the_same(form):
    (x, mask), y = pad(ROWS, 8), pad(TARGETS, 8)[0]
    y_pred, loss = x.sum(axis=2, keepdims=True), SequenceLoss("mse", **form)
    exact = pytest.approx(EXACT[form["per"]], rel=1e-5)
    under_mask = masked(y_pred, LENGTHS)
    assert value(loss(y, under_mask)) == exact
    assert value(loss(y, y_pred, mask)) == exact
    assert value(loss(y, under_mask, np.ones(7))) == exact
    assert value(loss(y, under_mask, np.ones((7, 1)))) == exact
    assert value(loss(y, masked(y_pred, [8] * 7), mask.astype("float32"))) == exact
    assert value(loss(y, masked(y_pred, LENGTHS), np.ones((7, 8)))) == exact
    assert value(loss(y[..., 0], y_pred, mask)) == exact
    assert value(loss(y[..., 0], y_pred[..., 0], mask)) == exact
    assert value(loss(y, y_pred[..., 0], mask)) == exact


def test_weights_multiply_and_a_row_of_weight_0_still_counts():
    y_true, y_pred = np.zeros((2, 2, 1)), np.array([[[1.0], [3]], [[5], [7]]])

    def run(weights, **form):
        return value(SequenceLoss("mae", **form)(y_true, y_pred, np.array(weights, "float32")))

    assert run([1, 1]) == 4
    assert run([2, 1]) == 5
    assert run([0, 1]) == 3
    assert run([[2, 1], [1, 1]]) == (2.5 + 6) / 2
    assert run([[0, 2], [0, 0]]) == 3
    step = {"per": "step", "mean_length": 2}
    assert run([2, 1], **step) == 5
    assert run([[0, 2], [0, 0]], **step) == 1.5


@pytest.mark.parametrize("form", FORMS, ids=["row", "step"])
def test_a_row_of_padding_counts_as_0(form):
    loss = SequenceLoss("mse", **form)
    y_pred = np.full((2, 3, 1), 2.0)
    with_empty = value(loss(np.zeros((2, 3, 1)), masked(y_pred, [3, 0])))
    assert with_empty == pytest.approx(value(loss(np.zeros((1, 3, 1)), y_pred[:1])) / 2)
    assert value(loss(np.zeros((2, 3, 1)), masked(y_pred, [0, 0]))) == 0


NAN_LOSSES = ["mse", "mae", "mape", "msle", "log_cosh", "huber", "poisson", "kl_divergence"]
NAN_LOSSES += ["binary_crossentropy", "categorical_crossentropy", "cosine_similarity", "hinge"]
NAN_LOSSES = NAN_LOSSES[::4] if BACKEND == "jax" else NAN_LOSSES  # each is a model to compile


@pytest.mark.slow
@pytest.mark.parametrize("name", NAN_LOSSES)
def test_nan_at_padded_steps_does_not_reach_the_value(name):
    x, mask = pad([row[:2] for row in ROWS[1:4]], 4, value=np.nan)
    y = pad([np.array([[0.0, 1], [1, 0]], "float32")] * 3, 4, value=np.nan)[0]
    inputs = [keras.Input((4, 2)), keras.Input((4,), dtype="bool")]
    model = keras.Model(inputs, End()(inputs[0], mask=inputs[1]))
    model.compile("sgd", SequenceLoss(name), metrics=[SequenceMetric(name)])
    logs = model.test_on_batch([x, mask], y, return_dict=True)
    assert np.isfinite(logs["loss"])
    assert logs["loss"] == pytest.approx(logs[f"{name}_per_step"], rel=1e-4)
    clean = SequenceLoss(name)(y[:, :2], x[:, :2])
    assert logs["loss"] == pytest.approx(value(clean), rel=1e-4)


class End(layers.Layer):
    """Puts the mask it is given on its output."""

    supports_masking = True

    def call(self, inputs, mask=None):
        return inputs


@pytest.mark.slow
def test_infinity_at_a_padded_step_does_not_reach_the_gradient():
    """One weight per step: that of the padded step must stay as it is, not turn NaN."""
    inputs, mask = keras.Input((3, 1)), np.array([[True, True, False]])
    layer = layers.EinsumDense("btf,t->btf", (3, 1), kernel_initializer="ones")
    model = keras.Sequential([inputs, layer, Explode(), Marked(mask)])
    for form in FORMS:
        model.compile(keras.optimizers.SGD(0.1), SequenceLoss("mse", **form))
        layer.kernel.assign(np.ones(3))
        model.train_on_batch(np.ones((1, 3, 1)), np.full((1, 3, 1), 5.0))
        after = ops.convert_to_numpy(layer.kernel)
        assert np.isfinite(after).all()
        assert (after[:2] > 1).all()
        assert after[2] == 1


class Explode(layers.Layer):
    """Adds an infinite number to the last step."""

    def call(self, inputs):
        return inputs + ops.convert_to_tensor([[[0.0], [0.0], [np.inf]]])


def test_ignore_class_is_honoured():
    y_true, y_pred = np.array([[1, -1, 0]]), np.array([[[0.5, 0.5]] * 3], "float32")
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    assert value(SequenceLoss(loss)(y_true, y_pred)) == pytest.approx(np.log(2), rel=1e-5)
    step = SequenceLoss(loss, per="step", mean_length=2)
    assert value(step(y_true, y_pred)) == pytest.approx(np.log(2), rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        ("sparse_categorical_crossentropy", [[1, 0]], [[[0.5, 0.5]] * 2], np.log(2)),
        ("sparse_categorical_crossentropy", [[[1], [0]]], [[[0.5, 0.5]] * 2], np.log(2)),
        ("binary_crossentropy", [[1, 0]], [[[0.5]] * 2], np.log(2)),
        (keras.losses.BinaryCrossentropy(from_logits=True), [[1, 0]], [[0.0, 0]], np.log(2)),
        (keras.losses.MeanAbsoluteError(reduction="sum"), [[1, 0]], [[3, 3]], 2.5),
        (lambda y_true, y_pred: abs(y_true - y_pred), [[1, 0]], [[3, 3]], 2.5),
        ("mae", np.zeros((1, 2, 3, 4)), np.ones((1, 2, 3, 4)), 1),
    ],
)
def test_names_functions_and_objects_with_all_shapes_of_targets(loss, y_true, y_pred, expected):
    y_true, y_pred = np.asarray(y_true, "float32"), np.asarray(y_pred, "float32")
    assert value(SequenceLoss(loss)(y_true, y_pred)) == pytest.approx(expected, rel=1e-5)


# SequenceMetric


@pytest.mark.slow
@given(order=st.permutations(range(7)), size=st.sampled_from([1, 2, 3, 7]))
@settings(max_examples=6)
def test_the_metric_is_the_same_however_rows_are_batched_ordered_and_padded(models, order, size):
    logs = evaluate(models["keras"], Batches(np.array(order), size))
    for per, exact in EXACT.items():
        assert logs[f"mse_per_{per}"] == pytest.approx(exact, rel=1e-5)


@pytest.mark.slow
def test_weighted_metrics_get_mask_and_weights():
    both = [SequenceMetric("mse", per=per) for per in ("row", "step")]
    model = compiled(SequenceLoss("mse"), weighted_metrics=both, metrics=[SequenceMetric("mae")])
    weights = np.array([0, 1, 2, 1, 0, 3, 1], "float32")
    squares = [errors**2 for errors in ERRORS]
    rows = np.average([square.mean() for square in squares], weights=weights)
    steps = np.average(np.concatenate(squares), weights=np.repeat(weights, LENGTHS))
    for size in (2, 7):
        logs = evaluate(model, Batches(np.arange(7), size, weights))
        assert logs["mse_per_row"] == pytest.approx(rows, rel=1e-5)
        assert logs["mse_per_step"] == pytest.approx(steps, rel=1e-5)
        assert logs["mae_per_step"] == pytest.approx(np.concatenate(ERRORS).mean(), rel=1e-5)


def metric_of(y_true, y_pred, weights=None, fn="mae", **options):
    metric = SequenceMetric(fn, **options)
    metric.update_state(np.asarray(y_true), np.asarray(y_pred, "float32"), weights)
    return value(metric.result())


def test_weights_of_a_metric_make_weighted_means():
    y_true, y_pred = np.zeros((2, 2, 1)), [[[1.0], [3]], [[5], [7]]]
    assert metric_of(y_true, y_pred) == 4
    assert metric_of(y_true, y_pred, [3, 1]) == 3
    assert metric_of(y_true, y_pred, [3, 1], per="row") == 3
    assert metric_of(y_true, y_pred, [[3, 1], [0, 0]]) == 1.5
    assert metric_of(y_true, y_pred, [[3, 1], [0, 2]]) == pytest.approx(20 / 6)
    assert metric_of(y_true, y_pred, [[3, 1], [0, 2]], per="row") == pytest.approx((1.5 + 7) / 2)
    assert metric_of(y_true, y_pred, [[3, 1], [0, 0]], per="row") == 1.5
    assert metric_of(y_true, y_pred, [0, 0]) == 0


def test_accuracy_is_a_metric_too():
    y_pred = [[[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]]]
    weights = np.array([[1, 1, 0]])
    for fn in ("sparse_categorical_accuracy", keras.metrics.sparse_categorical_accuracy):
        metric = SequenceMetric(fn)
        assert metric.name == "sparse_categorical_accuracy_per_step"
        assert metric_of([[0, 0, 1]], y_pred, weights, fn) == 0.5
    assert metric_of([[1, 0, 1]], [[0.7, 0.6, 0.1]], weights, "binary_accuracy") == 0.5


def test_a_metric_starts_again():
    metric = SequenceMetric("mae")
    for _ in range(2):
        metric.update_state(np.zeros((1, 2, 1)), np.ones((1, 2, 1)))
    assert value(metric.count) == 4
    metric.reset_state()
    assert value(metric.result()) == 0


# Both


@keras.saving.register_keras_serializable("tests")
def distance(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(
    "given",
    [
        "mse",
        keras.losses.CategoricalCrossentropy(label_smoothing=0.3),
        keras.losses.SparseCategoricalCrossentropy(ignore_class=1),
        keras.losses.mean_squared_error,
        distance,
    ],
    ids=["name", "object", "object with options", "keras function", "own function"],
)
def test_configs_make_the_same_again(given):
    y_true, y_pred = np.array([[0, 1]]), RNG.uniform(size=(1, 2, 2)).astype("float32")
    if "Sparse" not in type(given).__name__:
        y_true = np.stack([y_true, 1 - y_true], axis=2).astype("float32")
    for form in FORMS:
        loss = SequenceLoss(given, name="mine", **form)
        again = keras.losses.deserialize(keras.losses.serialize(loss))
        assert (again.per, again.mean_length, again.name) == (
            loss.per,
            loss.mean_length,
            "mine",
        )
        assert value(again(y_true, y_pred)) == value(loss(y_true, y_pred))
        assert value(loss(y_true, y_pred)) > 0
    metric = SequenceMetric(given, per="row")
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert (again.per, again.name) == ("row", metric.name)
    assert (type(again.fn), again.fn) == (type(metric.fn), metric.fn) or again.fn.get_config()


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=["row", "step"])
def test_a_compiled_model_saves_and_loads(form, tmp_path):
    smooth = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.3)
    metrics = [SequenceMetric(distance, per="row"), SequenceMetric("mae", name="mine")]
    model = compiled(SequenceLoss(smooth, **form), metrics=metrics)
    before = evaluate(model, Batches(np.arange(7), 3))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert set(before) == {"loss", "distance_per_row", "mine"}
    assert evaluate(loaded, Batches(np.arange(7), 2)) == pytest.approx(before, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SequenceLoss("mse", per="batch"), ValueError, "'row', 'step', got 'batch'"),
        (lambda: SequenceMetric("mse", per="batch"), ValueError, "'row', 'step', got 'batch'"),
        (lambda: SequenceLoss("mse", per="step"), ValueError, "mean_length: .*, got None"),
        (lambda: SequenceLoss("mse", per="step", mean_length=0), ValueError, "above 0, got 0"),
        (lambda: SequenceLoss("mse", per="step", mean_length=np.inf), ValueError, "got inf"),
        (
            lambda: SequenceLoss("mse", per="step", mean_length="3"),
            TypeError,
            "got str '3'",
        ),
        (lambda: SequenceLoss("mse", per="step", mean_length=True), TypeError, "got bool True"),
        (lambda: SequenceLoss("mse", mean_length=3), ValueError, "None with per='row', got 3"),
        (lambda: SequenceLoss("nonsense"), ValueError, "loss: .* Keras function, got 'nonsense'"),
        (lambda: SequenceLoss("binary_accuracy"), ValueError, "loss: .* got 'binary_accuracy'"),
        (lambda: SequenceMetric("accuracy"), ValueError, "got 'accuracy'; choose 'binary_acc"),
        (lambda: SequenceMetric("AUC"), ValueError, "fn: .* Keras function, got 'AUC'"),
        (lambda: SequenceLoss(3), TypeError, "loss: expected a name, .*, got 3"),
        (lambda: SequenceLoss(None), TypeError, "loss: expected a name, .*, got None"),
        (lambda: SequenceLoss(SequenceLoss("mse")), TypeError, "a loss with values per step"),
        (lambda: SequenceMetric(keras.metrics.AUC()), TypeError, "fn: expected a name, .*AUC"),
        (lambda: SequenceLoss(keras.losses.Huber), TypeError, "loss: expected a name, .*Huber"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def total(y_true, y_pred):
    return ops.sum(ops.abs(y_true - y_pred))


@pytest.mark.parametrize(
    ("shapes", "fn", "message"),
    [
        (((2,), (2,)), "mse", r"y_pred: expected \(batch, time, ...\), got \(2,\)"),
        (((2,), (2, 3, 1)), "mse", r"y_true: .* \(2, 3\), got shape \(2,\)"),
        (((2, 4, 1), (2, 3, 1)), "mse", r"y_true: .* \(2, 3\), got shape \(2, 4, 1\)"),
        (((2, 3, 1), (2, 3, 1), (2, 4)), "mse", r"sample_weight: .* \(2, 3\), got \(2, 4\)"),
        (((2, 3, 1), (2, 3, 1), (3,)), "mse", r"sample_weight: .* \(2, 3\), got \(3,\)"),
        (((2, 3, 1), (2, 3, 1), (2, 3, 1)), "mse", r"sample_weight: .* got \(2, 3, 1\)"),
        (((2, 3, 1), (2, 3, 1)), total, r"expected values \(batch, time, ...\) of \(2, 3\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(shapes, fn, message):
    arrays = [np.ones(shape, "float32") for shape in shapes]
    with pytest.raises(ValueError, match=message):
        SequenceLoss(fn)(*arrays)
    with pytest.raises(ValueError, match=message):
        SequenceMetric(fn).update_state(*arrays)


def test_a_mask_of_another_length_is_refused():
    y_pred = Marked(np.ones((2, 4), bool))(np.ones((2, 3, 1), "float32"))
    with pytest.raises(ValueError, match=r"y_pred: expected a mask .* \(2, 3\), got one of \(2, 4"):
        SequenceLoss("mse")(np.ones((2, 3, 1)), y_pred)
