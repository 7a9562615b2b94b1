"""A page for each rule of the audit, and their table.

The pages are Markdown files in ``book/audit-rules``, which git ignores, as those of `messages` are.
They are made from the files in ``helpers/auditing/rules``, which are read and not run: a build
needs no framework. Tests run the two examples of each.
"""

import ast
import html
import re
from collections.abc import Iterable
from pathlib import Path

from . import examples, messages
from .errors import link, plain
from .filtered_table import filtered_table

FOLDER = "book/audit-rules"
SEVERITIES = {
    "error": "An error: what is learned or answered is wrong, or something raises.",
    "warning": "A warning: it can be wrong, or is wrong on other data.",
    "note": "A note: it costs time or memory.",
}
GROUPS = {
    "RE1": "the data",
    "RE2": "the model",
    "RE3": "the call of fit",
    "RE4": "loss and metrics",
    "RE5": "cost",
}
_BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
_COLUMNS = ("Rule", "What it finds", "Severity", "Chapter")
_SOURCES = Path(__file__).resolve().parents[3] / "helpers/auditing/rules"


class Example(examples.Module):
    """A file of a rule: what is said about it, and its two examples."""

    def __init__(self, file: Path):
        self.definitions, self.imports, self.name = {}, {}, file.stem
        self._read(file.read_text("utf-8"))
        call = self.definitions["RULE"][0].value
        said = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
        self.said = {"backends": tuple(_BACKENDS), **said}

    def example(self, name: str) -> str:
        """Return the body of ``broken`` or ``mended`` and all it uses; at the end the audit."""
        function, text = self.definitions[name]
        own = [node for node in function.body if isinstance(node, ast.Import | ast.ImportFrom)]
        body = [node for node in function.body[1:] if node not in own]  # 0 is the docstring
        arguments = _arguments(text, body[-1].value)
        above = examples.source(text, body[:-1])
        defined = len(body) > 1 and isinstance(body[-2], ast.FunctionDef | ast.ClassDef)
        shown = "\n".join([*([above + "\n\n" * defined] if above else []), _call(arguments)])
        code = self.with_what_it_uses(shown, body, [*own, _HELPERS])
        return re.sub(r"(?<![\w.])_(?=[A-Za-z])", "", code)  # on a page no name is private

    def purpose(self, name: str) -> str:
        """Return what an example does, in a sentence without its first capital."""
        said = ast.get_docstring(self.definitions[name][0])
        return said[0].lower() + said[1:]


_HELPERS = ast.parse("import helpers").body[0]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _code(text: str, node: ast.expr) -> str:
    return " ".join(ast.get_source_segment(text, node).split())


def _arguments(text: str, given: ast.expr) -> list[str]:
    """Return the arguments of the audit that an example returns, as code."""
    if not isinstance(given, ast.Dict) or None in given.keys:
        return [f"**{_code(text, given)}"]
    named = {
        ast.literal_eval(key): value for key, value in zip(given.keys, given.values, strict=True)
    }
    return [
        _code(text, value) if key in ("model", "data") else f"{key}={_code(text, value)}"
        for key, value in named.items()
    ]


def _call(arguments: list[str]) -> str:
    line = f"print(helpers.audit({', '.join(arguments)}))"
    if len(line) <= 88:
        return line
    return "\n".join(["report = helpers.audit(", *(f"    {a}," for a in arguments), ")"]) + (
        "\nprint(report)"
    )


def catalogue() -> list[Example]:
    """Return all rules, by code."""
    files = (path for path in _SOURCES.glob("*.py") if path.stem != "__init__")
    return sorted(map(Example, files), key=lambda rule: rule.said["code"])


def write(root: Path) -> None:
    """Write the pages that have changed, and delete those whose rule has gone."""
    pages = {f"{rule.said['name']}.md": page(rule) for rule in catalogue()}
    messages.write_pages(root / FOLDER, pages)


def page(rule: Example) -> str:
    """Return the page of one rule, as MyST Markdown."""
    said = rule.said
    parts = [
        messages.front_matter(f"{said['code']} {said['name']}: {plain(said['title'])}"),
        f"# {said['code']} {said['name']}\n",
        f"**{said['title']}.** {SEVERITIES[said['severity']]}{_where(said)}\n",
        f"## What it does\n\n{said['does']}\n",
        f"## Why it is bad\n\n{said['why']}\n",
        f"## Use instead\n\n{said['fix']}\n\nHere: {rule.purpose('mended')}\n",
        f"```python\n{rule.example('mended')}\n```\n",
        f"## What it finds\n\n{_capital(rule.purpose('broken'))} Of this code the audit reports "
        f"`{said['code']}`, of the code above nothing; a test audits both.\n",
        f"```python\n{rule.example('broken')}\n```\n",
        f"## Read more\n\nSee {link('../' + said['chapter'])}. "
        "[All rules of the audit](../audit-rules.md).\n",
    ]
    return "\n".join(parts)


def _where(said: dict) -> str:
    backends = [_BACKENDS[each] for each in said["backends"]]
    return f" It exists on {' and '.join(backends)} alone." if len(backends) < 3 else ""


def table(rules: Iterable[Example]) -> str:
    """Return the rules as HTML: a table, with its controls, by code."""
    head = "".join(f'<th scope="col">{each}</th>' for each in _COLUMNS)
    body = "\n".join(map(table_row, rules))
    more = {
        "severity": {each: each for each in SEVERITIES},
        "backend": _BACKENDS,
    }
    return filtered_table("messages", "Rules of the audit", "all rules", GROUPS, head, body, more)


def claims(rules: Iterable[Example]) -> str:
    """Return what the rules claim as MyST Markdown: an entry of the ledger for each."""
    return "\n".join(map(_claim, rules))


def _claim(rule: Example) -> str:
    said, name = rule.said, rule.said["name"]
    return (
        f"**{said['title']}** {said['why']}\n\n"
        f"- Found by: [{said['code']} {name}](audit-rules/{name}.md)\n"
        f"- What to do: {link(said['chapter'])}\n\n"
        '<details class="makers"><summary>How it is tested</summary>\n\n'
        f"Test: `test_examples_of_a_rule_tell_it_apart[{name}]` in "
        "`tests/helpers/auditing/test_zoo.py`\n\n</details>\n"
    )


def table_row(rule: Example) -> str:
    """Return one row of the table; what the rule does can be found, though it does not show."""
    said = rule.said
    page, anchor = said["chapter"].replace("_", "-").split("#")  # as docutils writes ids
    chapter = messages.chapter_of(said["chapter"])
    name = messages.CHAPTERS.get(chapter, chapter)
    hidden = html.escape(plain(f"{said['does']} {said['why']} {said['fix']}"))
    return (
        f'<tr id="{said["code"]}" data-kinds="{said["code"][:3]}" '
        f'data-severity="{said["severity"]}" data-backend="{" ".join(said["backends"])}" '
        f'data-text="{hidden}">'
        f'<th scope="row"><a href="audit-rules/{said["name"]}.html">{said["code"]} '
        f"{said['name']}</a></th>"
        f"<td>{messages.with_code(said['title'])}</td><td>{said['severity']}</td>"
        f'<td><a href="{page}.html#{anchor}">{name}</a></td></tr>'
    )
