"""The annotations of helpers are complete and agree with the code, by mypy and pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="mypy comes with requirements.txt")
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_mypy_has_nothing_to_say():
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
