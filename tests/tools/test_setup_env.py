"""Setting up says in one line what is wrong, and does nothing when all is there."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import setup_env

ROOT = pathlib.Path(__file__).parents[2]


def files_of(requirements):
    """The names of a requirements file, of its lock and of the hashes."""
    return [requirements.replace(".txt", suffix) for suffix in (".txt", ".lock", ".hashes")]


def pins(name):
    """The lines of a lock, each a package with its version, without hashes."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line.removesuffix(" \\") for line in lines if not line.startswith(" ")]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder that looks like a checkout; whatever would be run is noted instead."""
    for name in (*files_of("requirements.txt"), setup_env.UV, "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.setattr(setup_env, "ROOT", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["setup_env.py", "main"])
    monkeypatch.setattr(setup_env, "version_of", lambda python: "3.12")
    ran = []

    def run(step, **options):
        ran.append(step)
        (tmp_path / ".venv").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(step, 0)

    monkeypatch.setattr(setup_env.subprocess, "run", run)
    return tmp_path, ran


def test_an_unfit_python_gets_one_line_that_names_the_versions(monkeypatch):
    monkeypatch.setattr(setup_env, "version_of", lambda python: "3.10")
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(SystemExit) as stopped:
        setup_env.find_python(prefer_current=True)
    assert re.fullmatch(
        r"ragged-edges: needs Python 3\.11, 3\.12 or 3\.13; found 3\.10\. .*", stopped.value.code
    )


def test_a_python_without_venv_is_told_apart_from_a_wrong_version(monkeypatch):
    monkeypatch.setattr(setup_env, "version_of", lambda python: None)
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    with pytest.raises(SystemExit, match="has no venv module; on Debian"):
        setup_env.find_python(prefer_current=True)


def test_another_python_that_serves_is_found(monkeypatch):
    fit = {"python3.12": "3.12"}
    monkeypatch.setattr(setup_env, "version_of", lambda python: fit.get(python, "3.10"))
    assert setup_env.find_python(prefer_current=True) == "python3.12"


def test_missing_git_gets_one_line(checkout, monkeypatch):
    monkeypatch.setattr(setup_env.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="git is missing"):
        setup_env.main()


def test_a_second_run_installs_nothing_until_a_pin_changes(checkout):
    folder, ran = checkout
    setup_env.main()
    first = len(ran)
    assert first == 4
    setup_env.main()
    assert len(ran) == first
    for times, name in enumerate([*files_of("requirements.txt"), setup_env.UV], start=2):
        with open(folder / name, "a") as file:
            file.write("another==1.0\n")
        setup_env.main()
        assert len(ran) == times * first


@pytest.mark.parametrize("lane", sorted(setup_env.LANES))
def test_a_lane_is_installed_from_its_own_file_into_its_own_folder(checkout, monkeypatch, lane):
    folder, ran = checkout
    home, requirements = setup_env.LANES[lane]
    for name in files_of(requirements):
        shutil.copy(ROOT / name, folder)
    monkeypatch.setattr(sys, "argv", ["setup_env.py", lane])
    (folder / home).mkdir()
    monkeypatch.setattr(setup_env.shutil, "rmtree", lambda *_, **__: None)
    setup_env.main()
    assert ran[0][-1] == str(folder / home)
    assert ran[1][-3:] == ["--require-hashes", "-r", setup_env.UV]
    assert ran[2][-3:] == ["--require-hashes", "-r", files_of(requirements)[2]]
    assert ran[-1][-2:] == ["-r", requirements]
    assert ("--no-index" in ran[-1]) == (not lane.endswith("backends"))  # PyTorch is left there


@pytest.mark.parametrize("lane", sorted(setup_env.LANES))
def test_the_hashes_are_those_of_the_versions_in_the_lock(lane):
    _, lock, hashes = files_of(setup_env.LANES[lane][1])
    left = [pin for pin in pins(lock) if pin not in pins(hashes)]
    assert set(pins(hashes)) <= set(pins(lock))
    assert bool(left) == lane.endswith("backends")  # PyTorch, and what it alone brings
    assert any(pin.startswith("torch==") for pin in left) == bool(left)


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("*.hashes")))
def test_every_package_has_a_hash_and_no_host_is_named(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    package = r"[\w.-]+==[\w.]+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({package})+", text)


def test_the_installer_is_the_pinned_one():
    (uv,) = [pin for pin in pins("requirements.lock") if pin.startswith("uv==")]
    assert [pin.split()[0] for pin in pins(setup_env.UV)] == [uv.split()[0]]


def test_a_step_that_fails_stops_and_leaves_no_stamp(checkout, monkeypatch):
    folder, _ = checkout
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(setup_env.subprocess, "run", lambda step, **options: failed)
    with pytest.raises(SystemExit, match="this step failed"):
        setup_env.main()
    assert not (folder / ".venv" / "installed").exists()
