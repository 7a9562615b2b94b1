"""CTC over the real steps: the loss of a row does not depend on the padding around it."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from helpers.images.ctc import CTCLoss, ExactMatch, greedy_decode, steps_needed
from helpers.keras_private import set_mask

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(7)
CLASSES = 5
LENGTHS = np.array([6, 3, 9, 4, 1, 5])
STRINGS = ([1, 2, 3], [1, 1], [4, 4, 2, 2, 2], [], [3], [2, 4, 2, 4, 2])
LABELS = np.array([string + [0] * (5 - len(string)) for string in STRINGS])
ROWS = [RNG.normal(size=(n, CLASSES)).astype("float32") for n in LENGTHS]


def padded(rows, steps, value=0.0):
    """Rows with ``value`` behind them, and their mask."""
    x = np.full((len(rows), steps, rows[0].shape[1]), value, "float32")
    for i, row in enumerate(rows):
        x[i, : len(row)] = row
    return x, np.arange(steps) < np.array([len(row) for row in rows])[:, None]


def forward(logits, string):
    """CTC's forward algorithm: -log of the chance of all paths that read ``string``."""
    logits = np.asarray(logits, "float64")
    logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    states = [0, *(state for symbol in string for state in (symbol, 0))]
    chance = np.full(len(states), -np.inf)
    chance[0] = 0
    for step, log in enumerate(logs):
        before, chance = chance, np.full(len(states), -np.inf)
        for k, state in enumerate(states):
            ways = [before[k], before[k - 1] if k else -np.inf]
            if k > 1 and state and state != states[k - 2]:
                ways.append(before[k - 2])
            chance[k] = np.logaddexp.reduce(ways) + log[state]
        if step == 0:
            chance[2:] = -np.inf
    return -np.logaddexp.reduce(chance[-2:])


def read(best):
    """What a path of classes reads, in a loop."""
    string, before = [], 0
    for state in best:
        if state not in (0, before):
            string.append(int(state))
        before = state
    return string


EXACT = np.array([forward(row, string) for row, string in zip(ROWS, STRINGS, strict=True)])


class End(layers.Layer):
    """Puts the mask it is given on its output."""

    supports_masking = True

    def call(self, inputs, mask=None):
        return inputs + 0.0


def masked(x, mask):
    return End()(ops.convert_to_tensor(x), mask=ops.convert_to_tensor(mask))


def values(y_true, y_pred, weights=None, **options):
    return ops.convert_to_numpy(CTCLoss(**{"reduction": "none"} | options)(y_true, y_pred, weights))


def gradient(loss, y_true, logits, mask=None, weights=None, **options):
    """The loss and its gradient with respect to the logits, from a step of a compiled model."""
    inputs = keras.Input(logits.shape[1:2])
    layer = Weights(logits.shape)
    outputs = layer(inputs)
    if mask is not None:
        marks = keras.Input(logits.shape[1:2], dtype="bool")
        inputs, outputs = [inputs, marks], End()(outputs, mask=marks)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(1.0), loss, **options)
    layer.kernel.assign(logits)
    x = np.zeros(logits.shape[:2], "float32")
    x = x if mask is None else [x, mask]
    value = model.train_on_batch(x, y_true, weights)
    return value, logits - ops.convert_to_numpy(layer.kernel)


class Weights(layers.Layer):
    """Its output is its weights, whatever goes in."""

    def __init__(self, shape):
        super().__init__()
        self.kernel = self.add_weight(shape=shape, initializer="zeros")

    def call(self, inputs):
        return self.kernel + 0.0 * inputs[..., None]

    def compute_output_shape(self, shape):
        return (*shape, self.kernel.shape[-1])


# The reference


def test_the_forward_algorithm_is_the_sum_over_all_paths():
    logits = RNG.normal(size=(5, 3))
    logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    chances = {}
    for path in itertools.product(range(3), repeat=5):
        string = tuple(read(path))
        chances[string] = chances.get(string, 0) + np.exp(logs[np.arange(5), path].sum())
    assert sum(chances.values()) == pytest.approx(1)
    for string, chance in chances.items():
        assert forward(logits, string) == pytest.approx(-np.log(chance))
        assert steps_needed([string])[0] <= 5
    assert forward(logits, [1, 1, 1, 1]) == np.inf


# What Keras does


def test_keras_counts_padded_steps():
    loss, row, label = keras.losses.CTC(), ROWS[0], LABELS[:1, :3]
    alone = loss(label, row[None])
    assert float(alone) == pytest.approx(EXACT[0], rel=1e-5)
    longer = loss(label, padded([row], 12)[0])
    assert float(longer) > float(alone) + 4
    x, mask = padded([row], 12)
    np.testing.assert_allclose(values(label, masked(x, mask)), EXACT[:1], rtol=1e-5)


@pytest.mark.parametrize(("rows", "steps"), [(3, 6), (2, 9)])
def test_keras_raises_on_a_mask(rows, steps):
    x, mask = padded([ROWS[0]] * rows, steps)
    with pytest.raises(Exception, match=r"(?i)shape|dimension|size"):
        keras.losses.CTC()(LABELS[[0] * rows], masked(x, mask))


@pytest.mark.parametrize(("rows", "steps"), [(6, 6), (1, 6)])
def test_keras_is_silent_on_a_mask_if_rows_are_as_many_as_steps_or_one(rows, steps):
    """There it multiplies the rows' values by the mask of steps, and padded steps still count."""
    x, mask = padded([row[:3] for row in [ROWS[0]] * rows], steps)
    label = LABELS[[1] * rows]
    wrong = float(keras.losses.CTC()(label, masked(x, mask)))
    assert wrong == pytest.approx(float(keras.losses.CTC()(label, x)), rel=1e-5)
    assert wrong > 1.1 * values(label, masked(x, mask), reduction="sum_over_batch_size")


def raw(labels, logits, length, steps):
    arrays = (np.array([x], "int32") for x in (length, steps))
    target = np.asarray(labels, "int32")
    return ops.convert_to_numpy(ops.ctc_loss(target, logits[None], *arrays))[0]


def test_the_backends_differ_on_labels_that_are_too_long():
    for labels, steps in (([[1, 2, 3, 4]], 3), ([[1, 1]], 2)):
        value = raw(labels, ROWS[0][:steps], len(labels[0]), steps)
        if BACKEND == "torch":
            assert value == np.inf
        else:
            assert {"tensorflow": 700, "jax": 99_990}[BACKEND] < value < 100_030


def test_the_backends_differ_on_nan_behind_the_real_steps():
    logits = padded([ROWS[0][:4]], 6, np.nan)[0][0]
    assert np.isfinite(raw([[1, 2]], logits, 2, 4)) == (BACKEND == "torch")


def test_tensorflow_is_wrong_on_labels_without_a_column():
    blank = forward(ROWS[0], [])
    right = raw(np.zeros((1, 0)), ROWS[0], 0, 6) == pytest.approx(blank, rel=1e-5)
    assert right == (BACKEND != "tensorflow")
    assert values(np.zeros((1, 0), int), ROWS[0][None])[0] == pytest.approx(blank, rel=1e-5)


# CTCLoss


@pytest.mark.parametrize(("steps", "value"), [(9, np.nan), (14, 0), (14, 1e30), (14, -np.inf)])
def test_a_row_has_the_same_loss_alone_and_in_a_padded_batch(steps, value):
    x, mask = padded(ROWS, steps, value)
    np.testing.assert_allclose(values(LABELS, masked(x, mask)), EXACT, rtol=1e-5)


def test_the_loss_of_a_row_alone_is_that_of_the_forward_algorithm():
    for row, string, exact in zip(ROWS, STRINGS, EXACT, strict=True):
        label = np.array([string], int).reshape(1, -1)
        assert values(label, row[None])[0] == pytest.approx(exact, rel=1e-5)


def slope(row, string):
    """The gradient of the forward algorithm."""
    found, tiny = np.zeros(row.shape), 1e-4
    for place in np.ndindex(row.shape):
        step = np.zeros(row.shape)
        step[place] = tiny
        found[place] = forward(row + step, string) - forward(row - step, string)
    return found / (2 * tiny)


@pytest.mark.slow
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_row_has_the_same_gradient_alone_and_in_a_padded_batch(value):
    x, mask = padded(ROWS, 11, value)
    loss, slopes = gradient(CTCLoss(reduction="sum"), LABELS, x, mask)
    assert loss == pytest.approx(EXACT.sum(), rel=1e-5)
    for i, row in enumerate(ROWS):
        np.testing.assert_allclose(slopes[i, : len(row)], slope(row, STRINGS[i]), atol=1e-4)
        if value == 0:
            assert (slopes[i, len(row) :] == 0).all()
    alone = gradient(CTCLoss(), LABELS[:1], ROWS[0][None])[1][0]
    assert np.abs(alone).max() > 0.01
    np.testing.assert_allclose(slopes[0, :6], alone, atol=1e-5)


def test_masks_may_begin_with_padding_and_have_holes():
    x, mask = np.full((6, 14, CLASSES), np.nan, "float32"), np.zeros((6, 14), bool)
    for i, row in enumerate(ROWS):
        where = np.sort(RNG.permutation(14)[: len(row)])
        x[i, where], mask[i, where] = row, True
    np.testing.assert_allclose(values(LABELS, masked(x, mask)), EXACT, rtol=1e-5)


def test_zeros_count_as_padding_of_labels_wherever_they_are():
    x, mask = padded(ROWS, 9)
    spread = np.zeros((6, 11), int)
    spread[:, 1::2] = LABELS
    for labels in (spread, spread.astype("float32"), np.pad(LABELS, [(0, 0), (3, 0)])):
        np.testing.assert_allclose(values(labels, masked(x, mask)), EXACT, rtol=1e-5)


@pytest.mark.slow
def test_rows_without_symbols_and_rows_without_steps():
    x, mask = padded([ROWS[0]] * 3, 8)
    mask[1:] = False
    found = values(LABELS[[3, 3, 3]], masked(x, mask))
    np.testing.assert_allclose(found, [forward(ROWS[0], []), 0, 0], rtol=1e-5)
    assert (values(np.zeros((3, 0), int), masked(x, mask)) == found).all()
    loss, slopes = gradient(CTCLoss(), LABELS[[3, 3, 3]], x, mask)
    assert loss == pytest.approx(found.sum() / 3, rel=1e-5)
    assert np.isfinite(slopes).all()


def test_weights_and_reductions():
    x, mask = padded(ROWS, 9)
    weights = np.array([1, 0, 2, 0.5, 1, 3])

    def run(reduction, *weights):
        return values(LABELS, masked(x, mask), *weights, reduction=reduction)

    weighed = (EXACT * weights).sum()
    for given_weights in (weights, weights[:, None]):
        assert run("sum", given_weights) == pytest.approx(weighed, rel=1e-5)
        assert run("sum_over_batch_size", given_weights) == pytest.approx(weighed / 6, rel=1e-5)
        mean = weighed / weights.sum()
        assert run("mean_with_sample_weight", given_weights) == pytest.approx(mean, rel=1e-5)
        np.testing.assert_allclose(run(None, given_weights), EXACT * weights, rtol=1e-5)
    assert run("sum") == pytest.approx(EXACT.sum(), rel=1e-5)
    assert run("sum_over_batch_size") == pytest.approx(EXACT.mean(), rel=1e-5)


@pytest.mark.slow
def test_a_row_of_weight_0_may_hold_anything():
    x, mask = padded(ROWS[:2], 9)
    x[1], labels, weights = np.nan, np.array([STRINGS[0], [1, 1, 77]]), np.array([1.0, 0])
    assert values(labels, masked(x, mask), weights).tolist() == [pytest.approx(EXACT[0]), 0]
    loss, slopes = gradient(CTCLoss(reduction="sum"), labels, x, mask, weights)
    assert loss == pytest.approx(EXACT[0], rel=1e-5)
    assert np.isfinite(slopes[0]).all()
    assert np.abs(slopes[0, :6]).max() > 0.01


TOO_LONG = [([1, 2, 3, 4], 3), ([1, 1, 0, 0], 2), ([1, 1, 1, 0], 4), ([1, 0, 0, 0], 0)]


@pytest.mark.parametrize(("label", "steps"), TOO_LONG)
def test_a_label_that_does_not_fit_is_named(label, steps):
    x, mask = padded([ROWS[0], ROWS[2][:steps]], 9)
    labels = np.array([[1, 2, 3, 0], label])
    need = steps_needed(labels)[1]
    message = rf"y_true: .* in row 1, which need {need} steps and have {steps} \(see steps_needed"
    with pytest.raises(ValueError, match=message):
        CTCLoss()(labels, masked(x, mask))
    mask[1, : need + 1] = True
    assert np.isfinite(values(labels, masked(x, mask))).all()
    mask[1, need:] = False
    assert np.isfinite(values(labels, masked(x, mask))).all()


@pytest.mark.slow
@pytest.mark.parametrize(("label", "steps"), TOO_LONG)
def test_compiled_a_label_that_does_not_fit_makes_an_infinite_loss_and_no_gradient(label, steps):
    x, mask = padded([ROWS[0], ROWS[2][:steps]], 9)
    labels = np.array([[1, 2, 3, 0], label])
    if BACKEND == "torch":
        with pytest.raises(ValueError, match=r"got \d symbols in row 1"):
            gradient(CTCLoss(), labels, x, mask)
        return
    loss, slopes = gradient(CTCLoss(reduction="sum"), labels, x, mask)
    assert loss == np.inf
    np.testing.assert_allclose(slopes[0, :6], slope(ROWS[0], [1, 2, 3]), atol=1e-4)
    assert (slopes[1] == 0).all()


@pytest.mark.parametrize("symbol", [CLASSES, 77, -1])
def test_symbols_that_are_no_class_are_named(symbol):
    with pytest.raises(ValueError, match=rf"y_true: expected symbols 1 to 4 .* {symbol} in row 1"):
        CTCLoss()(np.array([[1, 2], [1, symbol]]), padded(ROWS[:2], 9)[0])


# In a model


class Batches(keras.utils.PyDataset):
    """Each batch padded to a width of its own, and the first two never to the same."""

    def __init__(self, x, size, *, more=0, weights=None):
        super().__init__()
        self.x, self.size, self.more, self.weights = x, size, more, weights

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, i):
        part = slice(i * self.size, (i + 1) * self.size)
        steps = max(len(row) for row in self.x[part]) + i % 3 + self.more
        labels = np.pad(LABELS[part], [(0, 0), (0, (i + self.more) % 2)])
        batch = padded(self.x[part], steps)[0], labels
        return batch if self.weights is None else (*batch, self.weights[part])


X = [RNG.uniform(0.1, 1, size=(n, 3)).astype("float32") for n in (6, 9, 12, 4, 1, 7)]


def reader(recurrent=True, **options):
    """A model whose output carries the mask of its all-zero steps."""
    keras.utils.set_random_seed(5)
    middle = [layers.LSTM(6, return_sequences=True)] if recurrent else []
    dense = layers.Dense(CLASSES, kernel_initializer="random_normal")
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(), *middle, dense])
    model.compile(keras.optimizers.SGD(0.1), CTCLoss(), **options)
    return model


def evaluate(model, data):
    return model.evaluate(data, verbose=0, return_dict=True)


def alone(model, i):
    return ops.convert_to_numpy(model(X[i][None]))[0]


@pytest.mark.slow
def test_evaluate_gives_the_mean_of_the_rows_alone_however_they_are_batched():
    model = reader(metrics=[ExactMatch()])
    exact = np.mean([forward(alone(model, i), STRINGS[i]) for i in range(6)])
    right = np.mean([read(alone(model, i).argmax(axis=1)) == STRINGS[i] for i in range(6)])
    ways = ((2, 5), (6, 2)) if BACKEND == "jax" else ((1, 0), (2, 5), (6, 2))
    for size, more in ways:
        logs = evaluate(model, Batches(X, size, more=more))
        assert logs["loss"] == pytest.approx(exact, rel=1e-5)
        assert logs["exact_match"] == pytest.approx(right)


@pytest.mark.slow
def test_fit_is_the_same_however_far_the_batch_is_padded():
    found = []
    for more in (0, 7):
        model = reader()
        logs = model.fit(Batches(X, 6, more=more), epochs=2, verbose=0).history
        found.append([logs["loss"], *model.get_weights()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert found[0][0][1] < found[0][0][0]


@pytest.mark.slow
def test_a_model_learns_to_read():
    """Steps show their symbol; two equal ones with a blank between."""
    shown = [[1, 2, 3], [1, 0, 1, 0], [4, 0, 4, 2, 0, 2, 0, 2], [0, 0], [3], [2, 4, 2, 4, 2]]
    x = [np.eye(6, dtype="float32")[[state + 1 for state in row]] for row in shown]
    dense = layers.Dense(CLASSES)
    model = keras.Sequential([keras.Input((None, 6)), layers.Masking(), dense])
    model.compile(keras.optimizers.Adam(0.3), CTCLoss(), metrics=[ExactMatch()])
    before = evaluate(model, Batches(x, 2))
    model.fit(Batches(x, 2), epochs=30, verbose=0)
    after = evaluate(model, Batches(x, 2))
    assert before["exact_match"] < 0.9
    assert after["exact_match"] == 1
    assert after["loss"] < 0.2 * before["loss"]
    inputs, _ = padded(x, 10)
    assert [row.tolist() for row in greedy_decode(model(inputs))] == list(STRINGS)
    lengths = [len(row) for row in x]
    by_length = greedy_decode(model.predict(inputs, verbose=0), lengths)
    assert [row.tolist() for row in by_length] == list(STRINGS)


@pytest.mark.slow
def test_fit_and_evaluate_run_under_jit():
    if BACKEND == "torch":
        pytest.skip("on PyTorch nothing but eager code is promised")
    model = reader(recurrent=False, metrics=[ExactMatch()], jit_compile=True)
    model.layers[-1].bias.assign([9, 0, 0, 0, 0])  # reads nothing: right in row 3 only
    exact = np.mean([forward(alone(model, i), STRINGS[i]) for i in range(6)])
    logs = evaluate(model, Batches(X, 6))
    assert logs == {"loss": pytest.approx(exact, rel=1e-5), "exact_match": pytest.approx(1 / 6)}
    model.fit(Batches(X, 6), verbose=0)
    assert evaluate(model, Batches(X, 6))["loss"] < exact


@pytest.mark.slow
def test_weights_reach_loss_and_weighted_metrics():
    weights = np.array([1, 0, 2, 0.5, 1, 3], "float32")
    model = reader(weighted_metrics=[ExactMatch()], metrics=[ExactMatch(name="unweighted")])
    model.layers[-1].bias.assign([9, 0, 0, 0, 0])  # reads nothing: right in row 3 only
    exact = np.array([forward(alone(model, i), STRINGS[i]) for i in range(6)])
    for size in (6,) if BACKEND == "jax" else (2, 6):
        logs = evaluate(model, Batches(X, size, weights=weights))
        assert logs["exact_match"] == pytest.approx(0.5 / 7.5)
        assert logs["unweighted"] == pytest.approx(1 / 6)
        assert logs["loss"] == pytest.approx((weights * exact).sum() / 6, rel=1e-5)


@pytest.mark.slow
def test_a_compiled_model_saves_and_loads(tmp_path):
    model = reader(metrics=[ExactMatch(name="mine")])
    before = evaluate(model, Batches(X, 3))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert set(before) == {"loss", "mine"}
    assert evaluate(loaded, Batches(X, 6, more=3)) == pytest.approx(before, rel=1e-5)
    assert isinstance(loaded.loss, CTCLoss)


def test_configs_make_the_same_again():
    loss = CTCLoss(reduction="sum", name="mine")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (type(again), again.reduction, again.name) == (CTCLoss, "sum", "mine")
    x, mask = padded(ROWS, 9)
    assert float(again(LABELS, masked(x, mask))) == pytest.approx(EXACT.sum(), rel=1e-5)
    metric = keras.metrics.deserialize(keras.metrics.serialize(ExactMatch("mine")))
    assert (type(metric), metric.name) == (ExactMatch, "mine")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_logits_of_other_dtypes(dtype):
    x, mask = padded(ROWS, 9)
    found = values(LABELS, masked(ops.cast(x, dtype), mask))
    np.testing.assert_allclose(found, EXACT, rtol=0.02 if dtype == "bfloat16" else 2e-3)


# greedy_decode


paths = st.lists(st.lists(st.integers(0, 3), max_size=9), min_size=4, max_size=4)


@given(paths=paths, seed=st.integers(0, 99))
@settings(max_examples=30)
def test_greedy_decode_is_the_loop(paths, seed):
    rng, steps = np.random.default_rng(seed), 9  # one shape: JAX compiles each anew
    best = rng.integers(0, 4, size=(len(paths), steps))
    mask = np.zeros(best.shape, bool)
    for i, path in enumerate(paths):
        best[i, : len(path)], mask[i, : len(path)] = path, True
    logits = np.eye(4)[best] + rng.uniform(0, 0.9, size=(*best.shape, 4))
    lengths = np.array(list(map(len, paths)))
    expected = [read(path) for path in paths]
    logits[~mask & rng.integers(0, 2, size=mask.shape).astype(bool)] = np.nan
    for found in (greedy_decode(logits, lengths), greedy_decode(logits, mask=mask)):
        assert [row.tolist() for row in found] == expected
        assert {row.dtype for row in found} == {np.dtype("int64")}
    back = greedy_decode(logits[:, ::-1], mask=mask[:, ::-1])
    assert [row.tolist() for row in back] == [read(path[::-1]) for path in paths]
    assert [row.tolist() for row in greedy_decode(masked(logits, mask))] == expected
    logits = np.nan_to_num(logits).astype("float32")
    decoded, _ = ops.ctc_decode(logits, lengths.astype("int32"))
    for row, string in zip(ops.convert_to_numpy(decoded)[0], expected, strict=True):
        assert row.tolist() == string + [-1] * (steps - len(string))


def test_greedy_decode_without_lengths_reads_every_step():
    logits = np.eye(3)[[[1, 0, 1, 2, 2], [0, 0, 0, 0, 0]]]
    assert [row.tolist() for row in greedy_decode(logits)] == [[1, 1, 2], []]
    assert [row.tolist() for row in greedy_decode(logits, [2, 0])] == [[1], []]
    assert greedy_decode(np.zeros((0, 4, 3))) == []
    assert [row.tolist() for row in greedy_decode(np.zeros((2, 0, 3)))] == [[], []]


def test_a_masked_step_is_not_there():
    """Two equal classes with a masked step between are one symbol, for loss and metric too."""
    logits, mask = np.eye(3, dtype="float32")[[[1, 0, 1]]] * 30, np.array([[True, False, True]])
    assert greedy_decode(logits, mask=mask)[0].tolist() == [1]
    assert values([[1]], masked(logits, mask))[0] == pytest.approx(0, abs=1e-4)
    metric = ExactMatch()
    metric.update_state([[1]], masked(logits, mask))
    assert float(metric.result()) == 1


def test_steps_needed():
    assert steps_needed(LABELS).tolist() == [3, 3, 8, 0, 1, 5]
    assert steps_needed(LABELS).dtype == "int64"
    assert steps_needed(STRINGS).tolist() == [3, 3, 8, 0, 1, 5]
    assert steps_needed(ops.convert_to_tensor(LABELS)).tolist() == [3, 3, 8, 0, 1, 5]
    assert steps_needed([[0, 1, 0, 1, 0]]).tolist() == [3]
    assert steps_needed([]).shape == (0,)


# ExactMatch


@given(size=st.sampled_from([2, 4]), seed=st.integers(0, 99))
@settings(max_examples=15)
def test_exact_match_is_the_share_of_equal_lists(size, seed):
    rng, metric, right = np.random.default_rng(seed), ExactMatch(), []
    for start in range(0, 6, size):
        strings = STRINGS[start : start + size]
        steps = 9 + start % 4
        best = rng.integers(0, CLASSES, size=(len(strings), steps))
        lengths = np.zeros(len(strings), int)
        for i, string in enumerate(strings):
            path = [state for symbol in string for state in (symbol, symbol, 0)][:9]
            if rng.integers(0, 2) and path:
                path[rng.integers(len(path))] = rng.integers(0, CLASSES)
            best[i, : len(path)], lengths[i] = path, len(path)
        mask = np.arange(steps) < lengths[:, None]
        logits = np.eye(CLASSES, dtype="float32")[best]
        metric.update_state(LABELS[start : start + size], masked(logits, mask))
        found = greedy_decode(logits, lengths)
        right += [row.tolist() == string for row, string in zip(found, strings, strict=True)]
    assert float(metric.result()) == pytest.approx(np.mean(right))
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize(
    ("label", "right"),
    [
        ([1, 2], 1),
        ([1, 2, 0, 0, 0, 0, 0], 1),
        ([0, 1, 2], 1),
        ([1], 0),
        ([2, 1], 0),
        ([1, 3], 0),
        ([1, 2, 2], 0),
        ([1, 2, 1, 2, 1, 2, 1], 0),
        ([], 0),
    ],
)
def test_a_reading_that_is_part_of_the_label_is_not_a_match(label, right):
    metric = ExactMatch()
    labels = np.array(label, int).reshape(1, -1)
    metric.update_state(labels, np.eye(4, dtype="float32")[[[1, 1, 0, 2]]])
    assert float(metric.result()) == right


def test_exact_match_weighs_rows():
    logits = np.eye(4, dtype="float32")[[[1, 0], [2, 0]]]
    for weights in (np.array([3, 1]), np.array([[3.0], [1]])):
        metric = ExactMatch()
        metric.update_state(np.array([[1], [1]]), logits, weights)
        assert float(metric.result()) == 0.75


# Errors


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (2, 6)), r"y_pred: expected logits \(batch, time, classes\), got \(2, 6\)"),
        (((2,), (2, 6, 4)), r"y_true: .* \(2, 6, 4\), got shape \(2,\)"),
        (((3, 2), (2, 6, 4)), r"y_true: .* \(2, 6, 4\), got shape \(3, 2\)"),
        (((2, 3, 1), (2, 6, 4)), r"y_true: .* got shape \(2, 3, 1\)"),
        (((2, 3), (2, 6, 4), (2, 6)), r"sample_weight: expected \(batch,\) .* got \(2, 6\)"),
        (((2, 3), (2, 6, 4), (3,)), r"sample_weight: expected \(batch,\) .* got \(3,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(shapes, message):
    arrays = [np.zeros(shape, "float32") for shape in shapes]
    with pytest.raises(ValueError, match=message):
        CTCLoss()(*arrays)
    with pytest.raises(ValueError, match=message):
        ExactMatch().update_state(*arrays)


def test_a_mask_of_another_length_is_refused():
    y_pred = ops.zeros((2, 3, 4))
    set_mask(y_pred, ops.ones((2, 4), "bool"))
    with pytest.raises(ValueError, match=r"y_pred: expected a mask .* \(2, 3\), got one of \(2, 4"):
        CTCLoss()(np.ones((2, 1), int), y_pred)


NAN = np.full((1, 2, 3), np.nan)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: greedy_decode(np.zeros((2, 3))), r"logits: .*, got \(2, 3\)"),
        (lambda: greedy_decode(np.zeros((2, 3, 4)), [1]), r"lengths: .* \(2,\), got \(1,\)"),
        (lambda: greedy_decode(np.zeros((2, 3, 4)), [1, 4]), "0 to 3 steps, got 4 in row 1"),
        (lambda: greedy_decode(np.zeros((2, 3, 4)), [-1, 3]), "0 to 3 steps, got -1 in row 0"),
        (lambda: greedy_decode(np.zeros((1, 3, 4)), [1.5]), "0 to 3 steps, got 1.5 in row 0"),
        (lambda: greedy_decode(NAN, [1], [[1, 0]]), "mask: expected None together with lengths"),
        (lambda: greedy_decode(NAN, mask=[1, 0]), r"mask: expected shape \(1, 2\), got \(2,\)"),
        (lambda: greedy_decode(NAN), "logits: expected numbers, got NaN in row 0 at step 0"),
        (lambda: greedy_decode(NAN, mask=[[0, 1]]), "got NaN in row 0 at step 1"),
        (lambda: steps_needed(np.zeros(3)), r"labels: expected \(batch, length\), got \(3,\)"),
        (lambda: steps_needed([1, 2]), r"labels: expected a row of symbols, got \(\) in row 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
