"""The workflows are pinned, hold no more rights than they need, and name nobody."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
PATHS = sorted(FOLDER.glob("*.yml"))
USES = re.compile(r"^ +(?:- )?uses: actions/([a-z-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
# Every right that a job holds beyond reading the code.
RIGHTS = {
    ("publish.yml", "notebooks"): {"contents": "write"},
    ("publish.yml", "pages"): {"pages": "write", "id-token": "write"},
}


def loaded(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


JOBS = [(path.name, name, job) for path in PATHS for name, job in loaded(path)["jobs"].items()]
STEPS = [(f"{path} {job}", step) for path, job, body in JOBS for step in body["steps"]]


def program(name):
    """Return the path of a tool of this environment or of the system, else skip."""
    beside = pathlib.Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    return found or pytest.skip(f"{name} is not installed")


def test_the_three_workflows_are_there():
    assert [path.name for path in PATHS] == ["ci.yml", "colab.yml", "publish.yml"]


@pytest.mark.slow
def test_zizmor_finds_nothing():
    command = [program("zizmor"), "--offline", "--persona=auditor", "--no-progress", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("completed") == len(PATHS) + 2  # dependabot.yml and pre-commit's


@pytest.mark.slow
def test_actionlint_finds_nothing():
    command = [program("actionlint"), *map(str, PATHS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actions_are_pinned_to_a_commit_with_its_version():
    pins = set()
    for path in PATHS:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "uses:" in line:
                match = USES.match(line)
                assert match, f"{path.name}: {line.strip()}"
                pins.add(match.groups())
    assert len({action for action, _, _ in pins}) == len(pins) > 0  # one version everywhere


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_workflow_starts_without_rights_and_never_runs_twice_at_once(path):
    workflow = loaded(path)
    assert workflow["permissions"] == {}
    assert set(workflow["concurrency"]) == {"group", "cancel-in-progress"}


@pytest.mark.parametrize(("path", "name", "job"), JOBS, ids=[f"{job[0]}-{job[1]}" for job in JOBS])
def test_a_job_holds_the_rights_it_needs_and_ends(path, name, job):
    assert job["permissions"] == RIGHTS.get((path, name), {"contents": "read"})
    assert 0 < job["timeout-minutes"] <= 90
    assert job["runs-on"] == "ubuntu-24.04"


def test_a_job_that_may_write_runs_no_code_of_the_repository():
    for path, name in RIGHTS:
        job = loaded(FOLDER / path)["jobs"][name]
        assert not any("actions/checkout" in step.get("uses", "") for step in job["steps"])


def test_no_checkout_leaves_its_token_behind():
    checkouts = [step for _, step in STEPS if "actions/checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_script_holds_an_expression():
    """An expression in a script is replaced before the shell sees it: whoever sets it runs code."""
    assert [where for where, step in STEPS if "${{" in step.get("run", "")] == []


def test_events_are_those_of_the_repository_itself():
    events = {path.name: set(loaded(path)[True]) for path in PATHS}  # YAML 1.1 reads `on` as True
    assert events == {
        "ci.yml": {"push", "pull_request", "workflow_dispatch"},
        "colab.yml": {"schedule", "workflow_dispatch"},
        "publish.yml": {"push", "workflow_dispatch"},
    }


def test_no_secret_is_read_and_no_owner_named():
    for path in PATHS:
        text = path.read_text(encoding="utf-8")
        assert "secrets." not in text, path.name
        assert "-owner-" not in text, path.name
        named = re.findall(r"github(?:usercontent)?\.com/([\w.-]+)/", text)
        assert set(named) <= {"googlecolab"}, path.name


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = {
        target for _, step in STEPS for target in re.findall(r"\bmake (\S+)", step.get("run", ""))
    }
    assert called == {"lanes", "lock", "pdf", "test", "test-backends", "test-colab"}
    assert called <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_the_version_of_zizmor_is_the_pinned_one():
    text = (FOLDER / "ci.yml").read_text(encoding="utf-8")
    (version,) = re.findall(r"zizmor==(\S+)", text)
    assert f"\nzizmor=={version} " in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_python_versions_are_those_of_the_package():
    (job,) = [job for path, name, job in JOBS if (path, name) == ("ci.yml", "test")]
    minors = [int(version.split(".")[1]) for version in job["strategy"]["matrix"]["python"]]
    assert minors == list(range(minors[0], minors[-1] + 1))
    expected = f'requires-python = ">=3.{minors[0]},<3.{minors[-1] + 1}"'
    assert expected in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_what_is_read_elsewhere_is_read_at_a_commit_that_the_run_names_and_keeps():
    for path in PATHS:
        text = path.read_text(encoding="utf-8")
        refs = re.findall(r"raw\.githubusercontent\.com/[^/]+/[^/]+/([^/]+)/", text)
        assert refs == ["$commit"] * (path.name == "colab.yml"), path.name
    steps = loaded(FOLDER / "colab.yml")["jobs"]["colab"]["steps"]
    (read,) = [step["run"] for step in steps if "curl" in step.get("run", "")]
    assert read.index("[[ $commit =~ ^[0-9a-f]{40}$ ]]") < read.index("GITHUB_STEP_SUMMARY")
    (kept,) = [step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")]
    assert "shipped" in kept
    assert "requirements-colab.*" in kept


def shipped_versions_taken_over(requirements, shipped, tmp_path):
    """Run the awk script of colab.yml on a requirements file and a list of shipped versions."""
    (script,) = [step["run"] for _, step in STEPS if "awk" in step.get("run", "")]
    program_text = re.search(r"awk -F '\[= \]\+' '(.*?)'", script, re.DOTALL).group(1)
    (tmp_path / "shipped").write_text(shipped, encoding="utf-8")
    (tmp_path / "requirements").write_text(requirements, encoding="utf-8")
    command = [program("awk"), "-F", "[= ]+", program_text, "shipped", "requirements"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.slow
def test_the_weekly_run_takes_over_what_colab_ships(tmp_path):
    shipped = "# numpy==0\nnumpy==2.9.0\npyyaml==7.1\njupyter-core==6.0\nnbval @ https://x\n"
    requirements = (
        "# numpy==1\n-e .\nnumpy==2.1.3\nPyYAML==6.0.3\njupyter_core==5.9\nnbval==0.11.0\n"
    )
    assert shipped_versions_taken_over(requirements, shipped, tmp_path) == (
        "# numpy==1\n-e .\nnumpy==2.9.0\nPyYAML==7.1\njupyter_core==6.0\nnbval==0.11.0\n"
    )


@pytest.mark.slow
def test_the_weekly_run_keeps_the_file_if_colab_has_not_moved(tmp_path):
    text = (ROOT / "requirements-colab.txt").read_text(encoding="utf-8")
    pins = "\n".join(re.findall(r"^\S+==\S+", text, re.MULTILINE))
    assert shipped_versions_taken_over(text, pins, tmp_path) == text
