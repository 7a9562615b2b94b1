"""GPU cells: run on a GPU where there is one, else show the run that was recorded on one.

Most readers, and CI, have no GPU. A *GPU cell* is a function of :mod:`helpers.gpu_cells`.
:func:`gpu_cell` runs it where Keras has a GPU and shows the numbers with the device's name.
Elsewhere it shows the runs in ``book/gpu-runs.json``, each with device, driver, package versions,
date and command, or says that there is none yet. A number that no GPU produced is never shown:
the only way into the file is :func:`record`, which refuses to work without a GPU.

``python -m helpers.devices --record book/gpu-runs.json`` (``make gpu``) records every GPU cell.
"""

import argparse
import html
import importlib
import inspect
import json
import math
import numbers
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

RUNS = Path(__file__).resolve().parent.parent / "book" / "gpu-runs.json"
SCHEMA = 1

Cell = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Gpu:
    """The GPU that Keras computes on: its name, how many there are, driver and Keras backend."""

    name: str
    count: int
    driver: str
    backend: str


@dataclass(frozen=True)
class Run:
    """One run of a GPU cell on a GPU: what was measured and everything needed to judge it."""

    cell: str
    gpu: Gpu
    versions: dict[str, str]
    date: str
    command: str
    result: dict[str, float]


@dataclass(frozen=True)
class Result:
    """What a GPU cell shows: a headline, the runs, and the source of the function.

    The last line of a notebook cell displays it: as text, or as HTML with a table for each run.
    """

    headline: str
    runs: tuple[Run, ...] = ()
    source: str = ""

    def __repr__(self):
        return "\n\n".join([self.headline, *map(_as_text, self.runs)])

    def _repr_html_(self) -> str:
        headline = re.sub("`(.+?)`", r"<code>\1</code>", html.escape(self.headline))
        source = (
            "<details><summary>The function that runs on the GPU</summary>"
            f"<pre><code>{html.escape(self.source)}</code></pre></details>"
        )
        tables = [_as_table(run) for run in self.runs]
        parts = [f"<p>{headline}</p>", *tables, *([source] if self.source else [])]
        return '<div class="gpu-cell">' + "".join(parts) + "</div>"


def gpu() -> Gpu | None:
    """The GPU that Keras's backend computes on here, or None.

    A GPU counts only if Keras puts a tensor on it: one that the backend lists but does not use
    (a device scope, an environment variable) could not have produced the numbers.

    Returns:
        The name as the backend reports it, the number of GPUs the backend sees, the driver's
        version (``"unknown"`` where ``nvidia-smi`` does not tell), and the backend's name.

    Example:
        >>> gpu() is None  # doctest: +SKIP
        True
    """
    backend = keras.backend.backend()
    finder = {"tensorflow": _gpu_of_tensorflow, "jax": _gpu_of_jax, "torch": _gpu_of_torch}
    found = finder[backend]() if backend in finder else None
    if found is None:
        return None
    name, count = found
    return Gpu(name=name, count=count, driver=_driver(), backend=backend)


def gpu_cell(function: Cell, *, runs: str | Path = RUNS) -> Result:
    """Run a GPU cell if there is a GPU, else show its recorded runs.

    Without a GPU, without a recorded run, with a run that fails or a damaged file of runs, the
    notebook goes on: what happened is in the headline.

    Args:
        function: a function of :mod:`helpers.gpu_cells`; it is called without arguments.
        runs: the file with the recorded runs; if it is absent, there are none.

    Returns:
        A `Result`, which a notebook displays as the run made just now, or the recorded runs, or
        one line that says what is missing.

    Raises:
        TypeError: if ``function`` is not a function.

    Example:
        >>> from helpers.gpu_cells import tail_batch_compile
        >>> gpu_cell(tail_batch_compile)  # doctest: +SKIP
        No GPU here and no recorded run yet: `make gpu`, on a machine with a GPU, records one.
    """
    if not inspect.isfunction(function):
        raise TypeError(f"function: expected a function, got {type(function).__name__}")
    source = _source(function)
    try:
        found = gpu()
        if found is not None:
            run = _measure(function, found, command="this cell")
            return Result("Measured now, on this machine's GPU.", (run,), source)
        reason = "No GPU here"
    except Exception as error:  # a reader must be able to go on with the notebook, whatever it is
        reason = f"The GPU run failed here ({_first_line(error)})"
    try:
        recorded = tuple(run for run in read_runs(runs) if run.cell == function.__name__)
    except (OSError, ValueError) as error:
        return Result(f"{reason}, and no recorded run can be shown: {error}", (), source)
    if not recorded:
        advice = "`make gpu`, on a machine with a GPU, records one."
        return Result(f"{reason} and no recorded run yet: {advice}", (), source)
    return Result(f"{reason}. Recorded earlier, on another machine's GPU:", recorded, source)


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
        >>> record([tail_batch_compile], "book/gpu-runs.json", "make gpu")  # doctest: +SKIP
    """
    found = gpu()
    if found is None:
        backend = keras.backend.backend()
        raise RuntimeError(f"no GPU: Keras ({backend} backend) computes on the CPU here")
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path: the folder {str(path.parent)!r} does not exist")
    runs = {_identity(run): run for run in read_runs(path)}
    new = []
    for function in functions:
        try:
            run = _measure(function, found, command)
        except Exception as error:  # one cell's failure must not lose what the others measured
            print(
                f"{function.__name__} failed, not recorded: {_first_line(error)}", file=sys.stderr
            )
            continue
        runs[_identity(run)] = run
        new.append(run)
    if new:
        ordered = [asdict(runs[identity]) for identity in sorted(runs)]
        text = json.dumps({"schema": SCHEMA, "runs": ordered}, indent=2, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8")
    return new


def read_runs(path: str | Path = RUNS) -> tuple[Run, ...]:
    """The recorded runs in a file, in the file's order.

    Args:
        path: a JSON file written by :func:`record`; an absent file has no runs.

    Returns:
        The runs.

    Raises:
        ValueError: if the file is not what :func:`record` writes; names the file and the part.

    Example:
        >>> read_runs("nowhere.json")
        ()
    """
    path = Path(path)
    if not path.exists():
        return ()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f'{path.name}: expected an object with "schema": {SCHEMA}')
    if not isinstance(content.get("runs"), list):
        raise ValueError(f'{path.name}: expected a list "runs"')
    return tuple(_run(entry, f"{path.name}: run {i}") for i, entry in enumerate(content["runs"]))


# --- finding the GPU


def _gpu_of_tensorflow() -> tuple[str, int] | None:
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if not devices or "GPU" not in keras.ops.convert_to_tensor([1.0]).device:
        return None
    details = tf.config.experimental.get_device_details(devices[0])
    return details.get("device_name", "GPU of unknown name"), len(devices)


def _gpu_of_jax() -> tuple[str, int] | None:
    import jax

    used = next(iter(keras.ops.convert_to_tensor([1.0]).devices()))
    if used.platform not in ("gpu", "cuda", "rocm"):
        return None
    return used.device_kind, len(jax.devices(used.platform))


def _gpu_of_torch() -> tuple[str, int] | None:
    import torch

    # AMD's GPUs, too, are "cuda" to PyTorch.
    if keras.ops.convert_to_tensor([1.0]).device.type != "cuda":
        return None
    return torch.cuda.get_device_name(), torch.cuda.device_count()


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    lines = answer.stdout.split("\n")
    return lines[0].strip() or "unknown"


# --- running and checking


def _measure(function: Cell, found: Gpu, command: str) -> Run:
    result = _plain(function(), function.__name__)
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


def _plain(result: object, where: str) -> dict[str, float]:
    """The result with Python's own numbers, or a ValueError if it is not ``{name: number}``."""
    if not isinstance(result, dict) or not result:
        raise ValueError(f"{where}: expected a result {{name: number}}, got {result!r}")
    return {name: _number(value, f"{where}: {name}") for name, value in sorted(result.items())}


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"{where}: expected a finite number, got {value!r}")
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def _run(entry: object, where: str) -> Run:
    entry = _with_keys(entry, {field.name for field in fields(Run)}, where)
    device = _with_keys(entry["gpu"], {field.name for field in fields(Gpu)}, f"{where}: gpu")
    texts = [("cell", entry), ("date", entry), ("command", entry)]
    texts += [("name", device), ("driver", device), ("backend", device)]
    for key, owner in texts:
        if not isinstance(owner[key], str) or not owner[key]:
            raise ValueError(f"{where}: expected a text {key!r}, got {owner[key]!r}")
    if device["name"].lower() == "cpu":
        raise ValueError(f"{where}: a GPU's run is expected, this one is a CPU's")
    if not isinstance(device["count"], int) or device["count"] < 1:
        raise ValueError(f"{where}: expected a 'count' of 1 or more, got {device['count']!r}")
    versions = entry["versions"]
    if not isinstance(versions, dict) or not all(isinstance(v, str) for v in versions.values()):
        raise ValueError(f"{where}: expected 'versions' {{package: text}}, got {versions!r}")
    result = _plain(entry["result"], where)
    return Run(**{**entry, "gpu": Gpu(**device), "result": result})


def _with_keys(entry: object, keys: set[str], where: str) -> dict:
    if not isinstance(entry, dict) or set(entry) != keys:
        got = ", ".join(sorted(entry)) if isinstance(entry, dict) else type(entry).__name__
        raise ValueError(f"{where}: expected the keys {', '.join(sorted(keys))}; got {got}")
    return entry


def _identity(run: Run) -> tuple[str, str, str]:
    return run.cell, run.gpu.backend, run.gpu.name


# --- showing


def _facts(run: Run) -> dict[str, str]:
    """Everything but the result, as the reader sees it."""
    several = f"{run.gpu.count} x " if run.gpu.count > 1 else ""
    return {
        "device": several + run.gpu.name,
        "driver": run.gpu.driver,
        "backend": run.gpu.backend,
        "versions": ", ".join(f"{name} {run.versions[name]}" for name in sorted(run.versions)),
        "date": run.date,
        "command": run.command,
    }


def _shown_result(run: Run) -> dict[str, str]:
    return {name.replace("_", " "): _three_digits(value) for name, value in run.result.items()}


def _three_digits(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def _as_text(run: Run) -> str:
    rows = {**_facts(run), **_shown_result(run)}
    width = max(map(len, rows))
    return "\n".join([run.cell, *(f"  {name:<{width}}  {text}" for name, text in rows.items())])


def _as_table(run: Run) -> str:
    rows = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
        for name, text in {**_facts(run), **_shown_result(run)}.items()
    )
    return f"<table><caption>{html.escape(run.cell)}</caption><tbody>{rows}</tbody></table>"


def _source(function: Cell) -> str:
    try:
        return inspect.getsource(function)
    except OSError:  # defined where Python keeps no source
        return ""


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0]}"


# --- the command line


def main(arguments: Sequence[str] | None = None) -> int:
    """List the GPU cells or record them; returns the exit status."""
    from helpers.gpu_cells import CELLS

    parser = argparse.ArgumentParser(prog="python -m helpers.devices", description=main.__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--list", action="store_true", help="print the names of the GPU cells")
    action.add_argument("--record", metavar="FILE", help="run every GPU cell and write FILE")
    parser.add_argument("--command", help="the command to record (default: this one)")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(cell.__name__ for cell in CELLS))
        return 0
    setting = f"KERAS_BACKEND={keras.backend.backend()}"
    typed = f"{setting} python -m helpers.devices --record {options.record}"
    try:
        new = record(CELLS, options.record, options.command or typed)
    except (RuntimeError, ValueError, OSError) as error:
        print(f"not recorded: {error}", file=sys.stderr)
        return 1
    for run in new:
        print(_as_text(run))
    return 0 if len(new) == len(CELLS) else 1


if __name__ == "__main__":
    sys.exit(main())
