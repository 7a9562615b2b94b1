"""The fixture `audit` of pytest: what fails a test and how it says so, settings and baseline."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import json
import subprocess
import sys

import pytest

from helpers.auditing import settings  # noqa: F401  (pytester forgets what it has imported itself)

pytest_plugins = ["pytester"]
pytestmark = [pytest.mark.any_backend, pytest.mark.slow]
MODELS = """
import keras
import numpy as np
import pytest


def leaky():
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(3)])
    x = np.ones((4, 5, 2), "float32")
    x[0, 2:] = 0
    return model, x


def clean():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    return model, np.ones((8, 4), "float32")
"""
TABLE = '[tool.ragged-edges.audit]\nselect = ["RE202"]\n'


@pytest.fixture
def outcome(pytester, monkeypatch):
    """Run tests in this process, with this plugin and no other; return what pytest prints."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(tests, table=TABLE):
        pytester.makefile(".toml", pyproject=table)
        pytester.makepyfile(MODELS + tests)
        options = ["-p", "helpers.pytest_plugin", "-p", "no:cacheprovider", "-q"]
        return pytester.runpytest_inprocess(*options)

    return run


def test_errors_fail_with_the_report_and_a_clean_model_returns_one(outcome):
    said = outcome(
        """
def test_leaky(audit):
    audit(*leaky())

def test_clean(audit):
    report = audit(*clean())
    assert not report.errors
    assert [one.rule.code for one in report.passed] == ["RE202"]

def test_chosen(audit):
    report = audit(*leaky(), select=["RE104"], batches=2)
    assert report.findings == ()
"""
    )
    said.assert_outcomes(passed=2, failed=1)
    said.stdout.fnmatch_lines(
        ["The audit fails: 1 error.", "Audit of sequential*", "error RE202 padding-leak in layer*"]
    )
    said.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_level_strictness_and_odd_arguments(outcome):
    said = outcome(
        """
def costly():
    x = np.zeros((4, 50, 2), "float32")
    x[:, :2] = 1
    layers = keras.layers.Masking(), keras.layers.LSTM(3)
    return keras.Sequential([keras.Input((None, 2)), *layers]), x

def test_passes(audit):
    assert audit(*costly(), select="RE501", fail_on="error").findings

def test_level(audit):
    audit(*costly(), select="RE501")

def test_undecided(audit):
    drawn = (batch for batch in [np.ones((2, 3, 2))])
    assert audit(leaky()[0], drawn, strict=False).undecided

def test_strict(audit):
    drawn = (batch for batch in [np.ones((2, 3, 2))])
    audit(leaky()[0], drawn)

def test_odd(audit):
    with pytest.raises(ValueError, match="fail_on: expected"):
        audit(*clean(), fail_on="info")
    with pytest.raises(TypeError, match="strict: expected"):
        audit(*clean(), strict=1)
    with pytest.raises(TypeError, match="model: expected"):
        audit(3, 4)
""",
        TABLE + 'fail-on = "note"\nstrict = true\n',
    )
    said.assert_outcomes(passed=3, failed=2)
    said.stdout.fnmatch_lines(["The audit fails: 1 *.", "The audit fails: 1 undecided."])


def test_known_findings_do_not_fail(outcome, pytester):
    entry = {"code": "RE202", "where": "layer reader_#", "count": 1}
    known = {"version": 1, "targets": {"train:run": [entry]}}
    (pytester.path / "known.json").write_text(json.dumps(known))
    said = outcome(
        """
def test_leaky(audit):
    model, x = leaky()
    model.layers[0].name = "reader_7"
    assert len(audit(model, x).known) == 1
""",
        TABLE + 'baseline = "known.json"\n',
    )
    said.assert_outcomes(passed=1)


def test_a_setting_that_there_is_not_is_an_error(outcome):
    said = outcome("def test(audit): pass", "[tool.ragged-edges.audit]\nlevel = 3\n")
    said.assert_outcomes(errors=1)
    said.stdout.fnmatch_lines(["*pyproject.toml: [[]tool.ragged-edges.audit] has 'level'*"])


def test_the_plugin_loads_no_framework():
    code = (
        "import sys, helpers.pytest_plugin; "
        "print({'numpy', 'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
