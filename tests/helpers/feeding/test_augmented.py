"""Rows that are augmented before they are padded: by Python on every backend, and in the graph."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.batching import bucketed, fixed
from helpers.feeding import PlannedDataset, tf_dataset

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
tensorflow = pytest.mark.skipif(not ON_TENSORFLOW, reason="tf.data is TensorFlow's")

LENGTHS = [5, 2, 7, 1, 3]
ROWS = [np.arange(length, dtype="float32")[:, None] + 1 for length in LENGTHS]
SIZES = [(8, 10), (6, 12), (8, 30), (5, 9), (7, 25), (8, 5), (3, 3)]
BOXES = [(8, 12), (8, 32)]
IMAGES = [
    np.random.default_rng(height * width).integers(1, 256, (height, width, 1)).astype("uint8")
    for height, width in SIZES
]
Y = np.arange(7)


def not_stored(*arguments, **options):
    return tf_dataset(*arguments, store=False, **options)


GRAPH = {"graph": tf_dataset, "graph, no store": not_stored}
BOTH = pytest.mark.parametrize(
    "form",
    [PlannedDataset, pytest.param(tf_dataset, marks=tensorflow)],
    ids=["planned", "graph"],
)


def batches(dataset, epochs=1):
    """All batches, as NumPy arrays, of some epochs."""
    found = []
    for _ in range(epochs):
        for batch in dataset:
            found.append(keras.tree.map_structure(np.asarray, batch))
        if isinstance(dataset, PlannedDataset):
            dataset.epoch += 1
    return found


def assert_same(found, expected):
    keras.tree.assert_same_structure(found, expected)
    pairs = zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True)
    for left, right in pairs:
        np.testing.assert_array_equal(left, right, strict=True)


def unlike(found, expected):
    pairs = zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True)
    return any(not np.array_equal(left, right) for left, right in pairs)


BOXED = [
    {"plan": bucketed(SIZES, 3, BOXES, tail=tail, shuffle=1), "x": (IMAGES, np.array(SIZES))}
    for tail in ("keep", "drop", "pad", "wrap")
]
TAGS = [np.full(length, length) for length in LENGTHS]
IDENTITY = [
    *({"y": Y, **case} for case in BOXED),
    {"plan": BOXED[2]["plan"], "x": {"b": IMAGES, "a": (Y,)}, "y": {"t": Y, "s": IMAGES}},
    {"plan": BOXED[2]["plan"], "x": IMAGES, "y": None, "value": 7},
    {"plan": BOXED[0]["plan"], "x": IMAGES, "y": Y, "length": (None, 40)},
    {"plan": fixed(7, 2, lengths=SIZES, shuffle=2), "x": IMAGES, "y": Y},
    {"plan": fixed(5, 2, tail="pad"), "x": ROWS, "y": TAGS, "sample_weight": np.arange(5) / 4},
    {"plan": fixed(5, 2, lengths=LENGTHS), "x": ROWS, "y": TAGS, "side": "pre", "value": -1},
    {"plan": bucketed(LENGTHS, 2, [3, 8], tail="pad"), "x": ROWS, "y": (Y[:5], TAGS)},
    {"plan": fixed(5, 3), "x": [row[:0] for row in ROWS], "y": None},
    {"plan": fixed(5, 3, lengths=LENGTHS), "x": [np.zeros((n, 0)) for n in LENGTHS], "y": Y[:5]},
    {"plan": fixed(5, 2), "x": np.eye(5), "y": [[1], [1, 2], [3], [], [4]], "length": 4},
]


def assert_identity(form, case):
    function = (lambda x: x) if case["y"] is None else (lambda x, y: (x, y))
    expected = batches(PlannedDataset(**case), epochs=2)
    assert_same(batches(form(**case, augment=function), epochs=2), expected)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", IDENTITY)
@BOTH
def test_a_function_that_changes_nothing_changes_nothing(form, case):
    assert_identity(form, case)


@tensorflow
@pytest.mark.parametrize("case", [BOXED[2] | {"y": Y}, IDENTITY[8], IDENTITY[9]])
def test_rows_that_python_gives_to_the_graph_are_the_same(case):
    assert_identity(not_stored, case)


def counting():
    calls, seen = itertools.count(), []

    def augment(x, y=None):
        number = next(calls)
        seen.append((number, x, y))
        return x if y is None else (x, y)

    augment.seen = seen
    return augment


def test_rows_come_one_by_one_in_the_order_of_the_plan():
    plan = bucketed(SIZES, 3, BOXES, tail="pad", shuffle=1)
    augment = counting()
    dataset = PlannedDataset(
        plan, {"image": IMAGES, "sizes": (np.array(SIZES),)}, Y, augment=augment
    )
    batches(dataset, epochs=2)
    rows = [plan.epoch(k).rows[plan.epoch(k).real].tolist() for k in (0, 1)]
    assert [int(y) for _, _, y in augment.seen] == rows[0] + rows[1]
    for _, x, y in augment.seen:
        np.testing.assert_array_equal(x["image"], IMAGES[int(y)], strict=True)
        np.testing.assert_array_equal(x["sizes"][0], np.array(SIZES)[int(y)], strict=True)
        assert isinstance(y, np.ndarray)
        assert (y.shape, y.dtype) == ((), Y.dtype)


def test_padding_slots_repeat_the_first_row_as_it_was_augmented():
    plan = fixed(5, 3, tail="pad")
    calls = itertools.count()
    dataset = PlannedDataset(plan, np.zeros(5, "int64"), augment=lambda x: x + next(calls))
    assert [batch[0].tolist() for batch in batches(dataset)] == [[0, 1, 2], [3, 4, 3]]
    drawn = PlannedDataset(plan, np.zeros(5), Y[:5], augment=lambda x, y: (x, y))
    assert [weights.tolist() for *_, weights in batches(drawn)] == [[1, 1, 1], [1, 1, 0]]


@tensorflow
@pytest.mark.parametrize("form", GRAPH.values(), ids=GRAPH)
def test_the_graph_calls_in_the_same_order(form):
    import tensorflow as tf

    calls = tf.Variable(-1, dtype=tf.int64)
    for rows in (np.zeros(5, "int64"), [np.zeros(length, "int64") for length in LENGTHS]):
        calls.assign(-1)
        dataset = form(fixed(5, 3, tail="pad"), rows, augment=lambda x: x + calls.assign_add(1))
        found = [batch[0].reshape(3, -1)[:, 0].tolist() for batch in batches(dataset, epochs=2)]
        assert found == [[0, 1, 2], [3, 4, 3], [5, 6, 7], [8, 9, 8]]


def test_what_the_function_gets_is_its_own():
    rows, numbers = [row.copy() for row in ROWS], np.zeros((5, 2))

    def augment(x):
        x[0][:] = -1
        x[1][:] = -1
        return x

    for _ in range(2):
        batches(PlannedDataset(fixed(5, 2), (rows, numbers), augment=augment))
    assert_same(rows, ROWS)
    assert not numbers.any()


def layers_drawn(seed):
    """One draw for each image, decided by a seed."""
    draw = keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomBrightness(0.2, value_range=(0, 255), seed=seed + 1),
        ]
    )
    return lambda x, y: ((draw(x[0], training=True), x[1]), y)


@BOTH
def test_a_seed_decides_everything_and_epochs_differ(form):
    arguments = bucketed(SIZES, 3, BOXES, tail="pad"), (IMAGES, np.array(SIZES)), Y
    first, again, other = (
        batches(form(*arguments, augment=layers_drawn(seed)), epochs=2) for seed in (1, 1, 5)
    )
    half = len(first) // 2
    assert_same(first, again)
    assert unlike(first[:half], first[half:])
    assert unlike(first[:half], other[:half])
    assert first[0][0][0].dtype == "float32"
    assert_same([batch[0][1] for batch in first[:half]], [batch[0][1] for batch in first[half:]])
    for batch, plain in zip(first, 2 * batches(PlannedDataset(*arguments)), strict=True):
        padding = plain[0][0] == 0
        assert not batch[0][0][padding & (np.arange(padding.shape[2]) >= 30)[:, None]].any()


@tensorflow
def test_both_forms_draw_the_same():
    arguments = bucketed(SIZES, 3, BOXES, tail="pad", shuffle=4), (IMAGES, np.array(SIZES)), Y
    planned, graph = (
        batches(form(*arguments, augment=layers_drawn(1)), epochs=2)
        for form in (PlannedDataset, tf_dataset)
    )
    for left, right in zip(keras.tree.flatten(planned), keras.tree.flatten(graph), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5)


@BOTH
def test_rows_grow_and_shrink_up_to_what_the_plan_pads_to(form):
    plan = bucketed(SIZES, 3, BOXES)

    def shorter(x):
        return x[0][1:, :-2], x[1]

    def full(x):  # to the height of every box
        return ops.pad(x[0], [[0, 8 - ops.shape(x[0])[0]], [0, 0], [0, 0]]), x[1]

    for augment in (shorter, full):
        for batch in batches(form(plan, (IMAGES, np.array(SIZES)), value=9, augment=augment)):
            pictures, sizes = batch[0]
            assert pictures.shape[1] == 8
            assert pictures.shape[2] in (12, 32)
            for picture, (height, width) in zip(pictures, sizes, strict=True):
                row = IMAGES[SIZES.index((height, width))]
                expected = np.full(picture.shape, 9, "uint8")
                if augment is shorter:
                    expected[: height - 1, : width - 2] = row[1:, :-2]
                else:
                    expected[:8, :width] = 0
                    expected[:height, :width] = row
                np.testing.assert_array_equal(picture, expected, strict=True)


@pytest.mark.parametrize("side", ["pre", "post"])
@BOTH
def test_a_list_that_follows_nothing_is_as_long_as_its_augmented_rows(form, side):
    def augment(x):
        return ops.concatenate([x, x], axis=0)

    expected = batches(PlannedDataset(fixed(5, 2), [np.tile(r, (2, 1)) for r in ROWS], side=side))
    assert_same(batches(form(fixed(5, 2), ROWS, side=side, augment=augment)), expected)
    assert [batch[0].shape[1] for batch in expected] == [10, 14, 6]
    longer = form(fixed(5, 2), ROWS, length=14, augment=augment)
    assert [batch[0].shape[1] for batch in batches(longer)] == [14, 14, 14]


@BOTH
def test_dtype_and_channels_may_change_and_the_padding_with_them(form):
    def augment(x):
        return ops.repeat(ops.cast(x, "float32") / 2, 3, axis=-1)

    found = batches(form(bucketed(SIZES, 3, BOXES), IMAGES, value=-0.5, augment=augment))
    for (batch,) in found:
        assert batch.dtype == "float32"
        assert batch.shape[1:] in ((8, 12, 3), (8, 32, 3))
        assert batch.min() == -0.5
    cropped = batches(form(fixed(7, 3), np.ones((7, 5, 4)), augment=lambda x: x[1:, :2]))
    assert [batch[0].shape for batch in cropped] == [(3, 4, 2), (3, 4, 2), (1, 4, 2)]


def model_of_sequences():
    model = keras.Sequential([layers.GlobalMaxPooling1D(), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


@pytest.mark.slow
@pytest.mark.parametrize("shuffle", [False, True])
def test_what_keras_peeks_at_is_not_drawn_again(shuffle):
    # The model is not built: on JAX and PyTorch Keras fetches batches for that too.
    plan, augment = fixed(5, 1), counting()
    dataset = PlannedDataset(plan, ROWS, Y[:5].astype("float32"), augment=augment)
    model_of_sequences().fit(dataset, epochs=3, shuffle=shuffle, verbose=0)
    assert len(augment.seen) == 3 * 5
    order = [int(y) for _, _, y in augment.seen]
    for k in range(3):
        assert sorted(order[5 * k : 5 * k + 5]) == [0, 1, 2, 3, 4]
    model_of_sequences().evaluate(dataset, verbose=0)
    assert (len(augment.seen), dataset.epoch) == (4 * 5, 4)
    first, second = dataset[0], dataset[0]  # who asks twice gets two draws
    assert len(augment.seen) == 4 * 5 + 2
    assert_same(first, second)


@pytest.mark.slow
@tensorflow
def test_workers_and_what_keras_peeks_at():
    augment = counting()
    dataset = PlannedDataset(fixed(5, 1), ROWS, Y[:5].astype("float32"), augment=augment, workers=2)
    model_of_sequences().fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert len(augment.seen) == 2 * 5


@tensorflow
def test_the_batch_that_keras_peeked_at_is_the_one_it_gets():
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    calls = itertools.count()
    dataset = PlannedDataset(fixed(3, 1), ROWS[:3], augment=lambda x: x * 0 + next(calls))
    adapter = PyDatasetAdapter(dataset)
    for _ in range(2):
        (spec,) = adapter.get_tf_dataset().element_spec
        assert spec.shape.as_list() == [None, None, 1]
    assert [int(batch[0][0, 0, 0]) for batch in dataset] == [0, 1, 2]


@pytest.mark.slow
@BOTH
def test_fit_takes_lengths_that_vary_by_chance(form):
    generator = keras.random.SeedGenerator(3)

    def augment(x, y):
        steps = keras.random.randint((), 1, 6, seed=generator)
        return ops.take(x, ops.arange(steps) % ops.shape(x)[0], axis=0), y

    if not ON_TENSORFLOW:
        draw = np.random.default_rng(3)

        def augment(x, y):
            return x[np.arange(draw.integers(1, 6)) % len(x)], y

    y = np.arange(5, dtype="float32")
    lengths = {batch[0].shape[1] for batch in batches(form(fixed(5, 1), ROWS, y, augment=augment))}
    assert len(lengths) > 1
    history = model_of_sequences().fit(
        form(fixed(5, 1), ROWS, y, augment=augment), epochs=3, shuffle=False, verbose=0
    )
    assert np.isfinite(history.history["loss"]).all()


PAIR = {"x": (IMAGES, np.array(SIZES)), "y": Y}
REFUSED = {
    "nothing": (PAIR, lambda x, y: None, TypeError, "a pair (x_row, y_row), got None for"),
    "a list": (PAIR, lambda x, y: [x, y], TypeError, "a pair (x_row, y_row), got list for"),
    "triple": (PAIR, lambda x, y: (x, y, y), TypeError, "(x_row, y_row), got a tuple of 3"),
    "no tuple": (PAIR, lambda x, y: (x[0], y), TypeError, "a tuple for x, got "),
    "short": (PAIR, lambda x, y: (x[:1], y), ValueError, "a tuple of 2 for x, got one of 1"),
    "no dict": ({"x": {"a": Y}}, lambda x: x["a"], TypeError, "a dict for x, got "),
    "keys": ({"x": {"a": Y}}, lambda x: {"b": x["a"]}, ValueError, "['a'] for x, got ['b']"),
    "None": ({"x": {"a": Y}}, lambda x: {"a": None}, TypeError, "numbers for x['a'], got None"),
    "axes": ({"x": IMAGES}, lambda x: x[..., 0], ValueError, "x with 3 axes, as it was given"),
    "value": ({"x": IMAGES, "value": 0.5}, lambda x: x, ValueError, "value for x: 0.5 cannot"),
}


@pytest.mark.parametrize("case", REFUSED)
@BOTH
def test_what_comes_back_in_another_form_is_refused(form, case):
    arguments, augment, error, message = REFUSED[case]
    with pytest.raises(error) as refused:
        batches(form(bucketed(SIZES, 3, BOXES), **arguments, augment=augment))
    assert message in str(refused.value)
    if case != "value":
        assert str(refused.value).startswith("augment: expected ")
        # The structure is known when the function is traced, for all rows.
        row = 0 if form is PlannedDataset else None
        assert str(refused.value).endswith("for a row" if row is None else "for row 0")


def failure(dataset):
    """What is said about a row while batches are made."""
    with pytest.raises(Exception, match="augment: expected") as refused:
        batches(dataset)
    if isinstance(dataset, PlannedDataset):
        assert type(refused.value) in (ValueError, TypeError)
    else:
        assert type(refused.value).__name__ == "InvalidArgumentError"
    return str(refused.value)


@BOTH
def test_a_row_that_does_not_fit_is_named_with_what_fits(form):
    def tall(x, y):
        return (ops.concatenate([x[0], x[0][:1]], axis=0), x[1]), y

    message = failure(form(bucketed(SIZES, 3, BOXES), **PAIR, augment=tall))
    assert "augment: expected x[0] of at most height and width (8, 12)" in message
    assert "got height and width (9, 10) for row 0; with length= or larger boundaries" in message
    message = failure(form(bucketed(LENGTHS, 2, [3, 7]), Y[:5], ROWS, augment=four_steps))
    assert "augment: expected y of at most 3 timesteps" in message
    assert "got 4 timesteps for row 1" in message
    assert "for row 2" in failure(form(fixed(5, 1), ROWS, length=7, augment=one_more))
    longest = form(fixed(5, 1, lengths=LENGTHS), ROWS, augment=one_more)
    assert "of at most 5 timesteps, which its batch is padded to, got 6" in failure(longest)


def one_more(x):
    return ops.concatenate([x, x[:1]], axis=0)


def four_steps(x, y):
    return x, ops.repeat(y[:1], 4, axis=0)


def test_rows_that_do_not_agree_are_named():
    def floats(x):
        return x.astype("float32" if x.shape[1] != 9 else "float64")

    def channels(x):
        return x if x.shape[1] != 9 else np.repeat(x, 3, -1)

    plan = fixed(7, 3, lengths=SIZES)
    with pytest.raises(
        TypeError, match=r"one dtype for x, got float32 for row 0 and float64 .* 3$"
    ):
        batches(PlannedDataset(plan, IMAGES, augment=floats))
    with pytest.raises(
        ValueError,
        match=r"x of one shape but for the first two axes, got \(8, 10, 1\) for row 0 and "
        r"\(5, 9, 3\) for row 3$",
    ):
        batches(PlannedDataset(plan, IMAGES, augment=channels))
    calls = itertools.count(3)
    with pytest.raises(ValueError, match=r"x of one shape, got \(3,\) for row 0 and \(4,\) for r"):
        batches(PlannedDataset(fixed(7, 3), Y[:, None], augment=lambda x: np.ones(next(calls))))
    with pytest.raises(ValueError, match=r"^augment: x of row 0: expected one array"):
        batches(PlannedDataset(plan, IMAGES, augment=lambda x: [[1], [1, 2]]))


@pytest.mark.parametrize(
    "form", [PlannedDataset, tf_dataset] if ON_TENSORFLOW else [PlannedDataset]
)
def test_arguments_that_cannot_work(form):
    with pytest.raises(TypeError, match=r"^augment: expected a function or None, got 3$"):
        form(fixed(5, 2), ROWS, augment=3)
    with pytest.raises(TypeError, match=r"^value: expected one number"):
        form(fixed(5, 2), ROWS, value="a", augment=lambda x: x)
    if form is PlannedDataset:
        with pytest.raises(ValueError, match=r"^use_multiprocessing: expected False with augment"):
            form(fixed(5, 2), ROWS, augment=lambda x: x, use_multiprocessing=True)


def test_nothing_is_padded_once():
    plan = bucketed(LENGTHS, 2, [4, 8])
    for augment, seen in ((None, False), (lambda x: x, True)):
        rows = [row.copy() for row in ROWS]
        dataset = PlannedDataset(plan, rows, augment=augment)
        for row in rows:  # what was padded ahead does not see it
            row[:] = -1
        assert all((batch[0] == -1).any() == seen for batch in batches(dataset))


@tensorflow
@pytest.mark.parametrize("form", GRAPH.values(), ids=GRAPH)
def test_it_is_traced_once_with_open_shapes_and_its_python_becomes_graph(form):
    import tensorflow as tf

    shapes = []

    def augment(x, y):
        shapes.append((x.shape.as_list(), y.shape.as_list()))
        if tf.reduce_max(y) > 3:  # of a tensor
            x = x[:1]
        return x, y

    dataset = form(fixed(7, 2, lengths=SIZES), IMAGES, Y, augment=augment)
    assert shapes == [([None, None, 1], [])]
    found = batches(dataset, epochs=2)
    assert len(shapes) == 1
    assert [batch[0][:, 1:].any() for batch in found[:4]] == [True, True, False, False]


@tensorflow
def test_axes_are_static_where_they_cannot_vary():
    def shapes(plan, *rows, augment, **options):
        spec = tf_dataset(plan, *rows, augment=augment, **options).element_spec
        return [tuple(part.shape) for part in spec]

    def same(x):
        return x

    plan = bucketed(SIZES, 3, BOXES)
    assert shapes(plan, IMAGES, augment=same) == [(None, 8, None, 1)]
    assert shapes(plan, IMAGES, augment=same, length=32) == [(None, 32, 32, 1)]
    assert shapes(fixed(4, 2), [row[:1] for row in ROWS[:4]], augment=same) == [(2, 1, 1)]
    assert shapes(fixed(4, 2), ROWS[:4], augment=same) == [(2, None, 1)]
    assert shapes(fixed(4, 2), ROWS[:4], augment=same, length=9) == [(2, 9, 1)]
    # With or without: weights of timesteps have an axis of 1, whatever the size of a batch.
    for augment in (None, lambda x, y: (x, y)):
        found = shapes(fixed(5, 2), Y[:5], TAGS, augment=augment, sample_weight=Y[:5])
        assert found == [(None,), (None, None), (None, 1)]


@tensorflow
def test_axes_of_a_pydataset_are_static_where_they_cannot_vary():
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    def shape(plan, rows, **options):
        dataset = PlannedDataset(plan, rows, augment=lambda x: x, **options)
        (spec,) = PyDatasetAdapter(dataset).get_tf_dataset().element_spec
        return tuple(spec.shape)

    alike = [row[:1] for row in ROWS]
    assert shape(fixed(5, 2), alike) == (None, None, 1)  # it may make them longer
    assert shape(fixed(5, 2), alike, length=3) == (None, 3, 1)
    assert shape(fixed(5, 2, lengths=[1] * 5), alike) == (None, 1, 1)
    assert shape(bucketed(SIZES, 3, BOXES), IMAGES) == (None, 8, None, 1)
    assert shape(fixed(7, 7, lengths=SIZES), IMAGES) == (None, 8, 30, 1)


@tensorflow
def test_functions_of_numpy_in_the_graph():
    import tensorflow as tf

    def called(function, dtype="uint8"):
        return lambda x: tf.numpy_function(function, [x], dtype)

    plan = bucketed(SIZES, 3, BOXES)
    dataset = tf_dataset(plan, IMAGES, augment=called(lambda x: x[::-1] / 2, "float64"))
    expected = PlannedDataset(plan, IMAGES, augment=lambda x: x[::-1] / 2)
    assert_same(batches(dataset), batches(expected))
    message = failure(tf_dataset(plan, IMAGES, augment=called(lambda x: x[..., 0])))
    assert "x with 3 axes, as it was given, got shape [8 10] for row 0" in message
    message = failure(tf_dataset(plan, IMAGES, augment=called(lambda x: x.repeat(2, -1))))
    assert "x of a shape that ends in [1], got [8 10 2] for row 0" in message


@tensorflow
def test_which_random_numbers_are_new_in_every_epoch():
    import tensorflow as tf

    generator = tf.random.Generator.from_seed(1)
    draws = {
        "generator": (lambda x: x + generator.uniform(()), False),
        "operation": (lambda x: x + tf.random.uniform(()), True),
        "NumPy": (lambda x: x + np.random.default_rng().random(dtype="float32"), True),
    }
    for augment, alike in draws.values():
        keras.utils.set_random_seed(0)
        dataset = tf_dataset(fixed(5, 2), np.zeros(5, "float32"), augment=augment)
        first, second = batches(dataset), batches(dataset)
        assert unlike(first, second) != alike
    assert len({float(value) for batch in first for value in batch[0]}) == 1  # NumPy, once in all


@tensorflow
def test_a_function_with_an_open_signature_is_traced_once():
    import tensorflow as tf

    traced = []

    @tf.function(input_signature=[tf.TensorSpec((None, None, 1), tf.uint8)])
    def augment(x):
        traced.append(1)
        return tf.image.flip_left_right(x)

    plan = bucketed(SIZES, 3, BOXES)
    found = batches(PlannedDataset(plan, IMAGES, augment=augment))
    assert_same(found, batches(PlannedDataset(plan, IMAGES, augment=lambda x: x[:, ::-1])))
    assert len(traced) == 1
