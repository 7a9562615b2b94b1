"""Explaining: the time to find the row of a pasted message, over folding its white space."""

import json
import pathlib
import re
import shutil
import subprocess

from benchmarks import measure
from helpers import errors

TITLE = "Explaining a message, over folding its white space"
CORNER = "way"
SIZE = 100_000  # characters of a paste
MOST = 50  # milliseconds for a paste
FOLD = '" ".join(text.split())'
PYTHON = "helpers.explain"
PAGE = "the book's page, under node"
PATTERNS = "each pattern over the whole paste"
STATIC = pathlib.Path(__file__).parents[1] / "_build" / "html" / "_static"
RAISED = "ValueError: The PyDataset has length 0"
FRAME = (
    '  File "/site-packages/keras/src/layers/layer.py", line 9, in call\n    return self.cell(x)\n'
)
NODE = """
global.window = global;
global.document = { getElementById: () => null };
const { scripts, texts } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
scripts.forEach((script) => (0, eval)(script));
const seconds = texts.map((text) => {
  let best = Infinity;
  for (let round = 0; round < 9; round += 1) {
    const began = process.cpuUsage();
    explainMessage(text);
    const { user, system } = process.cpuUsage(began);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
});
console.log(JSON.stringify(seconds));
"""


def pastes(size: int) -> dict[str, str]:
    """Return what is pasted: a deep traceback, a log that raised nothing, one long message."""
    log = "2026-11-29 10:00:01 INFO a keras layer of shape (None, 3), a batch of 32\n"
    return {
        "traceback": "Traceback (most recent call last):\n" + _filled(FRAME, size) + RAISED,
        "log": _filled(log, size),
        "one message": "ValueError: " + _filled("a keras layer of shape (None, 3), ", size),
    }


def _filled(part: str, size: int) -> str:
    return part * (size // len(part))


def in_node(texts: list[str]) -> list[float] | None:
    """Return the seconds that the page's script takes for each text; None without node or site."""
    scripts = [STATIC / name for name in ("error-index.js", "find-error.js")]
    node = shutil.which("node")
    if node is None or not all(script.exists() for script in scripts):
        return None
    sent = json.dumps(
        {"scripts": [script.read_text("utf-8") for script in scripts], "texts": texts}
    )
    done = subprocess.run(
        [node, "--eval", NODE], input=sent, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def measured(quick: bool = False) -> dict:
    """Return the table: way -> paste -> ratio, and the milliseconds of both ways of the book."""
    texts = pastes(10_000 if quick else SIZE)
    patterns = [re.compile(row.pattern) for row in errors.catalogue()]
    node = in_node(list(texts.values()))
    cells: measure.Cells = {FOLD: {}, PYTHON: {}, PAGE: {}, PATTERNS: {}}
    spent: dict[str, float] = {}
    for place, (name, text) in enumerate(texts.items()):
        jobs = {
            FOLD: lambda text=text: " ".join(text.split()),
            PYTHON: lambda text=text: errors.explain(text),
            PATTERNS: lambda text=text: [pattern.search(text) for pattern in patterns],
        }
        seconds = measure.best_of(jobs)
        if node:
            seconds[PAGE] = node[place]
        for way, row in cells.items():
            row[name] = seconds[way] / seconds[FOLD] if way in seconds else None
        spent |= {f"{way}, {name}": 1e3 * seconds[way] for way in (PYTHON, PAGE) if way in seconds}
    return {"cells": cells, "milliseconds": spent}


def goals(result: dict) -> list[measure.Goal]:
    """Return what was wanted of the table."""
    return [
        measure.Goal(f"{name}, in milliseconds", value, MOST)
        for name, value in result["milliseconds"].items()
    ]


def limits(result: dict) -> dict[str, str]:
    """Say why a goal is missed: text of the goal -> reason."""
    why = "Every line may begin a message, and every pattern is tried in vain."
    return {goal.text: why for goal in goals(result) if not goal.met}


if __name__ == "__main__":
    measure.main("explaining")
