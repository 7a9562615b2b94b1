"""The parts of the cheat sheet that come from data: layers and axes, masks, plans."""

import functools
import html
from pathlib import Path

import yaml
from helpers import batching, data

from . import masks

_LAYERS = Path(__file__).parents[2] / "data" / "layer-axes.yml"
AXES = ("batch", "time", "features")

# what happens to a mask: the verdicts of the mask table that say so
MASKS = {
    "Born": ("makes",),
    "Used": ("uses-keeps", "uses-up"),
    "Passed on": ("keeps",),
    "Passed on, but padding gets in": ("wrong",),
    "Destroyed, with a warning": ("warns",),
    "Destroyed without a word": ("silent",),
}
# the rows of the mask table that the sheet has room for; what becomes of the mask is looked up
SHOWN = [
    "embedding",
    "masking",
    "lstm-last",
    "bidirectional-last",
    "multiheadattention",
    "globalaveragepooling1d",
    "dense",
    "activation",
    "dropout",
    "layernormalization",
    "timedistributed",
    "add",
    "concatenate",
    "conv1d",
    "maxpooling1d",
    "globalmaxpooling1d",
    "flatten",
    "reshape",
    "op-plus",
    "op-slice-time",
    "op-relu",
    "op-concatenate",
    "op-mean",
]
MODELS = {
    "recurrent": "steps",
    "convolution, dense": "linear",
    "attention": "quadratic",
}


@functools.cache
def layers() -> dict[str, dict[str, str]]:
    """Return for each layer whether each axis is free, fixed or not there."""
    return yaml.safe_load(_LAYERS.read_text("utf-8"))


def layer_table() -> str:
    """Return the table of layers and axes as HTML; layers alike in all axes share a row."""
    alike: dict[tuple, list[str]] = {}
    for name, fates in layers().items():
        alike.setdefault(tuple(fates[axis] for axis in AXES), []).append(name)
    rows = []
    for fates, names in alike.items():
        said = ", ".join(map(_named, names))
        cells = "".join(f'<td class="axis-{fate}">{fate}</td>' for fate in fates)
        rows.append(f'<tr><th scope="row">{said}</th>{cells}</tr>')
    return _table("What a layer that is built leaves free", ("Layer", *AXES), rows)


def _named(name: str) -> str:
    """Return the name of a row as HTML: what comes first is a layer, and so is what comes then."""
    first, then, second = name.partition(", then ")
    layer, comma, rest = first.partition(", ") if "((" not in first else (first, "", "")
    parts = f"<code>{html.escape(layer)}</code>{comma}{rest}{then}"
    return parts + f"<code>{html.escape(second)}</code>" * bool(second)


def mask_rules() -> str:
    """Return what becomes of a mask as a list, in Markdown.

    Raises:
        KeyError: A row that the sheet shows has another verdict in another environment, or one
            that the sheet has no line for.
    """
    table = masks.load()
    rows = {row["id"]: row for row in table["rows"]}
    environments = list(table["environments"])
    lines_of = {verdict: line for line, verdicts in MASKS.items() for verdict in verdicts}
    found: dict[str, list[str]] = {line: [] for line in MASKS}
    for name in SHOWN:
        verdicts = masks.cases(rows[name], environments, masks.shown_verdict)
        if len(verdicts) != 1:
            raise KeyError(f"{name}: expected one verdict everywhere, got {verdicts}")
        found[lines_of[verdicts[0][0]]].append(f"`{_short(rows[name])}`")
    return "\n".join(f"- **{line}:** {', '.join(some)}" for line, some in found.items())


def _short(row: dict) -> str:
    """Return the name of a layer, with the argument that a mask needs, or an operation."""
    if not row["layer"]:
        return row["call"]
    return row["layer"] + "(mask_zero=True)" * ("mask_zero=True" in row["call"])


def plan_table() -> str:
    """Return which plan is recommended for which model and which lengths, as HTML."""
    samples = {
        "close together": [len(row) for row in data.japanese_vowels()[0]],
        "far apart": data.plaid_lengths().tolist(),
    }
    head = ["Model"]
    for words, lengths in samples.items():
        head.append(f"lengths {words}: {min(lengths):,} to {max(lengths):,}")
    rows = []
    for model, cost in MODELS.items():
        cells = "".join(f"<td>{plan(lengths, cost)}</td>" for lengths in samples.values())
        rows.append(f'<tr><th scope="row">{model}</th>{cells}</tr>')
    return _table("The recommended plan and its cost, and that of one length for all", head, rows)


def plan(lengths: list[int], cost: str) -> str:
    """Return the recommended plan, what it costs, and in brackets what one length costs."""
    advice = batching.recommend(lengths, cost)
    over = {option.name: option.over for option in advice.table}
    return f"{advice.name}, {over[advice.name]:.2f} ({over['one length for all']:.2f})"


def _table(caption: str, head, rows: list[str]) -> str:
    columns = "".join(f'<th scope="col">{name}</th>' for name in head)
    return (
        f'<div class="sheet-table"><table class="table"><caption>{caption}</caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
