"""Code and notebooks are linted and laid out by ruff, with the settings of pyproject.toml."""

import subprocess
import sys

import notebooks
import pytest

pytestmark = pytest.mark.slow

pytest.importorskip("ruff", reason="ruff comes with requirements.txt")


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_has_nothing_to_say(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."],
        cwd=notebooks.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
