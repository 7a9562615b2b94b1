"""The package as pip installs it: a wheel that holds every file, and works far from its sources."""

import pathlib
import shutil
import subprocess
import sys
import sysconfig
import zipfile

import pytest
from notebooks import ROOT

for needed in ("setuptools", "uv"):
    pytest.importorskip(needed, reason=f"{needed} comes with requirements.txt")

pytestmark = pytest.mark.slow
UV = [sys.executable, "-m", "uv"]
NO_CACHE = shutil.ignore_patterns("__pycache__")


def run(*command, cwd):
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of the sources, built without network and without a trace among them."""
    sources = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    shutil.copytree(ROOT / "helpers", sources / "helpers", ignore=NO_CACHE)
    here = ["--no-build-isolation", "--offline", "--python", sys.executable]
    run(*UV, "build", "--wheel", *here, "--out-dir", sources / "dist", cwd=sources)
    (built,) = (sources / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The Python of an environment that has the wheel, and sees what is installed here."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    scheme = "nt" if sys.platform == "win32" else "venv"
    of = {"base": str(home), "platbase": str(home)}
    # A line in a .pth file: folders come after the environment's own, their .pth files do nothing,
    # so that `helpers` is the wheel's and never the editable one.
    packages = pathlib.Path(sysconfig.get_path("purelib", scheme, vars=of))
    (packages / "here.pth").write_text(sysconfig.get_path("purelib") + "\n")
    inside = pathlib.Path(sysconfig.get_path("scripts", scheme, vars=of)) / "python"
    run(*UV, "pip", "install", "-q", "--no-deps", "--offline", "--python", inside, wheel, cwd=home)
    return inside


@pytest.fixture
def says(python, tmp_path):
    """Run a program far from the repository; return what it prints."""

    def say(*lines):
        return run(python, "-I", "-c", "\n".join(lines), cwd=tmp_path)

    return say


def test_the_wheel_holds_every_file_of_the_package(wheel):
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "helpers").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in packed if ".dist-info/" not in name} == files


def test_the_installed_package_explains_and_plans_without_a_framework(says):
    told = says(
        "import sys",
        "import helpers",
        "print(helpers.__file__)",
        "print(helpers.explain('The PyDataset has length 0'))",
        "print(helpers.batching.recommend([3] * 64 + [50] * 32))",
        "helpers.labs.check('tail-batches/count', floor=3, ceil=4, never_seen=9)",
        "print(len(helpers.explore.plan_explorer().html()) > 10_000)",
        "data = helpers.data",
        "loaded = data.digits(), data.japanese_vowels(), data.textures(), data.plaid_lengths()",
        "print(len(loaded), {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules))",
    )
    first, *rest = told.splitlines()
    assert not pathlib.Path(first).is_relative_to(ROOT)
    assert "The data has fewer rows than one batch" in rest
    assert any(line.startswith("bucketed(lengths, 32, ") for line in rest)
    assert rest[-3:] == [
        "tail-batches/count: right. 3 batches of 32 hold 96 of the 105 rows.",
        "True",
        "4 set()",
    ]


def test_the_installed_command_lists_the_gpu_cells_and_has_their_recorded_runs(says):
    told = says(
        "import runpy, sys",
        "sys.argv[1:] = ['--list']",
        "try:",
        "    runpy.run_module('helpers.devices', run_name='__main__', alter_sys=True)",
        "except SystemExit as end:",
        "    print('ended with', end.code)",
        "from helpers import devices",
        "print(devices.RUNS.is_file(), type(devices.read_runs()).__name__)",
    )
    cells = ["tail_batch_compile", "cudnn_masks", "width_buckets", "jit_by_shapes"]
    assert told.splitlines() == [*cells, "ended with 0", "True tuple"]


def test_the_installed_package_has_a_fixture_of_pytest(python, tmp_path):
    said = run(python, "-I", "-m", "pytest", "--fixtures", "-q", tmp_path, cwd=tmp_path)
    assert "\naudit -- " in said
    assert "Audit a model and its data, and fail with the report" in said
