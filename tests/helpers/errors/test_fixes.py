"""What a fix begins with: plain code, and for the messages at the opening of the chapters too."""

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from helpers import errors
from helpers.errors import situations

pytest.importorskip("tensorflow")
BOOK = Path(__file__).parents[3] / "book"
OURS = "helpers|PlannedDataset|PerFrame|OneDraw|CTCLoss|tf_dataset"
CHAPTERS = "tail-batches", "masking", "images-to-sequences", "augmentation", "variable-batches"
ROWS = {row.id: row for row in errors.catalogue()}


def function_of(row):
    """Return the function that a row's page shows as what to use instead, or None."""
    module = situations.of(row)
    return getattr(module, "mend", None) or getattr(module, "instead", None)


def helpers_in_the_code(row):
    """Return the names from `helpers` that the code of a row's page uses."""
    module = situations.of(row)
    imported = {
        name.name
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ImportFrom) and node.module in {"helpers", "helpers.images"}
        for name in node.names
    }
    used = ast.walk(ast.parse(inspect.getsource(function_of(row))))
    return imported & {node.id for node in used if isinstance(node, ast.Name)}


def answer(message):
    """Return the row of a message, or of the part of it that an output or a door shows."""
    if found := errors.find(message):
        return found.id
    part = of_any_size(re.sub(r"^\w+(Error|Warning): ", "", message))
    return next(
        (
            name
            for name, row in ROWS.items()
            if any(part in of_any_size(wording) for wording in row.versions.values())
        ),
        None,
    )


def of_any_size(text):
    """Return a message with all numbers and shapes alike, and without its backticks."""
    text = re.sub(r"\([^()]*\d[^()]*\)", "(#)", text.replace("`", "").strip())
    return re.sub(r"\d+", "#", text)


def with_code(row):
    """Return the row whose code the page of a row shows, or None."""
    other = re.fullmatch("The code is that of `(.*)`.", ROWS[row].no_mend)
    row = other[1] if other else row
    return row if function_of(row) else None


@pytest.mark.parametrize("row", ROWS)
def test_a_fix_begins_with_plain_code(row):
    first = re.search("`([^`]*)`", ROWS[row].fix)
    assert first is None or not re.search(OURS, first[1])


@pytest.mark.parametrize("row", [row for row in ROWS if function_of(row)])
def test_the_code_of_a_page_is_plain(row):
    assert not helpers_in_the_code(row)


def opening(chapter):
    """Return the first message of Keras that a chapter shows."""
    for cell in json.loads((BOOK / f"{chapter}.ipynb").read_text())["cells"]:
        for output in cell.get("outputs", []):
            for line in output.get("text", []):
                # A message that names an argument first is one of `helpers`.
                if re.match(r"\w+(Error|Warning): (?!rows:|layer:)", line):
                    return line
    raise AssertionError(f"{chapter}: expected a message in the outputs, got none")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_first_message_of_a_chapter_has_plain_code(chapter):
    found = answer(opening(chapter))
    assert found
    assert with_code(found)
    assert not helpers_in_the_code(with_code(found))


def quoted_on_the_title_page():
    """Return the messages that the doors of the title page quote."""
    text = (BOOK.parent / "index.md").read_text()
    doors = re.findall(r"^- \[(.*)\]\(book/", text, re.MULTILINE)
    quotes = [quote for door in doors for quote in re.findall("[`“]([^`”]+ [^`”]+)[`”]", door)]
    return [quote.removesuffix(" …") for quote in quotes]


@pytest.mark.parametrize("message", quoted_on_the_title_page())
def test_a_message_on_the_title_page_has_plain_code(message):
    found = answer(message)
    assert found
    assert with_code(found)
    assert not helpers_in_the_code(with_code(found))
