"""What the tests of a page run on, from the tests' own markers and the locks of their versions.

- A notebook is run again and compared by nbval on both sets of versions, with TensorFlow.
- Of the helpers that it imports, those are named that have at least half of their test files, in
  ``tests/helpers/PACKAGE``, marked ``any_backend``: these run on JAX and PyTorch as well.
- The page of a message, or of a failure without one, is provoked by a test that is marked so, on
  the backends that its row names.
- Another page has a test of its name in ``tests/book``, or nothing is said.
"""

import functools
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MARK = "any_backend"
_NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


@functools.cache
def versions() -> list[str]:
    """Return what our lane and Colab's have, as ``TensorFlow 2.21 with Keras 3.15``."""
    found = []
    for name in ("requirements.lock", "requirements-colab.lock"):
        lock = (ROOT / name).read_text("utf-8")
        pins = dict(re.findall(r"^(keras|tensorflow)==(\d+\.\d+)", lock, re.MULTILINE))
        found.append(f"TensorFlow {pins['tensorflow']} with Keras {pins['keras']}")
    return found


def _join(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


@functools.cache
def _on_any_backend(package: str) -> bool:
    files = list((ROOT / "tests" / "helpers" / package).glob("test_*.py"))
    marked = [path for path in files if _MARK in path.read_text("utf-8")]
    return bool(files) and 2 * len(marked) >= len(files)


def packages(notebook: Path) -> list[str]:
    """Return the packages of `helpers` that a notebook imports, in order.

    Args:
        notebook: its path.
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    found = set(re.findall(r"^(?:from|import) helpers\.(\w+)", code, re.MULTILINE))
    for names in re.findall(r"^from helpers import (\([^)]*\)|.*)$", code, re.MULTILINE):
        found.update(re.findall(r"(\w+)(?: as \w+)?", names.split("#")[0]))
    return sorted(name for name in found if (ROOT / "helpers" / name).exists())


def _of_row(docname: str) -> str:
    """Say where a message comes, or a failure without one."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    from helpers import errors
    from helpers.errors import silent

    name = docname.rpartition("/")[2]
    if docname.startswith("book/messages/"):
        row = next(row for row in errors.catalogue() if row.id == name)
        lanes = ("main", "colab")
        backends = [b for b in _NAMES if any(row.wording_on(lane, b) for lane in lanes)]
        what = "provoke this message"
    else:
        symptom = next(symptom for symptom in silent.catalogue() if symptom.id == name)
        backends, what = symptom.backends, "make this happen"
    keras = " and ".join(each.rpartition(" ")[2] for each in versions())
    return f"Tests {what} on {_join([_NAMES[b] for b in backends])}, with Keras {keras}."


def tested_on(docname: str) -> str:
    """Return a sentence on what the tests of a page run on, or nothing where it has none.

    Args:
        docname: of a page, as Sphinx calls it: ``book/masking``.
    """
    ours, colabs = versions()
    lanes = f"{ours}, and Colab’s {colabs}"
    notebook = ROOT / f"{docname}.ipynb"
    if notebook.exists():
        wide = [f"helpers.{name}" for name in packages(notebook) if _on_any_backend(name)]
        more = f" Those of {_join(wide)} run on JAX and PyTorch as well." if wide else ""
        return f"Tests of this page run on {lanes}.{more}"
    if docname.startswith(("book/messages/", "book/symptoms/")):
        return _of_row(docname)
    if docname.startswith("book/audit-rules/"):
        keras = " and ".join(each.rpartition(" ")[2] for each in versions())
        return f"Tests audit both examples, with Keras {keras}, on each backend that has the fault."
    test = ROOT / "tests" / "book" / f"test_{docname.rpartition('/')[2].replace('-', '_')}.py"
    if docname.startswith("book/") and test.exists():
        any_backend = _MARK in test.read_text("utf-8")
        more = " They run on JAX and PyTorch as well." if any_backend else ""
        return f"Tests of this page run on {lanes}.{more}"
    return ""


def _say(app, pagename, templatename, context, doctree) -> None:
    context["tested_on"] = tested_on(pagename) if doctree is not None else ""


def setup(app):
    """Give each page's template its sentence."""
    app.connect("html-page-context", _say, priority=400)  # the theme leaves out what is empty
    return {"parallel_read_safe": True, "parallel_write_safe": True}
