"""The decision guide: four questions, the routes that they lead to, and the code of each.

`book/choose.yml` holds the questions and the routes. The code is in ``book/data/routes``:
a model and what feeds it are parts of their own, and a route's code is both, with one head of
imports.
"""

import ast
import itertools
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from .messages import CHAPTERS, with_code

BOOK = Path(__file__).parents[2]
PARTS = BOOK / "data" / "routes"


@cache
def load() -> dict:
    """Read the questions, what can vary, and the routes."""
    return yaml.safe_load((BOOK / "choose.yml").read_text("utf-8"))


def combinations() -> Iterator[dict[str, str]]:
    """Return each combination of answers, by the ids of the questions."""
    questions = load()["questions"]
    for chosen in itertools.product(*(question["answers"] for question in questions)):
        yield {question["id"]: answer for question, answer in zip(questions, chosen, strict=True)}


def leading_to(answers: dict[str, str]) -> list[dict]:
    """Return the routes that some answers lead to; that of all four is exactly one."""
    return [
        route
        for route in load()["routes"]
        if all(
            answer in route["when"].get(question, [answer]) for question, answer in answers.items()
        )
    ]


def reads_disk(route: dict) -> bool:
    """Whether a route reads its data from disk."""
    return "no" in route["when"].get("memory", [])


def part(kind: str, name: str) -> str:
    """Return the text of a part: of ``setups``, ``disks``, ``models`` or ``feeds``."""
    return (PARTS / kind / f"{name}.py").read_text("utf-8").strip()


def code(route: dict) -> str:
    """Return the code of a route, which runs below that of its set-up; "" where it has none."""
    if "feed" not in route:
        return ""
    imports, bodies = {}, []
    for text in (part("models", route["model"]), part("feeds", route["feed"])):
        nodes = ast.parse(text).body
        heads = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        for node in heads:
            names = imports.setdefault(getattr(node, "module", None) or node.names[0].name, {})
            names.update({ast.unparse(alias): type(node) for alias in node.names})
        end = heads[-1].end_lineno if heads else 0
        bodies.append("\n".join(text.splitlines()[end:]).strip("\n"))
    model, feed = bodies
    gap = "\n\n\n" if feed.startswith(("class ", "def ")) else "\n\n"
    return f"{_head(imports)}\n\n{model}{gap}{feed}"


def _head(imports: dict[str, dict]) -> str:
    """Return imports as ruff sorts them: the standard library, then ``import``, then ``from``."""
    own, plain, named = [], [], []
    for module, names in sorted(imports.items()):
        if module == "math":
            own.append("import math")
            continue
        plain += [f"import {name}" for name, kind in names.items() if kind is ast.Import]
        names = sorted(name for name, kind in names.items() if kind is ast.ImportFrom)
        named += [f"from {module} import {', '.join(names)}"] if names else []
    return "\n\n".join("\n".join(lines) for lines in (own, plain + named) if lines)


def sections() -> str:
    """Return the routes as Markdown, under a heading for each thing that varies."""
    data, parts = load(), []
    for varied in data["varies"]:
        parts.append(f"(varies-{varied['id']})=\n## {varied['title']}\n\n{varied['says']}\n")
        parts.append(f"```python\n{part('setups', varied['id'])}\n```\n")
        disk = part("disks", varied["id"])
        parts.append(
            "::::{container} from-disk\nIf the data is on disk, this comes below it. Here it is "
            f"written there first:\n\n```python\n{disk}\n```\n::::\n"
        )
        own = (r for r in data["routes"] if r["when"]["varies"] == [varied["id"]])
        parts += [_section(route) for route in own]
    return "\n".join(parts)


def _section(route: dict) -> str:
    shown = code(route)
    lines = [f"({route['id']})=\n### {route['title']}\n\n{route['says']}\n"]
    if shown:
        lines.append(f"```python\n{shown}\n```\n\n**It costs:** {route['costs']}\n")
    return "\n".join([*lines, f"**Read:** {_links(route['reads'])}.\n"])


def _links(addresses: list[str]) -> str:
    """Return links to sections, each after the name of its chapter."""
    chapters = {}
    for address in addresses:
        chapters.setdefault(address.split(".")[0], []).append(f"[]({address})")
    return "; ".join(
        f"{CHAPTERS.get(chapter, 'The rule of shapes')}, {' and '.join(links)}"
        for chapter, links in chapters.items()
    )


def form() -> str:
    """Return the questions as HTML, hidden without script, and what the script needs to know."""
    fields = []
    for question in load()["questions"]:
        name = question["id"]
        choices = "".join(
            f'<label><input type="radio" name="{name}" value="{answer}">'
            f"<span>{with_code(words)}</span></label>"
            for answer, words in question["answers"].items()
        )
        fields.append(f"<fieldset><legend>{question['asks']}</legend>{choices}</fieldset>")
    routes = {route["id"]: route["when"] for route in load()["routes"]}
    return (
        f'<form id="choose" hidden>{"".join(fields)}'
        '<p class="choose-buttons"><button type="button" name="copy">Copy the whole script</button>'
        '<button type="button" name="all">Show all routes</button>'
        '<button type="reset">Start again</button></p></form>\n'
        '<p id="choose-status" role="status" aria-live="polite"></p>\n'
        f'<script type="application/json" id="choose-routes">{json.dumps(routes)}</script>\n'
        '<script src="../_static/choose.js" defer></script>'
    )
