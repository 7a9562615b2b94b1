"""The audit in a shell: targets, formats, exit statuses, and a standard output of its own."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import __main__ as shell
from helpers.auditing import catalogue

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]
MODELS = """
import keras
import numpy as np

print("noise of an import")


def clean():
    print("noise of a function")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 1)))
    return model, (np.ones((8, 4), "float32"), np.ones((8, 1), "float32"))


def leaky():
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(3)])
    x = np.ones((4, 5, 2), "float32")
    x[0, 2:] = 0
    return {"model": model, "data": x, "select": ["RE202"]}


def costly():
    steps = keras.layers.Masking(), keras.layers.LSTM(3)
    x = np.zeros((4, 50, 2), "float32")
    x[:, :2] = 1
    return {"model": keras.Sequential([keras.Input((None, 2)), *steps]), "data": x}


def drawn():
    return {**leaky(), "data": (batch for batch in [np.ones((2, 3, 2))]), "select": "RE1"}


class Rows(keras.utils.PyDataset):
    def __len__(self):
        raise OSError("the disk is gone")

    def __getitem__(self, index):
        return np.ones((2, 4))


def raising_data():
    return clean()[0], Rows()


def raising():
    return 1 / int("0")


def leaving():
    raise SystemExit(0)


def number():
    return 3


def three():
    return clean()[0], 1, 2


def unknown_key():
    return {**leaky(), "batch": 3}


def no_model():
    return {"data": 3}


def odd_batches():
    return {**leaky(), "batches": "many"}


nothing = 3
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with modules, as the current one; what they import is forgotten afterwards."""
    (tmp_path / "my_models.py").write_text(MODELS)
    (tmp_path / "broken_module.py").write_text("import keras\nraise KeyError('no such table')\n")
    (tmp_path / "no_package.py").write_text("import a_package_that_is_missing\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [*sys.modules]:
        if getattr(sys.modules[name], "__file__", None) and name.startswith(
            ("my_models", "broken_module", "no_package", "audited_")
        ):
            del sys.modules[name]


@pytest.fixture
def audit(project, capfd):
    """Run the command in this process; return its status, its standard output and error."""

    def run(*arguments):
        try:
            status = shell.main(["audit", *arguments])
        except SystemExit as end:
            status = end.code
        return status, *capfd.readouterr()

    return run


def test_a_clean_model_is_status_0_and_nothing_else_is_on_stdout(audit):
    status, out, err = audit("my_models:clean")
    assert status == 0
    assert out.startswith("Audit of sequential")
    assert "noise" not in out
    assert "ms/step" not in out
    assert "noise of an import\n" in err
    assert "noise of a function\n" in err
    assert "my_models:clean passes (0 errors," in err.splitlines()[-1]


def test_an_error_is_status_1_from_a_file_as_well(audit):
    status, out, err = audit("my_models.py:leaky")
    assert status == 1
    assert "error RE202 padding-leak in layer lstm" in out
    assert err.splitlines()[-1].startswith("my_models.py:leaky fails: 1 error (1 error, 0 warn")


def test_the_shell_outranks_the_function_in_what_is_selected(audit):
    status, out, _ = audit("my_models:leaky", "--select", "RE101,RE202", "--ignore", "padding-leak")
    assert status == 0
    assert "1 rule passed" in out


@pytest.mark.parametrize("level", ["error", "warning", "note"])
def test_the_level_decides_what_fails(level, audit):
    found = audit("my_models:costly", "--select", "RE501", "--fail-on", level, "--format", "json")
    (finding,) = json.loads(found[1])["findings"]
    order = ["error", "warning", "note"]
    assert found[0] == int(order.index(finding["severity"]) <= order.index(level))


def test_an_undecided_rule_is_told_and_fails_where_that_is_asked_for(audit):
    assert audit("my_models:clean", "--select", "RE202", "--strict")[0] == 0
    status, out, err = audit("my_models:drawn", "--ignore", "RE102")
    assert status == 0
    assert "Undecided, which is no pass:" in out
    assert "undecided is no pass: --strict fails on it" in err
    status, _, err = audit("my_models:drawn", "--ignore", "RE102", "--strict")
    assert status == 1
    assert " undecided (" in err


def test_a_report_can_go_to_a_file_in_each_format(audit, project):
    status, out, err = audit("my_models:leaky", "--format", "json", "--output", "report.json")
    assert (status, out) == (1, "")
    assert "my_models:leaky fails" in err
    assert json.loads((project / "report.json").read_text())["findings"][0]["code"] == "RE202"
    assert audit("my_models:leaky", "--format", "html", "--output", "report.html")[0] == 1
    page = (project / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "padding-leak" in page


def test_a_file_that_cannot_be_written_is_misuse(audit, monkeypatch):
    def full(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_text", full)
    status, _, err = audit("my_models:clean", "--select", "RE101", "--output", "report.txt")
    assert status == 2
    assert "--output: expected a file that can be written, got the disk is full" in err


def test_batches_are_passed_on(audit):
    assert audit("my_models:clean", "--batches", "1")[0] == 2
    assert audit("my_models:clean", "--batches", "2", "--select", "RE1")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "expected one of module:function, --explain and --list"),
        (["my_models:clean", "--list"], "expected one of module:function"),
        (["my_models"], "expected module:function or path/to/file.py:function, got 'my_models'"),
        (["my_module:clean"], "there is no module 'my_module' in "),
        ([".my_models:clean"], "'.my_models' is no name of a module"),
        (["other.py:clean"], "there is no file other.py"),
        (["my_models:claen"], "my_models has no 'claen'; did you mean clean?"),
        (["my_models:nothing"], "expected a function that returns model and data, got int"),
        (["my_models:number"], "expected (model, data) or a dict of arguments for helpers.audit"),
        (["my_models:three"], "got a tuple of 3: Sequential, int, int"),
        (["my_models:unknown_key"], "got the key 'batch'; there are model, data, validation"),
        (["my_models:no_model"], "got a dict without 'model'"),
        (["my_models:odd_batches"], "my_models:odd_batches: batches: expected"),
        (["my_models:leaky", "--select", "RE9"], "select: expected codes or names of RE101"),
        (["my_models:leaky", "--batches", "x"], "argument --batches: invalid int value"),
        (["my_models:leaky", "--output", "no/where"], "--output: expected a file in a folder"),
        (["my_models:leaky", "--output", "."], "--output: expected a file in a folder"),
        (["my_models:leaky", "--format", "xml"], "argument --format: invalid choice"),
        (["--explain", "RE9"], "--explain: expected codes or names of"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_misuse_is_status_2_with_a_sentence(arguments, said, audit):
    status, out, err = audit(*arguments)
    assert (status, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("target", "line", "said"),
    [
        ("my_models:raising", "return 1 / int", "ZeroDivisionError: division by zero"),
        ("my_models:leaving", "raise SystemExit(0)", "SystemExit: 0"),
        ("broken_module:f", "raise KeyError", "broken_module raised when it was imported"),
        ("no_package:f", "import a_package", "No module named 'a_package_that_is_missing'"),
        ("my_models:raising_data", "raise OSError", "OSError: the disk is gone"),
    ],
)
def test_what_the_users_code_raises_is_status_2_with_its_traceback(target, line, said, audit):
    status, out, err = audit(target)
    assert (status, out) == (2, "")
    assert "Traceback" in err
    assert line in err
    assert said in err
    assert "helpers/targets.py" not in err
    assert "importlib" not in err


def test_a_rule_is_explained_by_code_and_by_name(audit):
    status, out, _ = audit("--explain", "RE202")
    assert status == 0
    assert out.startswith("RE202 padding-leak (error)\nPadding changes the answers")
    for part in ("What it does", "Why it is bad", "Broken", "def broken()", "Mended", "def mended"):
        assert part in out
    assert "def _rows()" in out  # which both examples use
    assert "book/masking#what-masking" in out
    assert audit("--explain", "padding-leak")[1] == out


def test_each_rule_can_be_explained(audit):
    out = audit("--explain", "RE")[1]
    assert [rule.code for rule in catalogue() if f"{rule.code} {rule.name} (" not in out] == []


def test_all_rules_are_listed(audit):
    status, out, _ = audit("--list")
    assert status == 0
    assert [line.split()[:2] for line in out.splitlines()] == [
        [rule.code, rule.name] for rule in catalogue()
    ]


def test_a_process_of_its_own_takes_the_backend_of_the_module(project):
    (project / "choosing.py").write_text(
        "import os, sys\nassert 'keras' not in sys.modules\nfrom my_models import leaky\n"
        "os.system('echo noise of a child')\n"
    )
    command = [sys.executable, "-m", "helpers", "audit", "choosing:leaky", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["findings"][0]["rule"] == "padding-leak"
    assert "noise of a child" in done.stderr
    assert "\nchoosing:leaky fails: 1 error (" in done.stderr
