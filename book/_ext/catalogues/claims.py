"""The claims ledger: what articles say, and what a run shows."""

import collections
import functools
from pathlib import Path

import yaml

from .errors import link

DATA = Path(__file__).resolve().parents[2] / "claims.yml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C it takes a tenth of the time
VERDICTS = ("does-not-hold", "holds-if", "outdated", "holds", "not-testable")


def load(path: Path = DATA) -> list[dict]:
    """Read the claims."""
    return yaml.load(path.read_bytes(), LOADER)


@functools.cache
def counts() -> collections.Counter:
    """Return how often each verdict is given."""
    return collections.Counter(claim["verdict"] for claim in load())


def sections(claims: list[dict]) -> str:
    """Return the claims as MyST Markdown, under a heading for each article."""
    articles = collections.defaultdict(list)
    for claim in claims:
        articles[claim["source"]["title"], claim["source"]["date"]].append(claim)
    return "\n".join(
        f"## {title} ({date.isoformat()})\n\n" + "\n".join(map(entry, group))
        for (title, date), group in articles.items()
    )


def entry(claim: dict) -> str:
    """Return one claim."""
    verdict = claim["verdict"]
    badge = f"[{words(verdict)}]{{.verdict .{verdict}}}"
    lines = [f"{badge} {claim['finding'].strip()}"]
    if "older" in claim:
        lines.append(f"Keras 2.15: {claim['older'].strip()}")
    lines.append(f"What to do: {link(claim['evidence'])}")
    details = "\n".join(f"- {line}" for line in lines)
    return f"({claim['id']})=\n**{claim['claim'].strip()}**\n\n{details}\n{_makers(claim)}"


def _makers(claim: dict) -> str:
    """Return what only those who work on the book need, folded."""
    if not claim["test"]:
        return ""
    file, name = claim["test"].split("::")
    said = "<summary>How it is tested</summary>"
    return f'\n<details class="makers">{said}\n\nTest: `{name}` in `{file}`\n\n</details>\n'


def words(verdict: str) -> str:
    """Return a verdict in words."""
    return verdict.replace("-", " ")
