"""No stored notebook is vacuous: nbval compares nothing in a cell that was never run."""

import re

import nbformat
import notebooks as tool
import pytest
from notebook_names import reread_names

PATHS = tool.all_notebooks()
CHAPTERS = [path for path in PATHS if path.parent.name == "book"]
NOT_COMPARED = {"nbval-ignore-output", "nbval-skip", "raises-exception"}
MACHINE_PATH = re.compile(r"/(home|root|tmp|Users)/|site-packages|[A-Z]:\\\\")


def by_name(paths):
    return {"argvalues": paths, "ids": [str(path.relative_to(tool.ROOT)) for path in paths]}


def code_cells(path):
    return [cell for cell in tool.read(path).cells if cell.cell_type == "code"]


def outputs_as_text(cell):
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        for text in output.get("data", {}).values():
            yield text if isinstance(text, str) else str(text)


def test_there_are_notebooks_to_guard():
    folders = {path.parent.name for path in PATHS}
    assert folders == {"book", "labs", "solutions"}


@pytest.mark.parametrize("path", **by_name(PATHS))
def test_every_code_cell_was_run_in_order_and_none_is_empty(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    assert all(cell.source.strip() for cell in code_cells(path))


@pytest.mark.parametrize("path", **by_name(PATHS))
def test_a_cell_that_is_not_compared_says_why(path):
    for cell in code_cells(path):
        if NOT_COMPARED & set(cell.metadata.get("tags", [])):
            assert cell.metadata.get("not_compared"), cell.source
        assert "not compared" not in cell.source, "no reader needs it: it belongs into the metadata"


@pytest.mark.parametrize("path", **by_name(PATHS))
def test_most_cells_show_something(path):
    cells = code_cells(path)
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) / 2


@pytest.mark.parametrize("path", **by_name(PATHS))
def test_outputs_hold_no_error_no_stderr_and_no_path_of_one_machine(path):
    for cell in code_cells(path):
        assert not [out for out in cell.outputs if out.output_type == "error"], cell.source
        assert not [out for out in cell.outputs if out.get("name") == "stderr"], cell.source
        for text in outputs_as_text(cell):
            assert not MACHINE_PATH.search(text), text[:400]


@pytest.mark.parametrize("path", **by_name(PATHS))
def test_notebook_is_stored_in_normal_form(path):
    assert tool.normalise(tool.read(path)) == tool.read(path), "run `make notebooks`"
    ids = [cell.id for cell in tool.read(path).cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", **by_name(CHAPTERS))
def test_a_chapter_cell_does_one_thing_in_at_most_twelve_lines(path):
    for cell in code_cells(path):
        if not {"bootstrap", "hide-input"} & set(cell.metadata.get("tags", [])):
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 12, cell.source


def test_normalise_drops_what_differs_between_equal_runs_and_keeps_the_rest():
    cell = nbformat.v4.new_code_cell("1 + 1", execution_count=1)
    cell.metadata.update(
        tags=["x"], not_compared="y", execution={"iopub.status.busy": "now"}, collapsed=False
    )
    view = {tool.WIDGET_VIEW: {"model_id": "abc"}, "text/html": "<p>", "text/plain": "p"}
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="a\n"),
        nbformat.v4.new_output("stream", name="stdout", text="b\n"),
        nbformat.v4.new_output("display_data", data=view),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata["widgets"] = {"state": {}}
    notebook.metadata["language_info"] = {"version": "3.11.7"}
    result = tool.normalise(notebook)
    assert set(result.metadata) == {"kernelspec"}
    assert dict(result.cells[0].metadata) == {"tags": ["x"], "not_compared": "y"}
    assert [out.get("text") for out in result.cells[0].outputs] == ["a\nb\n", None]
    assert set(result.cells[0].outputs[1].data) == {"text/html", "text/plain"}


def test_a_full_disk_keeps_the_earlier_notebook(monkeypatch, tmp_path):
    path = tmp_path / "chapter.ipynb"
    path.write_text("what was there")

    def half(notebook, to):
        to.write_text("{")
        raise OSError("No space left on device")

    monkeypatch.setattr(tool.nbformat, "write", half)
    with pytest.raises(OSError, match="No space"):
        tool.write(path, nbformat.v4.new_notebook())
    assert path.read_text() == "what was there"


# Names that stay in use in a later section though an earlier section gave them another value.
MEANT = {
    ("tail-batches-deeper", "zero"),  # any model will do: the cell asks in which order batches come
}


@pytest.mark.parametrize("path", tool.all_notebooks(), ids=lambda path: path.stem)
def test_no_name_is_read_after_another_section_gave_it_another_value(path):
    found = {(path.stem, name) for name, _ in reread_names(tool.read(path))}
    assert found <= MEANT


def test_a_name_that_another_section_rebound_is_found():
    new, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    cells = [
        text("## One"),
        new("real = [20]\ndef f(real):\n    return [n for n in real]"),
        text("## Two"),
        new("real = [3]\nprint(real)"),
        text("## Three"),
        new("print([real for real in 'ab'])"),
        new("print(sum(real))"),
    ]
    found = reread_names(nbformat.v4.new_notebook(cells=cells))
    assert found == [("real", 6)]
