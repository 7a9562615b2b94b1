"""Recorded runs of GPU cells: what a run holds, and the file that keeps them."""

import json
import math
import numbers
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from helpers.arguments import shown
from helpers.gpu.device import Gpu

RUNS = Path(__file__).with_name("runs.json")
SCHEMA = 1


@dataclass(frozen=True)
class Run:
    """One run of a GPU cell on a GPU: what was measured and everything needed to judge it."""

    cell: str
    gpu: Gpu
    versions: dict[str, str]
    date: str
    command: str
    result: dict[str, float]


def read_runs(path: str | Path = RUNS) -> tuple[Run, ...]:
    """The recorded runs in a file, in the file's order.

    Args:
        path: a JSON file written by :func:`record`; an absent file has no runs.

    Returns:
        The runs.

    Raises:
        TypeError: if ``path`` is no path.
        ValueError: if the file cannot be read or is not what :func:`record` writes; names the file
            and the part.

    Example:
        >>> read_runs("nowhere.json")
        ()
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected a path, got {shown(path)}")
    path = Path(path)
    try:
        if not path.exists():
            return ()
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"path: {shown(str(path))} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f'{path.name}: expected an object with "schema": {SCHEMA}')
    if not isinstance(content.get("runs"), list):
        raise ValueError(f'{path.name}: expected a list "runs"')
    return tuple(_run(entry, f"{path.name}: run {i}") for i, entry in enumerate(content["runs"]))


def write_runs(path: Path, runs: Iterable[Run]) -> None:
    """Write runs to a file, in the order of their cells."""
    ordered = [asdict(run) for run in sorted(runs, key=identity)]
    text = json.dumps({"schema": SCHEMA, "runs": ordered}, indent=2, sort_keys=True)
    # In one step: a full disk or an interrupt must not cost the earlier runs.
    half = path.with_name(f"{path.name}.new")
    half.write_text(text + "\n", encoding="utf-8")
    half.replace(path)


def identity(run: Run) -> tuple[str, str, str]:
    """What a file keeps one run of: the newest of a cell with a backend on a device."""
    return run.cell, run.gpu.backend, run.gpu.name


def plain(result: object, where: str) -> dict[str, float]:
    """The result with Python's own numbers, or a ValueError if it is not ``{name: number}``."""
    if not isinstance(result, dict) or not result:
        raise ValueError(f"{where}: expected a result {{name: number}}, got {shown(result)}")
    return {name: _number(value, f"{where}: {name}") for name, value in sorted(result.items())}


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"{where}: expected a finite number, got {shown(value)}")
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def _run(entry: object, where: str) -> Run:
    entry = _with_keys(entry, {field.name for field in fields(Run)}, where)
    gpu = _with_keys(entry["gpu"], {field.name for field in fields(Gpu)}, f"{where}: gpu")
    texts = [("cell", entry), ("date", entry), ("command", entry)]
    texts += [("name", gpu), ("driver", gpu), ("backend", gpu)]
    for key, owner in texts:
        if not isinstance(owner[key], str) or not owner[key]:
            raise ValueError(f"{where}: expected a text {key!r}, got {shown(owner[key])}")
    if gpu["name"].lower() == "cpu":
        raise ValueError(f"{where}: a GPU's run is expected, this one is a CPU's")
    if not isinstance(gpu["count"], int) or gpu["count"] < 1:
        raise ValueError(f"{where}: expected a 'count' of 1 or more, got {shown(gpu['count'])}")
    versions = entry["versions"]
    if not isinstance(versions, dict) or not all(isinstance(v, str) for v in versions.values()):
        raise ValueError(f"{where}: expected 'versions' {{package: text}}, got {shown(versions)}")
    result = plain(entry["result"], where)
    return Run(**{**entry, "gpu": Gpu(**gpu), "result": result})


def _with_keys(entry: object, keys: set[str], where: str) -> dict:
    if not isinstance(entry, dict) or set(entry) != keys:
        got = ", ".join(sorted(entry)) if isinstance(entry, dict) else type(entry).__name__
        raise ValueError(f"{where}: expected the keys {', '.join(sorted(keys))}; got {got}")
    return entry
