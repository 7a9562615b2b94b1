"""Publishing fills in the address, makes links lead somewhere, and changes nothing else."""

import copy
import pathlib
import re
import shutil
import subprocess
import sys
import types

import make_labs
import nbformat
import notebooks
import publish as tool
import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).resolve().parents[2]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LINK = re.compile(r"""(?:\]\(|\b(?:href|src)=["'])([^)"'>\s]*)""")
URL = "https://github.com/Some-One/my.fork_2"
NOTEBOOKS = sorted(
    path.relative_to(ROOT)
    for folder in ("book", "labs", "labs/solutions")
    for path in (ROOT / folder).glob("*.ipynb")
)


def copy_of_the_tree(folder):
    shutil.copy(ROOT / "_config.yml", folder)
    for name in ("tools", "book", "labs"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


def run(folder, repository="Some-One/my.fork_2", commit=COMMIT, output="published"):
    command = [sys.executable, "tools/publish.py", f"--repository={repository}"]
    command += [f"--commit={commit}", f"--output={output}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = copy_of_the_tree(tmp_path_factory.mktemp("checkout"))
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return types.SimpleNamespace(checkout=folder, branch=folder / "published")


def cells_but_the_bootstrap(path):
    notebook = nbformat.read(path, as_version=4)
    bootstrap = [cell for cell in notebook.cells if cell.id == "bootstrap"]
    assert len(bootstrap) == 1
    return bootstrap[0], [cell for cell in notebook.cells if cell.id != "bootstrap"]


def test_the_deeper_pages_are_published_too():
    subjects = {path.stem for path in NOTEBOOKS if path.parent.name == "labs"}
    deeper = {path.stem for path in NOTEBOOKS if path.stem.endswith("-deeper")}
    assert deeper == {f"{subject}-deeper" for subject in subjects}


def test_the_branch_holds_every_notebook_in_its_folder_and_a_readme(published):
    files = {path.relative_to(published.branch) for path in published.branch.rglob("*.*")}
    assert {path.parent.as_posix() for path in NOTEBOOKS} == {"book", "labs", "labs/solutions"}
    assert files == {*NOTEBOOKS, pathlib.Path("README.md")}
    readme = (published.branch / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) == 3
    assert f"{URL}/tree/{COMMIT}" in readme


def without_links(cell):
    """A cell whose links in markdown lead nowhere and whose code has no marks of a solution."""
    cell = copy.deepcopy(cell)
    if cell.cell_type == "markdown":
        cell.source = re.sub(r"\]\([^)]*\)", "]()", cell.source)
    elif cell.id != "bootstrap":
        cell.source = make_labs.unmark(cell.source)
    return cell


@pytest.mark.parametrize("path", NOTEBOOKS, ids=str)
def test_a_published_notebook_differs_in_bootstrap_links_and_one_comment(published, path):
    committed, committed_rest = cells_but_the_bootstrap(ROOT / path)
    filled, filled_rest = cells_but_the_bootstrap(published.branch / path)
    helped = [cell for cell in filled_rest if tool.HINT in cell.source]
    assert len(helped) == 1
    assert re.search(f"^{re.escape(tool.HINT)}(from|import) helpers", helped[0].source, re.M)
    helped[0].source = helped[0].source.replace(tool.HINT, "")
    assert not any(re.search(r"# (solution|was\b)", cell.source) for cell in filled_rest)
    assert [*map(without_links, filled_rest)] == [*map(without_links, committed_rest)]
    assert tool.PLACEHOLDER in committed.source
    assert "-owner-" not in (published.branch / path).read_text(encoding="utf-8")
    assert filled.source == committed.source.replace(tool.PLACEHOLDER, URL).replace(
        '"main"', f'"{COMMIT}"'
    )
    assert COMMIT in filled.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=str)
def test_every_published_link_is_an_address_or_an_anchor_of_its_notebook(published, path):
    notebook = nbformat.read(published.branch / path, as_version=4)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts += [output.data.get("text/html", "") for output in outputs if "data" in output]
    headings = re.findall(r"^#+ (.+)$", "\n".join(texts), re.MULTILINE)
    anchors = {f"#{notebooks.slug(heading)}" for heading in headings}
    anchors |= {f"#{name}" for name in re.findall(r'\bid="([^"]+)"', "\n".join(texts))}
    links = [link for text in texts for link in LINK.findall(text)]
    assert links
    relative = [link for link in links if not link.startswith(("https://", "data:"))]
    assert set(relative) <= anchors


def test_what_is_worked_on_opens_in_colab_and_what_is_read_on_the_site(published):
    lab, solution = (
        (published.branch / folder / "variable-batches.ipynb").read_text(encoding="utf-8")
        for folder in ("labs", "labs/solutions")
    )
    home = "https://some-one.github.io/my.fork_2"
    assert f"]({home}/book/bibliography.html)" in lab
    assert f"]({home}/book/variable-batches.html#what-variability-costs)" in lab
    assert f"]({home}/labs/solutions/variable-batches.html#which-of-them-stop-fit)" in lab
    colab = "https://colab.research.google.com/github/Some-One/my.fork_2/blob/published"
    assert f"]({colab}/labs/variable-batches.ipynb)" in solution


@pytest.mark.parametrize(
    "place",
    [
        "glossary.md#term-token-budget",
        "glossary.md#term-mask",
        "api/padding.md#helpers.padding.pad",
    ],
)
def test_links_to_terms_and_functions_are_addresses(place):
    turned = tool.absolute(f"[a]({place})", ROOT / "book", "https://site", "https://colab")
    assert turned == f"[a](https://site/book/{place.replace('.md', '.html')})"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("[a](nowhere.md)", "a link leads to no page: nowhere.md"),
        ("[a](masking.ipynb#no-such-heading)", "no heading 'no-such-heading' in masking.ipynb"),
        ("[a](glossary.md#term-no)", "no heading 'term-no' in glossary.md"),
        ("[a](api/padding.md#helpers.padding.pat)", "no heading 'helpers.padding.pat'"),
        ("![a](_static/favicon.svg)", "a link leads to no page: _static/favicon.svg"),
        ("<a class='b' href='masking.ipynb'>a</a>", "expected links of the form"),
        ("[a][b]\n\n[b]: masking.ipynb", "expected links of the form"),
        ("[a](/book/masking.ipynb)", "expected links of the form"),
    ],
)
def test_a_link_that_cannot_be_turned_is_an_error(source, reason):
    with pytest.raises(ValueError, match=reason):
        tool.absolute(source, ROOT / "book", "https://site", "https://colab")


@pytest.mark.parametrize(
    "source",
    ["[a](#b) [c](https://d/e.md)", '<a href="#b"> <img src="data:x">', "[^1]: a note", "`src=a`"],
)
def test_what_leads_somewhere_already_is_kept(source):
    assert tool.absolute(source, ROOT / "book", "https://site", "https://colab") == source


@pytest.mark.parametrize(
    ("repository", "home"),
    [
        ("A1/Book", "https://a1.github.io/Book"),
        ("A1/a1.github.io", "https://a1.github.io"),
        ("A1/a2.github.io", "https://a1.github.io/a2.github.io"),
    ],
)
def test_the_site_of_a_repository_is_where_pages_puts_it(repository, home):
    assert tool.site(repository) == home


@pytest.mark.parametrize("path", NOTEBOOKS, ids=str)
def test_the_site_is_built_from_the_same_notebooks_with_the_links_of_the_site(published, path):
    filled, rest = cells_but_the_bootstrap(published.checkout / path)
    assert filled == cells_but_the_bootstrap(published.branch / path)[0]
    assert rest == cells_but_the_bootstrap(ROOT / path)[1]


def test_the_configuration_differs_in_the_address_alone(published):
    committed, filled = (
        yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
        for folder in (ROOT, published.checkout)
    )
    assert committed["repository"]["url"] == tool.PLACEHOLDER
    assert filled["repository"]["url"] == URL
    assert "-owner-" not in repr(filled)
    assert filled == yaml.safe_load(yaml.safe_dump(committed).replace(tool.PLACEHOLDER, URL))


def test_a_second_run_stops_before_it_changes_anything(published):
    assert "File exists" in run(published.checkout).stderr
    again = run(published.checkout, output="again")
    assert again.returncode == 1
    assert again.stderr == (
        f"publish: _config.yml must hold {tool.PLACEHOLDER}; was it filled in before?\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"repository": "-owner-/ragged-edges"},
        {"repository": "no-name"},
        {"repository": "a/b/c"},
        {"repository": "https://github.com/a/b"},
        {"repository": "a/.."},
        {"repository": 'a/b"; import os'},
        {"repository": "a/b\n"},
        {"repository": "a" * 40 + "/b"},
        {"commit": "main"},
        {"commit": COMMIT[:7]},
        {"commit": COMMIT + "\n"},
        {"commit": COMMIT.upper()},
    ],
    ids=str,
)
def test_a_bad_argument_gets_one_line_and_changes_nothing(tmp_path, monkeypatch, arguments):
    shutil.copy(ROOT / "_config.yml", tmp_path)
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    given = {"repository": "a/b", "commit": COMMIT, "output": "published"} | arguments
    options = [f"--{name}={value}" for name, value in given.items()]
    monkeypatch.setattr(sys, "argv", ["publish.py", *options])
    with pytest.raises(SystemExit) as stopped:
        tool.main()
    (name,) = arguments
    assert re.fullmatch(f"publish: --{name} must be .*", stopped.value.code)  # one line
    assert (tmp_path / "_config.yml").read_bytes() == (ROOT / "_config.yml").read_bytes()
    assert not (tmp_path / "published").exists()


@pytest.mark.parametrize("repository", ["a/b", "A1-b/.github", "x" * 39 + "/" + "y" * 100])
def test_an_allowed_name_becomes_an_address(repository):
    assert tool.address(repository) == "https://github.com/" + repository


def test_a_placeholder_left_in_a_cell_is_an_error(tmp_path):
    folder = copy_of_the_tree(tmp_path)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(tool.PLACEHOLDER)])
    nbformat.write(notebook, folder / "labs" / "left-over.ipynb")
    done = run(folder)
    assert done.returncode == 1
    assert "labs/left-over.ipynb still holds the placeholder" in done.stderr


def test_the_committed_tree_names_no_owner():
    """Only the placeholder stands for the owner, and only where publishing replaces it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file()]
    assert "_config.yml" in names
    project = "ragged" + "-edges"
    owner = re.compile(rf"github\.com[/:]([\w.-]+)/{project}|([\w-]+)\.github\.io/{project}")
    holders, strangers = set(), set()
    for name in names:
        text = (ROOT / name).read_bytes().decode(errors="ignore")
        found = {one or other for one, other in owner.findall(text)}
        if found - {"-owner-"}:
            strangers.add(name)
        if "-owner-" in text and not name.endswith(".ipynb"):
            holders.add(name)
    assert not strangers
    about_it = {name for name in holders if name.startswith(("tools/", "tests/"))}
    assert holders - about_it == {"_config.yml"}
