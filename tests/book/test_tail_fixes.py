"""The fixes of the chapter on the last batch train and predict, with and without a tail."""

import math

import numpy as np
import pytest
from fix_cells import names_of, printed_by

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.slow
CHAPTER = "tail-batches"
SIZES = 96, 105  # 32 divides the first
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(105, 4)).astype("float32")
Y = np.repeat([0.0, 10.0], [85, 20])[:, None].astype("float32")  # large in the last batch
both = pytest.mark.parametrize("n", SIZES)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])


@pytest.fixture(scope="module")
def compiled(model):
    model.compile(keras.optimizers.SGD(0.001), "mse")
    return model


@pytest.fixture
def batches():
    return names_of(CHAPTER, "in-short-ceil")["Batches"]


def error(model, n):
    """The mean squared error of the first `n` rows."""
    return np.mean((np.asarray(model(X[:n])) - Y[:n]) ** 2)


def answers_all(model, answers, n):
    assert answers.shape == (n, 1)
    np.testing.assert_allclose(answers, model(X[:n]), atol=1e-5)


def trains(model, given, steps, **options):
    before = int(model.optimizer.iterations)
    model.fit(given, shuffle=False, verbose=0, **options)
    assert int(model.optimizer.iterations) - before == steps


@both
@pytest.mark.parametrize("size", [32, 10])
def test_the_class_that_rounds_up(n, size, compiled, batches):
    given = batches(X[:n], Y[:n], size)
    trains(compiled, given, steps=len(range(0, n, size)))
    answers_all(compiled, compiled.predict(given, verbose=0), n)


@both
def test_a_dataset_without_drop_remainder(n, compiled):
    names = names_of(CHAPTER, "in-short-tf-data-run", x=X[:n], y=Y[:n], model=compiled)
    answers_all(compiled, names["answers"], n)
    trains(compiled, names["dataset"], steps=len(range(0, n, 32)))


@pytest.mark.parametrize("n", [5, *SIZES])
def test_rows_of_weight_0_fill_the_last_batch(n, compiled):
    names = names_of(CHAPTER, "in-short-static-run", x=X[:n], y=Y[:n], model=compiled)
    answers_all(compiled, names["answers"], n)
    x, y, weight = names["full_x"], names["full_y"], names["weight"]
    assert len(x) == len(y) == len(weight) == 32 * math.ceil(n / 32)
    y[n:] = 1000  # a weight of 0 hides it
    loss = compiled.evaluate(x, y, sample_weight=weight, verbose=0)
    np.testing.assert_allclose(loss * len(x) / n, error(compiled, n), rtol=1e-4)


@both
def test_the_number_of_batches_is_rounded_up(n):
    printed = printed_by(CHAPTER, "floor-fix", {"105": str(n)})
    assert printed == f"{n} rows: {len(range(0, n, 32))} batches, with //: {n // 32}\n"


@both
def test_no_batch_is_empty(n, batches):
    printed = printed_by(CHAPTER, "silent-nan-fix", {"96": str(n)})
    number = int(printed.split()[2])

    class Counted(batches):
        def __len__(self):
            return number

    stack = [keras.Input((4,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    model = keras.Sequential(stack)
    model.compile("sgd", "mse")
    given = Counted(X[:n], Y[:n])
    model.fit(given, verbose=0)
    answers = model.predict(given, verbose=0)
    assert answers.shape == (n, 1)
    assert np.isfinite(answers).all()


def test_a_loss_that_counts_its_rows(batches):
    loss = names_of(CHAPTER, "raises-fix")["mean_loss"]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", loss)
    classes = np.arange(105) % 3
    for n in SIZES:
        given = batches(X[:n], classes[:n])
        model.fit(given, verbose=0)
        right = np.asarray(model(X[:n]))[np.arange(n), classes[:n]]
        measured = model.evaluate(given, verbose=0)
        np.testing.assert_allclose(measured, -np.log(right).mean(), rtol=1e-4)


def test_a_stateful_model_takes_full_batches_and_its_twin_one_row():
    stateful = names_of(CHAPTER, "stateful-fix")["stateful"]
    full, one = stateful(32), stateful(1)
    x = RANDOM.normal(size=(40, 6, 12)).astype("float32")
    given = {"x": x, "y": np.zeros((40, 9)), "model": full}
    names = names_of(CHAPTER, "in-short-static-run", **given)
    assert names["answers"].shape == (40, 9)
    one.set_weights(full.get_weights())
    for steps in (6, 4):
        rows = x[:32, :steps]
        for model in (full, one):
            model.layers[0].reset_state()
        whole = full.predict(rows, batch_size=32, verbose=0)
        full.layers[0].reset_state()
        for part in (rows[:, :3], rows[:, 3:]):  # the second goes on where the first has stopped
            together = full.predict(part, batch_size=32, verbose=0)
            alone = one.predict(part[:1], batch_size=1, verbose=0)
            np.testing.assert_allclose(together[:1], alone, atol=1e-5)
        np.testing.assert_allclose(together, whole, atol=1e-5)


def test_a_metric_of_one_number_for_each_row(model, batches):
    squared_error = names_of(CHAPTER, "silent-metric-fix")["squared_error"]
    model.compile(keras.optimizers.SGD(0.001), "mse", metrics=[squared_error])
    for n in SIZES:
        given = batches(X[:n], Y[:n])
        model.fit(given, verbose=0)
        scores = model.evaluate(given, verbose=0, return_dict=True)
        np.testing.assert_allclose(scores["squared_error"], error(model, n), rtol=1e-4)


@both
def test_a_tail_that_is_dropped_to_train_and_kept_to_evaluate(n, compiled):
    compiled.compile(keras.optimizers.SGD(0.001), "mse")
    names = names_of(CHAPTER, "ladder-fix", x=X[:n], y=Y[:n])
    assert [len(x) for x, _ in names["train"]] == [32] * (n // 32)
    trains(compiled, names["train"], steps=n // 32)
    answers_all(compiled, compiled.predict(names["check"], verbose=0), n)
    loss = compiled.evaluate(names["check"], verbose=0)
    np.testing.assert_allclose(loss, error(compiled, n), rtol=1e-4)


def test_weighted_metrics_leave_out_the_added_rows(model):
    names_of(CHAPTER, "ladder-pad-price-fix", zero=model)
    model.optimizer.learning_rate = 0.001
    for n in SIZES:
        names = names_of(CHAPTER, "in-short-static-run", x=X[:n], y=Y[:n], model=model)
        filled = names["full_x"], names["full_y"] + 5 * (names["weight"] == 0)[:, None]
        scores = model.evaluate(*filled, sample_weight=names["weight"], verbose=0, return_dict=True)
        np.testing.assert_allclose(scores["weighted"], error(model, n), rtol=1e-4)
        slots = len(names["full_x"])
        np.testing.assert_allclose(scores["loss"] * slots / n, error(model, n), rtol=1e-4)


@both
def test_a_generator_that_does_not_end(n, compiled):
    compiled.compile(keras.optimizers.SGD(0.001), "mse")
    endless = names_of(CHAPTER, "generator-fix")["batches"]
    steps = len(range(0, n, 32))
    trains(compiled, endless(X[:n], Y[:n]), 3 * steps, epochs=3, steps_per_epoch=steps)
    answers = compiled.predict(endless(X[:n], Y[:n]), steps=steps, verbose=0)
    answers_all(compiled, answers, n)


@both
def test_the_proof_tells_a_class_that_loses_rows(n, compiled, batches):
    class Floor(batches):
        def __len__(self):
            return len(self.x) // self.size

    class Twice(batches):
        def __len__(self):
            return super().__len__() + 1

        def __getitem__(self, i):
            return super().__getitem__(max(i - 1, 0))

    names = names_of(CHAPTER, "proof-functions")
    seen, difference = names["rows_seen"], names["difference"]
    assert seen(batches, n).tolist() == [1] * n
    assert seen(Floor, n).tolist() == [1] * 96 + [0] * (n - 96)
    assert seen(Twice, n).tolist() == [2] * 32 + [1] * (n - 32)
    given = X[:n], Y[:n]
    assert difference(compiled, batches, *given) < 1e-5
    assert difference(compiled, Floor, *given) == (np.inf if n > 96 else pytest.approx(0, abs=1e-5))
    assert difference(compiled, lambda x, y: batches(x[::-1], y), *given) > 0.01
