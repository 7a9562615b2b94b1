"""The mask table as HTML: what layers and operations do with a mask."""

import collections
import functools
import html

from tools.masks.measure import BACKENDS, KINDS, cases, expand, lacking, load, verdict

from .filtered_table import filtered_table

__all__ = ["counts", "load", "measured", "table", "words"]

VERDICTS = {
    "makes": "makes a mask",
    "uses-keeps": "uses it, keeps it",
    "uses-up": "uses it up",
    "keeps": "keeps it; each step alone",
    "wrong": "keeps a mask, padding gets in",
    "warns": "drops it with a warning",
    "silent": "drops it silently",
    "refuses": "refuses it",
    "none": "has no mask to keep",
}
SIDES = {"no": "no", "before": "from before", "behind": "from behind", "both": "both sides"}
COLUMNS = ("Layer", "Verdict", "Mask after", "Mixes steps", "Padding in", "Kind")


def words(key: str) -> str:
    """Return a verdict in words."""
    return VERDICTS[key]


@functools.cache
def counts() -> collections.Counter:
    """Return how many rows show each verdict, in one environment at least."""
    data = load()
    environments = list(data["environments"])
    return collections.Counter(
        key for row in data["rows"] for key in dict(cases(row, environments, shown_verdict))
    )


@functools.cache
def measured() -> dict[str, str]:
    """Return when and on what the table was measured."""
    environments = load()["environments"].values()
    by_keras = collections.defaultdict(list)
    for one in environments:
        by_keras[one["keras"]].append(f"{BACKENDS[one['backend']]} {one['version']}")
    parts = [f"Keras {keras} with {', '.join(backends)}" for keras, backends in by_keras.items()]
    return {"date": max(str(one["date"]) for one in environments), "on": "; ".join(parts)}


def table(data: dict) -> str:
    """Return the table as HTML, under the controls that a script makes work."""
    environments = list(data["environments"])
    rows = sorted(data["rows"], key=lambda row: KINDS.index(row["kind"]))
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    body = "\n".join(table_row(row, environments) for row in rows)
    caption = "What layers and operations do with a mask"
    return filtered_table("mask", caption, "every verdict", VERDICTS, head, body)


def shown_verdict(facts: dict) -> str | None:
    """Return the verdict, or None where the environment cannot show one."""
    return None if lacking(facts) else verdict(facts)


def table_row(row: dict, environments: list[str]) -> str:
    """Return one row of the table."""
    name = row["layer"] or row["call"]
    rest = (row["call"] or "").removeprefix(name)
    title = f"<code><b>{html.escape(name)}</b>{html.escape(rest)}</code>"
    if row.get("also"):
        title += f'<span class="mask-also">also {", ".join(row["also"])}</span>'
    found = cases(row, environments, shown_verdict) or [("none", "")]
    cells = [
        "<br>".join(
            f'<span class="mask-verdict {key}">{VERDICTS[key]}</span>' + on(places)
            for key, places in found
        )
        + "".join(f'<span class="mask-note">{text}</span>' for text in remarks(row, environments)),
        in_words(row, environments, shown_mask),
        in_words(row, environments, lambda facts: side(facts, "mixes")),
        in_words(row, environments, lambda facts: side(facts, "leaks")),
    ]
    keys = " ".join(key for key, _ in found)
    columns = "".join(f"<td>{cell}</td>" for cell in [*cells, row["kind"]])
    return f'<tr id="{row["id"]}" data-kinds="{keys}"><th scope="row">{title}</th>{columns}</tr>'


def on(places: str) -> str:
    """Return the environments in brackets, or nothing if it is all of them."""
    return f" ({places})" if places else ""


def in_words(row: dict, environments: list[str], value) -> str:
    """Return the values of a cell."""
    found = cases(row, environments, value)
    return "<br>".join(f"{one}{on(places)}" for one, places in found) or "–"


def side(facts: dict, key: str) -> str | None:
    """Return from which side padding gets in, in words."""
    return SIDES.get(facts[key], facts[key]) if key in facts else None


def shown_mask(facts: dict) -> str | None:
    """Return the mask of the output, in words."""
    mask = facts.get("mask")
    if mask and mask.startswith("("):
        return "another shape"
    return mask if "leaks" in facts or mask == "new" else None


def remarks(row: dict, environments: list[str]) -> list[str]:
    """Return what the row has to say beside its columns."""
    found = [row["note"].strip()] if row.get("note") else []
    by_environment = expand(row, environments)
    for words, places in cases(row, environments, lambda facts: lacking(facts) or None):
        found.append(f"{places or 'Everywhere'}: {words}.")
    for words, places in cases(row, environments, functional_remark):
        found.append(f"{words}{on(places)}.")
    for words, places in cases(row, environments, warning_remark):
        found.append(f"{words}{on(places)}.")
    if not by_environment and not row.get("note"):
        found.append("Not measured.")
    return [html.escape(text, quote=False) for text in found]


def functional_remark(facts: dict) -> str | None:
    """Return how a functional model differs from an eager call."""
    other = facts.get("functional")
    if not other:
        return None
    if "raises" in other:
        return "Cannot be called so in a functional model"
    if other["mask"].endswith("none when it is built"):
        return "While a functional model is built the mask is missing; when it runs it is there"
    parts = []
    if other["mask"] != facts.get("mask"):
        parts.append(f"mask {other['mask']}")
    if other["warns"] != facts.get("warns"):
        parts.append("with the warning" if other["warns"] else "without the warning")
    return f"In a functional model: {', '.join(parts)}"


def warning_remark(facts: dict) -> str | None:
    """Return that a warning comes although the verdict does not speak of one."""
    if facts.get("warns") and verdict(facts) not in ("warns", "none"):
        return "The warning about a destroyed mask comes all the same"
    return None
