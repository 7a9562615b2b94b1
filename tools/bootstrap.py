"""Write the first code cell of every notebook: where `helpers` is missing, it fetches them.

Usage: python tools/bootstrap.py [--url URL] [--ref REF] [--check]

In Colab, in Kaggle and wherever else `helpers` cannot be imported, the cell fetches the archive of
one commit, as GitHub offers it, and unpacks `helpers` into `ragged-edges/COMMIT`, which it puts on
the path. A folder that is there is used as it is, so what a learner has edited in it is kept.

Without arguments the address comes from `_config.yml` (`repository.url`) and the ref is `main`.
Publishing names its own repository and commit: every published notebook then fetches the helpers
that it was made with. ``--check`` writes nothing and exits 1 if a cell differs.
"""

import argparse
import sys

import nbformat
import notebooks
import yaml

CELL_ID = "bootstrap"
TAGS = ["bootstrap", "remove-cell"]  # the site has no use for it; notebook and Colab show it
_SOURCE = """\
# Where the book's helpers are missing (Colab, Kaggle), they are fetched.
# Nothing is installed.
import importlib.util
import io
import os
import sys
import urllib.request
import zipfile


class Stop(Exception):
    def _render_traceback_(self):
        return [str(self)]  # one line, no traceback


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a quieter TensorFlow
colab = "COLAB_RELEASE_TAG" in os.environ
if colab or not importlib.util.find_spec("helpers"):
    url, ref = "{url}", "{ref}"
    address = f"{{url}}/archive/{{ref}}.zip"
    folder = os.path.abspath(f"ragged-edges/{{ref}}")
    try:
        if not os.path.exists(folder):
            with urllib.request.urlopen(address, timeout=60) as answer:
                archive = zipfile.ZipFile(io.BytesIO(answer.read()))
            top = archive.namelist()[0].split("/")[0]
            for name in archive.namelist():
                if name.startswith(f"{{top}}/helpers/"):
                    archive.extract(name, f"{{folder}}.part")
            os.renames(f"{{folder}}.part/{{top}}", folder)
    except Exception as error:
        raise Stop(
            f"Cannot fetch {{address}}: {{error!r}}. Is the internet on? "
            "If so, open this notebook anew from the book's site."
        ) from None
    sys.path.insert(0, folder)

from helpers import runtime

runtime.check()
"""


def configured() -> tuple[str, str]:
    """Return the url that `_config.yml` has, and the branch that holds the helpers."""
    config = yaml.safe_load((notebooks.ROOT / "_config.yml").read_text(encoding="utf-8"))
    return config["repository"]["url"], "main"


def cell_source(url: str, ref: str) -> str:
    """Return the cell's code for a repository's address and a branch, tag or commit.

    Raises:
        ValueError: the address or the ref holds a space or a quote.
    """
    for name, value in (("url", url), ("ref", ref)):
        if not value or set(value) & set(" \t\n\"'\\"):
            raise ValueError(f"{name}: expected no spaces, quotes or backslashes, got {value!r}")
    return _SOURCE.format(url=url, ref=ref).rstrip("\n")


def refresh(notebook: nbformat.NotebookNode, source: str) -> bool:
    """Put the bootstrap cell into a notebook, before its first other code cell.

    Args:
        notebook: changed in place. An existing bootstrap cell keeps its place and its count.
        source: what `cell_source` returned.

    Returns:
        Whether anything changed.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if code and code[0].id == CELL_ID:
        changed = code[0].source != source or code[0].metadata.get("tags") != TAGS
        code[0].source, code[0].metadata["tags"] = source, list(TAGS)
        return changed
    notebook.cells = [cell for cell in notebook.cells if cell.id != CELL_ID]
    at = notebook.cells.index(code[0]) if code else len(notebook.cells)
    cell = nbformat.v4.new_code_cell(source, id=CELL_ID, metadata={"tags": list(TAGS)})
    notebook.cells.insert(at, cell)
    return True


def main(arguments: list[str] | None = None) -> None:
    """Refresh the cell in every notebook of book/ and labs/, or name those that differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="address of the repository that holds helpers/")
    parser.add_argument("--ref", help="branch, tag or commit to fetch")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one differs")
    options = parser.parse_args(arguments)
    url, ref = configured()
    source = cell_source(options.url or url, options.ref or ref)
    stale = []
    for path in notebooks.all_notebooks():
        notebook = notebooks.read(path)
        if refresh(notebook, source):
            stale.append(str(path.relative_to(notebooks.ROOT)))
            if not options.check:
                notebooks.write(path, notebook)
    if options.check and stale:
        sys.exit("bootstrap cell differs, run `make notebooks`: " + ", ".join(stale))


if __name__ == "__main__":
    main()
