"""The error index: an entry for each row, with the source of the function that causes it."""

import ast
import collections
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from helpers.errors import Entry, catalogue, index, matching, pastes, situations

__all__ = ["catalogue", "entries", "script", "shared"]

_SITUATIONS = Path(situations.__file__).parent
_LANES = {"main": "Keras 3.15", "colab": "Keras 3.13"}


def entries(rows: Iterable[Entry]) -> str:
    """Return the entries as MyST Markdown."""
    return "\n".join(map(entry, rows))


def entry(row: Entry) -> str:
    """Return one entry."""
    return f"""\
({row.id})=
## {row.title}

{wordings(row.versions)}

- **Comes as:** {", ".join(f"`{name}`" for name in row.exception)}
- **Cause:** {row.cause.strip()}
- **Fix:** {row.fix.strip()}
- **Read:** {link(row.chapter)}

```python
{provoking_source(row)}
```
"""


def wordings(versions: dict[str, str]) -> str:
    """Return the message once for each wording, with the versions that use it."""
    lanes = collections.defaultdict(list)
    for lane, text in versions.items():
        lanes[text].append(_LANES[lane])
    return "\n\n".join(
        f"{' and '.join(names)}:\n\n```text\n{text}\n```" for text, names in lanes.items()
    )


def link(place: str) -> str:
    """Return a link to a section of a chapter; the builder fills in the section's title."""
    page, anchor = place.split("#")
    return f"[]({page}.ipynb#{anchor})"


def provoking_source(row: Entry) -> str:
    """Return the function that causes the message, under a name that says what it does."""
    text = (_SITUATIONS / f"{row.id.replace('-', '_')}.py").read_text("utf-8")
    return _definitions(text)["provoke"].replace("def provoke(", f"def {row.provoke}(", 1)


def shared() -> str:
    """Return what the functions share, as MyST Markdown: their imports, a class, a model."""
    imports = set()
    for path in _SITUATIONS.glob("[!_]*.py"):
        imports |= _imports(path.read_text("utf-8"))
    common = _definitions((_SITUATIONS / "shared.py").read_text("utf-8"))
    source = "\n\n\n".join(["\n".join(sorted(imports, key=_place)), *common.values()])
    return f"```python\n{source}\n```"


def _imports(text: str) -> set[str]:
    nodes = (node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom))
    return {line for line in map(ast.unparse, nodes) if "helpers" not in line}


def _place(line: str) -> tuple:
    """Return what imports are sorted by: the standard library first, then ``import`` first."""
    return line.split()[1].split(".")[0] not in sys.stdlib_module_names, line[:4] == "from", line


def _definitions(text: str) -> dict[str, str]:
    """Return the source of each function and class of a module."""
    named = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return {node.name: ast.get_source_segment(text, node) for node in named}


def script(rows: Iterable[Entry]) -> str:
    """Return the title page's data: a script, so that it also loads from disk."""
    found = (
        {
            "id": row.id,
            "pattern": javascript(row.pattern),
            "where": row.where,
            "reads": row.reads,
            "warns": row.warns,
            "wording": index.wording(row),
            "title": plain(row.title),
            "fix": plain(row.fix),
            "url": f"book/error-index.html#{row.id}",
            "chapter_url": "book/{}.html#{}".format(*row.chapter.split("#")),
        }
        for row in rows
    )
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in found)
    words = {"subject": matching.SUBJECT, "framework": matching.FRAMEWORK}
    reading = json.dumps(pastes.READING | words)
    return (
        "// Made from the rows of helpers/errors and from what reads a paste there.\n"
        f"window.RAGGED_ERRORS = [\n{lines}\n];\nwindow.RAGGED_READING = {reading};\n"
    )


def javascript(pattern: str) -> str:
    """Return a pattern as JavaScript writes it: its named parts."""
    return re.sub(r"\(\?P=(\w+)\)", r"\\k<\1>", pattern.replace("(?P<", "(?<"))


def plain(text: str) -> str:
    """Return Markdown of the error index without its marks."""
    return text.strip().replace("`", "")
