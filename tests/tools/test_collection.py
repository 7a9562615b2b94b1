"""A user's `pytest --nbval` finds every test; no folder of tests hides what it tests."""

import os
import pathlib
import re
import subprocess
import sys

import pytest
from notebooks import ROOT


@pytest.mark.slow
def test_everything_is_found_from_the_root():
    command = [pathlib.Path(sys.executable).with_name("pytest"), "--nbval", "--collect-only", "-q"]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHONPATH"))}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    files = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    wanted = {*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("book/*.ipynb")}
    wanted |= {*ROOT.glob("labs/**/*.ipynb"), ROOT / "helpers" / "batching" / "plan.py"}
    wanted = {path.relative_to(ROOT).as_posix() for path in wanted}
    assert "tests/helpers/batching/test_fixed_plans.py" in wanted
    for path in wanted - files:  # only tests of a tool that is not installed on this lane
        assert re.search(r"^\w.*importorskip\(", (ROOT / path).read_text("utf-8"), re.M), path
