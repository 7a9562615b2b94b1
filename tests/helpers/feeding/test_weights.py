"""The weights of batches: of padding slots, of rows, and of targets per timestep."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from dataset_forms import BOTH, IDS, RAGGED, STORED, ZEROS, N, as_numpy

from helpers.batching import bucketed, fixed
from helpers.feeding import PlannedDataset
from helpers.padding import pad

tf = pytest.importorskip("tensorflow")


@BOTH
def test_weights_are_there_in_every_batch_or_in_none(form):
    for tail, extra, parts in [
        ("keep", {}, 2),
        ("pad", {}, 3),
        ("keep", {"sample_weight": ZEROS}, 3),
    ]:
        batches = list(form(fixed(N, 32, tail=tail), IDS, ZEROS, **extra))
        assert {len(batch) for batch in batches} == {parts}
    batches = [as_numpy(b) for b in form(fixed(3, 2, tail="pad"), IDS[:3], ZEROS[:3])]
    assert [b[2].tolist() for b in batches] == [[1, 1], [1, 0]]
    assert batches[0][2].dtype == np.float32
    assert {len(batch) for batch in form(fixed(3, 2, tail="pad"), IDS[:3])} == {1}


def test_sample_weight_follows_its_row_and_stays_zero_in_padding():
    plan = fixed(3, 2, tail="pad", shuffle=4)
    dataset = PlannedDataset(plan, IDS[:3], ZEROS[:3], sample_weight=[2, 3, 4])
    for i in range(2):
        x, _, weight = dataset[i]
        assert weight.dtype == np.float32
        assert weight.tolist() == ((x[:, 0] + 2) * plan.weights(i)).tolist()


CROSSENTROPY = "sparse_categorical_crossentropy"
TAGS = [np.arange(len(row), dtype="int32") % 3 for row in RAGGED]
SPEAKERS = np.arange(5, dtype="float32")
# Its first batch is (2, 2): weights (batch,) would meet the steps there and raise nothing.
TIMED = bucketed([5, 2, 7, 1, 3], 2, [2, 8], tail="pad", shuffle=1)


def tagger(several=False):
    keras.utils.set_random_seed(0)
    inputs = keras.layers.Input((None, 2))
    tag = keras.layers.Dense(3, activation="softmax", name="tag")(inputs)
    if not several:
        model = keras.Model(inputs, tag)
        model.compile("sgd", CROSSENTROPY, weighted_metrics=[CROSSENTROPY])
        return model
    speaker = keras.layers.Dense(1, name="speaker")(keras.layers.GlobalMaxPooling1D()(inputs))
    names = {"tag": CROSSENTROPY, "speaker": "mse"}
    model = keras.Model(inputs, {"tag": tag, "speaker": speaker})
    model.compile("sgd", names, weighted_metrics=names)
    return model


def crossentropies(model, plan, weights):
    """For each batch, weight times loss of each step of each slot, ``(batch, time)``."""
    for i, (rows, length) in enumerate(zip(plan, plan.padded_lengths.tolist(), strict=True)):
        x, tags = (pad([data[row] for row in rows], length)[0] for data in (RAGGED, TAGS))
        output = model.predict_on_batch(x)
        output = output["tag"] if isinstance(output, dict) else output
        each = -np.log(np.take_along_axis(output, tags[..., None], axis=-1))[..., 0]
        yield each * (np.asarray(weights)[rows] * plan.weights(i))[:, None]


@pytest.mark.slow
@STORED
@pytest.mark.parametrize("weights", [None, [1, 2, 0, 3, 4]])
def test_weights_of_targets_per_timestep_count_for_all_steps_of_their_row(form, weights):
    model = tagger()
    plan = TIMED.epoch(0)
    loss, metric = model.evaluate(form(plan, RAGGED, TAGS, sample_weight=weights), verbose=0)
    weights = [1] * 5 if weights is None else weights
    losses = list(crossentropies(model, plan, weights))
    assert (2, 2) in {each.shape for each in losses}
    assert loss == pytest.approx(np.mean([each.mean() for each in losses]), rel=1e-4)
    # A metric is the mean over the rows of the mean over a row's steps.
    total = sum((np.asarray(weights)[rows] * plan.weights(i)).sum() for i, rows in enumerate(plan))
    assert metric == pytest.approx(
        sum(each.mean(axis=1).sum() for each in losses) / total, rel=1e-4
    )
    before = model.get_weights()[0].copy()
    model.fit(form(TIMED, RAGGED, TAGS, sample_weight=weights), epochs=2, shuffle=False, verbose=0)
    assert not np.array_equal(before, model.get_weights()[0])


@pytest.mark.slow
@STORED
def test_several_targets_have_a_weight_each_where_one_is_per_timestep(form):
    model = tagger(several=True)
    plan = TIMED.epoch(0)
    weights = np.array([1, 2, 0, 3, 4])
    targets = {"tag": TAGS, "speaker": SPEAKERS[:, None]}
    result = model.evaluate(
        form(plan, RAGGED, targets, sample_weight=weights), verbose=0, return_dict=True
    )
    losses = list(crossentropies(model, plan, weights))
    expected = np.mean([each.mean() for each in losses])
    assert result["tag_loss"] == pytest.approx(expected, rel=1e-4)
    outputs = plan.restore(model.predict(form(plan, RAGGED), verbose=0)["speaker"])[:, 0]
    each = (outputs - SPEAKERS) ** 2 * weights
    assert result["speaker_loss"] == pytest.approx(each.sum() / len(plan.rows), rel=1e-4)
    model.fit(form(TIMED, RAGGED, targets), epochs=2, shuffle=False, verbose=0)


VIDEOS = [np.ones((length, 4, 5, 2), "float32") for length in (5, 2, 7, 1, 3)]


@BOTH
@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (SPEAKERS, (3,)),
        ((SPEAKERS, {"more": SPEAKERS}), (3,)),
        (TAGS, (3, 1)),
        ((TAGS,), (3, 1)),  # Keras refuses a tuple of one weight
        ({"tag": TAGS}, (3, 1)),
        (RAGGED, (3, 1)),
        (VIDEOS, (3, 1, 1, 1)),
        ((TAGS, SPEAKERS), ((3, 1), (3,))),
        ({"a": (TAGS, SPEAKERS), "b": VIDEOS}, {"a": ((3, 1), (3,)), "b": (3, 1, 1, 1)}),
    ],
)
def test_the_shapes_of_weights(form, y, expected):
    dataset = form(fixed(5, 3, tail="pad"), RAGGED, y)
    for batch, real in zip(dataset, [[1, 1, 1], [1, 1, 0]], strict=True):
        weights = as_numpy(batch)[2]
        assert shapes_in(weights) == expected
        assert all(weight.ravel().tolist() == real for weight in keras.tree.flatten(weights))
    if isinstance(dataset, tf.data.Dataset):
        assert shapes_in(dataset.element_spec[2]) == expected


def shapes_in(data):
    if isinstance(data, dict):
        return {key: shapes_in(item) for key, item in data.items()}
    return tuple(map(shapes_in, data)) if isinstance(data, tuple) else tuple(data.shape)


@pytest.mark.slow
@STORED
def test_a_loss_of_one_number_per_row_takes_the_weights_of_lists_too(form):
    plan = fixed(5, 2, tail="pad")
    loss = keras.losses.CTC(reduction="sum")
    inputs = keras.layers.Input((8, 2))
    model = keras.Model(inputs, keras.layers.Dense(7)(inputs))
    model.compile(loss=loss)
    labels = [[1], [1, 2], [3, 4, 5], [6], [2, 1]]
    dataset = form(plan, [np.full((8, 2), i / 9) for i in range(5)], labels)
    each = []
    for i, batch in enumerate(as_numpy(batch) for batch in dataset):
        values = loss.call(batch[1], model(batch[0]))
        each.append(float(np.sum(np.asarray(values) * plan.weights(i))))
    assert model.evaluate(dataset, verbose=0) == pytest.approx(np.mean(each), rel=1e-4)
