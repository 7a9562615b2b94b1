"""What the title page and the cheat sheet share: the ten situations of book/data/commonest.yml."""

import functools
from pathlib import Path

import yaml

_FILE = Path(__file__).parents[2] / "data" / "commonest.yml"


@functools.cache
def load() -> tuple[dict, ...]:
    """Return the situations in their order, as the file's comment describes them."""
    return tuple(yaml.safe_load(_FILE.read_text("utf-8")))


def links() -> str:
    """Return what readers see, as a Markdown list of links to the pages of the fixes."""
    lines = [f"- [{each['seen']}](/book/{each['page']}.md)" for each in load()]
    return "\n".join(lines)


def fixes() -> str:
    """Return for each situation what to do and its code, as Markdown."""
    parts = [
        f":::{{div}} fix\n[{each['seen']}](/book/{each['page']}.md). {each['do']}\n\n"
        f"```python\n{each['code'].rstrip()}\n```\n:::"
        for each in load()
    ]
    return "\n\n".join(parts)


def install_line(repository: str) -> str:
    """Return how to install the helpers, as Markdown.

    Args:
        repository: The address of the book's repository; "" where it is not known, as in a build
            that nobody publishes.
    """
    if repository:
        return f"The fixes need only Keras. The helpers: `pip install git+{repository}`"
    return "The fixes need only Keras. The helpers, in a clone of this book: `pip install .`"
