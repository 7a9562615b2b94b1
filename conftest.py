"""Settings of all tests: quiet and warm kernels for notebooks, the same examples in every run."""

import collections
import gc
import importlib.util
import os
import pathlib
import shlex
import sys

import hypothesis
import notebooks
import pytest
from warm_kernels import start_warm_kernels

ROOT = pathlib.Path(__file__).parent
EXTENSIONS = ROOT / "book" / "_ext"
PROVOKED = {ROOT / "helpers" / "errors" / name for name in ("situations", "silent")}
ON_ANY_BACKEND = ("helpers.masking", "helpers.images", "helpers.augmentation")  # their docstrings
WITH_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None

notebooks.use_quiet_kernels()

hypothesis.settings.register_profile("book", deadline=None, derandomize=True)
hypothesis.settings.register_profile("fuzz", deadline=None, print_blob=True)
hypothesis.settings.load_profile("book")


def pytest_ignore_collect(collection_path: pathlib.Path) -> bool | None:
    """Pass over files without a test: without TensorFlow, all that are not for any backend."""
    if {*PROVOKED, EXTENSIONS} & set(collection_path.parents):
        return True  # they hold no examples
    if WITH_TENSORFLOW or collection_path.suffix != ".py":
        return None
    if ROOT / "helpers" in collection_path.parents:
        package = collection_path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        return None if package.startswith(ON_ANY_BACKEND) else True
    return None if "any_backend" in collection_path.read_text("utf-8") else True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the examples of docstrings where the tests of their package run, and the site first.

    The workers take the files in this order. The dear ones come first, so that both end together.
    Of the cases that are `sampled(n)`, each n-th runs in `make test`; the rest becomes `wide`.
    """
    items.sort(key=lambda item: item.get_closest_marker("site") is None)
    cases = collections.Counter()
    for item in items:
        if isinstance(item, pytest.DoctestItem) and item.name.startswith(ON_ANY_BACKEND):
            item.add_marker(pytest.mark.any_backend)
        if sampled := item.get_closest_marker("sampled"):
            if cases[item.path, item.originalname] % sampled.args[0]:
                item.add_marker(pytest.mark.wide)
            cases[item.path, item.originalname] += 1


def pytest_collection_finish() -> None:
    """Take what is loaded now, a million objects that live to the end, out of every collection."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None):
    """The same after each file, for what Keras and TensorFlow keep of its models."""
    yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the first cell of a notebook, start the process that kernels are forked from."""
    if type(item).__name__ == "IPyNbCell" and "WARM_KERNELS" not in os.environ:
        end, os.environ["WARM_KERNELS"] = start_warm_kernels("tensorflow", "keras", "ipywidgets")
        item.config.add_cleanup(end)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print for each failure the line that runs it again."""
    reports = [r for kind in ("failed", "error") for r in terminalreporter.getreports(kind)]
    lines = dict.fromkeys(again(report.nodeid) for report in reports)
    if lines:
        terminalreporter.section("run it again")
        for line in lines:
            terminalreporter.line(line)


def again(nodeid: str) -> str:
    """Return the command for one test; a notebook runs as a whole."""
    path, _, _ = nodeid.partition("::")
    what = f"--nbval {path}" if path.endswith(".ipynb") else shlex.quote(nodeid)
    return f"{shlex.quote(os.path.relpath(sys.executable))} -m pytest {what}"
