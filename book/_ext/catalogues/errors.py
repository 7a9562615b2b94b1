"""What pages and the title page's script have in common: the rows of the error index as text."""

import collections
import json
import re
from collections.abc import Iterable

from helpers.errors import Entry, catalogue, index, matching, pastes

from . import examples

__all__ = ["answers_script", "catalogue", "link", "plain", "script", "wordings"]

_LANES = {"main": "Keras 3.15", "colab": "Keras 3.13", "jax": "JAX", "torch": "PyTorch"}


def wordings(versions: dict[str, str]) -> str:
    """Return the message once for each wording, with the versions that use it."""
    lanes = collections.defaultdict(list)
    for lane, text in versions.items():
        lanes[text].append(" on ".join(_LANES[part] for part in lane.split("-")))
    return "\n\n".join(
        f"{' and '.join(names)}:\n\n```text\n{text}\n```" for text, names in lanes.items()
    )


def link(place: str) -> str:
    """Return a link to a section of a chapter; the builder fills in the section's title."""
    page, anchor = place.split("#")
    return f"[]({page}.ipynb#{anchor})"


def script(rows: Iterable[Entry]) -> str:
    """Return the title page's data: a script, so that it also loads from disk."""
    lines = ",\n".join(_compact(_needed_to_find(row)) for row in rows)
    words = {"subject": matching.SUBJECT, "framework": matching.FRAMEWORK}
    reading = json.dumps(pastes.READING | words)
    return (
        "// Made from the rows of helpers/errors and from what reads a paste there.\n"
        f"window.RAGGED_ERRORS = [\n{lines}\n];\nwindow.RAGGED_READING = {reading};\n"
    )


def _needed_to_find(row: Entry) -> dict:
    """Return what the search needs of a row, not what is empty: the title page loads all."""
    found = {
        "id": row.id,
        "pattern": javascript(row.pattern),
        "where": row.where,
        "reads": row.reads,
        "warns": row.warns,
        "wording": index.wording(row),
        "title": plain(row.title),
    }
    return {name: value for name, value in found.items() if value}


def _compact(data: dict) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def javascript(pattern: str) -> str:
    """Return a pattern as JavaScript writes it: its named parts."""
    return re.sub(r"\(\?P=(\w+)\)", r"\\k<\1>", pattern.replace("(?P<", "(?<"))


def answers_script(rows: Iterable[Entry]) -> str:
    """Return cause, fix, code and chapter by row: a script that is loaded with the first answer."""
    found = {
        row.id: {
            "cause": " ".join(row.cause.split()),
            "fix": " ".join(row.fix.split()),
            "code": examples.mending(row),
            "chapter": "book/{}.html#{}".format(*row.chapter.split("#")),
        }
        for row in rows
    }
    return f"// Made from the rows of helpers/errors.\nwindow.RAGGED_ANSWERS = {_compact(found)};\n"


def plain(text: str) -> str:
    """Return Markdown of the error index without its marks."""
    return text.strip().replace("`", "")
