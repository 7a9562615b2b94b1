"""Where the pages of the book stand on the web, as far as that is known here."""

import functools
import importlib.metadata
import json
import re
from pathlib import Path

import yaml

_CONFIG = Path(__file__).parents[2] / "_config.yml"  # in a checkout, beside the package
_REPOSITORY = re.compile(
    r"(?:git\+)?https://github\.com/([A-Za-z0-9][\w-]*)/([\w.-]+?)(?:\.git)?/?"
)


@functools.cache
def site() -> str:
    """Return the address of the site, with a slash at its end; ``""`` where none is known.

    It follows from that of the repository: what ``_config.yml`` holds in a checkout that is
    published, or where pip has the package from.
    """
    for address in (_configured(), _installed_from()):
        known = _REPOSITORY.fullmatch(address)
        if known:
            owner, name = known[1].lower(), known[2]
            host = f"https://{owner}.github.io/"
            return host if f"https://{name.lower()}/" == host else f"{host}{name}/"
    return ""


def page_address(page: str) -> str:
    """Return the address of a page such as ``audit-rules/mask-lost``; ``""`` if unknown."""
    return f"{site()}book/{page}.html" if site() else ""


def _configured() -> str:
    try:
        config = yaml.safe_load(_CONFIG.read_text("utf-8"))
    except OSError:
        return ""
    return str(config.get("repository", {}).get("url", ""))


def _installed_from() -> str:
    """Return what pip wrote down (PEP 610) of a package that it did not have from an index."""
    try:
        written = importlib.metadata.distribution("ragged-edges").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return ""
    return str(json.loads(written).get("url", "")) if written else ""
