"""A content security policy in every page: what it may load, and which scripts may run.

Markup that gets into a page after the build cannot run or call another host, and no page loads
anything from one. The policy is written when the build has ended, since it names the inline scripts
of the finished page by their hashes. It is a tag and not a header, so it holds from a disk, too.
"""

import base64
import hashlib
import re
from pathlib import Path

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script", re.DOTALL | re.IGNORECASE)
_NO_CODE = re.compile(r"""\bsrc=|\btype=["'](?!module|text/javascript)""")
_PLANNER = 'src="../_static/planner.js'
_PLACE = re.compile(
    r'(<meta charset="utf-8" ?/?>)(\n *<meta http-equiv="Content-Security-Policy"[^>]*>)?'
)


def policy(page: str) -> str:
    """Return the policy that a page needs.

    Args:
        page: the finished page.

    Returns:
        The directives, for the tag's ``content``.
    """
    bodies = [text for attributes, text in _SCRIPT.findall(page) if not _NO_CODE.search(attributes)]
    digests = [hashlib.sha256(text.encode()).digest() for text in bodies]
    hashes = dict.fromkeys(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    directives = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *hashes]),
        "style-src": "'self'",
        # drawings colour each shape by a style attribute, which no hash can allow
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",  # the search form leads to the search page
    }
    if _PLANNER in page:  # its worker is made of its own text, since from disk there is no other
        directives["worker-src"] = "blob:"
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def with_policy(page: str) -> str:
    """Return the page with its policy ahead of all that it governs; an older one is replaced.

    Raises:
        ValueError: the page names no UTF-8 charset, after which the policy is written.
    """
    tag = f'\n    <meta http-equiv="Content-Security-Policy" content="{policy(page)}" />'
    written, count = _PLACE.subn(lambda match: match[1] + tag, page, count=1)
    if not count:
        raise ValueError('page: expected <meta charset="utf-8">, got none')
    return written


def _write_policies(app, exception) -> None:
    if exception is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            before = path.read_text("utf-8")
            after = with_policy(before)
            if after != before:
                path.write_text(after, "utf-8")


def setup(app):
    """Write the policies last, when every page and its scripts are finished."""
    app.connect("build-finished", _write_policies, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
