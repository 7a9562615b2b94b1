"""The reference of `helpers`: a page for each module, and an index in which old addresses work.

A page names the objects that it shows; what it says of them is in their docstrings.
"""

import html
import importlib
import inspect
from collections.abc import Iterable, Mapping

from sphinx.ext.autodoc.mock import undecorate

INDEX, FOLDER = "book/api", "book/api/"
# Until each module had its page, all stood on one, under these headings.
OLD_HEADINGS = {
    "data": "data-real-data-that-comes-with-the-book",
    "batching": "batching-which-rows-share-a-batch",
    "padding": "padding-rows-of-varying-length-to-an-array-and-a-mask-or-packed-and-back",
    "feeding": "feeding-a-plan-and-the-rows-to-a-dataset",
    "masking": "masking-where-masks-live-and-die-and-whether-padding-changes-the-answers",
    "images": "images-images-of-varying-size-and-the-ways-from-them-to-a-sequence",
    "augmentation": "augmentation-augmented-images-clips-and-masks-that-keep-their-shapes",
    "errors": "errors-what-a-message-means",
    "figures": "figures-plans-and-numbers-drawn",
    "explore": "explore-interactive-figures",
    "compiling": "compiling-what-xla-compiles",
    "devices": "devices-measurements-on-a-gpu",
    "labs": "labs-the-checks-of-the-labs",
}


def names(content: Iterable[str]) -> dict[str, str]:
    """Read the lines of the directive: ``name``, or ``name: members`` for a class.

    Returns:
        The members that are shown too: ``"all"``, names with commas between them, or ``""``.
    """
    pairs = (line.partition(":") for line in content if line.strip())
    return {name.strip(): members.strip() for name, _, members in pairs}


def section(module: str, shown: Mapping[str, str], see: str = "") -> str:
    """Return the part of a page about one module, as MyST Markdown.

    Args:
        module: Its full name, such as ``"helpers.padding"``.
        shown: Its objects in the order of the page, and the members of each (see `names`).
        see: A sentence of Markdown that leads to more; it comes after the table.

    Returns:
        What the module is for, a table of the objects, what else its docstring says, and the
        objects.
    """
    loaded = importlib.import_module(module)
    purpose, _, rest = inspect.getdoc(loaded).partition("\n\n")
    # in a build Keras is a mock, and so is what it decorates
    objects = {name: undecorate(getattr(loaded, name)) for name in shown}
    body = [f".. py:currentmodule:: {module}\n", rest, ""]
    for name, members in shown.items():
        body.append(f".. auto{_kind(objects[name])}:: {module}.{name}")
        body += [f"   :members: {members.removeprefix('all')}"] if members else []
        body.append("")
    purpose = " ".join(purpose.split())
    top = [
        f".. py:module:: {module}",
        f"   :synopsis: {purpose}\n",
        purpose,
        "",
        *_table(module, objects),
    ]
    return f"{_rst(top)}\n\n{see}\n\n{_rst(body)}\n"


def _rst(lines: Iterable[str]) -> str:
    return "```{eval-rst}\n" + "\n".join(lines) + "\n```"


def _kind(thing) -> str:
    if not inspect.isclass(thing):
        return "function"
    return "exception" if issubclass(thing, BaseException) else "class"


def _table(module: str, objects: Mapping[str, object]) -> list[str]:
    lines = [".. list-table::", "   :class: api-table", "   :widths: auto", ""]
    for name, thing in objects.items():
        lines.append(f"   * - :py:obj:`{name} <{module}.{name}>`")
        lines.append(f"     - {summary(thing)}")
    return [*lines, ""]


def summary(thing) -> str:
    """Return the first line of a docstring."""
    return inspect.getdoc(thing).partition("\n")[0]


def index(modules: Iterable[str], described: Mapping, purposes: Mapping[str, str]) -> str:
    """Return a part of the index as HTML: each module, what it is for and what it has.

    Every id that the one page had is here, in the link that leads to where it is now. So an old
    address leads to that link, and with script on to its place.

    Args:
        modules: The names of modules, without ``helpers``.
        described: The objects that Sphinx knows by full name, with ``docname`` and ``objtype``.
        purposes: What the modules are for, by full name.
    """
    return "\n".join(_module(name, described, purposes) for name in modules)


def _module(page: str, described: Mapping, purposes: Mapping[str, str]) -> str:
    here = {full: o.objtype for full, o in described.items() if o.docname == f"{FOLDER}{page}"}
    modules = [full for full, kind in here.items() if kind == "module"]
    links = "".join(
        f'<li><a id="{full}" href="api/{page}.html#{full}"><code>{full.rpartition(".")[2]}</code>'
        f"{_anchors(each for each in here if each.startswith(f'{full}.'))}</a></li>\n"
        for full in here
        if full not in modules and full.rpartition(".")[0] in modules
    )
    old = [OLD_HEADINGS[page]] if page in OLD_HEADINGS else []  # newer modules had no part of it
    anchors = _anchors([*old, *(f"module-{each}" for each in modules)])
    return (
        f'<dt><a href="api/{page}.html">{anchors}<code>{page}</code></a></dt>\n'
        f"<dd><p>{_code(purposes[f'helpers.{page}'])}</p>\n<ul>\n{links}</ul></dd>"
    )


def _anchors(ids: Iterable[str]) -> str:
    return "".join(f'<span id="{each}"></span>' for each in ids)


def _code(text: str) -> str:
    parts = html.escape(text, quote=False).replace("``", "`").split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
