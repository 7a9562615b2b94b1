"""One line says that there is no TensorFlow, or that a version was never tested."""

import importlib.metadata
import importlib.util
import platform
import re

import pytest
from notebooks import ROOT

from helpers import runtime


@pytest.fixture
def versions(monkeypatch):
    """Set the versions of Python and Keras that are found."""

    def found(python, keras):
        monkeypatch.setattr(platform, "python_version", lambda: python)
        monkeypatch.setattr(importlib.metadata, "version", {"keras": keras}.__getitem__)

    return found


def test_the_versions_here_are_tested_ones(capsys):
    runtime.check()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("python", "keras", "said"),
    [
        ("3.11.0", "3.13.0", None),
        ("3.13.9", "3.15.1", None),
        ("3.14.0rc1", "3.15.1", "Python 3.11 to 3.13; this is 3.14.0rc1."),
        ("3.1.4", "3.15.1", "Python 3.11 to 3.13; this is 3.1.4."),
        ("3.12.1", "3.16.0.dev1", "Keras 3.13 to 3.15; this is 3.16.0.dev1."),
        ("3.12.1", "2.15.0", "Keras 3.13 to 3.15; this is 2.15.0."),
    ],
)
def test_a_version_that_was_never_tested_gets_one_line(versions, capsys, python, keras, said):
    versions(python, keras)
    runtime.check()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == (said is not None)
    assert (said or "") in printed.err


def test_a_keras_without_a_version_gets_that_line_too(monkeypatch, capsys):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    runtime.check()
    assert "this is an unknown version." in capsys.readouterr().err


def test_without_tensorflow_it_stops_with_one_line_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(runtime.NoTensorFlow, match="choose a CPU or GPU runtime") as stopped:
        runtime.check()
    (line,) = stopped.value._render_traceback_()
    assert line == str(stopped.value)
    assert "\n" not in line


def test_the_tested_versions_are_those_that_the_package_asks_for():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for name, pattern in {
        "Python": r'requires-python = ">=3\.(\d+),<3\.(\d+)"',
        "Keras": r'"keras>=3\.(\d+),<3\.(\d+)"',
    }.items():
        first, end = map(int, re.search(pattern, text).groups())
        assert runtime.TESTED[name] == tuple(f"3.{minor}" for minor in range(first, end))
