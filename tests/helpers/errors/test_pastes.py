"""A paste is read as what it is, by Python and by the page's script alike."""

import json
import pathlib
import shutil
import subprocess
import time
import traceback

import pytest
import yaml

from book._ext.catalogues import errors as catalogues
from helpers import errors
from helpers.errors import matching, pastes

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE.parents[2] / "book/_static/find-error.js"
CASES = yaml.safe_load((HERE / "pastes.yml").read_text("utf-8"))
OTHERS = (HERE / "other-subjects.txt").read_text("utf-8").splitlines()
LONG = {  # 100 KB, as deep tracebacks and logs are
    "frames": "Traceback (most recent call last):\n"
    + '  File "/x/keras/layer.py", line 9, in call\n    return self.inner(x)\n' * 1400
    + "ValueError: The PyDataset has length 0",
    "errors": "ValueError: all is well\n" * 4200 + "ValueError: The PyDataset has length 0",
    "stamps": "2026-11-29 10:00:01,123 INFO [main] epoch: 3\n" * 2200
    + "ValueError: The PyDataset has length 0",
}


def answered(text):
    """What Python answers, as the page's script writes it."""
    found = errors.explain(text)
    return {
        "answer": found.entry and found.entry.id,
        "other": found.other and found.other.id,
        "read": found.read,
        "guesses": [row.id for row in found.guesses],
    }


@pytest.fixture(scope="session")
def page_answers():
    """What the page's script answers to the same texts, in one run of node."""
    node = shutil.which("node") or pytest.skip("needs node; the site's tests run the same script")
    texts = [*(case["text"] for case in CASES), *OTHERS, *LONG.values()]
    data = catalogues.script(errors.catalogue())
    sent = json.dumps({"script": SCRIPT.read_text("utf-8"), "data": data, "texts": texts})
    done = subprocess.run(
        [node, str(HERE / "page.js")], input=sent, capture_output=True, text=True, check=True
    )
    return dict(zip(texts, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_paste_is_answered(case):
    found = answered(case["text"])
    assert found["answer"] == case["answer"]
    assert found["other"] == case.get("other")
    assert found["read"] == case.get("read", "")
    assert len(found["guesses"]) == case.get("guesses", 0)


@pytest.mark.slow
@pytest.mark.parametrize("text", [*(case["text"] for case in CASES), *OTHERS])
def test_the_page_answers_as_python_does(text, page_answers):
    said = page_answers[text]
    assert {name: said[name] for name in answered("")} == answered(text)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_paste_is_answered_soon(text):
    errors.explain(text)
    began = time.process_time()
    assert answered(text)["answer"] == "dataset-length-zero"
    assert time.process_time() - began < 0.5  # a hang took minutes


@pytest.mark.slow
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_the_page_answers_a_long_paste_soon(text, page_answers):
    assert page_answers[text]["answer"] == "dataset-length-zero"
    assert page_answers[text]["seconds"] < 0.5


def raised(error):
    """The exception as it is after it was raised, and its traceback as text."""
    try:
        raise error
    except BaseException as caught:
        return caught, "".join(traceback.format_exception(caught))


def test_a_group_is_answered_by_its_members_as_object_and_as_text():
    inner = ValueError("The PyDataset has length 0"), ValueError("Data cardinality is ambiguous")
    group = ExceptionGroup("both", [ExceptionGroup("first", [inner[0]]), inner[1]])
    for shown in raised(group):
        found = errors.explain(shown)
        assert found.entry.id in ("dataset-length-zero", "rows-of-several-lengths-in-a-list")
        assert {found.entry.id, found.other.id} == {
            "dataset-length-zero",
            "rows-of-several-lengths-in-a-list",
        }


def test_the_last_exception_comes_before_its_cause():
    error = ValueError("all input arrays must have the same shape")
    error.__cause__ = ValueError("The PyDataset has length 0")
    for shown in raised(error):
        found = errors.explain(shown)
        assert found.entry.id == "rows-of-several-lengths-stacked"
        assert found.other.id == "dataset-length-zero"
        assert "Or:" in str(found)
        assert found.other.title in found._repr_markdown_()


def test_what_was_read_and_the_guesses_are_shown():
    read = errors.explain("Incompatible shapes: [9,1] vs. [32,1]")
    nothing = errors.explain(next(case["text"] for case in CASES if case.get("guesses")))
    for show in (str, repr, type(read)._repr_markdown_):
        assert "axis 0, rows: 9 against 32" in show(read)
        assert "guesses" in show(nothing)
        assert all(row.title in show(nothing) for row in nothing.guesses)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (["a", "equals", "(None, 5, 3)"], True),
        (["a.0", "equals", "None"], True),
        (["a.rank", "equals", 3], True),
        (["a.rank", "among", [2, 3]], True),
        (["a.rank", "among", [2, 4]], False),
        (["a.1:", "equals", "5,3"], True),
        (["a.-1", "differs", "b.-1"], False),
        (["a.1", "differs", "b.1"], True),
        (["a.1", "below", "b.1"], True),
        (["b.1", "below", "a.1"], False),
        (["a.0", "below", "b.0"], False),
        (["a.7", "equals", ""], True),
        (["a", "clashes on", [1], "b"], True),
        (["a", "clashes on", [0], "b"], False),
        (["a", "clashes on", [0, 1], "b"], False),
        (["b", "clashes on", [], "c"], True),
        (["unused.0", "equals", "b.0"], True),
        (["a.0", "equals", "unused.0"], True),
        (["unused", "among", [1]], True),
    ],
)
def test_a_condition(condition, holds):
    groups = {"a": "(None, 5, 3)", "b": "[8,7,3]", "c": "[1, 3]", "unused": None}
    assert matching.holds(condition, groups) is holds


def test_every_condition_names_parts_of_its_pattern():
    for entry in errors.catalogue():
        named = set(matching.re.compile(entry.pattern).groupindex)
        for condition in entry.where:
            assert condition[1] in matching.RELATIONS, entry.id
            assert len(condition) == (4 if condition[1] == "clashes on" else 3), entry.id
            assert str(condition[0]).split(".")[0] in named, entry.id
        for template in entry.reads:
            operands = matching._PLACE.findall(template)
            assert operands, entry.id
            assert {operand.split(".")[0] for operand in operands} <= named, entry.id


def test_a_message_is_cut_to_its_end_and_so_are_all_together():
    paste = pastes.read("\n".join(f"ValueError: {f'{n} ' * 20_000}" for n in range(5)))
    assert [len(text) for text in paste.texts] == [pastes.MESSAGE] * 2


def test_an_exception_that_cannot_be_written_is_read_all_the_same():
    class Mute(ValueError):
        def __str__(self):
            raise RuntimeError("mute")

    error = Mute()
    error.__cause__ = ValueError("The PyDataset has length 0")
    assert errors.find(error).id == "dataset-length-zero"
