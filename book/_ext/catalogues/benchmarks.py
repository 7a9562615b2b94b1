"""The tables of the stored benchmark results."""

import functools
import json
from pathlib import Path

from benchmarks import page

RESULTS = Path(page.__file__).parent / "results.json"


@functools.cache
def load(path: Path = RESULTS) -> dict:
    """Read the results: ``machine``, and under ``tables`` what each module measured."""
    return json.loads(path.read_text("utf-8"))


def machine() -> dict:
    """Return what the results were measured on."""
    return load()["machine"]


def choice() -> str:
    """Return what to choose, as a list in MyST Markdown."""
    return "\n".join(f"- {line}" for line in page.advice(load()["tables"]))


def section(name: str) -> str:
    """Return one table with its goals, as MyST Markdown."""
    return page.section(name, load()["tables"][name])
