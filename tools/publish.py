"""Fill in the address of the repository and collect the notebooks that its readers open in Colab.

Usage: python tools/publish.py --repository OWNER/NAME --commit SHA --output DIR

Changes the checkout that it lies in (`git checkout .` undoes it), because the site is built from
the same files afterwards: the address in _config.yml, and in every notebook the bootstrap cell,
which then fetches `helpers` from that repository at that commit. DIR gets what the branch
`published` holds: the same notebooks, with links that lead somewhere from a copy in Drive, too, and
solutions without the marks that labs are made by.
publish.yml runs it; nobody else has to.
"""

import argparse
import pathlib
import re
import sys

import bootstrap
import make_labs
import nbformat
import notebooks
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACEHOLDER = "https://github.com/-owner-/ragged-edges"  # no GitHub name begins with a hyphen
README = """\
The notebooks of *Ragged Edges*, as published from [{commit:.7}]({url}/tree/{commit}).
They are made by a workflow and replaced as a whole; change their sources on the branch `main`.
Licences: [code]({url}/blob/{commit}/LICENSE), [text]({url}/blob/{commit}/LICENSE-TEXT.md).
"""

HINT = "# No module named 'helpers'? Run the first cell of code, above.\n"
_IMPORT = re.compile(r"^(?:from|import) helpers\b", re.MULTILINE)
_OTHER_LINK = re.compile(  # in HTML, in a definition, from the root: all but addresses and anchors
    r"""(?:<[a-z][^>]*\b(?:href|src)\s*=\s*["']?|^\[(?!\^)[^\]\n]+\]:\s*|\]\()"""
    r"""(?![\s"'#]|https?:|mailto:|data:)[^\s>)]*""",
    re.MULTILINE,
)


def address(repository: str) -> str:
    """Return the web address of OWNER/NAME; ValueError if GitHub allows no such name."""
    name = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}"
    if not re.fullmatch(name, repository):
        raise ValueError(f"--repository must be OWNER/NAME as on GitHub, not {repository!r}")
    return f"https://github.com/{repository}"


def fill_in(config: str, url: str) -> str:
    """Return the text of _config.yml with the repository's address in place of the placeholder."""
    if PLACEHOLDER not in config:
        raise ValueError(f"_config.yml must hold {PLACEHOLDER}; was it filled in before?")
    return config.replace(PLACEHOLDER, url)


def site(repository: str) -> str:
    """Return the address that GitHub Pages gives to the site of OWNER/NAME."""
    owner, name = repository.lower().split("/")[0], repository.split("/")[1]
    host = f"https://{owner}.github.io"
    return host if name.lower() == f"{owner}.github.io" else f"{host}/{name}"


def anchor(page: pathlib.Path, slug: str) -> str:
    """Return the site's anchor of the heading that MyST calls `slug`, or of a term or a function.

    Raises:
        ValueError: the page has nothing of that name.
    """
    text = page.read_text(encoding="utf-8")
    terms = re.findall(r"^(\w.*)\n  \S", text, re.MULTILINE)
    module, _, name = slug.rpartition(".")
    shown = f"{{helpers}} {module}\n" in text and re.search(rf"^{name}\b", text, re.MULTILINE)
    if shown or slug in (f"term-{term.replace(' ', '-')}" for term in terms):
        return slug
    if page.suffix == ".ipynb":
        cells = notebooks.read(page).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        if notebooks.slug(heading) == slug:  # the site's are made by docutils
            return re.sub("[^a-z0-9]+", "-", heading.lower()).lstrip("-0123456789").rstrip("-")
    raise ValueError(f"no heading {slug!r} in {page.name}")


def absolute(source: str, folder: pathlib.Path, site: str, colab: str) -> str:
    """Return a notebook's markdown with links that lead somewhere from wherever it is copied to.

    What is worked on, a lab, opens in Colab; what is read opens on the site.

    Args:
        source: the markdown of a cell.
        folder: where its notebook lies; links start there.
        site: address of the site.
        colab: the address that opens a notebook of the repository in Colab, without its path.

    Raises:
        ValueError: a link leads to no page, or is written in a form that is not understood.
    """

    def replace(link: re.Match) -> str:
        page = (folder / link["target"]).resolve()
        if page.suffix not in (".ipynb", ".md") or not page.is_file():
            raise ValueError(f"a link leads to no page: {link['target']}")
        path = page.relative_to(ROOT).as_posix()
        if path.startswith("labs/") and not path.startswith("labs/solutions/"):
            return f"{colab}/{path}"
        fragment = f"#{anchor(page, link['slug'])}" if link["slug"] else ""
        return f"{site}/{path.removesuffix(page.suffix)}.html{fragment}"

    pattern = notebooks.RELATIVE_LINK.pattern + r"(?:#(?P<slug>[^)\s]+))?"
    source = re.sub(pattern, replace, source)
    if other := _OTHER_LINK.search(source):
        raise ValueError(f"expected links of the form [text](page), got {other[0]!r}")
    return source


def explain_a_missing_package(notebook: nbformat.NotebookNode) -> None:
    """Write above the first import of `helpers` what to do if there are none."""
    for cell in notebook.cells:
        first = _IMPORT.search(cell.source)
        if cell.cell_type == "code" and cell.id != bootstrap.CELL_ID and first:
            cell.source = _IMPORT.sub(HINT + first[0], cell.source, count=1)
            return


def collect(output: pathlib.Path, repository: str, commit: str) -> None:
    """Write the notebooks, in their folders, and a README into an empty folder."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    branch, colab = config["repository"]["branch"], config["launch_buttons"]["colab_url"]
    addresses = site(repository), f"{colab}/github/{repository}/blob/{branch}"
    for folder in ("book", "labs", "labs/solutions"):
        (output / folder).mkdir()
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            notebook = notebooks.read(path)
            explain_a_missing_package(notebook)
            for cell in notebook.cells:
                if folder == "labs/solutions" and cell.cell_type == "code":
                    cell.source = make_labs.unmark(cell.source)
                if cell.cell_type == "markdown":
                    try:
                        cell.source = absolute(cell.source, path.parent, *addresses)
                    except ValueError as error:
                        raise ValueError(f"{folder}/{path.name}: {error}") from error
            if "-owner-" in nbformat.writes(notebook):
                raise ValueError(f"{folder}/{path.name} still holds the placeholder -owner-")
            notebooks.write(output / folder / path.name, notebook)
    readme = README.format(url=address(repository), commit=commit)
    (output / "README.md").write_text(readme, encoding="utf-8")


def main() -> None:
    """Publish the checkout; one line and exit status 1 if it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repository", required=True, help="OWNER/NAME on GitHub")
    parser.add_argument("--commit", required=True, help="the full hash of the commit to publish")
    parser.add_argument("--output", required=True, type=pathlib.Path, help="a new folder")
    options = parser.parse_args()
    try:
        url = address(options.repository)
        if not re.fullmatch("[0-9a-f]{40}", options.commit):
            raise ValueError(f"--commit must be 40 hexadecimal digits, not {options.commit!r}")
        options.output.mkdir(parents=True)  # before anything is changed; fails if it exists
        config = ROOT / "_config.yml"
        config.write_text(fill_in(config.read_text(encoding="utf-8"), url), encoding="utf-8")
        bootstrap.main(["--url", url, "--ref", options.commit])
        collect(options.output, options.repository, options.commit)
    except (OSError, ValueError) as error:
        sys.exit(f"publish: {error}")


if __name__ == "__main__":
    main()
