"""A chapter is short, and begins with fixes: what a reader in a hurry meets is counted.

The opener and the page on the audit are no chapters: they begin with the rule, and with the call.
"""

import ast
import itertools
import re

import notebooks
import pytest

PLAIN = {"math", "numpy", "keras", "tensorflow"}
NAMES = {"math", "np", "keras", "tf", "ops", "layers"}
HIDDEN = {"hide-input", "remove-cell"}
CHAPTERS = {path.stem: notebooks.read(path) for path in (notebooks.ROOT / "book").glob("*.ipynb")}
OPENER = "shape-rule"
AUDIT = "audit"
SHORT = [name for name in CHAPTERS if not name.endswith("-deeper")]
MAIN = [name for name in SHORT if name not in (OPENER, AUDIT)]
FIXES = [
    pytest.param(cell, id=f"{name}-{cell.id}")
    for name, chapter in CHAPTERS.items()
    for cell in chapter.cells
    if "fix" in cell.metadata.get("tags", [])
]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def words(chapter):
    prose = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    return len(re.findall(r"\w[\w'’-]*", re.sub(r"<a[^>]*>|\]\([^)]*\)", "", prose)))


@pytest.mark.parametrize("name", SHORT)
def test_a_chapter_is_short(name):
    assert 600 <= words(CHAPTERS[name]) <= 1200


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_page_has_few_cells(name):
    cells = [cell for cell in CHAPTERS[name].cells if cell.cell_type == "code"]
    assert sum(not HIDDEN & tags(cell) for cell in cells) <= 25
    assert len(cells) <= 40 or name not in SHORT


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_output_of_a_chapter_says_true_or_false(name):
    for cell in CHAPTERS[name].cells:
        for output in cell.get("outputs", []):
            assert not re.search(r"(?<!=)\b(True|False)\b", output.get("text", "")), cell.source


@pytest.mark.parametrize("name", MAIN)
def test_what_a_door_leads_to_begins_with_its_fix(name):
    page = (notebooks.ROOT / "index.md").read_text("utf-8")
    doors = set(re.findall(rf"book/{name}\.ipynb#([\w-]+)", page))
    found = {}
    for text, code in zip(CHAPTERS[name].cells, CHAPTERS[name].cells[1:], strict=False):
        if heading := re.match(r"#+ (.+)\n\s*(?:<a[^>]*></a>\s*)*(.*)", text.source):
            marked = heading[2].startswith("**Fix:") and "fix" in tags(code)
            found[notebooks.slug(heading[1])] = marked
    assert doors
    assert {door: found.get(door) for door in doors} == dict.fromkeys(doors, True)
    assert found["in-short"]


@pytest.mark.parametrize("name", MAIN)
def test_a_proof_ends_in_an_audit_that_finds_the_fault_and_nothing_once_it_is_mended(name):
    (cell,) = (cell for cell in CHAPTERS[name].cells if cell.id == "audit-run")
    broken, mended = cell.outputs[0]["text"].splitlines()
    if name in ("augmentation", "variable-batches"):  # the mended one comes first there
        broken, mended = mended, broken
    assert re.search(r"[a-z]+-[a-z]+$", broken)
    assert mended.endswith("nothing found")


def test_the_page_on_the_audit_comes_from_five_findings_to_none():
    outputs = [o for cell in CHAPTERS[AUDIT].cells for o in cell.get("outputs", [])]
    found = re.findall(
        r"^(?:error|note) (RE\d+)", "\n".join(o.get("text", "") for o in outputs), re.M
    )
    assert len({*found}) >= 5
    assert any(re.match("0 errors, 0 warnings, 0 notes", o.get("text", "")) for o in outputs)


def test_every_section_of_the_opener_that_shows_code_to_copy_says_so():
    cells = CHAPTERS[OPENER].cells
    for text, code in itertools.pairwise(cells):
        if "**Fix:**" in text.source or "fix" in tags(code):
            assert re.match(r"##+ .+\n\n\*\*Fix:\*\* ", text.source)
            assert "fix" in tags(code)


def test_the_opener_leads_to_every_chapter():
    last = CHAPTERS[OPENER].cells[-1].source
    assert set(re.findall(r"\]\(([\w-]+)\.ipynb\)", last)) == set(MAIN)


@pytest.mark.parametrize("cell", FIXES)
def test_a_fix_is_plain_and_brings_its_imports(cell):
    tree = ast.parse(cell.source)
    brought = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= PLAIN
            brought |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module.partition(".")[0] in PLAIN
            brought |= {alias.name for alias in node.names}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & NAMES
    assert used <= brought
