"""Where the notebooks are, how one is run, and what is stored of it.

A notebook is normal when a second run changes nothing: no timestamps, no widget state, no
kernel details, consecutive prints joined.
"""

import os
import pathlib
import re
import subprocess

import nbformat
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# In markdown, where a link leads that is no web address and no anchor of the same notebook.
RELATIVE_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)(?P<target>[^)#\s]+)")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def use_quiet_kernels() -> None:
    """Let notebooks run in the kernel of tests/jupyter, so that outputs agree between machines.

    It leaves out what C++ code writes to file descriptor 2 (TensorFlow logs the CPU there, with
    times and process numbers; what Python writes to stderr stays), and it hides GPUs.
    """
    paths = [str(ROOT / "tests" / "jupyter"), os.environ.get("JUPYTER_PATH", "")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, paths))


def all_notebooks() -> list[pathlib.Path]:
    """Return the paths of the book's notebooks, labs and solutions, sorted."""
    return sorted(
        path
        for folder in ("book", "labs")
        for path in (ROOT / folder).rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    )


def slug(heading: str) -> str:
    """Return the anchor that MyST gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def join_streams(outputs: list) -> list:
    """Join consecutive prints to the same stream: how they arrive split is chance."""
    joined: list = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop from a notebook whatever differs between two equal runs. Changes it in place."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        for key in set(cell.metadata) - {"tags", "mystnb", "not_compared"}:
            del cell.metadata[key]
        if cell.cell_type != "code":
            continue
        cell.outputs = join_streams(cell.outputs)
        for output in cell.outputs:
            if "data" in output:  # the static figure beside the widget stays
                output.data.pop(WIDGET_VIEW, None)
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return notebook


def read(path: pathlib.Path) -> nbformat.NotebookNode:
    """Read a notebook in the current format."""
    return nbformat.read(path, as_version=4)


def write(path: pathlib.Path, notebook: nbformat.NotebookNode) -> None:
    """Write a normalised notebook in one step: a full disk must not cost the earlier one."""
    nbformat.validate(notebook)
    half = path.with_name(f"{path.name}.new")
    nbformat.write(normalise(notebook), half)  # it fixes the order of the keys
    half.replace(path)


def execute(path: pathlib.Path, timeout: int = 600) -> None:
    """Run one notebook in place in a clean kernel, its own folder as the working directory."""
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute(stderr=subprocess.DEVNULL)
    write(path, notebook)
