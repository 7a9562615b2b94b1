"""The GPU cells on this machine's device, and with a clock that ticks as the tests want."""

import importlib
import sys
import time
import types

import keras
import numpy as np
import pytest

from helpers import devices, gpu_cells
from helpers.feeding import PlannedDataset
from helpers.gpu import device

BACKEND = keras.backend.backend()


@pytest.fixture
def eagerly():
    """Real training, without the seconds that TensorFlow's graphs and XLA take to build."""
    if BACKEND != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


class Clock:
    """Seconds that pass only when a test says so."""

    now = 0.0


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: made.now)
    return made


def as_shown(monkeypatch, measured):
    """What a reader with a GPU sees of a cell's numbers: an error if one is not a number."""

    def cell():
        return measured

    monkeypatch.setattr(device, "gpu", lambda: devices.Gpu("Stand-in", 1, "1.2", BACKEND))
    (run,) = devices.gpu_cell(cell).runs
    return run.result


def resets_of_torch(monkeypatch):
    """A list that grows whenever PyTorch forgets what it has compiled."""
    resets = []
    compiler = types.SimpleNamespace(reset=lambda: resets.append(1))
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(compiler=compiler))
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    return resets


def test_a_compile_that_pytorch_shares_is_forgotten(monkeypatch):
    resets = resets_of_torch(monkeypatch)
    gpu_cells.forget_compiled()
    assert resets == [1]


# --- tail_batch_compile


@pytest.mark.slow
def test_tail_batch_compile_on_this_device(monkeypatch):
    fetched, fetch = [], PlannedDataset.__getitem__

    def logged(data, index):
        fetched.append(index)
        return fetch(data, index)

    monkeypatch.setattr(PlannedDataset, "__getitem__", logged)
    measured = gpu_cells.tail_batch_compile(rows=11, batch_size=4)
    per_policy = [
        "batch_shapes",
        "first_tail_step_seconds",
        "full_step_seconds",
        "tail_step_seconds",
    ]
    names = {f"{tail}_{name}" for tail in ("keep", "pad") for name in per_policy}
    assert set(measured) == names | {"tail_compile_in_full_steps"}
    assert (measured["keep_batch_shapes"], measured["pad_batch_shapes"]) == (2, 1)
    assert all(np.isfinite(value) and value > 0 for value in measured.values())
    # The last step that is timed is the tail: Keras looks at the first batches once more before
    # it begins; each of the 2 x 6 epochs then goes 0 to 2.
    assert "".join(map(str, fetched)).count("012") == 2 * 6


def test_tail_batch_compile_reads_each_figure_off_the_right_steps(monkeypatch, clock):
    def fit(model, data, *, epochs, shuffle, verbose, callbacks):
        assert shuffle is False
        told = keras.callbacks.CallbackList(callbacks, model=model)
        told.on_train_begin()
        for epoch in range(epochs):  # the steps take 1.0 1.1 1.2 | 2.0 2.1 2.2 | ...
            told.on_epoch_begin(epoch)
            for step in range(len(data)):
                told.on_train_batch_begin(step)
                clock.now += epoch + 1 + step / 10
                told.on_train_batch_end(step)

    monkeypatch.setattr(keras.Model, "fit", fit)
    measured = gpu_cells.tail_batch_compile(rows=11, batch_size=4)
    for tail in ("keep", "pad"):  # the first epoch's last step, then the fastest later ones
        assert measured[f"{tail}_first_tail_step_seconds"] == pytest.approx(1.2)
        assert measured[f"{tail}_full_step_seconds"] == pytest.approx(2.0)
        assert measured[f"{tail}_tail_step_seconds"] == pytest.approx(2.2)
    assert measured["tail_compile_in_full_steps"] == pytest.approx(1.2 / 2.0)


def test_tail_batch_compile_needs_a_smaller_batch():
    with pytest.raises(ValueError, match=r"rows=64.*batch_size=32"):
        gpu_cells.tail_batch_compile(rows=64, batch_size=32)


def test_tail_batch_compile_refuses_where_keras_does_not_compile(monkeypatch):
    monkeypatch.setattr("keras.src.trainers.trainer.model_supports_jit", lambda model: False)
    with (
        pytest.warns(UserWarning, match="jit_compile"),
        pytest.raises(NotImplementedError, match="does not compile"),
    ):
        gpu_cells.tail_batch_compile()


# --- cudnn_masks


SMALL = {"rows": 10, "steps": 9, "features": 3, "units": 4}
CASES = ("right", "left", "empty_row")


@pytest.mark.slow
def test_cudnn_masks_on_this_device(eagerly, monkeypatch):
    measured = gpu_cells.cudnn_masks(**SMALL)
    per_case = ("cudnn_takes_it", "auto_runs", "rows_wrong", "largest_difference")
    names = {f"{case}_{name}" for case in CASES for name in per_case}
    times = {"masked_step_seconds", "unmasked_step_seconds", "mask_costs_unmasked_steps"}
    if devices.gpu() is not None:
        assert set(measured) <= names | times
        return
    assert set(measured) == names | times
    for case in CASES:
        assert measured[f"{case}_cudnn_takes_it"] == 0  # there is none
        assert measured[f"{case}_auto_runs"] == 1
        assert measured[f"{case}_rows_wrong"] == 0
        assert measured[f"{case}_largest_difference"] < 1e-5
    assert all(measured[name] > 0 for name in times)
    assert measured == as_shown(monkeypatch, measured)


def refuse(mask, run):
    raise ValueError(f"a mask that {gpu_cells.REFUSALS[0]}, while using cuDNN")


def takes(mask, run):
    return run(mask)


@pytest.fixture
def small_masks(monkeypatch, clock):
    """Measure with a stand-in for Keras's answer to a batch: one of three functions a case.

    Returns the numbers, the six batches as ``(case, use_cudnn, x, mask)``, and the models' inputs
    in the batches that are timed, each of which takes a second longer than the one before.
    """

    def measure(answers):
        given, timed = [], []

        def predict_on_batch(model, inputs):
            lstm = model.layers[-1]
            if len(given) == 2 * len(CASES):
                assert lstm.use_cudnn == "auto"
                timed.append(len(inputs) if isinstance(inputs, list) else "one")
                clock.now += len(timed)
                return None
            case, (x, mask) = CASES[len(given) // 2], inputs
            given.append((case, lstm.use_cudnn, x, mask))

            def run(mask):
                lstm.use_cudnn = "auto"  # here is no cuDNN
                return keras.ops.convert_to_numpy(model([x, mask])).copy()

            return answers[case, given[-1][1]](mask, run)

        monkeypatch.setattr(keras.Model, "predict_on_batch", predict_on_batch)
        return gpu_cells.cudnn_masks(**SMALL), given, timed

    return measure


def both_ways(**answers):
    return {(case, use): answers[case] for case in CASES for use in (True, "auto")}


def test_cudnn_masks_runs_each_case_both_ways(small_masks):
    _, given, _ = small_masks(both_ways(right=refuse, left=refuse, empty_row=refuse))
    assert [(case, use) for case, use, _, _ in given] == [
        (case, use) for case in CASES for use in (True, "auto")
    ]
    masks = {case: mask for case, _, _, mask in given}
    lengths = masks["right"].sum(axis=1)
    assert sorted(set(lengths)) == [*range(1, 8), 9]
    assert (np.diff(lengths) > 0).any()  # in no order
    assert (np.diff(lengths) < 0).any()
    steps = np.arange(9)
    assert (masks["right"] == (steps < lengths[:, None])).all()
    assert (masks["left"] == (steps >= 9 - lengths[:, None])).all()
    assert masks["empty_row"].sum(axis=1).tolist() == [0, *lengths[1:]]
    for case, _, x, mask in given:
        if case != "empty_row":
            assert not x[~mask].any()
            assert x[mask].all()


def test_cudnn_masks_says_what_is_refused_and_compares_the_fastest_warm_batches(small_masks):
    answers = both_ways(right=refuse, left=takes, empty_row=lambda *_: np.full((10, 4), np.nan))
    measured, _, timed = small_masks({**answers, ("left", True): refuse})
    told = {
        case: (measured[f"{case}_cudnn_takes_it"], measured[f"{case}_auto_runs"]) for case in CASES
    }
    assert told == {"right": (0, 0), "left": (0, 1), "empty_row": (1, 1)}
    assert "right_rows_wrong" not in measured
    assert "right_largest_difference" not in measured
    assert measured["left_rows_wrong"] == 0
    assert measured["left_largest_difference"] < 1e-5
    assert measured["empty_row_rows_wrong"] == 10
    assert "empty_row_largest_difference" not in measured  # no row is a number
    assert timed == [2] * 11 + ["one"] * 11
    assert measured["masked_step_seconds"] == 2.0  # the first one is faster and does not count
    assert measured["unmasked_step_seconds"] == 13.0
    assert measured["mask_costs_unmasked_steps"] == 2.0 / 13.0


def test_cudnn_masks_counts_rows_that_come_out_wrong(small_masks, monkeypatch):
    def nan_in_row_0(mask, run):
        got = run(mask)
        got[0] = np.nan
        return got

    answers = both_ways(
        right=lambda mask, run: run(np.ones_like(mask)),  # the mask is ignored
        left=lambda mask, run: run(mask)[::-1],  # rows in another order
        empty_row=nan_in_row_0,
    )
    measured, given, _ = small_masks(answers)
    padded = int((~given[0][3].all(axis=1)).sum())
    assert measured["right_rows_wrong"] == padded == 9
    assert measured["left_rows_wrong"] == 10
    assert measured["right_largest_difference"] > 0.1
    assert measured["left_largest_difference"] > 0.1
    assert measured["empty_row_rows_wrong"] == 1
    assert measured["empty_row_largest_difference"] < 1e-2
    assert measured == as_shown(monkeypatch, measured)


def test_an_error_of_another_kind_is_no_refusal(small_masks):
    def fails(mask, run):
        raise ValueError("CUDA out of memory")

    with pytest.raises(ValueError, match="out of memory"):
        small_masks(both_ways(right=fails, left=refuse, empty_row=refuse))


@pytest.mark.parametrize(("name", "number"), [("rows", 7), ("steps", 5)])
def test_cudnn_masks_needs_eight_lengths(name, number):
    with pytest.raises(ValueError, match=f"^{name}: expected at least 8, got {number}"):
        gpu_cells.cudnn_masks(**{**SMALL, name: number})


def test_lstm_models_have_the_same_weights():
    one = gpu_cells.lstm_model(3, 4, masked=True, use_cudnn="auto")
    other = gpu_cells.lstm_model(3, 4, masked=False, use_cudnn=False)
    for weight, same in zip(one.get_weights(), other.get_weights(), strict=True):
        assert weight.any()
        assert (weight == same).all()
    assert [layer.use_cudnn for layer in (one.layers[-1], other.layers[-1])] == ["auto", False]


MASKS = {
    "right-padded": ([[1, 1, 1, 0], [1, 0, 0, 0]], True),
    "no padding": ([[1, 1, 1, 1], [1, 1, 1, 1]], True),
    "left-padded": ([[0, 1, 1, 1], [0, 0, 0, 1]], False),
    "a hole": ([[1, 0, 1, 0], [1, 1, 1, 1]], False),
    "an empty row": ([[1, 1, 0, 0], [0, 0, 0, 0]], False),
}


@pytest.mark.parametrize(("mask", "taken"), MASKS.values(), ids=MASKS.keys())
def test_kerass_own_check_says_which_masks_cudnn_takes(mask, taken):
    if BACKEND != "tensorflow":
        pytest.skip("only the TensorFlow backend gives a mask to cuDNN")
    rnn = importlib.import_module("keras.src.backend.tensorflow.rnn")
    mask = keras.ops.convert_to_tensor(np.array(mask, dtype=bool))
    if taken:
        rnn._assert_valid_mask(mask)
        return
    with pytest.raises(Exception, match=gpu_cells.REFUSALS[0]) as caught:
        rnn._assert_valid_mask(mask)
    assert type(caught.value).__name__ == "InvalidArgumentError"


# --- width_buckets


FEW = {"images": 20, "batch_size": 4, "buckets": 3, "height": 8, "widest": 48, "units": 4}
WAYS = ("padded", "bucketed")


@pytest.mark.slow
def test_width_buckets_on_this_device(eagerly, monkeypatch):
    measured = gpu_cells.width_buckets(**{**FEW, "images": 3, "batch_size": 2, "buckets": 2})
    per_way = ("images_per_second", "pixels_per_true_pixel", "shapes", "first_steps_seconds")
    assert set(measured) == {f"{way}_{name}" for way in WAYS for name in per_way} | {
        "bucketed_speedup"
    }
    assert (measured["padded_shapes"], measured["bucketed_shapes"]) == (1, 2)
    assert measured["padded_pixels_per_true_pixel"] > measured["bucketed_pixels_per_true_pixel"] > 1
    assert all(np.isfinite(value) and value > 0 for value in measured.values())
    assert set(as_shown(monkeypatch, measured)) == set(measured)


class Steps:
    """What one model was trained on, and what each step cost."""

    def __init__(self, model):
        self.model, self.batches, self.costs = model, [], []

    def shapes(self):
        return [x[0].shape for x, *_ in self.batches]


@pytest.fixture
def trained(monkeypatch, clock):
    """Stand in for ``train_on_batch``: a list of `Steps`, one for each model; no model learns.

    A step costs ``cost(steps, x, new)`` seconds: of the steps before it, its inputs, and whether
    its shape is new.
    """

    def stand_in(cost, check=lambda model: None):
        models = []

        def train_on_batch(model, x, y=None, sample_weight=None):
            if not models or models[-1].model is not model:
                models.append(Steps(model))
                check(model)
            steps = models[-1]
            seconds = cost(steps, x, x[0].shape not in steps.shapes())
            steps.batches.append((x, y, sample_weight))
            steps.costs.append(seconds)
            clock.now += seconds
            return 0.0

        monkeypatch.setattr(keras.Model, "train_on_batch", train_on_batch)
        return models

    return stand_in


def test_width_buckets_reads_each_figure_off_the_right_steps(trained):
    # Steps get faster, and a new shape is slow.
    models = trained(lambda steps, x, new: x[0].size / (len(steps.costs) + 1) + 1e6 * new)
    measured = gpu_cells.width_buckets(**FEW)
    assert len(models) == 2
    true = {}
    for way, model in zip(WAYS, models, strict=True):
        assert model.model.inputs[0].shape == (None, 8, None, 1)
        assert model.model.layers[-2].forward_layer.units == 4
        shapes = list(dict.fromkeys(model.shapes()))
        n, wide = len(shapes), max(width for _, _, width, _ in shapes)
        assert model.shapes()[: 2 * n] == shapes * 2
        epochs = model.batches[2 * n :]
        epoch = epochs[: len(epochs) // 3]
        assert [x[0].shape for x, *_ in epochs] == [x[0].shape for x, *_ in epoch] * 3
        real = np.concatenate([x[1] if w is None else x[1][w > 0] for x, _, w in epoch])
        assert len(real) == FEW["images"]
        assert real[:, 1].max() == wide
        for (images, sizes), *_ in epoch:
            assert images.shape[0] == FEW["batch_size"]
            for image, (h, w) in zip(images, sizes, strict=True):
                assert image[:h, :w].all()
                assert not image[:, w:].any()
        pixels, true[way] = sum(x[0].size for x, *_ in epoch), int(real.prod(axis=1).sum())
        last = sum(model.costs[-len(epoch) :])
        assert measured[f"{way}_shapes"] == n == {"padded": 1, "bucketed": 3}[way]
        assert measured[f"{way}_images_per_second"] == pytest.approx(20 / last)
        assert measured[f"{way}_pixels_per_true_pixel"] == pytest.approx(pixels / true[way])
        assert measured[f"{way}_first_steps_seconds"] == pytest.approx(sum(model.costs[:n]))
    assert true["padded"] == true["bucketed"]
    assert measured["bucketed_speedup"] == pytest.approx(
        measured["bucketed_images_per_second"] / measured["padded_images_per_second"]
    )


def test_the_reader_of_width_buckets_is_not_moved_by_padding():
    model = gpu_cells.crnn(8, 4)
    narrow = np.random.default_rng(0).random((1, 8, 21, 1), dtype="float32")
    wide = np.pad(narrow, ((0, 0), (0, 0), (0, 30), (0, 0)), constant_values=5)
    alone, padded, whole = (
        keras.ops.convert_to_numpy(model([images, np.array([[8, width]], "int32")]))
        for images, width in ((narrow, 21), (wide, 21), (wide, 51))
    )
    np.testing.assert_allclose(alone, padded, atol=1e-6)
    assert np.abs(whole - alone).max() > 1e-3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"images": 1}, "^images: expected at least 2, got 1"),
        ({"buckets": 1}, "^buckets: expected at least 2, got 1"),
        ({"widest": 8}, "^images: expected widths for two buckets, got only 8 pixels"),
    ],
)
def test_width_buckets_needs_images_and_buckets(given, message):
    with pytest.raises(ValueError, match=message):
        gpu_cells.width_buckets(**{**FEW, **given})


# --- jit_by_shapes


BRIEF = {"rows": 24, "batch_size": 4, "longest": 32, "features": 3, "filters": 4}


@pytest.mark.slow
def test_jit_by_shapes_on_this_device(eagerly, monkeypatch):
    measured = gpu_cells.jit_by_shapes(**{**BRIEF, "rows": 8}, buckets=(1, 2))
    per_way = ("first_epoch_seconds", "warm_step_seconds")
    names = {
        f"{plan}_{way}_{name}"
        for plan in ("1_bucket", "2_buckets")
        for way in ("jit", "plain")
        for name in per_way
    }
    counts = {
        f"{plan}_{name}" for plan in ("1_bucket", "2_buckets") for name in ("shapes", "batches")
    }
    last = {f"{way}_new_shape_in_warm_steps" for way in ("jit", "plain")}
    assert set(measured) == names | counts | last
    assert (measured["1_bucket_shapes"], measured["2_buckets_shapes"]) == (1, 2)
    assert all(np.isfinite(value) for value in measured.values())
    assert all(measured[name] > 0 for name in names | counts)
    assert set(as_shown(monkeypatch, measured)) == set(measured)


def test_jit_by_shapes_reads_each_figure_off_the_right_steps(monkeypatch, trained):
    forgotten = resets_of_torch(monkeypatch)

    def cost(steps, x, new):
        # The fastest epoch is the second, which must not count, and then the last.
        epoch = sum(before[0] is x[0] for before, *_ in steps.batches)
        return x[0].size * (9, 1, 3, 2)[epoch] + new * (1e6 if steps.model.jit_compile else 1e3)

    def check(model):
        assert model.inputs[0].shape == (None, None, 3)
        assert [layer.filters for layer in model.layers if hasattr(layer, "filters")] == [4]
        assert len(forgotten) == len(models) or not models  # before every model

    models = trained(cost, check)
    measured = gpu_cells.jit_by_shapes(**BRIEF, buckets=(1, 2, 5))
    assert [steps.model.jit_compile for steps in models] == [True, False] * 3
    assert len(forgotten) == 6
    seen = []
    for k, some in zip((1, 2, 5), zip(models[::2], models[1::2], strict=True), strict=True):
        name = f"{k}_bucket{'s' * (k > 1)}"
        for way, model in zip(("jit", "plain"), some, strict=True):
            n = measured[f"{name}_batches"]
            assert len(model.batches) == 4 * n
            shapes = set(model.shapes()[:n])
            assert len(shapes) == measured[f"{name}_shapes"] == k
            assert {shape[0] for shape in shapes} == {4}
            rows = []
            for (values, mask), labels, weights in model.batches[:n]:
                lengths = mask.sum(axis=1)
                assert (mask == (np.arange(values.shape[1]) < lengths[:, None])).all()
                assert not values[~mask].any()
                assert values[mask].all()
                real = weights > 0
                rows += zip(lengths[real].tolist(), labels[real].tolist(), strict=True)
            assert len(rows) == 24
            seen.append(sorted(rows))
            first, warm = sum(model.costs[:n]), sum(model.costs[3 * n :])
            assert measured[f"{name}_{way}_first_epoch_seconds"] == pytest.approx(first)
            assert measured[f"{name}_{way}_warm_step_seconds"] == pytest.approx(warm / n)
            if k == 5:
                extra = (first - warm) / k / (warm / n)
                assert measured[f"{way}_new_shape_in_warm_steps"] == pytest.approx(extra)
    assert all(rows == seen[0] for rows in seen)  # the same rows, whatever the plan
    assert measured["jit_new_shape_in_warm_steps"] > measured["plain_new_shape_in_warm_steps"]


def test_the_learner_of_jit_by_shapes_is_not_moved_by_padding():
    model = gpu_cells.sequence_model(3, 4, jit_compile=False)
    assert model.jit_compile is False
    short = np.random.default_rng(0).random((1, 7, 3), dtype="float32")
    mask = np.ones((1, 7), bool)
    long, padded = np.pad(short, ((0, 0), (0, 9), (0, 0))), np.pad(mask, ((0, 0), (0, 9)))
    alone, batch, unmasked = (
        keras.ops.convert_to_numpy(model(inputs))
        for inputs in ([short, mask], [long, padded], [long, np.ones_like(padded)])
    )
    np.testing.assert_allclose(batch, alone, atol=1e-6)
    assert np.abs(unmasked - alone).max() > 1e-3


def test_jit_by_shapes_needs_a_length_for_each_bucket():
    with pytest.raises(ValueError, match=r"^buckets: expected at most \d+, .* got 25"):
        gpu_cells.jit_by_shapes(**BRIEF, buckets=(1, 25))


def test_jit_by_shapes_refuses_where_keras_does_not_compile(monkeypatch):
    monkeypatch.setattr("keras.src.trainers.trainer.model_supports_jit", lambda model: False)
    with (
        pytest.warns(UserWarning, match="jit_compile"),
        pytest.raises(NotImplementedError, match="does not compile"),
    ):
        gpu_cells.jit_by_shapes(**BRIEF, buckets=(1,))
