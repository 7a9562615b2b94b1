"""The bar of long work: it shows late, and only where somebody looks."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import io
import sys

import keras
import numpy as np
import pytest

from helpers.masking import padding_leak, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch):
    """Return what a terminal shows; no fixture, since pytest sets a stream anew before a test."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    return shown


def test_short_work_shows_nothing(monkeypatch):
    shown = terminal(monkeypatch)
    assert progress.watched()
    bar = progress.Progress(2)
    bar.step()
    bar.step()
    assert shown.getvalue() == ""


@pytest.mark.slow
def test_long_work_in_a_terminal_shows_a_bar(monkeypatch):
    shown = terminal(monkeypatch)
    monkeypatch.setattr(progress, "AFTER", 0)
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Dense(1)])
    rows = [np.ones((steps, 2), "float32") for steps in (1, 2)]
    options = {"check": ("outputs", "loss"), "loss": "mse", "targets": rows}
    assert padding_leak(model, rows, seeds=1, sides="post", amounts=(1, 2), **options)
    out = shown.getvalue()
    assert "1/8" in out
    assert "8/8" in out


def test_the_bar_names_what_is_done_and_leaves_nothing_of_a_longer_name(monkeypatch):
    shown = terminal(monkeypatch)
    bar = progress.Progress(2, wanted=True)
    bar.step("a-rule-with-a-long-name")
    bar.step("short")
    first, second = shown.getvalue().split("\r")[1:]
    assert first.startswith("1/2 [==========..........] a-rule-with-a-long-name ")
    assert second.startswith("2/2 [====================] short ")
    assert len(first) == len(second.rstrip("\n"))
    assert second.endswith("\n")


@pytest.mark.parametrize("where", ["file", "kernel", "quiet"])
def test_nobody_looks(where, monkeypatch, capsys):
    monkeypatch.setattr(progress, "AFTER", 0)
    for name in progress._SERVERS:
        monkeypatch.delenv(name, raising=False)
    if where == "kernel":  # one that a tool runs
        monkeypatch.setitem(sys.modules, "ipykernel", None)
    if where == "quiet":
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        assert progress.watched()
        monkeypatch.setattr(keras.config, "is_interactive_logging_enabled", lambda: False)
    progress.Progress(1).step()
    assert capsys.readouterr().out == ""


def test_a_notebook_that_is_open_is_watched(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    assert progress.watched()
