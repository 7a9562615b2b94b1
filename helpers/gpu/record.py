"""Run GPU cells on a GPU, and write down what they measure."""

import importlib
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

from helpers.gpu import device
from helpers.gpu.device import Gpu
from helpers.gpu.runs import Run, identity, plain, read_runs, write_runs

Cell = Callable[[], dict[str, float]]


def record(functions: Sequence[Cell], path: str | Path, command: str) -> list[Run]:
    """Run GPU cells on this machine's GPU and write what they measure to a file.

    The file keeps one run per cell, backend and device: the newest. A cell that fails is named on
    standard error and leaves its earlier run as it was.

    Args:
        functions: the cells to run.
        path: the JSON file; created if absent, its folder must exist.
        command: what a reader types to repeat the run.

    Returns:
        The new runs.

    Raises:
        RuntimeError: if Keras has no GPU. Nothing is run or written.
        ValueError: if the file is there but is not a file of runs. Nothing is run or written.
        FileNotFoundError: if the file's folder does not exist.

    Example:
        >>> record([tail_batch_compile], "helpers/gpu/runs.json", "make gpu")  # doctest: +SKIP
    """
    found = device.gpu()
    if found is None:
        backend = keras.backend.backend()
        raise RuntimeError(f"no GPU: Keras ({backend} backend) computes on the CPU here")
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path: the folder {str(path.parent)!r} does not exist")
    runs = {identity(run): run for run in read_runs(path)}
    new = []
    for function in functions:
        try:
            run = measure(function, found, command)
        except Exception as error:  # one cell's failure must not lose what the others measured
            print(f"{function.__name__} failed, not recorded: {first_line(error)}", file=sys.stderr)
            continue
        runs[identity(run)] = run
        new.append(run)
    if new:
        write_runs(path, runs.values())
    return new


def measure(function: Cell, found: Gpu, command: str) -> Run:
    """Run a cell, and add to what it measures everything needed to judge it."""
    result = plain(function(), function.__name__)
    return Run(
        cell=function.__name__,
        gpu=found,
        versions=_versions(found.backend),
        date=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=command,
        result=result,
    )


def _versions(backend: str) -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend: importlib.import_module(backend).__version__,
        "numpy": np.__version__,
    }


def first_line(error: Exception) -> str:
    """An error in one line: its class, and the first line of what it says."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0]}"
