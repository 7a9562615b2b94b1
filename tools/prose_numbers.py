"""Which numbers in the prose repeat what was printed, and which nothing vouches for.

Usage: python tools/prose_numbers.py [WORD ...]

Prints every number that is not bound, with its page, cell and words; with WORDs only of the pages
whose path holds one. Exits 1 if there is any, or a row of `tools/prose_numbers.yml` is needless.
What is a claim, and what is the same number, says `claimed_numbers`. What vouches for it:

- In a notebook, an output of its section: that of its `##` heading, with all `###` below it. The
  cells before the first `##` make the page's data and count everywhere. The lead of a page and
  sections without code (a recap) sum up, so there every output of the page counts. A paragraph
  that links to a section may repeat that section's numbers too.
- For a count or a decimal, also a constant in the code of its section.
- On the benchmarks page, the module that makes the section's table. In a row of the claims ledger,
  the test it names. In a row of the error index, what it provokes.
- A sum that is written out, as in "9 × 100 / 105 = 8.571".
- A row of `tools/prose_numbers.yml`, which names the code that holds the number, or says why.
"""

import ast
import functools
import json
import pathlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from claimed_numbers import Claim, Printed, claims, constants, numbers, sums, vouches, words_of
from notebooks import ROOT, slug

ALLOWED = pathlib.Path(__file__).with_suffix(".yml")
LINK = re.compile(r"\]\(([^)\s#]*)#([^)\s]+)\)")


@dataclass(frozen=True)
class Passage:
    """A paragraph, where it stands, what was printed beside it, and the constants of the code."""

    page: str
    place: str
    text: str
    printed: set[Printed] = field(default_factory=set)
    constants: set[float] = field(default_factory=set)


@dataclass
class Outline:
    """A notebook by sections: its paragraphs, and what each section prints and computes with."""

    blocks: list[tuple[int, str, str]] = field(default_factory=list)  # cell, section, paragraph
    printed: dict[str, set[Printed]] = field(default_factory=lambda: {"": set()})
    constants: dict[str, set[float]] = field(default_factory=lambda: {"": set()})
    section_of: dict[str, str] = field(default_factory=dict)  # by anchor

    def open(self, heading: str, section: str) -> str:
        """Note a heading of level 2 or more; return the section that goes on under it."""
        level, title = heading.split(" ", 1)
        anchor = slug(title.strip())
        section = anchor if level == "##" else section
        self.section_of[anchor] = section
        self.printed.setdefault(section, set())
        self.constants.setdefault(section, set())
        return section

    def all_printed(self) -> set[Printed]:
        """Return the numbers of every section."""
        return set().union(*self.printed.values())


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def shown(output: dict) -> str:
    """Return the text that an output of a notebook shows."""
    data = {kind: _text(text) for kind, text in output.get("data", {}).items()}
    markup = [data[kind] for kind in ("text/html", "image/svg+xml") if kind in data]
    plain = [data.get("text/plain", "")] if not markup else []
    return "\n".join([_text(output.get("text", "")), *map(words_of, markup), *plain])


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of Markdown without its fenced code; a heading begins one."""
    prose = re.sub(r"^(`{3,}|~{3,})[\s\S]*?^\1", "", text, flags=re.MULTILINE)
    return re.split(r"\n\s*\n|\n(?=#+ )", prose)


def outline(notebook: dict) -> Outline:
    """Return a notebook, as its JSON holds it, by sections."""
    result, section = Outline(), ""
    for number, cell in enumerate(notebook["cells"]):
        source = _text(cell["source"])
        if cell["cell_type"] == "markdown":
            for block in paragraphs(source):
                if re.match("##+ ", block):
                    section = result.open(block.partition("\n")[0], section)
                result.blocks.append((number, section, block))
        if cell["cell_type"] == "code" and "bootstrap" not in cell["metadata"].get("tags", []):
            for output in cell["outputs"]:
                result.printed[section] |= numbers(shown(output))
            lines = [line for line in source.splitlines() if not line.lstrip().startswith("%")]
            result.constants[section] |= constants(ast.walk(ast.parse("\n".join(lines))))
    return result


@functools.cache
def stored(path: pathlib.Path) -> Outline:
    """Return the outline of a stored notebook; empty if there is none."""
    exists = path.suffix == ".ipynb" and path.exists()
    return outline(json.loads(path.read_text("utf-8")) if exists else {"cells": []})


def linked(text: str, path: pathlib.Path, page: Outline | None = None) -> set[Printed]:
    """Return what those sections printed that a paragraph links to, in ``page`` or elsewhere."""
    found: set[Printed] = set()
    for target, anchor in LINK.findall(text):
        other = stored((path.parent / target).resolve()) if target else page or Outline()
        found |= other.printed.get(other.section_of.get(anchor, "no such section"), set())
    return found


def of_notebook(path: pathlib.Path, page: Outline) -> Iterator[Passage]:
    """Yield the paragraphs of a notebook, each with what may vouch for it."""
    for cell, section, text in page.blocks:
        sums_up = cell == 0 or not (page.printed[section] or page.constants[section])
        own = page.all_printed() if sums_up else page.printed[section] | page.printed[""]
        held = page.constants[section] | page.constants[""]
        yield Passage(_name(path), f"cell {cell}", text, own | linked(text, path, page), held)


def of_markdown(path: pathlib.Path) -> Iterator[Passage]:
    """Yield the paragraphs of a page without cells, each with what may vouch for it."""
    for section in re.split(r"^(?=#+ )", path.read_text("utf-8"), flags=re.MULTILINE):
        tables = re.findall(r"^```\{benchmarks\} (\w+)$", section, re.MULTILINE)
        modules = [f"benchmarks/{name}.py" for name in (*tables, "models")] if tables else []
        held = set().union(*map(held_by, modules))
        heading = section.partition("\n")[0].lstrip("# ")
        for text in paragraphs(section):
            yield Passage(_name(path), heading, text, held | linked(text, path))


def of_ledger() -> Iterator[Passage]:
    """Yield what the rows of the claims ledger claim, each with its test and its section."""
    path = ROOT / "book" / "claims.yml"
    for row in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader):
        for text in filter(claims, (row["claim"], row["finding"], row.get("older", ""))):
            page, _, anchor = row["evidence"].partition("#")
            held = held_by(row["test"]) if row["test"] else set()
            shown_there = linked(f"]({page}.ipynb#{anchor})", path)
            yield Passage(_name(path), row["id"], text, held | shown_there)


def of_errors() -> Iterator[Passage]:
    """Yield what the rows of the error index claim, each with the message and what provokes it."""
    folder = ROOT / "helpers" / "errors"
    for path in sorted((folder / "rows").glob("*.yml")):
        row = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        for name in ("title", "cause", "fix"):
            if claims(row[name]):
                situation = folder / "situations" / f"{path.stem.replace('-', '_')}.py"
                held = held_by(_name(situation)) if situation.exists() else set()
                held = held.union(*map(numbers, row["versions"].values()))
                yield Passage(_name(path), name, row[name], held)


def of_silent_failures() -> Iterator[Passage]:
    """Yield what the failures without a message claim, each with its numbers and its module."""
    for path in sorted((ROOT / "helpers" / "errors" / "silent").glob("*.yml")):
        symptom = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        held = held_by(_name(path.with_name(f"{path.stem.replace('-', '_')}.py")))
        held |= numbers(f"{symptom.get('got')} {symptom['wanted']}")
        for name in ("title", "happens", "tell", "fix"):
            if claims(symptom[name]):
                yield Passage(_name(path), name, symptom[name], held)


def everything() -> Iterator[Passage]:
    """Yield the paragraphs of the whole book."""
    for path in sorted((ROOT / "book").glob("*.ipynb")) + sorted(ROOT.glob("labs/solutions/*")):
        yield from of_notebook(path, stored(path))
    for path in [ROOT / "index.md", *sorted((ROOT / "book").glob("*.md"))]:
        yield from of_markdown(path)
    yield from of_ledger()
    yield from of_errors()
    yield from of_silent_failures()


def _name(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def _definitions(path: pathlib.Path) -> list[tuple[str, set[Printed]]]:
    """Return the statements of a module: the name of what is defined, and the numbers in it."""
    found = []
    for statement in ast.parse(path.read_text("utf-8")).body:
        nodes = list(ast.walk(statement))
        said = [node.value for node in nodes if isinstance(node, ast.Constant)]
        held = {Printed(value, decimal=True) for value in constants(nodes)}
        held = held.union(*(numbers(text) for text in said if isinstance(text, str)))
        found.append((getattr(statement, "name", ""), held))
    return found


@functools.cache
def held_by(place: str) -> set[Printed]:
    """Return the numbers in code: a file's, or with ``FILE::FUNCTION`` those it can mean.

    These are those of the function and of all that is no test; numbers in strings count too.

    Raises:
        ValueError: there is no such file or function.
    """
    name, _, function = place.partition("::")
    if not (ROOT / name).is_file():
        raise ValueError(f"place: expected a file of the repository, got {place!r}")
    defined, function = _definitions(ROOT / name), function.partition("[")[0]
    if function and function not in dict(defined):
        raise ValueError(f"place: expected a function of {name}, got {function!r}")
    return set().union(
        *(
            held
            for title, held in defined
            if not function or title == function or not title.startswith("test_")
        )
    )


def unbound(passage: Passage) -> list[Claim]:
    """Return the claims of a passage that nothing beside it vouches for."""
    right = sums(passage.text)
    return [
        claim
        for claim in claims(passage.text)
        if claim.start not in right
        and not any(vouches(printed, claim) for printed in passage.printed)
        and not (claim.kind in ("count", "decimal") and claim.value in passage.constants)
    ]


def allowed_rows() -> list[dict]:
    """Return the rows of the allow list."""
    return yaml.load(ALLOWED.read_text("utf-8"), yaml.CSafeLoader)


def allows(row: dict, passage: Passage, claim: Claim) -> bool:
    """Return whether a row of the allow list is about this claim, and holds it."""
    words = r"\s+".join(map(re.escape, row["text"].split()))
    spans = [match.span() for match in re.finditer(words, passage.text)]
    if row["page"] != passage.page or not any(a <= claim.start < b for a, b in spans):
        return False
    return "reason" in row or any(vouches(printed, claim) for printed in held_by(row["in"]))


def complaints(passages: list[Passage], rows: list[dict]) -> list[str]:
    """Return a line for each number that is not bound, and for each row that binds none."""
    lines, used = [], set()
    for passage in passages:
        for claim in unbound(passage):
            binding = [k for k, row in enumerate(rows) if allows(row, passage, claim)]
            used.update(binding)
            if not binding:
                near = passage.text[max(0, claim.start - 40) : claim.start + len(claim.text) + 40]
                words = " ".join(near.split())
                lines.append(f"{passage.page}, {passage.place}: {claim.text!r} in “{words}”")
    return lines + [
        f"needless row: {row['page']}: {row['text']!r}"
        for k, row in enumerate(rows)
        if k not in used
    ]


def main(words: list[str]) -> int:
    """Print what is not bound; return 1 if there is any."""
    passages, rows = list(everything()), allowed_rows()
    if words:
        passages = [passage for passage in passages if any(word in passage.page for word in words)]
        rows = [row for row in rows if any(word in row["page"] for word in words)]
    lines = complaints(passages, rows)
    print(*lines or ["Every number is bound."], sep="\n")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
