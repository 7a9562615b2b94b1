"""GPU cells without a GPU: only the finder of the GPU is a stand-in, everything else is real."""

import json
import pathlib
import re
import subprocess
import sys
import types

import keras
import numpy as np
import pytest

from helpers import devices, gpu_cells
from helpers.gpu import device, runs

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
    monkeypatch.setattr(device, "gpu", lambda: None)


@pytest.fixture
def fake_gpu(monkeypatch):
    monkeypatch.setattr(device, "gpu", lambda: GPU)


def must_not_run():
    raise AssertionError("a GPU cell ran without a GPU")


# --- without a GPU


def test_no_gpu_and_no_run_says_so_and_shows_no_number(no_gpu, tmp_path):
    shown = devices.gpu_cell(must_not_run, runs=tmp_path / "absent.json")
    assert repr(shown).startswith("No GPU here. No run is recorded yet")
    assert not re.search(r"\d", repr(shown))
    assert "No run is recorded yet: <code>make gpu</code>, on" in shown._repr_html_()


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


def sized(rows=1000, kind="plain"):
    return {"rows_used": rows, "step_seconds": 0.0123456}


def test_without_a_gpu_a_small_size_runs_on_the_cpu_and_says_so(no_gpu, tmp_path):
    path = tmp_path / "runs.json"
    shown = devices.gpu_cell(sized, small={"rows": 8, "kind": "x"}, runs=path)
    headline, *table = repr(shown).splitlines()
    assert headline.startswith(
        "No GPU here, so this is a small size on the CPU (`rows=8, kind=x`). No run is recorded yet"
    )
    assert table[1:] == ["a small size on the CPU", "  rows used     8", "  step seconds  0.0123"]
    assert "<caption>a small size on the CPU</caption>" in shown._repr_html_()
    assert shown.runs == ()
    assert not path.exists()


def test_recorded_runs_are_below_the_small_size(no_gpu, tmp_path):
    path = write(tmp_path / "runs.json", entry(cell="sized"))
    text = repr(devices.gpu_cell(sized, small={"rows": 8}, runs=path))
    assert "(`rows=8`). Recorded earlier, on another machine's GPU:" in text
    assert text.index("rows used") < text.index("Old <GPU>")


def test_a_small_size_that_fails_is_one_line(no_gpu, tmp_path):
    shown = devices.gpu_cell(sized, small={"columns": 8}, runs=tmp_path / "absent.json")
    assert "No GPU here; on the CPU the run failed (TypeError: " in repr(shown)
    assert (shown.on_cpu, "\n" in repr(shown)) == (None, False)


def test_a_gpu_runs_no_small_size(fake_gpu, tmp_path):
    shown = devices.gpu_cell(sized, small={"rows": 8}, runs=tmp_path / "absent.json")
    assert shown.runs[0].result["rows_used"] == 1000
    assert shown.on_cpu is None


@pytest.mark.parametrize("small", [8, ["rows"], {8: "rows"}])
def test_a_small_size_is_a_mapping_of_names(small):
    with pytest.raises(TypeError, match=r"^small: "):
        devices.gpu_cell(sized, small=small)


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
    # Under its own name: Python 3.13 knows a source of "<string>", that of `python -c`.
    exec(compile("def typed_in(): return {'seconds': 1.0}", "<typed in>", "exec"), namespace)
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

    monkeypatch.setattr(device, "gpu", no_driver)
    shown = devices.gpu_cell(must_not_run, runs=tmp_path / "absent.json")
    assert "RuntimeError: Unable to initialize backend). No run is recorded" in repr(shown)
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
    monkeypatch.setattr(device, "gpu", lambda: None)
    assert "Stand-in 9000" in repr(devices.gpu_cell(speed, runs=path))


def test_the_newest_run_of_a_cell_on_a_device_replaces_the_older(fake_gpu, monkeypatch, tmp_path):
    path = write(tmp_path / "runs.json", entry(), entry(cell="another"))
    devices.record([speed], path, "first")
    devices.record([speed], path, "second")
    kept = [(run.cell, run.gpu.name, run.command) for run in devices.read_runs(path)]
    assert kept == [
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
    "nested without an end": "[" * 100_000,
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
    assert "No recorded run can be shown: runs.json" in repr(shown)
    assert "\n" not in repr(shown)
    assert shown.runs == ()


def test_the_stored_file_holds_only_known_cells():
    assert devices.RUNS.exists()
    known = {cell.__name__ for cell in gpu_cells.CELLS}
    assert {run.cell for run in devices.read_runs()} <= known


# --- finding the GPU: stand-ins for what the backends answer on a machine with a GPU


class Tensor:
    def __init__(self, device):
        self.device = device

    def devices(self):
        return [self.device]


def keras_puts_tensors_on(monkeypatch, device):
    monkeypatch.setattr(keras.ops, "convert_to_tensor", lambda value: Tensor(device))


def nvidia_smi_says(monkeypatch, text):
    def run(*args, **kwargs):
        if text is None:
            raise FileNotFoundError("nvidia-smi")
        return types.SimpleNamespace(stdout=text)

    monkeypatch.setattr(subprocess, "run", run)


def stand_in(monkeypatch, name, **attributes):
    monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(**attributes))
    monkeypatch.setattr(keras.backend, "backend", lambda: name)
    nvidia_smi_says(monkeypatch, "1.2\n1.2\n")


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


@pytest.mark.parametrize(
    ("text", "driver"),
    [("570.86.15\n570.86.15\n", "570.86.15"), ("", "unknown"), (None, "unknown")],
)
def test_driver_is_what_nvidia_smi_says_or_unknown(monkeypatch, text, driver):
    stand_in(monkeypatch, "jax", devices=lambda kind: [kind])
    keras_puts_tensors_on(monkeypatch, types.SimpleNamespace(platform="gpu", device_kind="Card"))
    nvidia_smi_says(monkeypatch, text)
    assert devices.gpu().driver == driver


# --- the command


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
def test_record_command_writes_the_command(fake_gpu, capsys, tmp_path, command):
    path = tmp_path / "runs.json"
    given = ["--command", command] if command else []
    assert devices.main(["--record", str(path), *given], (speed,)) == 0
    (run,) = devices.read_runs(path)
    typed = f"KERAS_BACKEND={BACKEND} python -m helpers.devices --record {path}"
    assert run.command == (command or typed)
    assert "Stand-in 9000" in capsys.readouterr().out


def test_record_command_fails_if_a_cell_failed(fake_gpu, tmp_path):
    assert devices.main(["--record", str(tmp_path / "runs.json")], (speed, broken)) == 1


def test_a_full_disk_keeps_the_earlier_runs(monkeypatch, tmp_path):
    path = tmp_path / "runs.json"
    path.write_text("what was there")

    def half(self, text, **_):
        with open(self, "w") as file:
            file.write(text[: len(text) // 2])
        raise OSError("No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_text", half)
    with pytest.raises(OSError, match="No space"):
        runs.write_runs(path, [])
    assert path.read_bytes() == b"what was there"
