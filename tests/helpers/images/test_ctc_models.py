"""Models that learn to read by CTC: the same however their batches are cut and padded."""

import keras
import numpy as np
import pytest
from ctc_rows import CLASSES, EXACT, LABELS, RNG, ROWS, STRINGS, forward, masked, padded, read
from keras import layers, ops

from helpers.images.ctc import CTCLoss, ExactMatch, greedy_decode

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()


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


@pytest.mark.wide
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


@pytest.mark.wide
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
