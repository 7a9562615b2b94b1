"""What Keras's fit, evaluate and predict get from a plan, epoch by epoch, in both forms."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from dataset_forms import GRAPH, IDS, STORED, ZEROS, N, forms

from helpers.batching import fixed
from helpers.feeding import PlannedDataset

pytest.importorskip("tensorflow")


class Recorder(keras.Model):
    """A model that writes down the rows (first feature) of every batch that reaches it."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.batches = []

    def call(self, x):
        return self.dense(x)

    def _note(self, data):
        self.batches.append(data[0].numpy()[:, 0].astype(int).tolist())

    def train_step(self, data):
        self._note(data)
        return super().train_step(data)

    def test_step(self, data):
        self._note(data)
        return super().test_step(data)

    def predict_step(self, data):
        self._note(data)
        return super().predict_step(data)


def recorder():
    model = Recorder()
    model.compile("sgd", "mse", run_eagerly=True)
    return model


def rows_of(plan, *epochs):
    return [batch.tolist() for k in epochs for batch in plan.epoch(k)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tail", "workers"),
    [
        ("keep", {}),
        ("drop", {}),
        ("keep", {"workers": 2}),
        ("pad", {"workers": 3, "max_queue_size": 1}),
        ("wrap", {"workers": 3, "max_queue_size": 1}),
    ],
)
def test_fit_shows_the_epochs_of_the_plan(tail, workers):
    plan = fixed(N, 32, tail=tail, shuffle=5)
    dataset, model = PlannedDataset(plan, IDS, ZEROS, **workers), recorder()
    model.fit(dataset, epochs=3, shuffle=False, verbose=0)
    assert model.batches == rows_of(plan, 0, 1, 2)
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)  # a second fit goes on
    assert model.batches == rows_of(plan, 0, 1, 2, 3, 4)
    assert dataset.epoch == 5


@pytest.mark.slow
@forms(GRAPH)
def test_fit_on_tf_dataset_shows_the_epochs_of_the_plan(form):
    plan = fixed(N, 32, shuffle=5)
    model = recorder()
    model.fit(form(plan, IDS, ZEROS), epochs=3, shuffle=False, verbose=0)
    assert model.batches == rows_of(plan, 0, 1, 2)


@pytest.mark.slow
@forms(GRAPH)
def test_fit_on_a_repeated_tf_dataset_cuts_epochs_without_losing_rows(form):
    plan = fixed(N, 32, shuffle=5)
    model = recorder()
    dataset = form(plan, IDS, ZEROS).repeat()
    model.fit(dataset, epochs=4, steps_per_epoch=2, shuffle=False, verbose=0)
    assert model.batches == rows_of(plan, 0, 1)


@pytest.mark.slow
def test_steps_per_epoch_of_the_whole_dataset_changes_nothing():
    plan = fixed(N, 32, shuffle=5)
    model = recorder()
    model.fit(
        PlannedDataset(plan, IDS, ZEROS), epochs=3, steps_per_epoch=4, shuffle=False, verbose=0
    )
    assert model.batches == rows_of(plan, 0, 1, 2)


@pytest.mark.slow
def test_fits_own_shuffle_changes_only_the_order_of_the_batches():
    plan = fixed(640, 32, shuffle=5)
    ids = np.arange(640, dtype="float32")[:, None]
    model = recorder()
    keras.utils.set_random_seed(0)
    model.fit(PlannedDataset(plan, ids, ids), epochs=2, verbose=0)
    first, second = model.batches[:20], model.batches[20:]
    assert first != rows_of(plan, 0)  # Keras's default is shuffle=True
    assert sorted(first) == sorted(rows_of(plan, 0))
    assert sorted(second) == sorted(rows_of(plan, 1))


@pytest.mark.slow
def test_a_second_dataset_for_validation_leaves_training_alone():
    plan, held_out = fixed(N, 32, shuffle=5), fixed(N, 40)
    dataset, model = PlannedDataset(plan, IDS, ZEROS), recorder()
    model.fit(
        dataset,
        epochs=2,
        shuffle=False,
        verbose=0,
        validation_data=PlannedDataset(held_out, IDS, ZEROS),
    )
    validation = rows_of(held_out, 0)
    assert model.batches == rows_of(plan, 0) + validation + rows_of(plan, 1) + validation


@pytest.mark.slow
def test_evaluate_and_predict_are_passes_too():
    plan = fixed(N, 32, shuffle=5)
    dataset, model = PlannedDataset(plan, IDS, ZEROS), recorder()
    model.fit(dataset, shuffle=False, verbose=0)
    model.evaluate(dataset, verbose=0)
    shown = dataset.current
    outputs = model.predict(dataset, verbose=0)
    model.fit(dataset, shuffle=False, verbose=0)
    assert model.batches == rows_of(plan, 0, 1, 2, 3)
    steps = np.diff(shown.restore(outputs)[:, 0])  # the model is a line through the row ids
    assert np.allclose(steps, steps[0], rtol=1e-3)


@pytest.mark.slow
def test_setting_the_epoch_resumes_there():
    plan = fixed(N, 32, shuffle=5)
    dataset, model = PlannedDataset(plan, IDS, ZEROS), recorder()
    dataset.epoch = 7
    model.fit(dataset, shuffle=False, verbose=0)
    assert model.batches == rows_of(plan, 7)
    with pytest.raises(ValueError, match="epoch: "):
        dataset.epoch = -1


def test_a_peek_that_ends_early_is_not_an_epoch():
    # What Keras does on JAX and PyTorch to build a model: begin, take one batch, end.
    dataset = PlannedDataset(fixed(N, 32, shuffle=5), IDS, ZEROS)
    dataset.on_epoch_end()
    dataset.on_epoch_begin()
    assert dataset[0]
    dataset.on_epoch_end()
    assert dataset.epoch == 0
    dataset.on_epoch_begin()
    assert len(list(dataset)) == 4
    dataset.on_epoch_end()
    dataset.on_epoch_end()
    assert dataset.epoch == 1


@pytest.mark.slow
@pytest.mark.parametrize("tail", ["keep", "pad", "wrap"])
@STORED
def test_predict_restores_every_row_in_order(form, tail):
    plan = fixed(N, 32, tail=tail, shuffle=5)
    double = keras.Sequential([keras.layers.Input((1,)), keras.layers.Rescaling(2.0)])
    assert np.array_equal(plan.restore(double.predict(form(plan, IDS), verbose=0)), IDS * 2)


@pytest.mark.slow
@STORED
def test_padding_slots_leave_weighted_metrics_exact_and_scale_the_loss(form):
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Rescaling(1.0)])
    model.compile(loss="mse", weighted_metrics=["mae"])
    y = (IDS**1.5)[:, 0]
    truth = np.mean((IDS[:, 0] - y) ** 2)
    loss, mae = model.evaluate(form(fixed(N, 32, tail="pad"), IDS, y), verbose=0)
    assert mae == pytest.approx(np.mean(np.abs(IDS[:, 0] - y)), rel=1e-5)
    # Keras's default reduction divides by the slots, padding slots included.
    assert loss == pytest.approx(truth * 105 / 128, rel=1e-5)
    _, mae = model.evaluate(form(fixed(N, 32, tail="wrap"), IDS, y), verbose=0)
    assert mae != pytest.approx(np.mean(np.abs(IDS[:, 0] - y)), rel=1e-2)
