"""The status page names the versions that the requirement files pin."""

import re

import notebooks
import pytest

PAGE = (notebooks.ROOT / "book" / "status.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE, flags=re.M)


def pinned(requirements, name):
    text = (notebooks.ROOT / requirements).read_text(encoding="utf-8")
    return re.search(rf"^{name}==(\S+)", text, flags=re.M | re.I)[1]


def test_the_page_lists_what_the_outputs_depend_on():
    assert {"TensorFlow", "Keras", "NumPy", "Matplotlib", "ipywidgets"} == {row[0] for row in ROWS}


@pytest.mark.parametrize(("name", "ours", "colab"), ROWS, ids=[row[0] for row in ROWS])
def test_its_versions_are_the_pinned_ones(name, ours, colab):
    assert pinned("requirements.txt", name) == ours
    assert pinned("requirements-colab.txt", name) == colab
