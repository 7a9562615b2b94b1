"""Feeding: what Keras really gets from a plan, epoch by epoch, in both forms."""

import os
import pickle
from functools import partial

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest

from helpers.batching import Plan, bucketed, fixed
from helpers.feeding import PlannedDataset, tf_dataset
from helpers.padding import pad

tf = pytest.importorskip("tensorflow")

N = 105
IDS = np.arange(N, dtype="float32")[:, None]
ZEROS = np.zeros(N, "float32")
PLANNED = {"planned": PlannedDataset, "planned, no store": partial(PlannedDataset, store=False)}
GRAPH = {"graph": tf_dataset, "graph, no store": partial(tf_dataset, store=False)}


def forms(choice):
    return pytest.mark.parametrize("form", choice.values(), ids=choice)


BOTH = forms(PLANNED | GRAPH)
# For tests with a model: test_graph.py shows that stored or not the batches are the same.
STORED = forms({"planned": PlannedDataset, "graph": tf_dataset})


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


def as_numpy(batch):
    return keras.tree.map_structure(np.asarray, batch)


def assert_same(a, b):
    keras.tree.assert_same_structure(a, b)
    for left, right in zip(keras.tree.flatten(a), keras.tree.flatten(b), strict=True):
        np.testing.assert_array_equal(left, right, strict=True)


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
    with pytest.raises(ValueError, match="k: "):
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


RAGGED = [np.full((length, 2), length, "float32") for length in (5, 2, 7, 1, 3)]


@pytest.mark.parametrize("length", [None, 9])
@pytest.mark.parametrize("tail", ["keep", "drop", "pad", "wrap"])
@forms(GRAPH)
def test_both_forms_give_the_same_batches_for_three_epochs(form, tail, length):
    plan = fixed(5, 2, tail=tail, shuffle=1)
    x = {"tokens": RAGGED, "more": (np.arange(5), [[0.5]] * 5)}
    y = [np.full(len(row), 3, "int32") for row in RAGGED]
    options = {"sample_weight": [1, 2, 3, 4, 5], "length": length, "side": "pre", "value": -1}
    dataset, other = PlannedDataset(plan, x, y, **options), form(plan, x, y, **options)
    assert len(other) == len(dataset) == len(plan)
    for k in range(3):
        dataset.epoch = k
        batches = [as_numpy(batch) for batch in other]
        assert len(batches) == len(dataset)
        for i, batch in enumerate(batches):
            assert_same(batch, dataset[i])


def test_a_ragged_batch_is_padded_to_its_longest_row():
    dataset = PlannedDataset(fixed(5, 2), RAGGED)
    assert [batch[0].shape for batch in dataset] == [(2, 5, 2), (2, 7, 2), (1, 3, 2)]
    assert dataset[0][0][1, :, 0].tolist() == [2, 2, 0, 0, 0]
    assert dataset[0][0].dtype == np.float32
    dataset = PlannedDataset(fixed(5, 2), RAGGED, length=8, side="pre", value=np.nan)
    assert {batch[0].shape[1] for batch in dataset} == {8}
    assert np.isnan(dataset[0][0][1, :6]).all()


def test_rows_of_one_length_are_stacked_in_their_dtype():
    images = [np.full((2, 2), i, "uint8") for i in range(5)]
    dataset = PlannedDataset(fixed(5, 2), images, [0, 1, 2, 3, 4], value=-1)  # nothing to pad
    assert_same(dataset[2], (np.full((1, 2, 2), 4, "uint8"), np.array([4])))


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


@forms(GRAPH)
def test_the_signature_is_static_where_it_can_be(form):
    def spec(plan, x, **options):
        return [tuple(s.shape) for s in tf.nest.flatten(form(plan, x, **options).element_spec)]

    assert spec(fixed(5, 2), RAGGED) == [(None, None, 2)]
    assert spec(fixed(5, 2, tail="pad"), RAGGED) == [(2, None, 2)]
    assert spec(fixed(5, 2, tail="wrap"), RAGGED, length=9) == [(2, 9, 2)]
    assert spec(fixed(5, 5), [row[:1] for row in RAGGED]) == [(5, 1, 2)]
    assert spec(fixed(5, 2, tail="pad"), RAGGED, y=np.zeros((5, 4))) == [(2, None, 2), (2, 4), (2,)]
    assert form(fixed(5, 2), RAGGED).cardinality().numpy() == 3


SIZES = [(8, 10), (6, 12), (8, 30), (5, 9), (7, 25), (8, 5)]
BOXES = [(8, 12), (8, 32)]
IMAGES = [np.full((height, width, 1), height * width, "uint8") for height, width in SIZES]
LABELS = [[1, 2], [3], [1, 2, 3, 4], [5], [1, 2, 3], [6, 7, 8, 9, 10]]


def shapes_of(dataset):
    return [tuple(map(np.shape, keras.tree.flatten(as_numpy(batch)))) for batch in dataset]


@BOTH
def test_images_of_the_plan_are_padded_to_its_boundaries_and_labels_to_their_own_longest(form):
    plan = bucketed(SIZES, 2, BOXES)
    assert [batch.tolist() for batch in plan] == [[0, 1], [3, 5], [2, 4]]
    dataset = form(plan, (IMAGES, np.array(SIZES)), LABELS)
    assert shapes_of(dataset) == [
        ((2, 8, 12, 1), (2, 2), (2, 2)),
        ((2, 8, 12, 1), (2, 2), (2, 5)),
        ((2, 8, 32, 1), (2, 2), (2, 4)),
    ]
    for indices, batch in zip(plan, dataset, strict=True):
        (images, sizes), labels = as_numpy(batch)
        assert images.dtype == np.uint8
        for row, image, size, label in zip(indices, images, sizes, labels, strict=True):
            height, width = SIZES[row]
            assert size.tolist() == [height, width]
            assert (image[:height, :width] == height * width).all()
            assert image.sum() == (height * width) ** 2  # nothing else is in the padding
            assert label[label > 0].tolist() == LABELS[row]


def test_images_without_channels_follow_the_plan_and_value_fills_the_padding():
    plan = bucketed(SIZES, 4, [(9, 40)], shuffle=0)
    images = [image[:, :, 0] for image in IMAGES]
    dataset = PlannedDataset(plan, images, value=255)
    for i, indices in enumerate(plan):
        batch = dataset[i][0]
        assert batch.shape == (len(indices), 9, 40)
        for row, image in zip(indices, batch, strict=True):
            height, width = SIZES[row]
            assert (image[height:] == 255).all()
            assert (image[:, width:] == 255).all()
            assert (image[:height, :width] == height * width).all()
    with pytest.raises(ValueError, match=r"^value for x: 256"):
        PlannedDataset(plan, images, value=256)


@pytest.mark.slow
@STORED
def test_weights_of_masks_of_images_have_both_axes(form):
    plan = bucketed(SIZES, 4, [(9, 32)], tail="pad")
    masks = [image[:, :, 0] % 3 for image in IMAGES]
    dataset = form(plan, IMAGES, masks)
    assert {as_numpy(batch)[2].shape for batch in dataset} == {(4, 1, 1)}
    inputs = keras.layers.Input((None, None, 1))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    model.compile("sgd", CROSSENTROPY, weighted_metrics=["accuracy"])
    model.fit(dataset, shuffle=False, verbose=0)


def test_a_fixed_plan_of_heights_and_widths_pads_to_the_batch_s_largest():
    plan = fixed(6, 2, lengths=SIZES)
    expected = [(2, 8, 12, 1), (2, 8, 30, 1), (2, 8, 25, 1)]
    assert [shape for (shape,) in shapes_of(PlannedDataset(plan, IMAGES))] == expected
    assert tf_dataset(plan, IMAGES).element_spec[0].shape.as_list() == [2, None, None, 1]
    empty = [image[:0] for image in IMAGES]
    plan = fixed(6, 3, lengths=[image.shape[:2] for image in empty])
    assert shapes_of(PlannedDataset(plan, empty)) == [((3, 0, 30, 1),), ((3, 0, 25, 1),)]


def test_sequences_follow_a_bucketed_plan_and_other_lists_do_not():
    plan = bucketed([5, 2, 7, 1, 3], 2, [4, 8])
    tags = [np.ones(len(row), "int32") for row in RAGGED]
    dataset = PlannedDataset(plan, {"tokens": RAGGED, "names": [[1], [1, 2], [1], [1], [1]]}, tags)
    assert [batch.tolist() for batch in plan] == [[1, 3], [4], [0, 2]]
    assert shapes_of(dataset) == [  # names, tokens, tags
        ((2, 2), (2, 4, 2), (2, 4)),
        ((1, 1), (1, 4, 2), (1, 4)),
        ((2, 1), (2, 8, 2), (2, 8)),
    ]
    pre = PlannedDataset(plan, RAGGED, side="pre")
    assert pre[0][0][0, :, 0].tolist() == [0, 0, 2, 2]
    assert [shape for (shape,) in shapes_of(PlannedDataset(plan, RAGGED, length=9))] == [
        (2, 9, 2),
        (1, 9, 2),
        (2, 9, 2),
    ]


@BOTH
def test_length_overrules_the_plan(form):
    plan = bucketed(SIZES, 3, BOXES)
    arrays = (IMAGES, LABELS)
    assert shapes_of(form(plan, arrays, length=(10, 40))) == [
        ((3, 10, 40, 1), (3, 2)),
        ((1, 10, 40, 1), (1, 5)),
        ((2, 10, 40, 1), (2, 4)),
    ]
    assert shapes_of(form(plan, arrays, length=(None, 40)))[0] == ((3, 8, 40, 1), (3, 2))
    assert shapes_of(form(plan, arrays, length=40))[2] == ((2, 40, 40, 1), (2, 40))


@forms(GRAPH)
def test_both_forms_give_the_same_bucketed_batches_for_three_epochs(form):
    plan = bucketed(SIZES, 2, BOXES, tail="pad", shuffle=1)
    arguments = (plan, {"image": IMAGES, "size": np.array(SIZES)}, LABELS)
    dataset, other = PlannedDataset(*arguments), form(*arguments)
    assert len(other) == len(dataset) == len(plan)
    copy = pickle.loads(pickle.dumps(dataset))
    for k in range(3):
        dataset.epoch = copy.epoch = k
        for i, batch in enumerate(other):
            assert_same(as_numpy(batch), dataset[i])
            assert_same(copy[i], dataset[i])
            assert dataset[i][0]["image"].shape[1:3] == tuple(plan.epoch(k).padded_lengths[i])


@forms(GRAPH)
def test_the_signature_of_a_bucketed_plan(form):
    def spec(plan, x, **options):
        return [tuple(s.shape) for s in tf.nest.flatten(form(plan, x, **options).element_spec)]

    assert spec(bucketed(SIZES, 2, BOXES), IMAGES) == [(2, 8, None, 1)]
    assert spec(bucketed(SIZES, 4, [(8, 12), (9, 32)]), IMAGES) == [(None, None, None, 1)]
    assert spec(bucketed(SIZES, 4, [(8, 40)], tail="pad"), IMAGES) == [(4, 8, 40, 1)]
    assert spec(bucketed(SIZES, 2, BOXES), IMAGES, length=(None, 40)) == [(2, 8, 40, 1)]
    assert spec(bucketed([5, 2, 7, 1, 3], 5, [8]), RAGGED) == [(5, 8, 2)]
    assert spec(bucketed([5, 2, 7, 1, 3], 2, [4, 8]), RAGGED) == [(None, None, 2)]
    # The one batch of each epoch is as long as that of epoch 0, but a fixed plan does not say so.
    assert spec(fixed(5, 5, lengths=[5, 2, 7, 1, 3], shuffle=0), RAGGED) == [(5, None, 2)]


@pytest.mark.slow
@STORED
@pytest.mark.parametrize("shuffle", [None, 0])
def test_a_bucketed_plan_of_images_trains_when_only_a_later_width_differs(form, shuffle):
    plan = bucketed(SIZES, 2, BOXES, shuffle=shuffle)
    if shuffle is None:  # Keras reads shapes off the first two batches; here they agree
        assert plan.padded_lengths.tolist() == [[8, 12], [8, 12], [8, 32]]
    model = keras.Sequential(
        [
            keras.layers.Input((None, None, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    before = [weight.copy() for weight in model.get_weights()]
    dataset = form(plan, IMAGES, np.arange(6, dtype="float32"))
    history = model.fit(dataset, epochs=3, shuffle=False, verbose=0).history
    assert len(history["loss"]) == 3
    assert np.isfinite(history["loss"]).all()
    assert not np.array_equal(before[0], model.get_weights()[0])
    in_order = bucketed(SIZES, 2, BOXES)
    outputs = in_order.restore(model.predict(form(in_order, IMAGES), verbose=0))
    for image, (_, width), output in zip(IMAGES, SIZES, outputs, strict=True):
        alone = pad([image], BOXES[0] if width <= 12 else BOXES[1], axes=2)[0]
        np.testing.assert_allclose(output, np.asarray(model(alone))[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (
            {"x": [IMAGES[0], IMAGES[2], *IMAGES[2:]]},
            ValueError,
            r"^x: expected images of the plan's heights and widths, got \(8, 30\) for row 1, which "
            r"the plan has as \(6, 12\)",
        ),
        ({"x": IMAGES[:5]}, ValueError, "^x: expected the plan's 6 rows, got 5"),
        ({"x": [*IMAGES[:5], IMAGES[5].astype(float)]}, TypeError, "^x: .* float64 in row 5"),
        ({"x": [*IMAGES[:5], IMAGES[5][:, :, 0]]}, ValueError, r"^x: .* \(8, 5\) in row 5"),
        ({"y": LABELS[:5]}, ValueError, "^y: expected the plan's 6 rows, got 5"),
        ({"side": "pre"}, ValueError, "^side: expected 'post' for x"),
        ({"side": "left"}, ValueError, "^side: expected 'pre' or 'post'"),
        (
            {"length": (8, 20)},
            ValueError,
            r"^x: row 2 has height and width \(8, 30\), more than length=\(8, 20\)",
        ),
        ({"length": 20}, ValueError, r"^x: row 2 .* more than length=\(20, 20\)"),
        ({"length": (8, 20, 3)}, ValueError, "^length: "),
        ({"length": (8, 2.5)}, TypeError, "^length: "),
        ({"length": (0, 40)}, ValueError, "^length: expected at least 1"),
        ({"plan": fixed(6, 2), "length": (8, 32)}, TypeError, "^length: .* a pair is for a plan"),
    ],
)
@BOTH
def test_bad_images_are_named(form, data, error, message):
    arguments = {"plan": bucketed(SIZES, 2, BOXES), "x": IMAGES, "y": LABELS} | data
    with pytest.raises(error, match=message):
        form(**arguments)


def test_images_of_two_varying_axes_still_need_a_plan_that_knows_them():
    with pytest.raises(ValueError, match="differ only in their first axis"):
        PlannedDataset(fixed(6, 2), IMAGES)


def test_only_the_batches_there_are_can_be_asked_for():
    dataset = PlannedDataset(fixed(5, 2), IDS[:5])
    assert len(dataset) == dataset.num_batches == 3
    for index in (3, -1):
        with pytest.raises(IndexError, match=f"batch {index} of a dataset with 3 batches"):
            dataset[index]


def test_rows_are_not_copied():
    ids, zeros = IDS.copy(), ZEROS.copy()
    dataset = PlannedDataset(fixed(N, 32), ids, zeros)
    ids[:], zeros[:] = -1, -2
    for batch in dataset:
        assert [set(part.ravel().tolist()) for part in batch] == [{-1}, {-2}]


def test_a_dataset_survives_pickling():
    plan = fixed(5, 2, tail="pad", shuffle=1)
    dataset = PlannedDataset(plan, (RAGGED, IDS[:5]), ZEROS[:5], workers=2)
    copy = pickle.loads(pickle.dumps(dataset))
    copy.epoch = dataset.epoch = 2
    assert copy.workers == 2
    assert isinstance(copy.current, Plan)
    for i in range(len(dataset)):
        assert_same(copy[i], dataset[i])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({"x": IDS[:4]}, ValueError, "^x: expected the plan's 5 rows, got 4"),
        ({"x": RAGGED[:4]}, ValueError, "^x: expected the plan's 5 rows, got 4"),
        ({"y": np.zeros(6)}, ValueError, "^y: expected the plan's 5 rows, got 6"),
        ({"x": {"tokens": RAGGED[:4]}}, ValueError, r"^x\['tokens'\]: .* got 4"),
        ({"x": (RAGGED, {"a": (IDS,)})}, ValueError, r"^x\[1\]\['a'\]\[0\]: .* got 105"),
        ({"x": None}, TypeError, "^x: expected rows, got None"),
        ({"x": {}}, ValueError, "^x: expected rows, got an empty dict"),
        ({"x": []}, ValueError, "^x: expected at least one row"),
        ({"x": (row for row in RAGGED)}, TypeError, "^x: expected an array.* got generator"),
        ({"x": np.array([*RAGGED[:4], None], object)}, TypeError, "^x: .* object array"),
        ({"x": np.float32(1)}, ValueError, "^x: .* got a scalar"),
        ({"x": [*RAGGED[:4], np.ones((2, 3), "float32")]}, ValueError, "^x: .* in row 4"),
        ({"x": [*RAGGED[:4], np.ones((2, 2))]}, TypeError, "^x: .* float64 in row 4"),
        ({"y": [0, 1, 2, 3, 4.5]}, TypeError, "^y: expected one dtype, got int64 .* float64"),
        ({"y": list("abcde")}, TypeError, r"^y\[0\]: expected numbers"),
        ({"length": 6}, ValueError, "^x: row 2 has 7 timesteps, more than length=6"),
        ({"length": 0}, ValueError, "^length: "),
        ({"side": "left"}, ValueError, "^side: "),
        ({"store": 1}, TypeError, "^store: expected True or False, got 1"),
        ({"y": [[1], [1, 2], [1], [1], [1]], "value": 0.5}, ValueError, "^value for y: 0.5"),
        ({"sample_weight": np.ones(4)}, ValueError, r"^sample_weight: .* got \(4,\)"),
        ({"sample_weight": np.ones((5, 1))}, ValueError, r"^sample_weight: .* got \(5, 1\)"),
        ({"sample_weight": [1, 1, np.nan, 1, 1]}, ValueError, "^sample_weight: .* for row 2"),
        ({"sample_weight": list("abcde")}, TypeError, "^sample_weight: "),
        ({"y": None, "sample_weight": np.ones(5)}, ValueError, "^sample_weight: expected y too"),
        ({"plan": [[0, 1], [2, 3]]}, TypeError, "^plan: expected .*Plan, got list"),
    ],
)
@forms({"planned": PlannedDataset, "graph": tf_dataset})
def test_bad_data_is_named(form, data, error, message):
    arguments = {"plan": fixed(5, 2), "x": RAGGED, "y": ZEROS[:5]} | data
    with pytest.raises(error, match=message):
        form(**arguments)
