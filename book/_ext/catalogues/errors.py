"""What pages and the title page's script have in common: the rows of the error index as text."""

import collections
import json
import re
from collections.abc import Iterable, Sequence

from helpers.errors import Entry, catalogue, index, matching, pastes
from helpers.runtime import TESTED

from . import examples

__all__ = ["answers_script", "catalogue", "link", "plain", "script", "wordings"]

KERAS = {"main": TESTED["Keras"][-1], "colab": TESTED["Keras"][0]}
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def wordings(row: Entry) -> str:
    """Return the message once for each wording, with the versions and backends that use it."""
    places = collections.defaultdict(list)
    for backend in BACKENDS:
        for lane in KERAS:
            text = row.wording_on(lane, backend)
            if text is not None:
                places[text].append((backend, lane))
    return "\n\n".join(f"{named(each)}:\n\n{verbatim(text)}" for text, each in places.items())


def verbatim(text: str) -> str:
    """Return a text as a block of Markdown that is shown as it is."""
    return f"```text\n{text}\n```"


def named(places: Iterable[tuple[str, str]]) -> str:
    """Return backends and version lanes in words, such as "JAX and PyTorch, Keras 3.15"."""
    lanes, backends = collections.defaultdict(list), collections.defaultdict(list)
    for backend, lane in places:
        lanes[backend].append(KERAS[lane])
    for backend, versions in lanes.items():
        backends[tuple(versions)].append(BACKENDS[backend])
    return "; ".join(
        f"{_listed(names)}, Keras {_listed(versions)}" for versions, names in backends.items()
    )


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def both_versions() -> str:
    """Return the versions of Keras on which tests run, in words."""
    return f"Keras {KERAS['main']} and {KERAS['colab']}"


def link(place: str) -> str:
    """Return a link to a section of a chapter; the builder fills in the section's title."""
    page, anchor = place.split("#")
    return f"[]({page}.ipynb#{anchor})"


def script(rows: Iterable[Entry], repository: str = "") -> str:
    """Return the title page's data: a script, so that it also loads from disk.

    Args:
        rows: The rows of the error index.
        repository: The address where a message that is not listed is reported; "" if not known.
    """
    lines = ",\n".join(_compact(_needed_to_find(row)) for row in rows)
    words = {
        "subject": matching.SUBJECT,
        "framework": matching.FRAMEWORK,
        "name": matching.NAMED,
        "called": matching.CALLED,
    }
    reading = json.dumps(pastes.READING | words)
    return (
        "// Made from the rows of helpers/errors and from what reads a paste there.\n"
        f"window.RAGGED_ERRORS = [\n{lines}\n];\nwindow.RAGGED_READING = {reading};\n"
        f"window.RAGGED_REPOSITORY = {json.dumps(repository)};\n"
    )


def _needed_to_find(row: Entry) -> dict:
    """Return what the search needs of a row, not what is empty: the title page loads all."""
    told, untold = index.wordings(row)
    found = {
        "id": row.id,
        "pattern": javascript(row.pattern),
        "where": row.where,
        "reads": row.reads,
        "warns": row.warns,
        "told": told,
        "untold": untold,
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
