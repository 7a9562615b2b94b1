"""The first cell of every notebook: in Colab it fetches the helpers and touches nothing else.

Colab is played here: its environment variable, an empty folder that holds only the lab's file, and
the committed cell as it stands. Git's `insteadOf` turns the cell's address into a local repository.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import bootstrap
import nbformat
import notebooks
import pytest
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).resolve().parents[2]

LAB = ROOT / "labs" / "tail-batches.ipynb"
INSTALLED = (
    "import importlib.metadata as m;"
    "print(sorted({(d.name, d.version, str(d._path)) for d in m.distributions()}))"
)


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository with the files of this checkout, committed or not, on the configured branch."""
    folder = tmp_path_factory.mktemp("repository")
    files = git(ROOT, "ls-files", "-co", "--exclude-standard", "-z", "--", "helpers").split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q", "-b", bootstrap.configured()[1])
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "helpers")
    return folder


@pytest.fixture
def colab(repository):
    """The environment of a kernel in Colab, with the address pointing at `repository`."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return env | {
        "COLAB_RELEASE_TAG": "release-colab",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": bootstrap.configured()[0],
    }


def cell_of(path):
    return next(cell for cell in notebooks.read(path).cells if cell.cell_type == "code")


def run(source, folder, env):
    """Run the cell in a plain Python process, a last line added; return the finished process."""
    return subprocess.run(
        [sys.executable, "-c", source], cwd=folder, env=env, capture_output=True, text=True
    )


def installed():
    return subprocess.run([sys.executable, "-c", INSTALLED], capture_output=True, check=True).stdout


WHERE = "\nimport helpers\nprint(helpers.__file__)"


@pytest.mark.slow
def test_the_lab_alone_in_an_empty_folder_runs_to_the_end(tmp_path, colab):
    before = installed()
    folder = tmp_path / "a folder"  # a space in the path, as in "My Drive"
    folder.mkdir()
    shutil.copy(LAB, folder)
    lab = nbformat.read(folder / LAB.name, as_version=4)
    assert lab.cells[-1].cell_type == "code"
    lab.cells.append(nbformat.v4.new_code_cell("import helpers\nprint(helpers.__file__)"))
    client = NotebookClient(
        lab,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=colab)
    *checks, where = [
        out.text
        for cell in lab.cells
        if "labs.check(" in cell.source or "helpers.__file__" in cell.source
        for out in notebooks.join_streams(cell.outputs)
        if out.get("name") == "stdout"
    ]
    assert pathlib.Path(where.strip()).is_relative_to(folder / "ragged-edges" / "helpers")
    assert len(checks) == sum("labs.check(" in cell.source for cell in lab.cells)
    assert all(text.endswith(": not attempted\n") for text in checks)
    assert installed() == before
    assert {path.name for path in folder.iterdir()} == {LAB.name, "ragged-edges"}


@pytest.mark.slow
def test_running_twice_is_harmless(tmp_path, colab):
    source = cell_of(LAB).source
    for _ in range(2):
        done = run(source + "\n" + source + WHERE, tmp_path, colab)
        assert done.returncode == 0, done.stderr
        assert pathlib.Path(done.stdout.strip()).is_relative_to(tmp_path / "ragged-edges")


@pytest.mark.slow
def test_it_fetches_a_commit_that_is_no_branch(tmp_path, repository, colab):
    commits = []
    for name in ("second.txt", "third.txt"):
        (repository / name).write_text(name)
        git(repository, "add", name)
        git(repository, "commit", "-q", "-m", name)
        commits.append(git(repository, "rev-parse", "HEAD"))
    commit = commits[0]  # neither the first nor the branch's newest
    source = bootstrap.cell_source(bootstrap.configured()[0], commit)
    done = run(source + WHERE, tmp_path, colab)
    assert done.returncode == 0, done.stderr
    assert git(tmp_path / "ragged-edges", "rev-parse", "HEAD") == commit
    assert (tmp_path / "ragged-edges" / "second.txt").exists()
    assert not (tmp_path / "ragged-edges" / "third.txt").exists()
    assert git(tmp_path / "ragged-edges", "rev-list", "--count", "HEAD") == "1"


@pytest.mark.slow
def test_a_failing_fetch_says_what_failed_in_one_line(tmp_path, colab):
    url, _ = bootstrap.configured()
    done = run(bootstrap.cell_source(url, "no-such-branch") + WHERE, tmp_path, colab)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot fetch {url}: fatal: ")
    assert "no-such-branch" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_outside_colab_it_does_nothing(tmp_path, colab):
    del colab["COLAB_RELEASE_TAG"]
    source = cell_of(LAB).source + "\nassert 'TF_CPP_MIN_LOG_LEVEL' in os.environ"
    source = f"import sys\nbefore = list(sys.path)\n{source}\nassert sys.path == before"
    done = run(source, tmp_path, colab)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: str(path.name))
def test_every_notebook_begins_with_it(path):
    cell = cell_of(path)
    assert cell.id == bootstrap.CELL_ID
    assert cell.source == bootstrap.cell_source(*bootstrap.configured())
    assert "bootstrap" in cell.metadata["tags"]
    assert len(list(filter(None, cell.source.splitlines()))) <= 15


def test_it_never_installs():
    source = bootstrap.cell_source("https://example.org/a/b", "main")
    assert "pip" not in source
    assert "install" not in source.replace("install nothing", "")


@pytest.mark.parametrize(("url", "ref"), [("a b", "main"), ("a", "x;'y"), ("", "main"), ("a", '"')])
def test_an_address_that_would_break_the_cell_is_refused(url, ref):
    with pytest.raises(ValueError, match="expected"):
        bootstrap.cell_source(url, ref)


def test_publishing_changes_the_address_and_keeps_the_rest():
    notebook = notebooks.read(LAB)
    kept = [cell.source for cell in notebook.cells if cell.id != bootstrap.CELL_ID]
    count = cell_of(LAB).execution_count
    source = bootstrap.cell_source("https://github.com/someone/book", "0123abc")
    assert bootstrap.refresh(notebook, source)
    assert not bootstrap.refresh(notebook, source)
    assert '"https://github.com/someone/book", "0123abc"' in notebook.cells[1].source
    assert [cell.source for cell in notebook.cells if cell.id != bootstrap.CELL_ID] == kept
    assert notebook.cells[1].execution_count == count


def test_a_new_notebook_gets_the_cell_before_its_code():
    new = nbformat.v4
    notebook = new.new_notebook(cells=[new.new_markdown_cell("# T"), new.new_code_cell("1 + 1")])
    assert bootstrap.refresh(notebook, "import os")
    assert [cell.source for cell in notebook.cells] == ["# T", "import os", "1 + 1"]
    assert notebook.cells[1].id == bootstrap.CELL_ID
