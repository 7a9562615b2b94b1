"""Rules about data that changes: other batches when asked again, other epochs."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from audit_answers import codes, lstm, pair, rows, why
from audit_programs import Rows, compiled, dense
from keras import layers

from helpers.auditing import audit
from helpers.auditing.asked import source_kept
from helpers.batching import fixed

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]


X = np.arange(96, dtype="float32").reshape(24, 4)


class Augmented(Rows):
    """Rows of X, with what a function makes of each batch: it takes the dataset, x and y."""

    def __init__(self, change, **attributes):
        super().__init__(X, X[:, :1] % 3)
        self.change = change
        vars(self).update(attributes)

    def __getitem__(self, i):
        return self.change(self, *super().__getitem__(i))


def noise(data, x, y):
    return x + np.random.normal(size=x.shape), y


def flips(data, x, y):
    return (x[:, ::-1] if data.rng.random() < 0.5 else x), y


def fresh_noise(data, x, y):
    return x * np.random.default_rng().uniform(0.5, 2, x.shape), y


def counted_seed(data, x, y):
    data.calls += 1
    return x + np.random.default_rng(data.calls).normal(size=x.shape), y


def mixed(data, x, y):
    share = data.rng.beta(0.2, 0.2)
    return share * x + (1 - share) * x[::-1], share * y + (1 - share) * y[::-1]


def masked_tokens(data, x, y):
    tokens = x.astype("int64")
    hidden = data.rng.random(x.shape) < 0.15
    return np.where(hidden, 1000, tokens), np.where(hidden, tokens, -1)


def order_within_a_batch(data, x, y):
    order = np.random.permutation(len(x))
    return x[order], y[order]


def cached(data, x, y):
    return data.cache.setdefault(float(x[0, 0]), (x + np.random.normal(size=x.shape), y))


def counted(data, x, y):
    data.calls += 1
    return x, y


@pytest.mark.parametrize(
    "change",
    [
        noise,
        flips,
        fresh_noise,
        counted_seed,
        mixed,
        masked_tokens,
        order_within_a_batch,
        cached,
        counted,
    ],
    ids=lambda change: change.__name__,
)
def test_augmentation_of_values_is_steady(change):
    data = Augmented(change, rng=np.random.default_rng(1), calls=0, cache={})
    report = audit(dense(), data, select="RE110")
    assert (report.findings, report.undecided) == ((), ())
    assert data.calls == 0


def test_random_masks_over_a_small_alphabet_are_steady():
    def masks(data, x, y):
        hidden = data.rng.random(x.shape) < 0.3
        return np.where(hidden, -1, x), np.where(hidden, x, -1)

    data = Augmented(masks, rng=np.random.default_rng(0))
    data.arrays = np.random.default_rng(1).integers(0, 4, (24, 12)), X
    assert audit(dense(12), data, select="RE110").findings == ()


def test_pictures_that_turn_with_their_targets_are_steady():
    def turned(data, x, y):
        data.calls += 1
        way = slice(None, None, -1 if data.rng.random() < 0.5 else 1)
        return x[:, way], y[:, way]

    data = Augmented(turned, rng=np.random.default_rng(3), calls=0)
    data.arrays = X, (X % 3 == 0).astype("int64")
    assert audit(dense(), data, select="RE110").findings == ()


def test_classes_that_are_drawn_with_their_rows_are_found():
    def drawn(data, x, y):
        return np.random.normal(size=x.shape), np.eye(3)[np.random.randint(0, 3, len(x))]

    (found,) = audit(dense(), Augmented(drawn), select="RE110").warnings
    assert "targets differ, at random" in found.measured


def test_an_order_that_is_drawn_at_the_first_call_is_steady():
    class Lazy(Rows):
        order = None

        def __getitem__(self, i):
            if self.order is None:
                self.order = np.random.permutation(24)
            rows = self.order[8 * i : 8 * i + 8]
            return X[rows], X[rows, :1]

    assert audit(dense(), Lazy(X), select="RE110").findings == ()


def other_targets(data, x, y):
    data.calls += 1
    return x, y + data.calls


def cropped(data, x, y):
    rows = np.random.randint(3, 8)
    return x[:rows], y[:rows]


def other_steps(data, x, y):
    data.calls += 1
    return np.pad(x, ((0, 0), (0, data.calls))), y


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_targets, "of 8 targets differ, by the calls before it"),
        (cropped, "rows, then"),
        (other_steps, "x (8, 7), then (8, 8), by the calls before it"),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_what_is_unsteady_is_said(change, said):
    (found,) = audit(dense(), Augmented(change, calls=0), select="RE110").warnings
    assert said in found.measured


def test_asking_again_leaves_lists_and_iterators_as_they_were():
    class Pool(Rows):
        def __init__(self):
            super().__init__(X, X[:, :1])
            self.pool, self.stream = list(range(9)), iter(range(9))

        def __getitem__(self, i):
            if self.pool:
                self.pool.pop()
            return super().__getitem__(i)

    data = Pool()
    with source_kept(data):
        data[0], next(data.stream)
    assert (data.pool, list(data.stream)) == (list(range(9)), list(range(9)))


def test_keras_shows_rows_twice_where_the_rule_warns():
    class Next(Rows):
        at = 0

        def __getitem__(self, i):
            self.at += 1
            seen.append(self.at - 1)
            return super().__getitem__((self.at - 1) % 3)

    seen: list = []
    assert codes(audit(dense(), Next(X, X[:, :1]), select="RE110")) == ["RE110"]
    seen.clear()
    dense().fit(Next(X, X[:, :1]), shuffle=False, verbose=0)
    assert len(seen) in (4, 5)  # of three, by backend and version


def test_arrays_are_not_asked_for_by_number():
    assert why(audit(dense(), pair()), "RE110")[0] == "passed"


def test_rows_that_are_scaled_in_place_are_found():
    class Scaled(Rows):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            x /= 255
            return x, y

    x = 255 * X
    data = Scaled(x, X[:, :1])
    (found,) = audit(dense(), data, select="RE110").warnings
    assert "in place" in found.message


class Ends(Augmented):
    """Calls a function with itself when an epoch ends, and another for each batch."""

    def __init__(self, end, change=lambda data, x, y: (x, y), **attributes):
        super().__init__(change, **attributes)
        self.end = end
        self.arrays = tuple(array.copy() for array in self.arrays)

    def on_epoch_end(self):
        self.end(self)


def reordered(data):
    order = np.random.permutation(len(data.arrays[0]))
    data.arrays = tuple(array[order] for array in data.arrays)


def reordered_in_place(data):
    for array in data.arrays:
        np.random.default_rng(data.epoch).shuffle(array)
    data.epoch += 1


def noisy(data):
    data.arrays = X + np.random.normal(size=X.shape), data.arrays[1]


def noisy_by_a_seed(data):
    data.epoch += 1
    data.arrays = X + np.random.default_rng(data.epoch).normal(size=X.shape), data.arrays[1]


def counted_for_a_log(data):
    data.epoch += 1
    print("epoch", data.epoch)


def drawn_anew(data):
    data.arrays = np.random.normal(size=X.shape), np.random.normal(size=(24, 1))


@pytest.mark.parametrize(
    "end",
    [reordered, reordered_in_place, noisy, noisy_by_a_seed, counted_for_a_log, drawn_anew],
    ids=lambda end: end.__name__,
)
def test_ends_of_epochs_that_are_right(end, capsys):
    data = Ends(end, epoch=0)
    report = audit(dense(), data, validation=data, fit={"epochs": 3}, select="RE111")
    assert (report.findings, report.undecided) == ((), ())
    assert data.epoch == 0
    assert np.array_equal(data.arrays[0], X)
    assert capsys.readouterr().out == ""


def test_batches_of_rows_of_like_length_are_right():
    class Bucketed(keras.utils.PyDataset):
        epoch = 0

        def __len__(self):
            return 4

        def __getitem__(self, i):
            rows = np.random.default_rng(self.epoch).permutation(8)[2 * i : 2 * i + 2]
            x = np.zeros((2, rows.max() + 1, 3), "float32")
            for place, row in enumerate(rows):
                x[place, : row + 1] = row + 1
            return x, np.where(x, x, -1)[..., :1]

        def on_epoch_end(self):
            self.epoch += 1

    model = compiled(keras.Sequential([keras.Input((None, 3)), layers.Dense(1)]))
    assert audit(model, Bucketed(), select="RE111").findings == ()


def longer_rows(data):
    data.steps += 1


def easy_rows_first(data):
    data.steps += 1
    data.arrays = tuple(np.resize(array[: 6 * data.steps], array.shape) for array in (X, X[:, :1]))


def fewer_rows(data):
    data.arrays = tuple(array[:-1] for array in data.arrays)


def too_often(data):
    data.sizes.pop()


@pytest.mark.parametrize(
    ("end", "change", "said"),
    [
        (longer_rows, lambda data, x, y: (x[:, : data.steps], y), "depends on how often"),
        (easy_rows_first, lambda data, x, y: (x, y), "depends on how often"),
        (fewer_rows, lambda data, x, y: (x, y), "loses rows"),
        (too_often, lambda data, x, y: (x, y), "it 3 times, once before the first epoch"),
    ],
    ids=["longer", "easy first", "fewer", "too often"],
)
def test_ends_of_epochs_that_are_wrong(end, change, said):
    data = Ends(end, change, steps=1, sizes=[1, 2])
    (found,) = audit(dense(), data, fit={"epochs": 2}, select="RE111").warnings
    assert said in found.message
    assert (data.steps, data.sizes) == (1, [1, 2])


def test_a_large_array_is_not_shuffled():
    class Shuffled(Rows):
        def on_epoch_end(self):
            np.random.shuffle(self.large)

    data = Shuffled(X, X[:, :1])
    data.large = np.zeros(1 << 21)
    assert why(audit(dense(), data, select="RE111"), "RE111")[0] == "undecided"
    assert data.large.flags.writeable


@pytest.mark.parametrize("epochs", [1, 3])
def test_keras_ends_one_epoch_more_than_there_are(epochs):
    def count(data):
        data.ended += 1

    data, validation = Ends(count, ended=0), Ends(count, ended=0)
    dense().fit(data, validation_data=validation, epochs=epochs, verbose=0)
    assert (data.ended, validation.ended) == (epochs + 1, 2 * epochs)


def test_planned_datasets_are_right():
    x = [np.ones((length, 3), "float32") for length in (5, 6, 5, 5, 7, 6)]
    report = audit(lstm(), (fixed(6, 2), x, rows(6, 1)), select=["RE110", "RE111"])
    assert (report.findings, report.undecided) == ((), ())
