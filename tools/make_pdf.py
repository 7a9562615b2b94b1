"""Print the built site as a PDF, and the cheat sheet as another.

Usage: python tools/make_pdf.py [--output DIR]       (after `make book`; `make pdf` does both)

Opener, guide, chapters and cheat sheet are joined into one page, so that links lead from chapter to
chapter; the browser of the tests prints it, with the headings as an outline and page numbers in
the foot. Links to other pages lead to the site, where its address is known. Writes
`ragged-edges.pdf` and `cheat-sheet.pdf` into `_build/pdf`, copies them and the EPUB of make_epub.py
into the built site, and links to them from its title page. With `--output` they are written there
and not copied.
"""

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

import browser
import publish
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
PDF = ROOT / "_build" / "pdf"
PARTS = ("Start", "Chapters")  # of _toc.yml; then comes the cheat sheet
LAST = "book/cheat-sheet"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WORDS = {
    "ragged-edges.pdf": "the book as a PDF",
    "cheat-sheet.pdf": "the cheat sheet as a PDF",
    "ragged-edges.epub": "the book as an EPUB",
}
FOOT = (
    '<div style="font:8px sans-serif;text-align:center;width:100%">'
    '<span class="pageNumber"></span></div>'
)
STYLE = """
body.bound, .bound main, .bound .bd-content {
  display: block !important; margin: 0 !important; max-width: none; page: auto !important;
}
.bound { font-size: 10pt; }
.bound article.bd-article { break-before: page; max-width: none; padding: 0; }
.bound article.bd-article section > h1 { display: block !important; }
.bound .bd-article :is(p, ul, ol, h1, h2, h3) { max-width: none; }
.bound div.highlight pre { background-image: none; font-size: 8.5pt; white-space: pre-wrap; }
.bound details:not([open]) { display: none; }
.bound :is(pre, figure, svg, tr) { break-inside: avoid; }
.bound :is(h1, h2, h3) { break-after: avoid; }
"""
_REFERENCES = ("aria-labelledby", "aria-describedby", "for")
_LEFT_OUT = "script, form, button, noscript, .re-controls, .headerlink, .toggle-button, .colab"
TO_THE_SITE = """([here, there]) => document.querySelectorAll("a[href]").forEach(a => {
  if (!a.href.startsWith(here)) return;
  if (there) a.href = there + a.href.slice(here.length);
  else a.removeAttribute("href");
})"""
PLACE = "<!-- downloads -->"


def documents() -> list[str]:
    """Return the documents that are bound, in their order, such as ``book/masking``."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = {part["caption"]: part["chapters"] for part in toc["parts"]}
    return [*(each["file"] for part in PARTS for each in parts[part]), LAST]


def article(html: str, name: str, bound: list[str]) -> str:
    """Return the article of a page, with ids and links that hold in a page that joins several.

    Args:
        html: The built page.
        name: Its document, such as ``book/masking``.
        bound: All documents that are joined.

    Raises:
        ValueError: The page has no article.
    """
    found = BeautifulSoup(html, "html.parser").select_one("article.bd-article")
    if found is None:
        raise ValueError(f"{name}: expected a page with an article, got none")
    for each in found.select(_LEFT_OUT):
        each.decompose()
    prefix = name.replace("/", "-") + "--"
    for each in found.find_all(True):
        if each.get("id"):
            each["id"] = prefix + each["id"]
        for key in _REFERENCES:
            if each.get(key):
                each[key] = " ".join(prefix + word for word in each[key].split())
        for key, value in list(each.attrs.items()):
            if isinstance(value, str) and "url(#" in value:
                each[key] = value.replace("url(#", f"url(#{prefix}")
        for key in ("href", "xlink:href"):
            if each.get(key):
                each[key] = _joined(each[key], name, bound)
        if each.get("src") and ":" not in each["src"]:
            each["src"] = _address(each["src"], name)
    return f'<article class="bd-article" id="{prefix}page">{found.decode_contents()}</article>'


def _joined(link: str, name: str, bound: list[str]) -> str:
    """Return a link of a page as it is on the joined page."""
    page, _, anchor = link.partition("#")
    if ":" in page:
        return link
    path = os.path.normpath(os.path.join(os.path.dirname(name), page)) if page else f"{name}.html"
    target = path.removesuffix(".html")
    if target not in bound:
        return _address(page, name) + (f"#{anchor}" if anchor else "")
    return f"#{target.replace('/', '-')}--{anchor or 'page'}"


def _address(path: str, name: str) -> str:
    """Return the address on this machine of a file that a page of the site names."""
    return (HTML / os.path.normpath(os.path.join(os.path.dirname(name), path))).as_uri()


def site_address() -> str:
    """Return the address of the published site; "" while _config.yml holds a placeholder."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    url = config["repository"]["url"]
    return "" if url == publish.PLACEHOLDER else publish.site("/".join(url.split("/")[-2:]))


def joined() -> str:
    """Return one page with all articles of the built site that are bound."""
    names = documents()
    pages = [(HTML / f"{name}.html").read_text("utf-8") for name in names]
    head = re.search(r"<head>.*?</head>", pages[0], re.DOTALL)[0]
    soup = BeautifulSoup(head, "html.parser")
    sheets = []
    for each in soup.find_all("link", rel="stylesheet"):
        each["href"] = _address(each["href"], names[0])
        sheets.append(str(each))
    body = "\n".join(article(page, name, names) for page, name in zip(pages, names, strict=True))
    contents = "".join(map(_entry, pages, names))
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>Ragged Edges</title>{''.join(sheets)}<style>{STYLE}</style>"
        '</head><body class="bound"><main class="bd-main"><div class="bd-content">'
        f"<h1>Ragged Edges</h1><p>Feeding variable-size data to Keras</p>"
        f"<ul>{contents}</ul>{body}"
        "</div></main></body></html>\n"
    )


def _entry(page: str, name: str) -> str:
    """Return the entry of a page in the contents."""
    title = re.search("<title>(.*?) · ", page)[1]
    return f'<li><a href="#{name.replace("/", "-")}--page">{title}</a></li>'


def print_pages(folder: Path) -> None:
    """Print the joined page and the cheat sheet into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "book.html"
    whole.write_text(joined(), "utf-8")
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=browser.system_browser(), args=FLAGS)
        tab = chromium.new_page()
        _open(tab, whole)
        tab.pdf(
            path=folder / "ragged-edges.pdf",
            format="A4",
            margin=dict.fromkeys(("top", "right", "bottom", "left"), "16mm"),
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOT,
            print_background=True,
            outline=True,
            tagged=True,
        )
        _open(tab, HTML / f"{LAST}.html")
        tab.pdf(path=folder / "cheat-sheet.pdf", prefer_css_page_size=True, print_background=True)
        chromium.close()
    whole.unlink()


def _open(tab, page: Path) -> None:
    """Open a page, and turn links to files of this machine into links to the published site."""
    tab.goto(page.as_uri())
    tab.evaluate(TO_THE_SITE, [HTML.as_uri(), site_address()])


def attach() -> None:
    """Copy what was made into the built site, and name it on the title page."""
    made = [ROOT / "_build" / name.rsplit(".", 1)[-1] / name for name in WORDS]
    files = [path for path in made if path.exists()]
    folder = HTML / "_downloads"
    folder.mkdir(exist_ok=True)
    for path in files:
        shutil.copy(path, folder / path.name)
    title = HTML / "index.html"
    title.write_text(with_links(title.read_text("utf-8"), [path.name for path in files]), "utf-8")


def with_links(page: str, files: list[str]) -> str:
    """Return the title page with links to files of ``_downloads``; earlier ones are replaced."""
    links = " · ".join(f'<a href="_downloads/{name}">{WORDS[name]}</a>' for name in files)
    text = f"{PLACE}<p>To keep or print: {links}</p>{PLACE}" if links else PLACE
    pattern = re.escape(PLACE) + f"(?:<p>.*?</p>{re.escape(PLACE)})?"
    page, count = re.subn(pattern, lambda _: text, page, count=1)
    if not count:
        raise ValueError(f"page: expected {PLACE}, which index.md holds, got none")
    return page


def main() -> None:
    """Make the files and attach them; one line and exit status 1 if the site is not built."""
    if not (HTML / "index.html").exists():
        sys.exit("make_pdf: the site is not built: run `make book`")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, help="a folder, in place of _build/pdf")
    output = parser.parse_args().output
    print_pages(output or PDF)
    if output is None:
        attach()
        print(f"The book as a PDF: {PDF / 'ragged-edges.pdf'}")


if __name__ == "__main__":
    main()
