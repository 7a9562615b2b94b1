"""Write the pages that are made from data: error index, claims ledger, mask table, benchmarks.

``python tools/pages.py`` writes them, ``python tools/pages.py --check`` exits with 1 if one of
them is not what its data says.
"""

import argparse
import ast
import collections
import json
import pathlib
import re
import sys

import mask_table
import notebooks
import yaml

ROOT = notebooks.ROOT
LANES = {"main": "Keras 3.15", "colab": "Keras 3.13"}
VERDICTS = {
    "holds": ("holds", "It is as the article says."),
    "holds-if": ("holds if", "It is so under a condition, which the entry names."),
    "does-not-hold": ("does not hold", "A run shows otherwise."),
    "outdated": ("outdated", "It was so in older versions, or a newer way has replaced it."),
    "not-testable": ("not testable", "Running code cannot settle it; the entry says why."),
}


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when stale")
    if parser.parse_args().check:
        found = stale()
        for path in found:
            print(f"{path} is stale: run python tools/pages.py", file=sys.stderr)
        return 1 if found else 0
    for path, text in pages().items():
        (ROOT / path).write_text(text, "utf-8")
        print(path)
    return 0


def stale() -> list[str]:
    """Return the paths of the generated files that differ from what their data says."""
    return [
        path
        for path, text in pages().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text("utf-8") != text
    ]


def pages() -> dict[str, str]:
    """Return the text of every generated file by its path."""
    errors = load("helpers/errors.yml")
    return {
        "book/error-index.md": error_index(errors),
        "book/claims-ledger.md": claims_ledger(load("book/claims.yml")),
        "book/_static/error-index.js": error_index_script(errors),
        "book/mask-table.md": mask_table.page(mask_table.load()),
        "book/benchmarks.md": benchmarks_page(),
    }


def benchmarks_page() -> str:
    """Return the page of the stored benchmark results."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))  # the package stands beside tools and is not installed
    from benchmarks import page

    return page.page(json.loads((ROOT / "benchmarks" / "results.json").read_text("utf-8")))


def load(path: str) -> list[dict]:
    """Read a data file."""
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def error_index(rows: list[dict]) -> str:
    """Return the error index as MyST Markdown."""
    sources = provoking_sources()
    shared = "\n\n\n".join(sources[name] for name in ("", "Rows", "small_model"))
    entries = "\n".join(error_entry(row, sources[row["provoke"]]) for row in rows)
    return f"""\
<!-- Written by tools/pages.py from helpers/errors.yml and tests/provoke.py. -->
# Error index

Each entry is a message of Keras or TensorFlow, what causes it and what to do.
The function under an entry provokes the message, and a test runs it on both version lanes.
In a notebook, `helpers.explain(error)` finds the entry, and `%load_ext helpers` prints it under
every traceback.

{entries}
(shared-by-the-functions)=
## What the functions share

```python
{shared}
```
"""


def error_entry(row: dict, source: str) -> str:
    """Return one entry of the error index."""
    return f"""\
({row["id"]})=
## {row["title"]}

{wordings(row["versions"])}

- **Comes as:** {", ".join(f"`{name}`" for name in row["exception"])}
- **Cause:** {row["cause"].strip()}
- **Fix:** {row["fix"].strip()}
- **Read:** {link(row["chapter"])}

```python
{source}
```
"""


def wordings(versions: dict[str, str]) -> str:
    """Return the message once for each wording, with the versions that use it."""
    lanes = collections.defaultdict(list)
    for lane, text in versions.items():
        lanes[text].append(LANES[lane])
    return "\n\n".join(
        f"{' and '.join(names)}:\n\n```text\n{text}\n```" for text, names in lanes.items()
    )


def claims_ledger(claims: list[dict]) -> str:
    """Return the claims ledger as MyST Markdown."""
    counts = collections.Counter(claim["verdict"] for claim in claims)
    legend = "\n".join(
        f"- {badge(verdict)} ({counts[verdict]}): {meaning}"
        for verdict, (_, meaning) in VERDICTS.items()
    )
    articles = collections.defaultdict(list)
    for claim in claims:
        articles[claim["source"]["title"], claim["source"]["date"]].append(claim)
    sections = "\n".join(
        f"## {title} ({date.isoformat()})\n\n" + "\n".join(claim_entry(claim) for claim in group)
        for (title, date), group in articles.items()
    )
    return f"""\
<!-- Written by tools/pages.py from book/claims.yml. -->
# Claims ledger

The scenarios of this book come from articles found on the web. This page lists what they claim, in
our own words, and what a run shows. The tests run on both version lanes.

{legend}

{sections}"""


def claim_entry(claim: dict) -> str:
    """Return one claim of the ledger."""
    lines = [f"{badge(claim['verdict'])} {claim['finding'].strip()}"]
    if "older" in claim:
        lines.append(f"Keras 2.15: {claim['older'].strip()}")
    lines.append(f"Read: {link(claim['evidence'])}")
    if claim["test"]:
        lines.append(f"Test: `{claim['test'].split('::')[1]}` in `{claim['test'].split('::')[0]}`")
    details = "\n".join(f"- {line}" for line in lines)
    return f"({claim['id']})=\n**{claim['claim'].strip()}**\n\n{details}\n"


def badge(verdict: str) -> str:
    """Return a verdict as a word with a class for its colour."""
    return f"[{VERDICTS[verdict][0]}]{{.verdict .{verdict}}}"


def link(place: str) -> str:
    """Return a link to a section of a chapter; the builder fills in the section's title."""
    page, anchor = place.split("#")
    return f"[]({page}.ipynb#{anchor})"


def error_index_script(rows: list[dict]) -> str:
    """Return the title page's data: a script, so that it also loads from disk."""
    entries = (
        {
            "id": row["id"],
            "pattern": row["pattern"],
            "title": plain(row["title"]),
            "fix": plain(row["fix"]),
            "url": f"book/error-index.html#{row['id']}",
            "chapter_url": "book/{}.html#{}".format(*row["chapter"].split("#")),
        }
        for row in rows
    )
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    return (
        "// Written by tools/pages.py from helpers/errors.yml.\n"
        f"window.RAGGED_ERRORS = [\n{lines}\n];\n"
    )


def plain(text: str) -> str:
    """Return Markdown of the error index without its marks."""
    return text.strip().replace("`", "")


def provoking_sources() -> dict[str, str]:
    """Return the source of each function and class that provokes; under "" the imports."""
    text = (ROOT / "tests" / "provoke.py").read_text("utf-8")
    body = ast.parse(text).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    named = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return {
        "": "\n".join(map(ast.unparse, imports)),
        **{node.name: ast.get_source_segment(text, node) for node in named},
    }


def anchors(page: pathlib.Path) -> set[str]:
    """Return the anchors of a notebook or a Markdown page: its headings and explicit targets.

    Args:
        page: path without its ending, such as ``book/tail-batches``.
    """
    if page.with_suffix(".ipynb").exists():
        cells = json.loads(page.with_suffix(".ipynb").read_text("utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    else:
        texts = [page.with_suffix(".md").read_text("utf-8")]
    prose = re.sub(r"^(`{3,}).*?^\1", "", "\n\n".join(texts), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#{1,3} +(.+?) *$", prose, re.MULTILINE)
    return set(map(notebooks.slug, headings)) | set(
        re.findall(r"^\(([\w-]+)\)=$", prose, re.MULTILINE)
    )


if __name__ == "__main__":
    sys.exit(main())
