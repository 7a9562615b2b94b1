"""The mask table: what every layer and the common operations do with a mask, by running them.

``python tools/mask_table.py [ID ...]`` runs the recipes of book/mask-table.yml, all or those named,
on the Keras and the backend at hand and merges the result into it; then ``make pages`` writes the
page.
"""

import argparse
import collections
import datetime
import html
import importlib.metadata
import pathlib
import platform
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "book" / "mask-table.yml"
NEEDS = {"tensorflow": "TensorFlow", "torch": "the PyTorch backend", "jax": "JAX"}
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
KINDS = (
    "core",
    "activation",
    "recurrent",
    "attention",
    "convolution",
    "pooling",
    "merging",
    "shaping",
    "normalisation",
    "regularisation",
    "preprocessing",
    "augmentation",
    "operation",
)
VERDICTS = {
    "makes": ("makes a mask", "The mask begins here."),
    "uses-keeps": ("uses it, keeps it", "Padding stays out, and the mask goes on."),
    "uses-up": ("uses it up", "Padding stays out; the output has no mask, nor needs one."),
    "keeps": ("keeps it; each step alone", "No step sees another, and the mask goes on."),
    "wrong": ("keeps a mask, padding gets in", "The mask goes on over steps that hold padding."),
    "warns": ("drops it with a warning", "The output has no mask. Keras says so."),
    "silent": ("drops it silently", "The output has no mask. Keras says nothing."),
    "refuses": ("refuses it", "It works without the mask and raises with it."),
    "none": ("has no mask to keep", "Its input has no time axis, or it cannot be called alone."),
}
SIDES = {"no": "no", "before": "from before", "behind": "from behind", "both": "both sides"}
COLUMNS = ("Layer", "Verdict", "Mask after", "Mixes steps", "Padding in", "Kind")


def main() -> None:
    """Measure the rows named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="measure only these rows")
    facts = measured(load()["rows"], parser.parse_args().ids)
    data = load()  # again: another environment may have been measured meanwhile
    merge(data, running(), facts)
    DATA.write_text(dump(data), "utf-8")


# The data


def load(path: pathlib.Path = DATA) -> dict:
    """Read the data: ``environments`` by their name, and ``rows``."""
    return yaml.safe_load(path.read_text("utf-8"))


def dump(data: dict) -> str:
    """Return the data as YAML, under the comment that the file begins with."""
    lines = DATA.read_text("utf-8").splitlines() if DATA.exists() else []
    comment = [line for line in lines if line.startswith("#")]
    text = yaml.safe_dump(
        data, sort_keys=False, width=100, allow_unicode=True, default_flow_style=None
    )
    return "\n".join([*comment, text.replace("\n- id:", "\n\n- id:")])


def environment() -> str:
    """Return the name of the Keras and the backend that run, such as ``3.15.1 jax``."""
    import keras

    return f"{keras.__version__} {keras.backend.backend()}"


def running() -> tuple[str, dict]:
    """Return the environment's name and the versions that it has."""
    import keras

    backend = keras.backend.backend()
    return environment(), {
        "keras": keras.__version__,
        "backend": backend,
        "version": importlib.metadata.version(backend).split("+")[0],
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def measured(rows: list[dict], ids: list[str] = ()) -> dict[str, dict]:
    """Return the facts of every row by its id, as this environment shows them."""
    sys.path.insert(0, str(ROOT / "tests"))
    import mask_recipes

    facts = {}
    for row in rows:
        if not ids or row["id"] in ids:
            facts[row["id"]] = mask_recipes.facts_of(row)
            print(f"{row['id']}: {facts[row['id']]}", flush=True)
    return facts


def merge(data: dict, here: tuple[str, dict], facts: dict[str, dict]) -> None:
    """Put an environment's facts into the data."""
    name, versions = here
    known = list(data["environments"])
    data["environments"][name] = versions
    data["environments"] = dict(
        sorted(data["environments"].items(), key=lambda item: newest_first(item[1]))
    )
    for row in data["rows"]:
        by_environment = expand(row, known)
        if row["id"] in facts:
            by_environment[name] = facts[row["id"]]
        row["facts"] = collapse(by_environment, list(data["environments"]))


def newest_first(versions: dict) -> tuple:
    """Return what environments are sorted by: newer Keras first, then the order of BACKENDS."""
    keras = [-int(part) for part in versions["keras"].split(".")[:3]]
    return keras, list(BACKENDS).index(versions["backend"])


def expand(row: dict, environments: list[str]) -> dict[str, dict]:
    """Return a row's facts by environment."""
    found = {}
    for entry in row.get("facts", []):
        facts = {key: value for key, value in entry.items() if key != "where"}
        for name in environments if entry["where"] == "all" else entry["where"]:
            found[name] = facts
    return found


def collapse(by_environment: dict[str, dict], environments: list[str]) -> list[dict]:
    """Return facts with the environments that share them; the inverse of `expand`."""
    groups: list[tuple[dict, list[str]]] = []
    for name in environments:
        if name in by_environment:
            facts = by_environment[name]
            names = next((names for known, names in groups if known == facts), None)
            if names is None:
                groups.append((facts, [name]))
            else:
                names.append(name)
    return [
        {"where": "all" if names == environments else names, **facts} for facts, names in groups
    ]


# What the facts mean


def verdict(facts: dict) -> str:
    """Return the verdict that facts of one environment come to, a key of VERDICTS."""
    if "raises" in facts:
        return "none" if facts.get("always") else "refuses"
    if facts.get("mask") == "new":
        return "makes"
    if "leaks" not in facts:
        return "none"
    mixes, leaks = facts["mixes"] != "no", facts["leaks"] != "no"
    if facts["mask"] != "none":
        if leaks or "does not fit" in facts["mask"]:
            return "wrong"
        return "uses-keeps" if mixes or facts["acts"] else "keeps"
    if mixes and not leaks:
        return "uses-up"
    return "warns" if facts["warns"] else "silent"


def lacking(facts: dict) -> str:
    """Return why an environment shows nothing, or "" if it shows something."""
    if facts.get("absent"):
        return "there is no such layer"
    if "needs" in facts:
        return f"needs {NEEDS.get(facts['needs'], facts['needs'])}, not measured"
    if facts.get("always") and facts["raises"] != "not called":
        return f"raises {facts['raises']}, with a mask or without"
    return ""


def where(names: list[str], environments: list[str]) -> str:
    """Return environments in words: whole versions and whole backends by their own name."""
    if sorted(names) == sorted(environments):
        return ""
    left, words = set(names), []
    for part, form in ((1, BACKENDS.get), (0, lambda version: f"Keras {version}")):
        for value in dict.fromkeys(name.split(" ")[part] for name in environments):
            whole = {name for name in environments if name.split(" ")[part] == value}
            if whole <= set(names) and whole & left:
                words.append(form(value))
                left -= whole
    words += [
        f"Keras {version} on {BACKENDS[backend]}"
        for version, backend in (name.split(" ") for name in names if name in left)
    ]
    return ", ".join(words)


def cases(row: dict, environments: list[str], value) -> list[tuple[str, str]]:
    """Return each value of a row with the environments that show it, in words.

    `value` is a function of facts; environments for which it is None are left out.
    """
    found = collections.defaultdict(list)
    for name, facts in expand(row, environments).items():
        if value(facts) is not None:
            found[value(facts)].append(name)
    able = [
        name
        for name, facts in expand(row, environments).items()
        if value(facts) is not None or not lacking(facts)
    ]
    return [(one, where(names, able)) for one, names in found.items()]


# The page


def page(data: dict) -> str:
    """Return the page as MyST Markdown."""
    environments = list(data["environments"])
    rows = sorted(data["rows"], key=lambda row: KINDS.index(row["kind"]))
    counts = collections.Counter(
        key for row in rows for key in dict(cases(row, environments, shown_verdict))
    )
    legend = "\n".join(
        f"- [{words}]{{.mask-verdict .{key}}} ({counts[key]}): {meaning}"
        for key, (words, meaning) in VERDICTS.items()
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    body = "\n".join(table_row(row, environments) for row in rows)
    options = "".join(
        f'<option value="{key}">{words}</option>' for key, (words, _) in VERDICTS.items()
    )
    return f"""\
<!-- Written by tools/mask_table.py from book/mask-table.yml. -->
# Mask table

Does a layer keep the mask, use it, or drop it? Each row shows one call. `h` is a batch
`(batch, time, features)` with a mask `(batch, time)`: a row without padding, one padded behind, one
padded before. `k` has another mask; `plain` and `other` have none, and `other` has another length.
In `bands`, `image`, `video` and `volumes` the axis after batch is time as well.

*Mixes steps*: without the mask, does padding reach real steps? *Padding in*: does it with the mask?
We change only the padding and look which real steps of the output move. Where the output has lost
the time axis, we look at every number that depends on real steps. An entry names the version or the
backend where not all agree. Functional models and eager tensors agree unless a row says so.

{versions(data["environments"])}

{legend}

```{{raw}} html
<form class="mask-controls" role="search" aria-label="Mask table" hidden>
<label>Find <input type="search" id="mask-find" autocomplete="off"></label>
<label>Show <select id="mask-verdict"><option value="">every verdict</option>{options}</select>
</label>
<output id="mask-count" aria-live="polite"></output>
</form>
<div class="pst-scrollable-table-container mask-scroll" tabindex="0" role="region" \
aria-labelledby="mask-caption">
<table class="table mask-table">
<caption id="mask-caption">What layers and operations do with a mask</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>
<script src="../_static/mask-table.js"></script>
```
"""


def versions(environments: dict[str, dict]) -> str:
    """Return a sentence with what was measured where and when."""
    by_keras = collections.defaultdict(list)
    for one in environments.values():
        by_keras[one["keras"]].append(f"{BACKENDS[one['backend']]} {one['version']}")
    parts = [f"Keras {keras} with {', '.join(backends)}" for keras, backends in by_keras.items()]
    date = max(str(one["date"]) for one in environments.values())
    return f"Measured by running every call on a CPU, {date}: {'; '.join(parts)}."


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
            f'<span class="mask-verdict {key}">{VERDICTS[key][0]}</span>' + on(places)
            for key, places in found
        )
        + "".join(f'<span class="mask-note">{text}</span>' for text in remarks(row, environments)),
        in_words(row, environments, shown_mask),
        in_words(row, environments, lambda facts: side(facts, "mixes")),
        in_words(row, environments, lambda facts: side(facts, "leaks")),
    ]
    keys = " ".join(key for key, _ in found)
    columns = "".join(f"<td>{cell}</td>" for cell in [*cells, row["kind"]])
    return f'<tr id="{row["id"]}" data-verdicts="{keys}"><th scope="row">{title}</th>{columns}</tr>'


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


if __name__ == "__main__":
    main()
