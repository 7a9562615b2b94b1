"""The mask table: what every layer and the common operations do with a mask, by running them.

``python -m tools.masks.measure [ID ...]`` runs the recipes of book/mask-table.yml, all or those
named, on the Keras and the backend at hand and merges the result into it.
"""

import argparse
import collections
import datetime
import importlib.metadata
import pathlib
import platform

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "book" / "mask-table.yml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C it takes a tenth of the time
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
    return yaml.load(path.read_bytes(), LOADER)


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
    from tools.masks import recipes  # imports Keras, which a build of the page does not need

    facts = {}
    for row in rows:
        if not ids or row["id"] in ids:
            facts[row["id"]] = recipes.facts_of(row)
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
    """Return the verdict that facts of one environment come to, a key of the page's VERDICTS."""
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


if __name__ == "__main__":
    main()
