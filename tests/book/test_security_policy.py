"""The policy of a page allows its own scripts by their hashes and nothing from elsewhere."""

import base64
import hashlib

import pytest

from book._ext.security_policy import policy, with_policy

SCRIPT = "document.write(`<p>ä</p>`);\n"
HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
PAGE = f"""<html><head>
    <meta charset="utf-8" />
    <script src="_static/own.js"></script>
    <script type="application/json">{{"data": 1}}</script>
    <script>{SCRIPT}</script>
</head><body><script data-x="false">{SCRIPT}</script></body></html>"""


def directives(text):
    return dict(part.split(" ", 1) for part in policy(text).split("; "))


def test_an_inline_script_is_allowed_once_by_its_hash_and_data_is_none():
    assert directives(PAGE)["script-src"] == f"'self' 'sha256-{HASH}'"
    other = PAGE.replace("document", "window.document")
    assert HASH not in directives(other)["script-src"]


def test_nothing_comes_from_another_host_and_no_text_becomes_code():
    assert directives(PAGE) == {
        "default-src": "'self'",
        "script-src": f"'self' 'sha256-{HASH}'",
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
    }


def test_only_the_planner_may_make_a_worker_of_a_text():
    planner = PAGE.replace("_static/own.js", "../_static/planner.js")
    assert directives(planner) == directives(PAGE) | {"worker-src": "blob:"}


def test_the_policy_precedes_all_that_it_governs_and_is_written_once():
    once = with_policy(PAGE)
    assert once.index('charset="utf-8"') < once.index("Content-Security-Policy")
    assert once.index("Content-Security-Policy") < once.index("<script")
    assert with_policy(once) == once
    changed = with_policy(once.replace(SCRIPT, "1"))
    assert changed.count("Content-Security-Policy") == 1
    assert HASH not in changed


def test_a_page_without_a_place_for_it_is_refused():
    with pytest.raises(ValueError, match="charset"):
        with_policy("<html><head></head></html>")
