"""The requirements agree with each other, with what is imported, and with what Colab has."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys

import notebooks
import pytest
import yaml
from notebooks import ROOT

DISTRIBUTIONS = {"yaml": "pyyaml", "IPython": "ipykernel"}  # where the import has another name
OTHER_BACKENDS = {"jax", "torch"}  # what is only run where somebody has installed them
PROVOKED = {"this"}  # an import that a message of the error index is about


def pins(name):
    """The versions that a file pins: a set for each package, as markers may choose."""
    found = {}
    text = (ROOT / name).read_text(encoding="utf-8")
    for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        found.setdefault(re.sub(r"[-_.]+", "-", package.lower()), set()).add(version)
    return found


def imports(code):
    """The packages that a piece of code imports, wherever in it."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_the_labs_need_no_other_versions_than_the_book():
    book, labs = pins("requirements.txt"), pins("requirements-labs.txt")
    assert {name: book.get(name) for name in labs} == labs


def test_what_notebooks_and_helpers_import_is_in_the_requirements_of_the_labs():
    codes = [path.read_text("utf-8") for path in (ROOT / "helpers").rglob("*.py")]
    for path in notebooks.all_notebooks():
        codes += [cell.source for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    imported = {name for code in codes for name in imports(code)}
    ours = {"helpers"} | {path.stem for path in (ROOT / "helpers").rglob("*.py")}
    plugin = {"pytest"}  # which has loaded it
    needed = imported - sys.stdlib_module_names - ours - OTHER_BACKENDS - PROVOKED - plugin
    assert {"keras", "tensorflow", "numpy"} < needed
    assert {DISTRIBUTIONS.get(name, name) for name in needed} <= set(pins("requirements-labs.txt"))


def test_the_labs_need_no_tool_of_the_site_or_the_tests():
    unneeded = {"jupyter-book", "playwright", "pytest", "ruff", "uv", "zizmor", "mypy"}
    assert not unneeded & set(pins("requirements-labs.txt"))


@pytest.mark.parametrize("name", ["requirements-colab.txt", "requirements-colab.lock"])
def test_the_lane_of_colab_has_what_colab_has(name):
    colab, lane = pins("requirements-colab.constraints"), pins(name)
    both = colab.keys() & lane.keys()
    assert len(both) > 15
    assert {name: lane[name] for name in both} == {name: colab[name] for name in both}


@pytest.mark.slow
def test_the_weekly_run_lets_the_lock_follow_the_newest_list(tmp_path):
    """The step of colab.yml, with programs in place of curl and make that note what they do."""
    if not shutil.which("bash"):
        pytest.skip("bash is not installed")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "colab.yml").read_text("utf-8"))
    steps = workflow["jobs"]["colab"]["steps"]
    (script,) = [step["run"] for step in steps if "shipped" in step.get("run", "")]
    for name in ("requirements-colab.txt", "requirements-colab.constraints"):
        shutil.copy(ROOT / name, tmp_path)
    listed = "# a remark\nnumpy==9.9.9\nsetuptools==75.2.0\ntensorflow==2.99.0\ntorch @ https://a/torch.whl\n"
    (tmp_path / "list").write_text(listed)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, does in {
        "curl": f'cp "{tmp_path}/list" "$RUNNER_TEMP/shipped"',
        "git": f'test "$1" = ls-remote && echo {"0" * 40}',  # all else fails, so `git diff`
        "make": f'echo "$@" > "{tmp_path}/made"',
    }.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{does}\n")
        (bin_ / name).chmod(0o755)
    env = os.environ | {"PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    env |= {name: str(bin_) for name in ("RUNNER_TEMP", "SHIPPED")}
    env |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    head = re.findall("^#.*", (ROOT / "requirements-colab.constraints").read_text("utf-8"), re.M)
    now = (tmp_path / "requirements-colab.constraints").read_text("utf-8").splitlines()
    assert now == [*head, "numpy==9.9.9", "tensorflow==2.99.0"]
    assert "\nnumpy==9.9.9\n" in (tmp_path / "requirements-colab.txt").read_text("utf-8")
    assert (tmp_path / "made").read_text() == "lock\n"


def test_the_container_is_pinned_and_has_a_python_of_ours():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    image, tag = container["image"].split(":")
    assert image == "mcr.microsoft.com/devcontainers/python"
    python = re.fullmatch(r"\d+\.\d+\.\d+-(3\.\d+)-bookworm", tag)[1]
    allowed = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8")
    )
    first, end = map(int, allowed.groups())
    assert python in [f"3.{minor}" for minor in range(first, end)]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"\bmake ([a-z-]+)", json.dumps(container))
    assert set(commands) == {"env", "labs", "serve"}
    assert set(commands) <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_make_labs_serves_the_chapters_that_labs_link_to():
    """A server gives out nothing above its root: the root holds the chapters, too."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (options,) = re.findall(r"^labs:.*\n\t\$\(BIN\)/jupyter lab (.*)$", makefile, re.MULTILINE)
    assert options == '--ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/labs'
