"""The built site, a server for it and a browser: run `make book` first."""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest
from browser import system_browser
from site_pages import HTML, ROOT

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def newest_source():
    """The source of the site that was changed last."""
    files = [ROOT / "_config.yml", ROOT / "_toc.yml", ROOT / "index.md"]
    for folder in ("book", "labs", "helpers"):
        files += [
            f
            for f in (ROOT / folder).rglob("*")
            if f.is_file()
            and not any(p.startswith((".", "__")) for p in f.relative_to(ROOT).parent.parts)
        ]
    return max(files, key=lambda f: f.stat().st_mtime)


def cannot_run(reason):
    """Skip with one line; in CI, where `make test` has built everything, fail."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def built():
    """The folder of the built site, which is there and up to date."""
    stamp = HTML / ".buildinfo"
    if not stamp.exists():
        cannot_run("The site is not built: run `make book`.")
    source = newest_source()
    if source.stat().st_mtime > stamp.stat().st_mtime:
        cannot_run(f"The built site is older than {source.relative_to(ROOT)}: run `make book`.")
    return HTML


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Say nothing: a browser that leaves a page drops what it has asked for."""


@pytest.fixture(scope="session")
def site(built):
    """The address of the built site on a free port of this machine."""
    handler = functools.partial(_Quiet, directory=str(built))
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, or else Playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the tests of the site need it")
    with playwright.sync_playwright() as p:
        found = system_browser()
        if not found and not Path(p.chromium.executable_path).exists():
            cannot_run("No Chromium here: install one, or run `python tools/browser.py`.")
        instance = p.chromium.launch(executable_path=found, args=FLAGS)
        yield instance
        instance.close()


@pytest.fixture
def page(browser):
    """A page of its own context whose console errors and script errors fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    tab = context.new_page()
    wrong = []
    tab.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield tab
    context.close()
    assert wrong == []
