"""Make the labs from their solutions, so that the two cannot drift.

Usage: python tools/make_labs.py [--check]

`labs/solutions/NAME.ipynb` is written by hand; `labs/NAME.ipynb` is made from it. In a code cell of
the solution

    last = (9, 26, 12)  # solution            becomes  last = ...
    return total / count  # solution          becomes  return ...
    size = math.ceil(n / k)  # was: size = n // k      becomes  size = n // k
    super().__init__()  # was: nothing        is left out
    # solution begin
    model = build()                           the block becomes its last assignment or return,
    model.fit(dataset)                        with `...` for the value: model = ...
    # solution end                            or the lines `# was: ...` in it, if there are any

Markdown: the title "Solution: X" becomes "Lab: X"; cells tagged `solution-only` are left out;
links are turned to the lab's folder; the hints of a task are followed by a link to its solution.
Outputs are dropped: run tools/run_notebooks.py afterwards. ``--check`` writes nothing and exits 1
if one is stale. Readers get a solution without its markers: `unmark`.
"""

import argparse
import ast
import copy
import os
import pathlib
import re
import sys
import textwrap

import nbformat
import notebooks

SOLUTIONS = notebooks.ROOT / "labs" / "solutions"
_BLOCK = re.compile(
    r"^(?P<indent>[ ]*)# solution begin\n(?P<body>.*?)^[ ]*# solution end$",
    re.DOTALL | re.MULTILINE,
)
_LINE = re.compile(r"^(?P<indent>[ ]*)(?P<code>\S.*?)  # solution$", re.MULTILINE)
_WAS = re.compile(r"^(?P<indent>[ ]*)(?:\S.*?  )?# was: (?P<code>.+)\n?", re.MULTILINE)
_MARKER = re.compile(r"#\s*(solution|was)\b", re.IGNORECASE)
_MARKED_LINE = re.compile(r"^ *# (?:solution (?:begin|end)|was: .+)\n?", re.MULTILINE)
_MARKED_END = re.compile(r"  # (?:solution|was: .+)$", re.MULTILINE)
LINK_TO_SOLUTION = re.compile(r"^\[Solution\]\(solutions/[^)]*\)\n?", re.MULTILINE)


def generate(path: pathlib.Path) -> nbformat.NotebookNode:
    """Make a lab from the solution at `path`.

    Args:
        path: the solution, `labs/solutions/NAME.ipynb`.

    Returns:
        The lab's notebook, without outputs; cells keep the ids of the solution's cells.

    Raises:
        ValueError: a marker that cannot be turned into a stub; the message names cell and line.
    """
    lab = copy.deepcopy(notebooks.read(path))
    lab.cells = [c for c in lab.cells if "solution-only" not in c.metadata.get("tags", [])]
    for cell in lab.cells:
        try:
            if cell.cell_type == "code":
                cell.source = stub_code(cell.source)
                cell.outputs, cell.execution_count = [], None
            else:
                cell.source = adapt_markdown(cell.source, path.name)
        except (ValueError, SyntaxError) as error:
            raise ValueError(f"{path.name}, cell {cell.id!r}: {error}") from error
    return lab


def stub_code(source: str) -> str:
    """Replace the marked lines of a solution's code cell by stubs.

    Raises:
        ValueError: a marked piece holds no assignment and no return, or a marker is left.
        SyntaxError: what remains is no Python.

    Example:
        >>> stub_code("first = (32, 26, 12)  # solution")
        'first = ...'
    """
    if not _MARKER.search(source):
        return source
    lab = _BLOCK.sub(_block_stub, source)
    lab = _LINE.sub(lambda m: m["indent"] + _stub(m["code"]), lab)
    lab = _WAS.sub(
        lambda m: "" if m["code"] == "nothing" else f"{m['indent']}{m['code']}\n", lab
    ).rstrip("\n")
    if left := _MARKER.search(lab):
        raise ValueError(f"marker {left[0]!r} is not at the end of a line, or has no partner")
    ast.parse(lab)
    return lab


def _block_stub(block: re.Match) -> str:
    """Return what a block becomes: its `# was:` lines, left for later, or else one stub."""
    if was := re.findall(r"^ *# was: .+$", block["body"], re.MULTILINE):
        return "\n".join(was)
    return block["indent"] + _stub(textwrap.dedent(block["body"]))


def _stub(code: str) -> str:
    """Return the last assignment or return of a piece of code, with `...` for its value."""
    body = ast.parse(f"def _():\n{textwrap.indent(code, '    ')}").body[0].body
    for statement in reversed(body):
        if isinstance(statement, ast.Return):
            return "return ..."
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            return f"{', '.join(map(ast.unparse, names))} = {', '.join(['...'] * len(names))}"
    raise ValueError(f"expected an assignment or a return before the marker, got: {code.strip()}")


def unmark(source: str) -> str:
    r"""Drop the markers from a solution's code cell: this is what readers get.

    Raises:
        ValueError: a marker is left.

    Example:
        >>> unmark("# solution begin\nlast = 9  # was: last = 32\n# solution end\nprint(last)")
        'last = 9\nprint(last)'
    """
    clean = _MARKED_END.sub("", _MARKED_LINE.sub("", source)).rstrip("\n")
    if left := _MARKER.search(clean):
        raise ValueError(f"marker {left[0]!r} is not at the end of a line")
    return clean


def adapt_markdown(source: str, name: str) -> str:
    """Turn a solution's markdown into the lab's: title, links, a link to the solution."""
    source = turn_links(re.sub(r"^# Solution: ", "# Lab: ", source))
    heading = re.search(r"^###? (.+)$", source, re.MULTILINE)
    if not heading or "</details>" not in source:
        return source
    return f"{source.rstrip()}\n\n[Solution](solutions/{name}#{notebooks.slug(heading[1])})"


def turn_links(source: str) -> str:
    """Let the links of a solution's markdown start in the folder of the labs."""
    return notebooks.RELATIVE_LINK.sub(lambda m: _from_labs(m["target"]), source)


def _from_labs(target: str) -> str:
    """Turn a link that starts in labs/solutions/ into one that starts in labs/."""
    return os.path.normpath(os.path.join("solutions", target)).replace(os.sep, "/")


def is_stale(lab: nbformat.NotebookNode, path: pathlib.Path) -> bool:
    """Say whether the lab at `path` differs from `lab` in anything but outputs."""
    if not path.exists():
        return True

    def essence(notebook: nbformat.NotebookNode) -> list:
        return [(c.id, c.cell_type, c.source, c.metadata.get("tags")) for c in notebook.cells]

    return essence(lab) != essence(notebooks.read(path))


def main(arguments: list[str] | None = None) -> None:
    """Write every lab that is stale, or name them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    options = parser.parse_args(arguments)
    stale = []
    for solution in sorted(SOLUTIONS.glob("*.ipynb")):
        lab, path = generate(solution), SOLUTIONS.parent / solution.name
        if is_stale(lab, path):
            stale.append(solution.name)
            if not options.check:
                print("writing", path.relative_to(notebooks.ROOT))
                notebooks.write(path, lab)
    if options.check and stale:
        sys.exit("stale, run `make notebooks`: " + ", ".join(f"labs/{name}" for name in stale))


if __name__ == "__main__":
    main()
