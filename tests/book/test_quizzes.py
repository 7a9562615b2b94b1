"""The right answer of every question is what its code gives, and no wrong choice is."""

import contextlib
import io
import re

import numpy as np
import pytest
import yaml
from notebooks import ROOT

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.slow
FOLDER = ROOT / "book" / "data" / "quizzes"
QUIZZES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yml")}
QUESTIONS = [
    pytest.param(
        question,
        id=f"{page}-{question['id']}",
        marks=[] if question.get("tensorflow") else [pytest.mark.any_backend],
    )
    for page, quiz in sorted(QUIZZES.items())
    for question in quiz
]
FIELDS = {"id", "question", "code", "given", "check", "choices", "held", "tensorflow"}


def value(choice):
    return str(choice.get("is", choice["text"].strip("`")))


def asked(question):
    """What the code of a question answers."""
    choices = [value(choice) for choice in question["choices"]]
    code = question.get("code", "")
    names = {"keras": keras, "layers": keras.layers, "ops": keras.ops, "np": np}
    names |= {"choices": choices, "code": code}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(question.get("given", ""), names)
        if not question.get("held"):
            exec(code, names)
        exec(question.get("check", ""), names)
    return str(names["answer"] if "check" in question else printed.getvalue()).strip()


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_what_its_code_gives(question):
    right = [value(choice) for choice in question["choices"] if choice.get("right")]
    assert [asked(question)] == right


def test_the_chapters_and_the_opener_have_a_quiz():
    pages = {path.stem for path in (ROOT / "book").glob("*.ipynb")}
    pages.discard("audit")  # which is about a tool
    assert set(QUIZZES) == {page for page in pages if not page.endswith("-deeper")}
    for quiz in QUIZZES.values():
        assert 3 <= len(quiz) <= 5
        assert len({question["id"] for question in quiz}) == len(quiz)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_short_and_says_why(question):
    assert set(question) <= FIELDS
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", question["id"])
    assert question["question"].strip()[-1] == "?"
    assert question.get("code", "").count("\n") <= 6
    assert all(len(line) <= 72 for line in question.get("code", "").splitlines())
    assert "check" in question or "print(" in question["code"]
    choices = question["choices"]
    assert 3 <= len(choices) <= 4
    for name in (value, lambda choice: choice["text"], lambda choice: choice["reason"]):
        assert len({name(choice) for choice in choices}) == len(choices)
    for choice in choices:
        assert set(choice) <= {"text", "is", "right", "reason"}
        assert choice["reason"][-1] == "."
        assert len(choice["reason"]) <= 130
    assert [choice for choice in choices if choice.get("right")]
