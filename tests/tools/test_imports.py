"""What may import what: the contracts of pyproject.toml, and what `import helpers` itself loads."""

import subprocess
import sys

import pytest
from notebooks import ROOT


def test_the_contracts_of_imports_are_kept():
    pytest.importorskip("importlinter", reason="import-linter comes with requirements.txt")
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_package_loads_nothing_that_must_be_installed():
    program = (
        "import sys; before = set(sys.modules); import helpers; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert "helpers" in loaded
    assert loaded - {"helpers"} <= sys.stdlib_module_names
