"""Plans that know lengths, or heights and widths: batches of their sizes, in both forms."""

import os
import pickle

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from dataset_forms import BOTH, GRAPH, RAGGED, STORED, as_numpy, assert_same, forms

from helpers.batching import bucketed, fixed
from helpers.feeding import PlannedDataset, tf_dataset
from helpers.padding import pad

tf = pytest.importorskip("tensorflow")

CROSSENTROPY = "sparse_categorical_crossentropy"
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
