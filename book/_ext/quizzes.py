"""Quizzes: each page that has a file in ``book/data/quizzes`` ends with its questions.

They are no part of the notebooks, which are opened in Colab. Without a script a question is a list
of choices over a folded answer; ``book/_static/quiz.js`` makes radio buttons and a button of it.
"""

import json
import re
from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive

FOLDER = Path(__file__).resolve().parents[1] / "data" / "quizzes"
_SECTION = "## Check yourself\n\n```{{quiz}} {}\n```"
_SHORT = 26  # letters of a choice that may share its line with another


def inline(text: str) -> str:
    """Return a line of Markdown that has nothing but code in back quotes as HTML."""
    marked = re.sub(
        r"`([^`]+)`",
        r'<code class="docutils literal notranslate">\1</code>',
        escape(text.strip(), quote=False),
    )
    return " ".join(marked.split())


def _opening(number: int, question: dict) -> str:
    return (
        f'<fieldset class="re-question" id="quiz-{question["id"]}">'
        f"<legend><span>{number}.</span> {inline(question['question'])}</legend>"
    )


def _closing(number: int, question: dict) -> str:
    choices, answers = "", ""
    for at, choice in enumerate(question["choices"]):
        text, reason = inline(choice["text"]), inline(choice["reason"])
        choices += (
            f'<label><input type="radio" name="quiz-{number}" value="{at}" hidden="hidden" />'
            f" <span>{text}</span></label>"
        )
        mark, verdict = (' data-right=""', "Right") if choice.get("right") else ("", "Not so")
        answers += f"<li{mark}>{text} <span><strong>{verdict}.</strong> {reason}</span></li>"
    is_long = any(len(choice["text"]) > _SHORT for choice in question["choices"])
    return (
        f'<div class="re-choices{" re-lines" * is_long}">{choices}</div>'
        '<div class="re-checked" hidden="hidden"><button type="button">Check</button>'
        '<p role="status"></p></div>'
        f"<details><summary>Answer</summary><ul>{answers}</ul></details></fieldset>"
    )


def _raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


class Quiz(Directive):
    """The questions of a page; the argument is the name of its file."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the nodes of every question."""
        page = self.arguments[0]
        path = FOLDER / f"{page}.yml"
        self.state.document.settings.env.note_dependency(str(path))
        made: list[nodes.Node] = [_raw('<div class="re-quiz">')]
        for number, question in enumerate(yaml.safe_load(path.read_text("utf-8")), 1):
            made.append(_raw(_opening(number, question)))
            if code := question.get("code", "").rstrip():
                made.append(nodes.literal_block(code, code, language="python"))
            made.append(_raw(_closing(number, question)))
        return [*made, _raw("</div>")]


def _append(app, docname: str, source: list[str]) -> None:
    """Put a last section on the page, with its questions."""
    folder, _, name = docname.rpartition("/")
    if folder == "book" and (FOLDER / f"{name}.yml").exists():
        notebook = json.loads(source[0])
        section = {"cell_type": "markdown", "id": "check-yourself", "metadata": {}}
        notebook["cells"].append(section | {"source": _SECTION.format(name)})
        source[0] = json.dumps(notebook)


def setup(app):
    """Register the directive, the section and its script."""
    app.add_directive("quiz", Quiz)
    app.connect("source-read", _append)
    app.add_js_file("quiz.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
