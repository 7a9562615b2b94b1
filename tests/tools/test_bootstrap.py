"""The first cell of every notebook: where the helpers are missing it fetches them, no more.

Colab is played here: its environment variable, an empty folder that holds only the lab's file, and
the cell as publishing makes it, with the address of a server that packs archives as GitHub does.
"""

import http.server
import importlib.util
import io
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import types
import zipfile

import bootstrap
import nbformat
import notebooks
import pytest
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).resolve().parents[2]

LAB = ROOT / "labs" / "tail-batches.ipynb"
COMMITS = "0" * 40, "1" * 40
INSTALLED = (
    "import importlib.metadata as m;"
    "print(sorted({(d.name, d.version, str(d._path)) for d in m.distributions()}))"
)
# Runs a cell and shows its error as a notebook does: as one line, or not at all.
NOTEBOOK = """
import sys
try:
    exec(compile(sys.argv[1], "cell", "exec"), {"__name__": "__main__"})
except Exception as error:
    sys.exit("\\n".join(error._render_traceback_()))
"""
WHERE = "\nimport helpers\nprint(helpers.__file__)"


def packed(commit):
    """The archive of a commit: what GitHub packs, with the files of this checkout in `helpers`."""
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z", "--", "helpers"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir(f"book-{commit}")
        for name in ("pyproject.toml", "tests/helpers/test_data.py", "helpers-old/data.py"):
            archive.writestr(f"book-{commit}/{name}", "")
        for name in filter(None, done.stdout.split("\0")):
            if (ROOT / name).is_file():
                archive.write(ROOT / name, f"book-{commit}/{name}")
        archive.writestr(f"book-{commit}/helpers/commit.txt", commit)
    return file.getvalue()


@pytest.fixture(scope="module")
def github():
    """A server of archives: its address, what it answers by path, and what it was asked for."""
    answers = {f"/someone/book/archive/{commit}.zip": packed(commit) for commit in COMMITS}
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/someone/book"
        yield types.SimpleNamespace(url=url, answers=answers, asked=asked)
        server.shutdown()


@pytest.fixture
def colab():
    """The environment of a kernel in Colab."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return env | {"COLAB_RELEASE_TAG": "release-colab", "NO_PROXY": "127.0.0.1"}


def cell_of(path):
    return next(cell for cell in notebooks.read(path).cells if cell.cell_type == "code")


def run(source, folder, env, *options):
    """Run the cell in a process of its own; return the finished process."""
    command = [sys.executable, *options, "-c", NOTEBOOK, source]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def installed():
    return subprocess.run([sys.executable, "-c", INSTALLED], capture_output=True, check=True).stdout


def execute(notebook, folder, env, **options):
    """Run a notebook in a kernel, as Jupyter does."""
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=resources, **options
    )
    client.execute(env=env)


@pytest.mark.slow
def test_the_lab_alone_in_an_empty_folder_runs_to_the_end(tmp_path, github, colab):
    before = installed()
    folder = tmp_path / "a folder"  # a space in the path, as in "My Drive"
    folder.mkdir()
    shutil.copy(LAB, folder)
    lab = nbformat.read(folder / LAB.name, as_version=4)
    bootstrap.refresh(lab, bootstrap.cell_source(github.url, COMMITS[0]))
    assert lab.cells[-1].cell_type == "code"
    lab.cells.append(nbformat.v4.new_code_cell("import helpers\nprint(helpers.__file__)"))
    execute(lab, folder, colab)
    *checks, where = [
        out.text
        for cell in lab.cells
        if "labs.check(" in cell.source or "helpers.__file__" in cell.source
        for out in notebooks.join_streams(cell.outputs)
        if out.get("name") == "stdout"
    ]
    assert pathlib.Path(where.strip()).is_relative_to(folder / "ragged-edges" / COMMITS[0])
    assert len(checks) == sum("labs.check(" in cell.source for cell in lab.cells)
    assert all(text.endswith(": not attempted\n") for text in checks)
    assert installed() == before
    assert {path.name for path in folder.iterdir()} == {LAB.name, "ragged-edges"}
    assert [path.name for path in (folder / "ragged-edges").iterdir()] == [COMMITS[0]]
    assert [path.name for path in (folder / "ragged-edges" / COMMITS[0]).iterdir()] == ["helpers"]


@pytest.mark.slow
def test_running_it_again_fetches_nothing_and_keeps_what_was_edited(tmp_path, github, colab):
    source = bootstrap.cell_source(github.url, COMMITS[0])
    assert run(source, tmp_path, colab).returncode == 0
    edited = tmp_path / "ragged-edges" / COMMITS[0] / "helpers" / "__init__.py"
    edited.write_text("answer = 42")
    asked = len(github.asked)
    done = run(f"{source}\n{source}\nimport helpers\nprint(helpers.answer)", tmp_path, colab)
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")
    assert len(github.asked) == asked


@pytest.mark.slow
def test_a_notebook_of_another_commit_has_a_folder_of_its_own(tmp_path, github, colab):
    for commit in COMMITS:
        done = run(bootstrap.cell_source(github.url, commit) + WHERE, tmp_path, colab)
        home = tmp_path / "ragged-edges" / commit / "helpers"
        assert done.stdout.strip() == str(home / "__init__.py"), done.stderr
        assert (home / "commit.txt").read_text() == commit
        (home / "__init__.py").write_text("edited = True")
    kept = tmp_path / "ragged-edges" / COMMITS[0] / "helpers" / "__init__.py"
    assert kept.read_text() == "edited = True"


@pytest.mark.slow
def test_what_a_killed_run_left_is_no_hindrance(tmp_path, github, colab):
    half = tmp_path / "ragged-edges" / f"{COMMITS[0]}.part" / f"book-{COMMITS[0]}" / "helpers"
    half.mkdir(parents=True)
    (half / "__init__.py").write_text("half a fi")
    done = run(bootstrap.cell_source(github.url, COMMITS[0]) + WHERE, tmp_path, colab)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "ragged-edges").iterdir()] == [COMMITS[0]]


@pytest.mark.slow
def test_without_helpers_it_fetches_them_outside_colab_too(tmp_path, github, colab):
    del colab["COLAB_RELEASE_TAG"]
    packages = pathlib.Path(importlib.util.find_spec("keras").origin).parents[1]
    env = colab | {"PYTHONPATH": str(packages)}
    source = bootstrap.cell_source(github.url, COMMITS[0]) + WHERE
    done = run(source, tmp_path, env, "-S")  # -S: an editable install is not seen
    assert done.returncode == 0, done.stderr
    assert pathlib.Path(done.stdout.strip()).is_relative_to(tmp_path / "ragged-edges")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "cause"),
    [
        ("no network", "Connection refused"),
        ("no repository", "HTTPError 404: 'Not Found'"),
        ("no commit", "HTTPError 404: 'Not Found'"),
        ("no archive", "BadZipFile('File is not a zip file')"),
        ("cut short", "BadZipFile("),
        ("no helpers", "No such file or directory"),
        ("no space", "Not a directory"),
    ],
)
def test_a_failing_fetch_says_in_one_line_what_failed_and_what_to_do(
    tmp_path, github, colab, case, cause
):
    url, ref = github.url, COMMITS[0]
    if case == "no network":
        url = "http://127.0.0.1:9/someone/book"
    elif case == "no repository":
        url = url.replace("someone", "nobody")
    elif case == "no space":
        (tmp_path / "ragged-edges").write_text("a file where the folder should be")
    else:
        ref = "f" * 40
        empty = io.BytesIO()
        with zipfile.ZipFile(empty, "w") as archive:
            archive.mkdir("book-main")
        body = {
            "no archive": b"<html>Please log in</html>",
            "cut short": packed(ref)[:5000],
            "no helpers": empty.getvalue(),
        }
        github.answers[f"/someone/book/archive/{ref}.zip"] = body.get(case)
    done = run(bootstrap.cell_source(url, ref), tmp_path, colab)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot fetch {url}/archive/{ref}.zip: ")
    assert cause in done.stderr
    assert done.stderr.endswith(
        "Is the internet on? If so, open this notebook anew from the book's site.\n"
    )
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "ragged-edges" / ref).exists()


@pytest.mark.slow
def test_a_notebook_shows_that_line_alone(tmp_path, colab):
    source = bootstrap.cell_source("http://127.0.0.1:9/someone/book", COMMITS[0])
    cell = nbformat.v4.new_code_cell(source)
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": notebooks.KERNEL})
    execute(notebook, tmp_path, colab, allow_errors=True)
    (output,) = notebook.cells[0].outputs
    (line,) = output.traceback
    assert line.startswith("Cannot fetch http://127.0.0.1:9/")


@pytest.mark.slow
def test_where_the_helpers_are_it_does_nothing(tmp_path, colab):
    del colab["COLAB_RELEASE_TAG"]
    source = cell_of(LAB).source + "\nassert 'TF_CPP_MIN_LOG_LEVEL' in os.environ"
    source = f"import sys\nbefore = list(sys.path)\n{source}\nassert sys.path == before"
    done = run(source, tmp_path, colab | {"PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", notebooks.all_notebooks(), ids=lambda path: str(path.name))
def test_every_notebook_begins_with_it(path):
    cell = cell_of(path)
    assert cell.id == bootstrap.CELL_ID
    assert cell.source == bootstrap.cell_source(*bootstrap.configured())
    assert "bootstrap" in cell.metadata["tags"]
    assert len(list(filter(None, cell.source.splitlines()))) <= 35


def test_it_never_installs():
    source = bootstrap.cell_source("https://example.org/a/b", "main")
    assert "pip" not in source
    assert "install" not in source.replace("Nothing is installed.", "")


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
