"""The fixes on batches of several lengths train and predict at two sets of them."""

import numpy as np
import pytest
from fix_cells import names_of, trained_alike

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
CHAPTER = "variable-batches"
DEEPER = "variable-batches-deeper"
RANDOM = np.random.default_rng(0)
BATCHES = [(5, 5, 7, 8), (6, 6, 3)]
LENGTHS = [np.arange(40) % 20 + 3, np.repeat([14, 18, 9], [33, 20, 11])]
of_batches = pytest.mark.parametrize("lengths", BATCHES)
of_rows = pytest.mark.parametrize("lengths", LENGTHS)


class Batches(keras.utils.PyDataset):
    """Batches of four rows, each with the number of the row as its target."""

    def __init__(self, *lengths, features=12):
        super().__init__()
        self.lengths = lengths
        self.xs = [RANDOM.normal(size=(4, steps, features)) for steps in lengths]

    def __len__(self):
        return len(self.xs)

    def __getitem__(self, i):
        return self.xs[i].astype("float32"), np.arange(4 * i, 4 * i + 4)


def masked(features):
    """A model that does not depend on the padding."""
    keras.utils.set_random_seed(1)
    steps = [keras.layers.Masking(), keras.layers.Dense(1), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((None, features)), *steps])
    model.compile(keras.optimizers.SGD(1e-6), "mse")
    return model


@pytest.fixture(scope="module")
def model():
    return masked(12)


@pytest.fixture
def steps(model):
    """The steps of training since the test has begun."""
    before = int(model.optimizer.iterations)
    return lambda: int(model.optimizer.iterations) - before


def rows_of(lengths):
    return [RANDOM.normal(size=(steps, 12)).astype("float32") for steps in lengths]


def pairs_of(rows):
    """A dataset of rows and their numbers."""
    whole = keras.utils.pad_sequences(rows, dtype="float32", padding="post")
    parts = whole, [len(row) for row in rows], np.arange(len(rows))
    dataset = tf.data.Dataset.from_tensor_slices(parts)
    return dataset.map(lambda row, steps, number: (row[:steps], number))


def counted(dataset):
    """A dataset that says how many batches it has."""
    number = sum(1 for _ in dataset)
    return dataset.apply(tf.data.experimental.assert_cardinality(number))


def alone(model, rows):
    """The answer to each row, on its own."""
    x = keras.utils.pad_sequences(rows, dtype="float32", padding="post")
    real = np.any(x != 0, axis=-1, keepdims=True)
    kernel, bias = model.get_weights()
    return ((x @ kernel + bias) * real).sum(axis=1) / real.sum(axis=1)


def answers_all(model, dataset, rows):
    """`predict` answers each row once, as if it were alone; the targets are the rows' numbers."""
    numbers = np.concatenate([y for _, y in dataset])
    assert sorted(numbers) == list(range(len(rows)))
    right = alone(model, rows)[numbers]
    np.testing.assert_allclose(model.predict(dataset, verbose=0), right, atol=1e-5)


@of_batches
def test_a_signature_with_none(lengths, model, steps):
    batches = Batches(*lengths)
    names = names_of(CHAPTER, "in-short-signature", batches=batches, model=model)
    assert steps() == len(lengths)
    rows = [row for x, _ in batches for row in x]
    answers_all(model, names["dataset"].apply(names["count"]), rows)


@of_batches
@pytest.mark.parametrize("features", [12, 3])
def test_a_function_that_leaves_time_open(lengths, features, model):
    open_time = names_of(CHAPTER, "ways-out-fix")["open_time"]
    model = model if features == 12 else masked(3)
    batches = Batches(*lengths, features=features)
    dataset = open_time(lambda: iter(batches), len(batches), features)
    before = int(model.optimizer.iterations)
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) - before == 2 * len(lengths)
    answers_all(model, dataset, [row for x, _ in batches for row in x])


@pytest.mark.parametrize("lengths", [*BATCHES, (5, 6, 7)])
def test_a_second_batch_that_is_longer(lengths, model, steps):
    longer = names_of(CHAPTER, "first-two-fix", Batches=Batches)["SecondLonger"](*lengths)
    model.fit(longer, verbose=0)
    assert steps() == len(lengths)
    answers_all(model, longer, [row for x in longer.xs for row in x])


@of_rows
def test_padded_batch(lengths, model, steps):
    rows = rows_of(lengths)
    given = {"rows": rows, "y": np.arange(len(rows)), "model": model}
    pairs = names_of(CHAPTER, "in-short-padded-batch", **given)["pairs"]
    assert steps() == len(range(0, len(rows), 32))
    answers_all(model, pairs.padded_batch(32), rows)


@of_rows
def test_buckets_that_are_shuffled(lengths, model, steps):
    rows = rows_of(lengths)
    given = {"rows": rows, "pairs": pairs_of(rows), "model": model}
    names = names_of(CHAPTER, "in-short-buckets", **given)
    sizes = np.bincount(np.digitize(lengths, [14, 16, 19]))
    assert steps() == np.ceil(sizes / 32).sum()
    answers = model.predict(names["buckets"].apply(names["count"]), verbose=0)
    right = np.sort(alone(model, rows), axis=0)  # each epoch has an order of its own
    np.testing.assert_allclose(np.sort(answers, axis=0), right, atol=1e-5)


@of_rows
@pytest.mark.parametrize(("limits", "size"), [([8, 15], 32), ([19], 10)])
def test_a_function_that_makes_buckets(lengths, limits, size, model, steps):
    rows = rows_of(lengths)
    buckets = names_of(CHAPTER, "plans-fix")["in_buckets"](pairs_of(rows), limits, size)
    model.fit(buckets, shuffle=False, verbose=0)
    sizes = np.bincount(np.digitize(lengths, limits))
    assert steps() == np.ceil(sizes / size).sum()
    answers_all(model, buckets, rows)
    for _, numbers in buckets:
        assert len(set(np.digitize(lengths[numbers], limits))) == 1


@of_rows
def test_rows_padded_to_one_array(lengths, model, steps):
    rows = rows_of(lengths)
    given = {"rows": rows, "y": np.arange(len(rows)), "model": model}
    x = names_of(CHAPTER, "what-fit-takes-fix", **given)["x"]
    assert x.shape == (len(rows), max(lengths), 12)
    assert steps() == len(range(0, len(rows), 32))
    for row, whole in zip(x, rows, strict=True):
        assert (row[: len(whole)] == whole).all()
    np.testing.assert_allclose(model.predict(x, verbose=0), alone(model, rows), atol=1e-5)


def test_a_model_for_any_length():
    model = names_of(CHAPTER, "which-layer-fix")["any_length"]
    assert model.input_shape == (None, None, 12)  # Keras hardly checks it
    trained_alike(model, [RANDOM.normal(size=(3, steps, 12)) for steps in (5, 8)])


@pytest.mark.parametrize("steps", [5, 8])
def test_shapes_of_answers_and_targets_are_printed(steps, model, capsys):
    compare = names_of(CHAPTER, "targets-fix")["compare_shapes"]
    x, y = np.ones((2, steps, 12), "float32"), np.ones((2, 1))
    compare(model, x, y)
    compare(keras.Sequential(model.layers[:2]), x, y)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "answers: (2, 1)  targets: (2, 1)"
    assert printed[1] == f"answers: (2, {steps}, 1)  targets: (2, 1)"


@pytest.mark.parametrize("lengths", [*LENGTHS, [7, 9]])  # the last are one batch
def test_answers_cut_to_their_rows(lengths, model):
    rows = rows_of(lengths)
    each = keras.Sequential(model.layers[:2])
    each.compile("sgd", "mse")
    given = pairs_of(rows).map(lambda row, number: (row, row[:, :1])).padded_batch(32)
    each.fit(given, shuffle=False, verbose=0)
    own = names_of(CHAPTER, "predict-fix")["own_steps"](each.predict(given, verbose=0), rows)
    assert len(own) == len(rows)
    kernel, bias = each.get_weights()
    for answer, row in zip(own, rows, strict=True):
        np.testing.assert_allclose(answer, row @ kernel + bias, atol=1e-4)


@of_rows
def test_the_proof_counts_each_row(lengths):
    rows_seen = names_of(CHAPTER, "proof-rows")["rows_seen"]
    pairs, n = pairs_of(rows_of(lengths)), len(lengths)
    assert rows_seen(pairs.padded_batch(32), n).tolist() == [1] * n
    dropped = pairs.padded_batch(32, drop_remainder=True)
    assert rows_seen(dropped, n).tolist() == [1] * (n // 32 * 32) + [0] * (n % 32)
    assert rows_seen(pairs.repeat(2).padded_batch(32), n).tolist() == [2] * n
    twice = pairs.concatenate(pairs.take(3)).padded_batch(n + 3)
    weights = np.repeat([1.0, 0.0], [n, 3])
    assert rows_seen([(x, y, weights) for x, y in twice], n).tolist() == [1] * n
    assert rows_seen(twice, n).tolist() == [2] * 3 + [1] * (n - 3)


@of_batches
def test_a_dataset_whose_axes_are_open(lengths, model, steps):
    batches = Batches(*lengths)
    dataset = names_of(DEEPER, "same-rule-fix", unlucky=batches, model=model)["open_axes"]
    model.fit(dataset, shuffle=False, verbose=0)
    assert steps() == len(lengths)
    answers_all(model, dataset, [row for x, _ in batches for row in x])


@of_rows
def test_few_shapes_to_compile(lengths, model, steps):
    rows = rows_of(lengths)
    few = names_of(DEEPER, "compile-fix", pairs=pairs_of(rows), rows=rows)["few"]
    shapes = {tuple(x.shape) for x, _ in few}
    assert shapes <= {(16, length, 12) for length in (13, 17, 21, 26)}
    counts = np.bincount(np.digitize(lengths, [14, 18, 22, 27])) // 16
    assert len(shapes) == np.count_nonzero(counts)
    model.fit(few, shuffle=False, verbose=0)
    assert steps() == counts.sum()
    batches = list(few.take(3))
    numbers = np.concatenate([y for _, y in batches])
    assert len(set(numbers)) == len(numbers)
    for x, y in batches:
        answers = model.predict(x, verbose=0)
        np.testing.assert_allclose(answers, alone(model, rows)[np.asarray(y)], atol=1e-5)


@of_rows
def test_rows_and_batches_in_a_new_order_each_epoch(lengths, model):
    rows = rows_of(lengths)
    fed = names_of(DEEPER, "order-fix", pairs=pairs_of(rows), rows=rows)["fed"]
    model.fit(fed, shuffle=False, verbose=0)
    epochs = [[frozenset(y.numpy().tolist()) for _, y in fed] for _ in range(2)]
    assert set(epochs[0]) != set(epochs[1])  # other rows share a batch
    for epoch in epochs:
        assert sorted(number for batch in epoch for number in batch) == list(range(len(rows)))
    answers, right = model.predict(fed, verbose=0), alone(model, rows)
    np.testing.assert_allclose(np.sort(answers, axis=0), np.sort(right, axis=0), atol=1e-5)


@pytest.mark.parametrize("lengths", [(3, 5), (4, 2, 6)])
def test_rows_in_one_line_do_not_see_each_other(lengths):
    block_mask = names_of(DEEPER, "packing-fix")["block_mask"]
    x, segments = keras.Input((None, 4)), keras.Input((None,), dtype="int32")
    attend = keras.layers.MultiHeadAttention(1, 2)
    mask = keras.layers.Lambda(block_mask)(segments)
    model = keras.Model([x, segments], attend(x, x, attention_mask=mask))
    model.compile("sgd", "mse")
    line = RANDOM.normal(size=(1, sum(lengths), 4)).astype("float32")
    given = [line, np.repeat(np.arange(len(lengths)), lengths)[None]]
    model.fit(given, line, verbose=0)
    parts = np.split(line, np.cumsum(lengths)[:-1], axis=1)
    right = np.concatenate([attend(part, part) for part in parts], axis=1)
    np.testing.assert_allclose(model.predict(given, verbose=0), right, atol=1e-5)


@pytest.mark.parametrize("boundaries", [[5, 9, 20], [14, 22]])
def test_the_padding_of_each_bucket(boundaries):
    lengths = np.array([1, 5, 6, 9, 14, 14, boundaries[-1]])
    found = names_of(DEEPER, "boundaries-fix")["padding_by_bucket"](lengths, boundaries)
    right = [0] * len(boundaries)
    for length in lengths:
        bucket = next(i for i, boundary in enumerate(boundaries) if length <= boundary)
        right[bucket] += boundaries[bucket] - length
    assert found.tolist() == right


@of_rows
def test_answers_in_the_order_of_the_rows(lengths, model):
    rows = rows_of(lengths)
    buckets = names_of(CHAPTER, "plans-fix")["in_buckets"](pairs_of(rows), [8, 15])
    order = np.concatenate([y for _, y in buckets])
    answers = model.predict(buckets, verbose=0)
    restored = names_of(DEEPER, "predictions-fix")["in_row_order"](answers, order)
    np.testing.assert_allclose(restored, alone(model, rows), atol=1e-5)
