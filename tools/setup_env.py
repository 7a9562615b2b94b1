"""Make the virtual environment of a version lane from its lock, by hash; skip if done.

Usage: python3 tools/setup_env.py main|colab|backends|colab-backends

``main`` is .venv with requirements.txt; of the others the name is in the folder and in the file:
``colab`` is .venv-colab with requirements-colab.txt.
Runs on any Python 3, so that a wrong version gets one clear line and not a traceback.
"""

import argparse
import glob
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LANES = {  # lane: its folder and its requirements
    "main": (".venv", "requirements.txt"),
    "colab": (".venv-colab", "requirements-colab.txt"),
    "backends": (".venv-backends", "requirements-backends.txt"),
    "colab-backends": (".venv-colab-backends", "requirements-colab-backends.txt"),
}
VERSIONS = ["3.13", "3.12", "3.11"]  # Colab has 3.13
UV = "requirements-uv.hashes"  # the installer
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


def stop(message):
    """End with one line that says what is wrong and what to do."""
    sys.exit("ragged-edges: " + message)


def version_of(python):
    """Return 'major.minor' of an interpreter that can make virtual environments, else None."""
    try:
        run = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def find_python(prefer_current):
    """Return the first interpreter that serves; stop with one line if there is none."""
    pyenv = os.path.join(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")), "versions")
    candidates = [sys.executable] if prefer_current else []
    for version in VERSIONS:
        candidates.append("python" + version)
        candidates += sorted(glob.glob(os.path.join(pyenv, version + ".*", "bin", "python")))
    candidates.append(sys.executable)
    for candidate in candidates:
        if version_of(candidate) in VERSIONS:
            return candidate
    here = ".".join(map(str, sys.version_info[:2]))
    if here in VERSIONS:
        stop(f"python{here} has no venv module; on Debian: apt install python{here}-venv.")
    stop(f"needs Python 3.11, 3.12 or 3.13; found {here}. Name one: make book PYTHON=/path/to/it")


def fingerprint(python, requirements):
    """Return a hash of all that decides what is installed."""
    digest = hashlib.sha256(version_of(python).encode())
    made = [requirements.replace(".txt", suffix) for suffix in (".lock", ".hashes")]
    for name in (requirements, *made, UV, "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def main():
    """Set up the lane named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lane", choices=sorted(LANES))
    options = parser.parse_args()
    folder, requirements = LANES[options.lane]
    if not shutil.which("git"):
        stop("git is missing; install it first.")
    home = os.path.join(ROOT, folder)
    inside = os.path.join(home, "Scripts" if os.name == "nt" else "bin", "python")
    stamp = os.path.join(home, "installed")
    python = find_python(prefer_current=options.lane != "colab")
    if version_of(inside) == version_of(python) and os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == fingerprint(python, requirements):
                return
    print(f"Setting up {folder} with Python {version_of(python)}", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    pip = [inside, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    uv = [inside, "-m", "uv", "pip", "install", "--quiet", "--python", inside]
    uv.append("--compile-bytecode")  # once here, not in every process that imports TensorFlow
    steps = [
        [python, "-m", "venv", home],
        [*pip, "--require-hashes", "-r", UV],
        [*uv, "--require-hashes", "-r", requirements.replace(".txt", ".hashes")],
    ]
    if options.lane.endswith("backends"):  # pip reads settings that may name a PyTorch without CUDA
        steps.append([*pip, "-r", requirements])
    else:  # what is left is this package: nothing more is fetched
        steps.append([*uv, "--no-index", "--no-build-isolation", "-r", requirements])
    for step in steps:
        if subprocess.run(step, cwd=ROOT, check=False).returncode:
            stop("this step failed, see above: " + " ".join(step))
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(fingerprint(python, requirements))


if __name__ == "__main__":
    main()
