"""GPU cells without a GPU: only the finder of the GPU is a stand-in, everything else is real."""

import json
import re
import subprocess
import sys
import types

import keras
import numpy as np
import pytest

from helpers import devices

BACKEND = keras.backend.backend()
GPU = devices.Gpu(name="Stand-in 9000", count=2, driver="12.34", backend=BACKEND)


def speed():
    return {"step_seconds": 0.0123456, "shapes": np.int64(7)}


def broken():
    raise MemoryError("out of memory\nand a long trace")


def entry(**changes):
    run = {
        "cell": "speed",
        "gpu": {"name": "Old <GPU>", "count": 1, "driver": "5.6", "backend": "jax"},
        "versions": {"python": "3.11.4", "jax": "0.5.1", "keras": "3.14.0", "numpy": "2.2.2"},
        "date": "2025-02-03T04:05:06Z",
        "command": "make gpu",
        "result": {"step_seconds": 0.98765, "shapes": 3},
    }
    return {**run, **changes}


def write(path, *entries, schema=1):
    path.write_text(json.dumps({"schema": schema, "runs": list(entries)}))
    return path


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(devices, "gpu", lambda: None)


@pytest.fixture
def fake_gpu(monkeypatch):
    monkeypatch.setattr(devices, "gpu", lambda: GPU)


def must_not_run():
    raise AssertionError("a GPU cell ran without a GPU")


# --- without a GPU


def test_no_gpu_and_no_run_says_so_and_shows_no_number(no_gpu, tmp_path):
    shown = devices.gpu_cell(must_not_run, runs=tmp_path / "absent.json")
    assert repr(shown).startswith("No GPU here and no recorded run yet")
    assert not re.search(r"\d", repr(shown))
    assert "no recorded run yet: <code>make gpu</code>, on" in shown._repr_html_()


def test_recorded_run_is_shown_with_all_its_facts(no_gpu, tmp_path):
    path = write(tmp_path / "runs.json", entry(), entry(cell="another", command="other command"))
    shown = devices.gpu_cell(speed, runs=path)
    facts = ["5.6", "jax 0.5.1", "keras 3.14.0", "numpy 2.2.2", "python 3.11.4", "make gpu"]
    facts += ["2025-02-03T04:05:06Z", "0.988", "3", "step seconds"]
    facts += ["device", "driver", "backend", "versions", "date", "command"]
    for fact in facts:
        assert fact in repr(shown)
        assert fact in shown._repr_html_()
    assert "Old <GPU>" in repr(shown)
    assert "Old &lt;GPU&gt;" in shown._repr_html_()
    assert "No GPU here. Recorded earlier" in repr(shown)
    assert "other command" not in repr(shown)
    assert "0.0123" not in repr(shown)


def test_the_text_is_the_same_every_time(no_gpu, tmp_path):
    path = write(tmp_path / "runs.json", entry())
    first, second = (devices.gpu_cell(speed, runs=path) for _ in range(2))
    assert repr(first) == repr(second)
    assert first._repr_html_() == second._repr_html_()


def test_html_shows_the_source_of_the_function(no_gpu, tmp_path):
    shown = devices.gpu_cell(speed, runs=tmp_path / "absent.json")
    assert "def speed():" in shown._repr_html_()
    assert "def speed" not in repr(shown)
    namespace = {}
    exec("def typed_in(): return {'seconds': 1.0}", namespace)
    assert "<details>" not in devices.gpu_cell(namespace["typed_in"])._repr_html_()


def test_this_machine_without_gpu_is_seen_as_such():
    if BACKEND == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            pytest.skip("this machine has a GPU")
        assert devices.gpu() is None


def test_a_finder_that_fails_does_not_stop_the_notebook(monkeypatch, tmp_path):
    def no_driver():
        raise RuntimeError("Unable to initialize backend\nmore")

    monkeypatch.setattr(devices, "gpu", no_driver)
    shown = devices.gpu_cell(must_not_run, runs=tmp_path / "absent.json")
    assert "RuntimeError: Unable to initialize backend) and no recorded run" in repr(shown)
    assert "\n" not in repr(shown)


@pytest.mark.parametrize("function", [3, "speed", None, speed()])
def test_only_a_function_is_a_cell(function):
    with pytest.raises(TypeError, match=f"^function: expected .*{type(function).__name__}"):
        devices.gpu_cell(function)


# --- with a GPU


def test_a_gpu_runs_the_cell_and_says_measured_now(fake_gpu, tmp_path):
    path = write(tmp_path / "runs.json", entry())
    shown = devices.gpu_cell(speed, runs=path)
    text = repr(shown)
    assert "Measured now" in text
    assert "Recorded" not in text
    assert "2 x Stand-in 9000" in text
    assert "12.34" in text
    assert f"keras {keras.__version__}" in text
    assert "0.0123" in text
    assert "0.988" not in text
    assert json.loads(path.read_text())["runs"] == [entry()], "showing must not record"


def test_a_failing_cell_is_one_line_and_the_recorded_run_is_still_shown(fake_gpu, tmp_path):
    shown = devices.gpu_cell(broken, runs=tmp_path / "absent.json")
    assert "MemoryError: out of memory)" in repr(shown)
    assert "\n" not in repr(shown)
    path = write(tmp_path / "runs.json", entry(cell="broken"))
    shown = devices.gpu_cell(broken, runs=path)
    assert "MemoryError: out of memory). Recorded earlier" in repr(shown)
    assert "0.988" in repr(shown)


@pytest.mark.parametrize(
    "result", [None, {}, [1.0], {"seconds": float("nan")}, {"seconds": "1"}, {"seconds": True}]
)
def test_a_result_that_is_not_numbers_is_not_shown(fake_gpu, tmp_path, result):
    def odd():
        return result

    shown = devices.gpu_cell(odd, runs=tmp_path / "absent.json")
    assert shown.runs == ()
    assert "ValueError: odd: " in repr(shown)


# --- recording


def test_without_a_gpu_nothing_is_run_or_written(no_gpu, tmp_path):
    path = tmp_path / "runs.json"
    with pytest.raises(RuntimeError, match="no GPU"):
        devices.record([must_not_run], path, "make gpu")
    assert not path.exists()
    write(path, entry())
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="no GPU"):
        devices.record([must_not_run], path, "make gpu")
    assert path.read_bytes() == before


def test_a_recorded_run_comes_back_and_is_shown(fake_gpu, monkeypatch, tmp_path):
    path = tmp_path / "runs.json"
    (run,) = devices.record([speed], path, "make gpu")
    assert devices.read_runs(path) == (run,)
    assert (run.gpu, run.command, run.cell) == (GPU, "make gpu", "speed")
    assert run.result == {"step_seconds": 0.0123456, "shapes": 7}
    assert set(run.versions) == {"python", "keras", "numpy", BACKEND}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", run.date)
    monkeypatch.setattr(devices, "gpu", lambda: None)
    assert "Stand-in 9000" in repr(devices.gpu_cell(speed, runs=path))


def test_the_newest_run_of_a_cell_on_a_device_replaces_the_older(fake_gpu, monkeypatch, tmp_path):
    path = write(tmp_path / "runs.json", entry(), entry(cell="another"))
    devices.record([speed], path, "first")
    devices.record([speed], path, "second")
    kept = [(run.cell, run.gpu.name, run.command) for run in devices.read_runs(path)]
    assert sorted(kept) == [
        ("another", "Old <GPU>", "make gpu"),
        ("speed", "Old <GPU>", "make gpu"),
        ("speed", "Stand-in 9000", "second"),
    ]
    text = path.read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_a_failing_cell_is_named_and_keeps_its_earlier_run(fake_gpu, capsys, tmp_path):
    earlier = entry(cell="broken", gpu={**entry()["gpu"], "name": GPU.name, "backend": BACKEND})
    path = write(tmp_path / "runs.json", earlier)
    new = devices.record([broken, speed], path, "make gpu")
    assert [run.cell for run in new] == ["speed"]
    assert "broken failed, not recorded: MemoryError" in capsys.readouterr().err
    assert {run.cell for run in devices.read_runs(path)} == {"broken", "speed"}


def test_a_malformed_file_is_not_overwritten(fake_gpu, tmp_path):
    path = tmp_path / "runs.json"
    path.write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        devices.record([must_not_run], path, "make gpu")
    assert path.read_text() == "{"


def test_a_missing_folder_is_found_before_anything_runs(fake_gpu, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        devices.record([must_not_run], tmp_path / "nowhere" / "runs.json", "make gpu")


# --- the file


MALFORMED = {
    "no JSON": "{",
    "a list": "[]",
    "another schema": json.dumps({"schema": 99, "runs": []}),
    "no runs": json.dumps({"schema": 1}),
    "runs of another type": json.dumps({"schema": 1, "runs": {}}),
    "a run that is no object": json.dumps({"schema": 1, "runs": [3]}),
    "a missing key": json.dumps({"schema": 1, "runs": [{"cell": "speed"}]}),
    "an unknown key": json.dumps({"schema": 1, "runs": [entry(note="x")]}),
    "an empty date": json.dumps({"schema": 1, "runs": [entry(date="")]}),
    "a GPU without a driver": json.dumps(
        {"schema": 1, "runs": [entry(gpu={"name": "A", "count": 1, "backend": "jax"})]}
    ),
    "no GPU counted": json.dumps(
        {"schema": 1, "runs": [entry(gpu={**entry()["gpu"], "count": 0})]}
    ),
    "a CPU": json.dumps({"schema": 1, "runs": [entry(gpu={**entry()["gpu"], "name": "cpu"})]}),
    "versions of numbers": json.dumps({"schema": 1, "runs": [entry(versions={"keras": 3})]}),
    "a result of text": json.dumps({"schema": 1, "runs": [entry(result={"seconds": "fast"})]}),
    "not a number": json.dumps({"schema": 1, "runs": [entry(result={"seconds": float("nan")})]}),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_file_gives_one_clear_line(no_gpu, tmp_path, content):
    path = tmp_path / "runs.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"^runs\.json"):
        devices.read_runs(path)
    shown = devices.gpu_cell(must_not_run, runs=path)
    assert "no recorded run can be shown: runs.json" in repr(shown)
    assert "\n" not in repr(shown)
    assert shown.runs == ()


def test_the_books_file_holds_only_known_cells():
    from helpers.gpu_cells import CELLS

    assert devices.RUNS.exists()
    assert {run.cell for run in devices.read_runs()} <= {cell.__name__ for cell in CELLS}


# --- finding the GPU: stand-ins for what the backends answer on a machine with a GPU


class Tensor:
    def __init__(self, device):
        self.device = device

    def devices(self):
        return [self.device]


def keras_puts_tensors_on(monkeypatch, device):
    monkeypatch.setattr(keras.ops, "convert_to_tensor", lambda value: Tensor(device))


def stand_in(monkeypatch, name, **attributes):
    monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(**attributes))
    monkeypatch.setattr(keras.backend, "backend", lambda: name)
    monkeypatch.setattr(devices, "_driver", lambda: "1.2")


@pytest.mark.parametrize("placed", ["GPU:0", "CPU:0"])
def test_tensorflow_gpu_counts_only_if_it_is_used(monkeypatch, placed):
    config = types.SimpleNamespace(
        list_physical_devices=lambda kind: ["a", "b"] if kind == "GPU" else [],
        experimental=types.SimpleNamespace(
            get_device_details=lambda device: {"device_name": f"Card {device}"}
        ),
    )
    stand_in(monkeypatch, "tensorflow", config=config)
    keras_puts_tensors_on(monkeypatch, f"/job:localhost/replica:0/task:0/device:{placed}")
    expected = devices.Gpu("Card a", 2, "1.2", "tensorflow") if placed == "GPU:0" else None
    assert devices.gpu() == expected


@pytest.mark.parametrize("platform", ["gpu", "cpu", "tpu"])
def test_jax_gpu_counts_only_if_it_is_used(monkeypatch, platform):
    stand_in(monkeypatch, "jax", devices=lambda kind: [kind] * 3)
    card = types.SimpleNamespace(platform=platform, device_kind="Card")
    keras_puts_tensors_on(monkeypatch, card)
    expected = devices.Gpu("Card", 3, "1.2", "jax") if platform == "gpu" else None
    assert devices.gpu() == expected


@pytest.mark.parametrize("kind", ["cuda", "cpu"])
def test_torch_gpu_counts_only_if_it_is_used(monkeypatch, kind):
    cuda = types.SimpleNamespace(get_device_name=lambda: "Card", device_count=lambda: 4)
    stand_in(monkeypatch, "torch", cuda=cuda)
    keras_puts_tensors_on(monkeypatch, types.SimpleNamespace(type=kind))
    expected = devices.Gpu("Card", 4, "1.2", "torch") if kind == "cuda" else None
    assert devices.gpu() == expected


def test_a_backend_without_gpus_has_none(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    assert devices.gpu() is None


def test_driver_is_what_nvidia_smi_says_or_unknown(monkeypatch):
    def answers(text):
        return lambda *args, **kwargs: types.SimpleNamespace(stdout=text)

    monkeypatch.setattr(subprocess, "run", answers("570.86.15\n570.86.15\n"))
    assert devices._driver() == "570.86.15"
    monkeypatch.setattr(subprocess, "run", answers(""))
    assert devices._driver() == "unknown"

    def absent(*args, **kwargs):
        raise FileNotFoundError("nvidia-smi")

    monkeypatch.setattr(subprocess, "run", absent)
    assert devices._driver() == "unknown"


# --- the cells and the command


def test_tail_batch_compile_on_this_device():
    from helpers.gpu_cells import tail_batch_compile

    measured = tail_batch_compile(rows=7, batch_size=4)
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


def test_the_last_step_that_is_timed_is_the_tail(monkeypatch):
    from helpers import gpu_cells

    fetched = []

    class Logged(gpu_cells.PlannedDataset):
        def __getitem__(self, index):
            fetched.append(index)
            return super().__getitem__(index)

    monkeypatch.setattr(gpu_cells, "PlannedDataset", Logged)
    gpu_cells.tail_batch_compile(rows=11, batch_size=2)
    # Keras looks at the first batches once more before it begins; each epoch then goes 0 to 5.
    epochs = 2 * 6
    assert "".join(map(str, fetched)).count("012345") == epochs


def test_a_compile_that_pytorch_shares_is_forgotten(monkeypatch):
    from helpers import gpu_cells

    resets = []
    compiler = types.SimpleNamespace(reset=lambda: resets.append(1))
    stand_in(monkeypatch, "torch", compiler=compiler)
    gpu_cells.forget_compiled()
    assert resets == [1]


def test_tail_batch_compile_reads_each_figure_off_the_right_steps(monkeypatch):
    from helpers import gpu_cells

    class Clock(gpu_cells.StepTimer):
        def on_train_end(self, logs=None):  # (epochs, steps): 1.0 1.1 1.2 | 2.0 2.1 2.2 | ...
            steps = len(self.seconds[0])
            self.seconds = [[e + 1 + s / 10 for s in range(steps)] for e in range(6)]

    monkeypatch.setattr(gpu_cells, "StepTimer", Clock)
    measured = gpu_cells.tail_batch_compile(rows=11, batch_size=4)
    for tail in ("keep", "pad"):
        assert measured[f"{tail}_first_tail_step_seconds"] == 1.2  # the first epoch's last step
        assert measured[f"{tail}_full_step_seconds"] == 2.0  # the fastest later full step
        assert measured[f"{tail}_tail_step_seconds"] == 2.2  # the fastest later tail
    assert measured["tail_compile_in_full_steps"] == 1.2 / 2.0


def test_tail_batch_compile_needs_a_smaller_batch():
    from helpers.gpu_cells import tail_batch_compile

    with pytest.raises(ValueError, match=r"rows=64.*batch_size=32"):
        tail_batch_compile(rows=64, batch_size=32)


def test_tail_batch_compile_refuses_where_keras_does_not_compile(monkeypatch):
    from helpers.gpu_cells import tail_batch_compile

    monkeypatch.setattr("keras.src.trainers.trainer.model_supports_jit", lambda model: False)
    with (
        pytest.warns(UserWarning, match="jit_compile"),
        pytest.raises(NotImplementedError, match="does not compile"),
    ):
        tail_batch_compile()


SMALL = {"rows": 10, "steps": 9, "features": 3, "units": 4}
CASES = ("right", "left", "empty_row")


def test_cudnn_masks_on_this_device():
    from helpers.gpu_cells import cudnn_masks

    measured = cudnn_masks(**SMALL)
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
    assert measured == devices._plain(measured, "cudnn_masks")


def small_masks(monkeypatch, answer):
    """Measure with a stand-in for the LSTM: ``answer(case, use_cudnn, x, mask, run)``."""
    from helpers import gpu_cells

    real = gpu_cells.unless_refused
    given = []

    def stand_in_lstm(features, units, use_cudnn, x, mask):
        case = CASES[len(given) // 2]
        given.append((case, use_cudnn, x, mask))

        def run(mask=mask):
            return real(features, units, "auto", x, mask)

        return answer(case, use_cudnn, mask, run)

    with monkeypatch.context() as patched:
        patched.setattr(gpu_cells, "unless_refused", stand_in_lstm)
        return gpu_cells.cudnn_masks(**SMALL), given


def test_cudnn_masks_runs_each_case_both_ways(monkeypatch):
    _, given = small_masks(monkeypatch, lambda case, use_cudnn, mask, run: (0, None))
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


@pytest.mark.parametrize("refused", CASES)
def test_cudnn_masks_says_what_is_refused(monkeypatch, refused):
    def answer(case, use_cudnn, mask, run):
        return run() if case != refused or use_cudnn == "auto" else (0, None)

    measured, _ = small_masks(monkeypatch, answer)
    for case in CASES:
        assert measured[f"{case}_cudnn_takes_it"] == (case != refused)
        assert measured[f"{case}_auto_runs"] == 1

    def refuses_both(case, use_cudnn, mask, run):
        return (0, None) if case == refused else run()

    measured, _ = small_masks(monkeypatch, refuses_both)
    assert measured[f"{refused}_auto_runs"] == 0
    assert f"{refused}_rows_wrong" not in measured
    assert f"{refused}_largest_difference" not in measured


def test_cudnn_masks_counts_rows_that_come_out_wrong(monkeypatch):
    def answer(case, use_cudnn, mask, run):
        ran, got = run(np.ones_like(mask) if case == "right" else mask)  # the mask is ignored
        got = np.array(got)
        if case == "left":
            got = got[::-1]  # rows in another order
        if case == "empty_row":
            got[0] = np.nan
        return ran, got

    measured, given = small_masks(monkeypatch, answer)
    padded = int((~given[0][3].all(axis=1)).sum())
    assert measured["right_rows_wrong"] == padded == 9
    assert measured["left_rows_wrong"] == 10
    assert measured["right_largest_difference"] > 0.1
    assert measured["left_largest_difference"] > 0.1
    assert measured["empty_row_rows_wrong"] == 1
    assert measured["empty_row_largest_difference"] < 1e-2
    assert measured == devices._plain(measured, "cudnn_masks")


def test_cudnn_masks_without_a_number_reports_none(monkeypatch):
    def answer(case, use_cudnn, mask, run):
        return 1, np.full((10, 4), np.nan)

    measured, _ = small_masks(monkeypatch, answer)
    assert measured["right_rows_wrong"] == 10
    assert "right_largest_difference" not in measured


def test_cudnn_masks_compares_the_fastest_warm_batches(monkeypatch):
    from helpers import gpu_cells

    shown = []

    class Model:
        def __init__(self, masked):
            self.masked = masked

        def predict_on_batch(self, inputs):
            shown.append((self.masked, len(inputs) if isinstance(inputs, list) else "one"))

    real, clock = gpu_cells.lstm_model, [0.0]

    def model(*args, masked, use_cudnn):
        if masked or use_cudnn == "auto":
            assert use_cudnn == "auto"
            return Model(masked)
        return real(*args, masked=masked, use_cudnn=use_cudnn)

    def perf_counter():
        clock[0] += 1 + len(shown)  # the first batch is the fastest, and must not count
        return clock[0]

    monkeypatch.setattr(gpu_cells, "unless_refused", lambda *args: (0, None))
    monkeypatch.setattr(gpu_cells, "lstm_model", model)
    monkeypatch.setattr(gpu_cells.time, "perf_counter", perf_counter)
    measured = gpu_cells.cudnn_masks(**SMALL)
    assert shown == [(True, 2)] * 11 + [(False, "one")] * 11
    assert measured["masked_step_seconds"] == 3.0
    assert measured["unmasked_step_seconds"] == 14.0
    assert measured["mask_costs_unmasked_steps"] == 3.0 / 14.0


@pytest.mark.parametrize(("name", "number"), [("rows", 7), ("steps", 5)])
def test_cudnn_masks_needs_eight_lengths(name, number):
    from helpers.gpu_cells import cudnn_masks

    with pytest.raises(ValueError, match=f"^{name}: expected at least 8, got {number}"):
        cudnn_masks(**{**SMALL, name: number})


def test_lstm_models_have_the_same_weights():
    from helpers.gpu_cells import lstm_model

    one = lstm_model(3, 4, masked=True, use_cudnn="auto")
    other = lstm_model(3, 4, masked=False, use_cudnn=False)
    for weight, same in zip(one.get_weights(), other.get_weights(), strict=True):
        assert weight.any()
        assert (weight == same).all()
    assert [layer.use_cudnn for layer in (one.layers[-1], other.layers[-1])] == ["auto", False]


def test_only_kerass_own_words_count_as_a_refusal(monkeypatch):
    from helpers import gpu_cells

    x, mask = np.ones((1, 2, 3), "float32"), np.ones((1, 2), bool)
    if devices.gpu() is None:  # Keras says that it cannot follow use_cudnn=True
        model = gpu_cells.lstm_model(3, 4, masked=True, use_cudnn=True)
        with pytest.raises(ValueError, match=gpu_cells.REFUSALS[1]):
            model.predict_on_batch([x, mask])
        assert gpu_cells.unless_refused(3, 4, True, x, mask) == (0, None)

    def failing(*args, **kwargs):
        raise ValueError(words)

    monkeypatch.setattr(gpu_cells, "lstm_model", failing)
    words = f"a mask that {gpu_cells.REFUSALS[0]}, while using cuDNN"
    assert gpu_cells.unless_refused(3, 4, "auto", x, mask) == (0, None)
    words = "CUDA out of memory"
    with pytest.raises(ValueError, match="out of memory"):
        gpu_cells.unless_refused(3, 4, "auto", x, mask)


FEW = {"images": 20, "batch_size": 4, "buckets": 3, "height": 8, "widest": 48, "units": 4}
WAYS = ("padded", "bucketed")


def test_width_buckets_on_this_device():
    from helpers.gpu_cells import width_buckets

    measured = width_buckets(**{**FEW, "buckets": 2})
    per_way = ("images_per_second", "pixels_per_true_pixel", "shapes", "first_steps_seconds")
    assert set(measured) == {f"{way}_{name}" for way in WAYS for name in per_way} | {
        "bucketed_speedup"
    }
    assert (measured["padded_shapes"], measured["bucketed_shapes"]) == (1, 2)
    assert measured["padded_pixels_per_true_pixel"] > measured["bucketed_pixels_per_true_pixel"] > 1
    assert all(np.isfinite(value) and value > 0 for value in measured.values())
    assert set(devices._plain(measured, "width_buckets")) == set(measured)


class Timed:
    """A stand-in for a model on a clock of its own: steps get faster, and a new shape is slow."""

    def __init__(self):
        self.now, self.steps, self.costs = 0.0, [], []

    def train_on_batch(self, x, y, sample_weight=None):
        images, sizes = x
        new = images.shape not in {shape for shape, *_ in self.steps}
        self.steps.append((images.shape, images, sizes, sample_weight))
        self.costs.append(images.size / len(self.steps) + 1e6 * new)
        self.now += self.costs[-1]


def test_width_buckets_reads_each_figure_off_the_right_steps(monkeypatch):
    from helpers import gpu_cells

    models = []

    def crnn(height, units):
        assert (height, units) == (8, 4)
        models.append(Timed())
        return models[-1]

    monkeypatch.setattr(gpu_cells, "crnn", crnn)
    monkeypatch.setattr(gpu_cells.time, "perf_counter", lambda: models[-1].now)
    measured = gpu_cells.width_buckets(**FEW)
    assert len(models) == 2
    true = {}
    for way, model in zip(WAYS, models, strict=True):
        shapes = list(dict.fromkeys(shape for shape, *_ in model.steps))
        n, wide = len(shapes), max(width for _, _, width, _ in shapes)
        assert [shape for shape, *_ in model.steps[: 2 * n]] == shapes * 2
        epochs = model.steps[2 * n :]
        epoch = epochs[: len(epochs) // 3]
        assert [step[0] for step in epochs] == [step[0] for step in epoch] * 3
        real = np.concatenate([sizes if w is None else sizes[w > 0] for _, _, sizes, w in epoch])
        assert len(real) == FEW["images"]
        assert real[:, 1].max() == wide
        for shape, images, sizes, _ in epoch:
            assert shape[0] == FEW["batch_size"]
            for image, (h, w) in zip(images, sizes, strict=True):
                assert image[:h, :w].all()
                assert not image[:, w:].any()
        pixels, true[way] = sum(step[1].size for step in epoch), int(real.prod(axis=1).sum())
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
    from helpers.gpu_cells import crnn

    model = crnn(8, 4)
    narrow = np.random.default_rng(0).random((1, 8, 21, 1), dtype="float32")
    wide = np.pad(narrow, ((0, 0), (0, 0), (0, 30), (0, 0)), constant_values=5)
    sizes = np.array([[8, 21]], "int32")
    alone, padded = (np.asarray(model.predict_on_batch([x, sizes])) for x in (narrow, wide))
    np.testing.assert_allclose(alone, padded, atol=1e-6)
    whole = model.predict_on_batch([wide, np.array([[8, 51]], "int32")])
    assert np.abs(np.asarray(whole) - alone).max() > 1e-3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"images": 1}, "^images: expected at least 2, got 1"),
        ({"buckets": 1}, "^buckets: expected at least 2, got 1"),
    ],
)
def test_width_buckets_needs_images_and_buckets(given, message):
    from helpers.gpu_cells import width_buckets

    with pytest.raises(ValueError, match=message):
        width_buckets(**{**FEW, **given})


def test_width_buckets_refuses_images_of_one_width(monkeypatch):
    from helpers import gpu_cells

    monkeypatch.setattr(gpu_cells, "random_lengths", lambda count, *_, **__: np.full(count, 99))
    with pytest.raises(ValueError, match=r"^images: expected widths for two buckets"):
        gpu_cells.width_buckets(**FEW)


BRIEF = {"rows": 24, "batch_size": 4, "longest": 32, "features": 3, "filters": 4}


def test_jit_by_shapes_on_this_device():
    from helpers.gpu_cells import jit_by_shapes

    measured = jit_by_shapes(**BRIEF, buckets=(1, 3))
    per_way = ("first_epoch_seconds", "warm_step_seconds")
    names = {
        f"{plan}_{way}_{name}"
        for plan in ("1_bucket", "3_buckets")
        for way in ("jit", "plain")
        for name in per_way
    }
    counts = {
        f"{plan}_{name}" for plan in ("1_bucket", "3_buckets") for name in ("shapes", "batches")
    }
    last = {f"{way}_new_shape_in_warm_steps" for way in ("jit", "plain")}
    assert set(measured) == names | counts | last
    assert (measured["1_bucket_shapes"], measured["3_buckets_shapes"]) == (1, 3)
    assert all(np.isfinite(value) and value > 0 for value in measured.values())
    assert set(devices._plain(measured, "jit_by_shapes")) == set(measured)


class Learner:
    """A stand-in for a model on a clock of its own: a new shape is slow, and steps get faster."""

    def __init__(self, jit_compile):
        self.jit_compile, self.now, self.steps, self.costs = jit_compile, 0.0, [], []

    def train_on_batch(self, x, y, sample_weight):
        values, mask = x
        new = values.shape not in {step[0].shape for step in self.steps}
        self.steps.append((values, mask, y, sample_weight))
        self.costs.append(values.size / len(self.steps) + new * (1e6 if self.jit_compile else 1e3))
        self.now += self.costs[-1]


def test_jit_by_shapes_reads_each_figure_off_the_right_steps(monkeypatch):
    from helpers import gpu_cells

    models, forgotten = [], []

    def sequence_model(features, filters, *, jit_compile):
        assert (features, filters) == (3, 4)
        assert len(forgotten) == len(models) + 1  # before every model
        models.append(Learner(jit_compile))
        return models[-1]

    monkeypatch.setattr(gpu_cells, "sequence_model", sequence_model)
    monkeypatch.setattr(gpu_cells, "forget_compiled", lambda: forgotten.append(1))
    monkeypatch.setattr(gpu_cells.time, "perf_counter", lambda: models[-1].now)
    measured = gpu_cells.jit_by_shapes(**BRIEF, buckets=(1, 2, 5))
    assert [model.jit_compile for model in models] == [True, False] * 3
    seen = []
    for k, some in zip((1, 2, 5), zip(models[::2], models[1::2], strict=True), strict=True):
        name = f"{k}_bucket{'s' * (k > 1)}"
        for way, model in zip(("jit", "plain"), some, strict=True):
            n = measured[f"{name}_batches"]
            assert len(model.steps) == 4 * n
            epoch = model.steps[:n]
            shapes = {values.shape for values, *_ in epoch}
            assert len(shapes) == measured[f"{name}_shapes"] == k
            assert {shape[0] for shape in shapes} == {4}
            rows = []
            for values, mask, labels, weights in epoch:
                lengths = mask.sum(axis=1)
                assert (mask == (np.arange(values.shape[1]) < lengths[:, None])).all()
                assert not values[~mask].any()
                assert values[mask].all()
                real = weights > 0
                rows += zip(lengths[real].tolist(), labels[real].tolist(), strict=True)
            assert len(rows) == 24
            seen.append(sorted(rows))
            first, warm = sum(model.costs[:n]), sum(model.costs[3 * n :])  # the last is the fastest
            assert measured[f"{name}_{way}_first_epoch_seconds"] == pytest.approx(first)
            assert measured[f"{name}_{way}_warm_step_seconds"] == pytest.approx(warm / n)
            if k == 5:
                extra = (first - warm) / k / (warm / n)
                assert measured[f"{way}_new_shape_in_warm_steps"] == pytest.approx(extra)
    assert all(rows == seen[0] for rows in seen)  # the same rows, whatever the plan
    assert measured["jit_new_shape_in_warm_steps"] > measured["plain_new_shape_in_warm_steps"]


def test_the_second_epoch_is_never_the_warm_one(monkeypatch):
    from helpers import gpu_cells

    clock = iter([9.0, 1.0, 3.0, 2.0] * 2)
    monkeypatch.setattr(gpu_cells, "epoch_seconds", lambda model, batches: next(clock))
    measured = gpu_cells.jit_by_shapes(**BRIEF, buckets=(2,))
    assert measured["2_buckets_jit_first_epoch_seconds"] == 9.0
    assert measured["2_buckets_plain_warm_step_seconds"] == 2.0 / measured["2_buckets_batches"]


def test_the_learner_of_jit_by_shapes_is_not_moved_by_padding():
    from helpers.gpu_cells import sequence_model

    model = sequence_model(3, 4, jit_compile=False)
    assert model.jit_compile is False
    short = np.random.default_rng(0).random((1, 7, 3), dtype="float32")
    mask = np.ones((1, 7), bool)
    long, padded = np.pad(short, ((0, 0), (0, 9), (0, 0))), np.pad(mask, ((0, 0), (0, 9)))
    alone, batch, unmasked = (
        np.asarray(model.predict_on_batch(inputs))
        for inputs in ([short, mask], [long, padded], [long, np.ones_like(padded)])
    )
    np.testing.assert_allclose(batch, alone, atol=1e-6)
    assert np.abs(unmasked - alone).max() > 1e-3


def test_jit_by_shapes_needs_a_length_for_each_bucket():
    from helpers.gpu_cells import jit_by_shapes

    with pytest.raises(ValueError, match=r"^buckets: expected at most \d+, .* got 25"):
        jit_by_shapes(**BRIEF, buckets=(1, 25))


def test_jit_by_shapes_refuses_where_keras_does_not_compile(monkeypatch):
    from helpers.gpu_cells import jit_by_shapes

    monkeypatch.setattr("keras.src.trainers.trainer.model_supports_jit", lambda model: False)
    with (
        pytest.warns(UserWarning, match="jit_compile"),
        pytest.raises(NotImplementedError, match="does not compile"),
    ):
        jit_by_shapes(**BRIEF, buckets=(1,))


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
    import importlib

    from helpers.gpu_cells import REFUSALS

    rnn = importlib.import_module("keras.src.backend.tensorflow.rnn")
    mask = keras.ops.convert_to_tensor(np.array(mask, dtype=bool))
    if taken:
        rnn._assert_valid_mask(mask)
        return
    with pytest.raises(Exception, match=REFUSALS[0]) as caught:
        rnn._assert_valid_mask(mask)
    assert type(caught.value).__name__ == "InvalidArgumentError"


def test_list_names_every_cell(capsys):
    assert devices.main(["--list"]) == 0
    assert (
        capsys.readouterr().out == "tail_batch_compile\ncudnn_masks\nwidth_buckets\njit_by_shapes\n"
    )


def test_record_command_fails_clearly_without_a_gpu(no_gpu, capsys, tmp_path):
    path = tmp_path / "runs.json"
    assert devices.main(["--record", str(path)]) == 1
    assert capsys.readouterr().err.startswith("not recorded: no GPU")
    assert not path.exists()


@pytest.mark.parametrize("command", [None, "make gpu"])
def test_record_command_writes_the_command(fake_gpu, monkeypatch, capsys, tmp_path, command):
    from helpers import gpu_cells

    monkeypatch.setattr(gpu_cells, "CELLS", (speed,))
    path = tmp_path / "runs.json"
    given = ["--command", command] if command else []
    assert devices.main(["--record", str(path), *given]) == 0
    (run,) = devices.read_runs(path)
    typed = f"KERAS_BACKEND={BACKEND} python -m helpers.devices --record {path}"
    assert run.command == (command or typed)
    assert "Stand-in 9000" in capsys.readouterr().out


def test_record_command_fails_if_a_cell_failed(fake_gpu, monkeypatch, tmp_path):
    from helpers import gpu_cells

    monkeypatch.setattr(gpu_cells, "CELLS", (speed, broken))
    assert devices.main(["--record", str(tmp_path / "runs.json")]) == 1
