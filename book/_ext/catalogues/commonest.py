"""The ten commonest situations, of book/data/commonest.yml, as lists of links and of fixes."""

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
