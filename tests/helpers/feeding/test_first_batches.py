"""Keras reads shapes off the first two batches of a PyDataset; PlannedDataset never misleads it."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

from helpers.batching import bucketed, fixed
from helpers.feeding import PlannedDataset, tf_dataset

tf = pytest.importorskip("tensorflow")

LENGTHS = (5, 5, 7, 8)
ROWS = [np.full((length, 2), length, "float32") for length in LENGTHS]
TAGS = [np.full(length, length, "float32") for length in LENGTHS]
SIZES = [(6, 6), (6, 6), (8, 6), (6, 9)]
IMAGES = [np.full((height, width, 1), height * width, "uint8") for height, width in SIZES]
Y = np.arange(4, dtype="float32")


class Plain(keras.utils.PyDataset):
    """The same batches without the help of PlannedDataset."""

    def __init__(self, dataset):
        super().__init__()
        self.batches = list(dataset)

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def sequences(features=(2,)):
    model = keras.Sequential(
        [layers.Input((None, *features)), layers.GlobalMaxPooling1D(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model


def pictures():
    model = keras.Sequential(
        [
            layers.Input((None, None, 1)),
            layers.Conv2D(2, 3, padding="same"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    return model


CASES = {
    "as they come": (fixed(4, 1), ROWS, sequences),
    "lengths given": (fixed(4, 1, lengths=LENGTHS), ROWS, sequences),
    "bucketed": (bucketed(LENGTHS, 1, [6, 7, 9]), ROWS, sequences),
    "heights and widths": (fixed(4, 1, lengths=SIZES), IMAGES, pictures),
    "boxes": (bucketed(SIZES, 1, [(6, 6), (8, 7), (7, 9)]), IMAGES, pictures),
}
METHODS = {
    "fit": lambda model, data: model.fit(data, epochs=2, shuffle=False, verbose=0),
    "evaluate": lambda model, data: model.evaluate(data, verbose=0),
    "predict": lambda model, data: model.predict(data, verbose=0),
    "validation": lambda model, data: model.fit(
        data, shuffle=False, verbose=0, validation_data=data
    ),
}


def cases(choice=CASES):
    return pytest.mark.parametrize(("plan", "rows", "make"), choice.values(), ids=choice)


@cases()
def test_a_plain_pydataset_with_these_batches_is_refused(plan, rows, make):
    plain = Plain(PlannedDataset(plan, rows, Y))
    with pytest.raises(tf.errors.InvalidArgumentError, match="yielded an element of shape"):
        make().fit(plain, shuffle=False, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "store"), [*((method, True) for method in METHODS), ("fit", False)]
)
@cases()
def test_every_method_takes_them_from_a_planned_dataset(plan, rows, make, method, store):
    METHODS[method](make(), PlannedDataset(plan, rows, Y, store=store))


@pytest.mark.slow
@cases()
def test_the_model_computes_what_it_computes_of_each_row_alone(plan, rows, make):
    model = make()
    alone = [model.predict(batch[0], verbose=0) for batch in PlannedDataset(plan, rows)]
    for dataset in (PlannedDataset(plan, rows), tf_dataset(plan, rows)):
        outputs = model.predict(dataset, verbose=0)
        np.testing.assert_allclose(outputs, np.concatenate(alone), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [{"workers": 2}, {"workers": 3, "max_queue_size": 1}],
    ids=["two", "three, short queue"],
)
def test_workers_make_no_difference(options):
    plan = fixed(4, 1, shuffle=2)
    losses = []
    for given in ({"workers": 1}, options):
        keras.utils.set_random_seed(0)
        dataset = PlannedDataset(plan, ROWS, Y, **given)
        history = sequences().fit(dataset, epochs=3, shuffle=False, verbose=0).history
        losses.append(history["loss"])
        assert dataset.epoch == 3
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    # Each row holds its own number, and the model gives it back.
    numbers = [np.full((length, 1), i, "float32") for i, length in enumerate(LENGTHS)]
    model = keras.Sequential([layers.Input((None, 1)), layers.GlobalMaxPooling1D()])
    dataset = PlannedDataset(plan, numbers, **options)
    for k in range(3):
        seen = model.predict(dataset, verbose=0).ravel().tolist()
        assert seen == plan.epoch(k).rows.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("shuffle", [True, False])
def test_several_steps_in_one_execution_and_fits_own_shuffle(shuffle):
    model = sequences()
    dataset = PlannedDataset(fixed(4, 1), ROWS, Y)
    outputs = [float(model(row[None])[0, 0]) for row in ROWS]
    alone = np.mean((np.array(outputs) - Y) ** 2)
    # It learns nothing, so that the loss is that of all four rows, in any order.
    model.compile(keras.optimizers.SGD(0.0), "mse", steps_per_execution=2)
    history = model.fit(dataset, epochs=2, shuffle=shuffle, verbose=0).history
    assert int(model.optimizer.iterations) == 8
    assert history["loss"] == pytest.approx([alone, alone], rel=1e-5)


@pytest.mark.slow
def test_class_weight_goes_on_working():
    losses = []
    for weight in (1.0, 3.0):
        model = keras.Sequential([layers.Input((None, 2)), layers.GlobalMaxPooling1D()])
        model.compile(loss="sparse_categorical_crossentropy")
        dataset = PlannedDataset(fixed(4, 1), ROWS, np.array([0, 1, 0, 1]))
        history = model.fit(
            dataset, class_weight={0: weight, 1: weight}, shuffle=False, verbose=0
        ).history
        losses += history["loss"]
    assert losses[1] == pytest.approx(3 * losses[0], rel=1e-5)


@pytest.mark.slow
def test_lists_of_targets_and_several_inputs():
    plan = bucketed(LENGTHS, 1, [6, 7, 9])
    names = [[1], [1], [1, 2, 3], [1]]
    dataset = PlannedDataset(plan, {"tokens": ROWS, "names": names}, TAGS, sample_weight=Y)
    inputs = {"tokens": layers.Input((None, 2)), "names": layers.Input((None,))}
    tokens = layers.Conv1D(1, 1)(inputs["tokens"])
    name = layers.GlobalAveragePooling1D()(layers.Reshape((-1, 1))(inputs["names"]))
    model = keras.Model(inputs, tokens + name[:, None])
    model.compile("sgd", "mse")
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    signature = spec(dataset)
    assert signature == [(None, None), (None, None, 2), (None, None), (None, 1)]


def spec(dataset):
    element = PyDatasetAdapter(dataset).get_tf_dataset().element_spec
    return [tuple(leaf.shape) for leaf in tf.nest.flatten(element)]


@pytest.mark.parametrize("store", [True, False])
def test_axes_are_static_where_all_epochs_agree_and_only_there(store):
    def shapes(plan, rows, **options):
        return spec(PlannedDataset(plan, rows, store=store, **options))

    assert shapes(fixed(4, 1), ROWS) == [(None, None, 2)]
    assert shapes(fixed(4, 1), ROWS, length=9) == [(None, 9, 2)]
    assert shapes(fixed(2, 1), ROWS[:2]) == [(None, 5, 2)]
    assert shapes(fixed(2, 1, shuffle=0), ROWS[:2]) == [(None, 5, 2)]
    assert shapes(bucketed(LENGTHS, 2, [9], shuffle=0), ROWS) == [(None, 9, 2)]
    assert shapes(bucketed(LENGTHS, 2, [6, 9]), ROWS) == [(None, None, 2)]
    assert shapes(fixed(4, 1, lengths=SIZES), IMAGES) == [(None, None, None, 1)]
    assert shapes(bucketed(SIZES, 1, [(8, 6), (8, 9)]), IMAGES) == [(None, 8, None, 1)]
    assert shapes(fixed(4, 1, lengths=SIZES), IMAGES, length=(None, 9)) == [(None, None, 9, 1)]
    # One batch, in every epoch the same one; and one batch that leaves out another row each time.
    assert shapes(fixed(4, 4), ROWS) == shapes(fixed(4, 4, shuffle=0), ROWS) == [(None, 8, 2)]
    assert shapes(fixed(4, 3, tail="drop", shuffle=0), ROWS) == [(None, None, 2)]
    # Both batches of all epochs have length 8 by their rows, not by the plan.
    assert shapes(fixed(4, 2), [ROWS[i] for i in (0, 3, 1, 3)]) == [(None, 8, 2)]
    assert shapes(fixed(4, 2, shuffle=0), [ROWS[i] for i in (0, 3, 1, 3)]) == [(None, None, 2)]


@pytest.mark.slow
def test_a_model_of_fixed_length_takes_what_has_one():
    model = keras.Sequential([layers.Input((9, 2)), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    for plan, options in [(fixed(4, 1), {"length": 9}), (bucketed(LENGTHS, 1, [9]), {})]:
        model.fit(PlannedDataset(plan, ROWS, Y, **options), shuffle=False, verbose=0)
    # Its input shape comes from the first batch: it must be static to build the model.
    model = keras.Sequential([layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(PlannedDataset(fixed(4, 4, shuffle=1), ROWS, Y), epochs=2, shuffle=False, verbose=0)


@pytest.mark.slow
def test_one_batch_whose_length_differs_by_epoch():
    plan = fixed(4, 3, tail="drop", shuffle=0)
    lengths = {batch[0].shape[1] for k in range(6) for batch in at_epoch(plan, k)}
    assert lengths == {7, 8}
    model = sequences()
    dataset = PlannedDataset(plan, ROWS, Y)
    model.fit(dataset, epochs=6, shuffle=False, verbose=0)
    assert dataset.epoch == 6


def at_epoch(plan, k):
    dataset = PlannedDataset(plan, ROWS)
    dataset.epoch = k
    return dataset


@pytest.mark.parametrize("store", [True, False])
def test_whoever_indexes_gets_the_batch(store):
    dataset = PlannedDataset(fixed(4, 1), ROWS, Y, store=store)

    def get_tf_dataset():  # the name alone is not Keras
        return [dataset[i] for i in range(2)], dataset.num_batches

    (first, second), count = get_tf_dataset()
    assert (first[0].shape, second[0].shape, count) == ((1, 5, 2), (1, 5, 2), 4)
    spec(dataset)
    assert np.array_equal(dataset[1][0], ROWS[1][None])
    one = PlannedDataset(fixed(4, 4), ROWS)
    spec(one)
    assert (len(one), one.num_batches, len(list(one))) == (1, 1, 1)
    with pytest.raises(IndexError, match="batch 1 of a dataset with 1 batches"):
        one[1]


@pytest.mark.slow
def test_a_subclass_with_its_own_batches_is_left_alone():
    class Kept(PlannedDataset):
        """Keeps what it has made, as one may who reads files."""

        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.kept = {}

        def __getitem__(self, index):
            if index not in self.kept:
                self.kept[index] = super().__getitem__(index)
            return self.kept[index]

    dataset = Kept(fixed(2, 1), ROWS[2:], Y[2:])
    sequences().fit(dataset, shuffle=False, verbose=0)
    assert [batch[0].shape for batch in dataset] == [(1, 7, 2), (1, 8, 2)]
    one = Kept(fixed(4, 4), ROWS, Y)
    sequences().fit(one, shuffle=False, verbose=0)


@pytest.mark.slow
def test_what_keras_peeks_at_does_not_count_as_a_pass():
    dataset = PlannedDataset(fixed(4, 1, shuffle=0), ROWS, Y)
    spec(dataset)
    assert dataset.epoch == 0
    model = sequences()
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert dataset.epoch == 2
