"""Weight, requests and largest paint of pages of the built site, on a slow line and processor.

``python tools/page_weight.py index.html book/masking.html``, after ``make book``: each page is
loaded anew at 1.6 Mbit/s and 150 ms, on a processor four times as slow. The times are those of this
machine, so measure on an idle one.
"""

import argparse
import functools
import http.server
import threading
from pathlib import Path

from browser import system_browser

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"
LINE = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER = 4
PAGES = (
    "index.html",
    "book/shape-rule.html",
    "book/masking.html",
    "book/error-index.html",
    "book/plan.html",
)
PAINT = """() => new Promise(done => {
  new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
    .observe({type: "largest-contentful-paint", buffered: true});
  setTimeout(() => done(NaN), 5000);
})"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        """Print nothing."""


def measure(browser, address: str) -> tuple[int, int, float]:
    """Load a page with an empty cache.

    Returns:
        Bytes on the line, requests, and milliseconds until the largest paint.
    """
    context = browser.new_context(viewport={"width": 412, "height": 823})
    tab = context.new_page()
    client = context.new_cdp_session(tab)
    for name, options in {
        "Network.enable": {},
        "Network.emulateNetworkConditions": LINE,
        "Emulation.setCPUThrottlingRate": {"rate": SLOWER},
    }.items():
        client.send(name, options)
    sent: set[str] = set()  # what is in the page itself, as a data: address, is no request
    sizes: dict[str, float] = {}
    client.on(
        "Network.requestWillBeSent",
        lambda event: event["request"]["url"].startswith("http") and sent.add(event["requestId"]),
    )
    client.on(
        "Network.loadingFinished",
        lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    tab.goto(address, wait_until="networkidle", timeout=120_000)
    paint = tab.evaluate(PAINT)
    context.close()
    return int(sum(sizes[each] for each in sent & set(sizes))), len(sent), paint


def main() -> None:
    """Print a line for each page."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=PAGES, help="below _build/html")
    pages = parser.parse_args().pages
    handler = functools.partial(_Quiet, directory=str(HTML))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=system_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        print(f"{'page':40}{'KB':>8}{'requests':>10}{'largest paint, s':>18}")
        for page in pages:
            weight, requests, paint = measure(
                browser, f"http://127.0.0.1:{server.server_port}/{page}"
            )
            print(f"{page:40}{weight / 1000:8.0f}{requests:10}{paint / 1000:18.1f}")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
