"""The error index: its rows are well formed, found and explained."""

import ast
import importlib.resources
import pathlib
import re
import subprocess
import sys
import time
import warnings

import nbclient
import nbformat
import pytest
import yaml

from helpers import errors
from helpers.errors import index, situations

FOLDER = pathlib.Path(errors.__file__).parent
NEEDED = {"title", "pattern", "exception", "cause", "fix", "chapter", "versions"}
OPTIONAL = {"position", "no_mend", "where", "reads", "not_on", "axes", "older", "siblings"}
LANES = {"main", "colab"}
BACKENDS = {f"{lane}{backend}" for lane in ("", "main-", "colab-") for backend in ("jax", "torch")}

FILES = sorted((FOLDER / "rows").glob("*.yml"))
each_row = pytest.mark.parametrize("entry", errors.catalogue(), ids=lambda entry: entry.id)


WARNED = (
    "x.py:9: UserWarning: Your `PyDataset` class should call `super().__init__(**kwargs)` in its "
    "constructor.\n  self._warn_if_super_not_called()"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_row_is_well_formed(path):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem)
    row = yaml.safe_load(path.read_text("utf-8"))
    assert NEEDED <= set(row) <= NEEDED | OPTIONAL
    assert row["exception"]
    assert row["versions"]
    assert set(row["versions"]) <= LANES | BACKENDS
    assert set(row.get("not_on", ())) <= BACKENDS - set(row["versions"])
    for field in ("title", "cause", "fix"):
        assert row[field].count("`") % 2 == 0
    assert len(row["title"]) <= 70
    assert re.fullmatch(r"[a-z-]+#[a-z0-9-]+", row["chapter"])


@each_row
def test_a_pattern_means_the_same_in_javascript(entry):
    pattern = entry.pattern
    re.compile(pattern)
    assert not re.search(r"\(\?(?![:!]|P[<=])", pattern), "only groups and negative lookahead"
    assert not re.search(r"\\[AZabefuxpPkN]|[*+?}]\+|(?<!\\)\{,", pattern.replace(r"\b", ""))
    assert ".*" not in pattern
    assert "\n" not in pattern
    assert "  " not in pattern


def test_a_warning_is_the_answer_only_where_nothing_was_raised():
    raised = "ValueError: The PyDataset has length 0"
    assert errors.find(WARNED).id == "super-init-missing"
    assert errors.find(f"{WARNED}\n{raised}").id == "dataset-length-zero"
    assert errors.find(f"{raised}\n{WARNED}").id == "dataset-length-zero"
    assert errors.find(f"{WARNED}\nKeyError: 'something else'") is None
    assert errors.find(UserWarning(WARNED)).id == "super-init-missing"


HOSTILE = {
    "attention": ("calling MultiHeadAttention.call(). ", "Incompatible shapes "),
    "shapes": ("Incompatible shapes:", "Incompatible shapes: [1,"),
    "nodes": ("Incompatible shapes: [1] vs. [2] [[{{node ", "compile_loss/"),
    "losses": (
        "Dimensions must be equal, but are 5 and 7 for '{{node compile_loss/mse/sub}}",
        " input shapes: [?,5,",
    ),
    "rows": ("Incompatible shapes: [9,", "9,"),
    "layers": ("calling Dense.call(). ", "calling Add.call(). Incompatible shapes: [9,9"),
    "words": ("harmless ", "words "),
    "colours": ("\x1b[", "0;"),
    "names": ("A.b", "Error_"),
    "bars": ("| ", "> - E "),
    "records": ("ValueError: a\n", "2026-11-29 10:00:01 [x]\n"),
}


@pytest.mark.parametrize("parts", HOSTILE.values(), ids=HOSTILE)
def test_the_time_of_a_search_grows_with_the_text_at_most(parts):
    def seconds(size):
        text = "".join(part * (size // 2 // len(part)) for part in parts)
        began = time.process_time()
        errors.find(text)
        return time.process_time() - began

    def grows_at_most_linearly():
        once, twice = (min(seconds(size) for _ in range(3)) for size in (10_000, 20_000))
        return twice <= 3 * once

    errors.find("")
    # The last 20,000 characters of a message are searched: what patterns cost shows below that.
    # A machine that is busy errs once; a pattern that is not linear is slow every time.
    assert any(grows_at_most_linearly() for _ in range(6))
    assert min(seconds(200_000) for _ in range(3)) < 1  # one pattern that was not took seconds


def test_titles_and_patterns_are_unique():
    for field in ("id", "title", "pattern"):
        values = [getattr(entry, field) for entry in errors.catalogue()]
        assert sorted(values) == sorted(set(values)), field


def test_rows_are_searched_by_their_position():
    rows = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FILES}
    positions = [rows[entry.id].get("position", 1e9) for entry in errors.catalogue()]
    assert positions == sorted(positions)
    assert len(positions) == len(rows)


def test_a_row_may_leave_out_its_position(tmp_path, monkeypatch):
    (tmp_path / "rows").mkdir()
    fields = "chapter", "title", "pattern", "cause", "fix"
    row = "".join(f"{field}: a\n" for field in fields) + "exception: [ValueError]\nversions: {}\n"
    for name, more in {"a-row": "", "c-row": "position: 5\n", "b-row": ""}.items():
        (tmp_path / "rows" / f"{name}.yml").write_text(row + more)
    monkeypatch.setattr(importlib.resources, "files", lambda package: tmp_path)
    found = [entry.id for entry in errors.catalogue.__wrapped__()]
    assert found == ["c-row", "a-row", "b-row"]


def test_every_row_has_a_provoking_function_and_all_are_short():
    folder = FOLDER / "situations"
    modules = {path.stem: path for path in folder.glob("*.py")}
    assert set(modules) - {"__init__", "shared"} == {path.stem.replace("-", "_") for path in FILES}
    for name, path in modules.items():
        tree = ast.parse(path.read_text("utf-8"))
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        if name not in ("__init__", "shared"):
            assert "provoke" in {node.name for node in functions}, name
            for node in functions:
                most = 20 if node.name == "instead" else 15  # it has two sizes and their answers
                assert node.end_lineno - node.lineno < most, name


def test_find_walks_causes_and_notes_and_folds_white_space():
    inner = ValueError("The PyDataset\n   has\x1b[0m length 0")
    outer = RuntimeError("training failed")
    assert errors.find(outer) is None
    outer.__context__ = inner
    assert errors.find(outer).id == "dataset-length-zero"
    outer.__suppress_context__ = True  # what `raise ... from None` sets
    assert errors.find(outer) is None
    outer.__cause__ = inner
    assert errors.find(outer).id == "dataset-length-zero"
    noted = RuntimeError("training failed")
    noted.add_note("The PyDataset has length 0")
    assert errors.find(noted).id == "dataset-length-zero"


def test_find_ends_on_a_cycle_of_causes():
    first, second = ValueError("one"), ValueError("two")
    first.__cause__, second.__cause__ = second, first
    assert errors.find(first) is None


@pytest.mark.parametrize("value", [None, 3, ValueError, b"text"])
def test_find_refuses_what_is_no_text(value):
    with pytest.raises(TypeError, match="error: expected an exception or a str"):
        errors.find(value)


def test_an_explanation_prints_and_shows_cause_fix_and_place():
    entry = errors.find("The PyDataset has length 0")
    explanation = errors.explain("ValueError: The PyDataset has length 0")
    for shown in (str(explanation), repr(explanation), explanation._repr_markdown_()):
        assert entry.title in shown
        assert errors.fold(entry.cause) in shown
        assert errors.fold(entry.fix) in shown
        assert "tail-batches, section what-floor-division-does" in shown
        assert entry.id in shown


def test_an_explanation_says_that_nothing_matches():
    explanation = errors.explain("some other trouble")
    assert explanation.entry is None
    assert "no entry" in str(explanation)
    assert "no entry" in explanation._repr_markdown_()


def test_expected_prints_one_line(capsys):
    with errors.expected(ValueError, shows="literal for"):
        int("nine")
    with errors.expected(ValueError, TypeError):
        int("nine")
    with errors.expected(shows="two words"):
        raise RuntimeError("first line\nof two\n   words")
    with errors.expected(RuntimeError):
        raise RuntimeError("<object at 0x7fa0> is bad\nmore")
    with errors.expected(RuntimeError):
        raise RuntimeError
    with errors.expected(ValueError, shows=re.compile("base (8|10)"), says="a wrong digit"):
        int("nine")
    assert capsys.readouterr().out.splitlines() == [
        "ValueError: literal for",
        "ValueError: invalid literal for int() with base 10: 'nine'",
        "RuntimeError: two words",
        "RuntimeError: <object at 0x…> is bad",
        "RuntimeError: (no message)",
        "a wrong digit",
    ]


def test_expected_finds_text_deep_in_a_graph_error(capsys):
    with errors.expected(shows="Input to reshape is a tensor with 108 values"):
        situations.of("reshape-with-a-fixed-batch-size").provoke()
    line = "InvalidArgumentError: Input to reshape is a tensor with 108 values\n"
    assert capsys.readouterr().out == line


def test_expected_is_strict():
    nothing = pytest.raises(AssertionError, match="nothing was raised, expected ValueError")
    with nothing, errors.expected(ValueError):
        pass
    another = pytest.raises(AssertionError, match=r"'eight' is not in the message:\s+ValueError: i")
    with another, errors.expected(ValueError, shows="eight"):
        int("nine")
    with another, errors.expected(ValueError, shows=re.compile("eight"), says="eight"):
        int("nine")
    with pytest.raises(ZeroDivisionError), errors.expected(ValueError):
        1 / 0  # noqa: B018
    no_says = pytest.raises(TypeError, match="give says")
    with no_says, errors.expected(ValueError, shows=re.compile("nine")):
        int("nine")


def test_warned_prints_one_line_and_passes_other_warnings_on(capsys):
    def two_kinds():
        with errors.warned(shows="low on rows"):
            warnings.warn("later", FutureWarning, stacklevel=1)
            warnings.warn("we are low\n on rows", stacklevel=1)
            warnings.warn("still low on rows", stacklevel=1)

    with pytest.warns(FutureWarning, match="later") as passed_on:
        two_kinds()
    assert len(passed_on) == 1
    with errors.warned(category=FutureWarning):
        warnings.warn("gone soon\nreally", FutureWarning, stacklevel=1)
    with errors.warned(shows=re.compile("gone"), says="it goes", category=FutureWarning):
        warnings.warn("gone soon", FutureWarning, stacklevel=1)
    assert capsys.readouterr().out.splitlines() == [
        "UserWarning: low on rows",
        "FutureWarning: gone soon",
        "it goes",
    ]


@pytest.mark.filterwarnings("ignore:high")
def test_warned_is_strict():
    with pytest.raises(AssertionError, match="no warning at all"), errors.warned(shows="low"):
        pass
    with pytest.raises(AssertionError, match="UserWarning: high"), errors.warned(shows="low"):
        warnings.warn("high", stacklevel=1)
    no_future = pytest.raises(AssertionError, match="no FutureWarning")
    with no_future, errors.warned(shows="high", category=FutureWarning):
        warnings.warn("high", stacklevel=1)
    with pytest.raises(TypeError, match="give says"), errors.warned(shows=re.compile("low")):
        pass
    with pytest.raises(ZeroDivisionError), errors.warned():
        1 / 0  # noqa: B018


def test_the_extension_explains_under_a_traceback_in_a_kernel():
    cells = [
        "%load_ext helpers",
        "raise ValueError('The PyDataset has length 0')",
        "1 / 0",
        "1 + 1",
        "%reload_ext helpers",
        "try:\n    raise ValueError('The PyDataset has length 0')\nexcept ValueError as error:\n"
        "    raise RuntimeError('no luck') from error",
        "%unload_ext helpers",
        "raise ValueError('The PyDataset has length 0')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, allow_errors=True, timeout=300).execute()
    kinds = [[output.output_type for output in cell.outputs] for cell in notebook.cells]
    explained = ["error", "display_data"]
    assert kinds == [[], explained, ["error"], ["execute_result"], [], explained, [], ["error"]]
    error, shown = notebook.cells[1].outputs
    assert error.evalue == "The PyDataset has length 0"
    entry = errors.find(error.evalue)
    assert entry.title in shown.data["text/markdown"]
    assert entry.title in shown.data["text/plain"]


def test_the_extension_explains_in_a_terminal():
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('%load_ext helpers')\n"
        "shell.run_cell('raise ValueError(\"The PyDataset has length 0\")')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.index("Traceback") < done.stdout.index("Cause: `__len__` returned 0.")


def test_a_damaged_row_is_named(tmp_path):
    for content in ("title: [", "- a list", "title: no exception"):
        file = tmp_path / "a-row.yml"
        file.write_text(content)
        with pytest.raises(ValueError, match=r"a-row\.yml: expected the fields of a row"):
            index._row(file)
