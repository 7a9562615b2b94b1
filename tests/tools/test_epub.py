"""The EPUB has every chapter in its order, well-formed, and each picture says what it shows."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

make_epub = pytest.importorskip("make_epub", reason="needs the packages of the site")
make_pdf = make_epub.make_pdf


def test_a_page_is_still_and_well_formed():
    page = (
        '<div title="it is hidden > here"><p>a&nbsp;b<br>&amp;<img src="a.png" alt="a"></p>'
        "<details open><p>c</p></details>"
        '<div class="re-controls" hidden><select><option selected></select></div>'
        "<script>if (a < b) c()</script><form><input></form><p hidden>d</p></div>"
    )
    found = make_epub.still(page, [])
    text = "".join(ElementTree.fromstring(found).itertext())
    assert text == "a\N{NO-BREAK SPACE}b&cd"


@pytest.mark.parametrize(
    ("link", "kept"),
    [("masking.xhtml#a", True), ("#a", True), ("https://x.org/a", True), ("plan.xhtml", False)],
)
def test_links_lead_to_what_is_bound(link, kept):
    found = make_epub.still(f'<a class="b" href="{link}">words</a>', ["masking.xhtml"])
    assert ("href" in found) == kept
    assert ">words<" in found


def test_a_page_that_is_not_well_formed_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as book:
        book.writestr("b.xhtml", "<p><br></p>")
    with pytest.raises(ValueError, match=r"b\.xhtml: expected well-formed XHTML, got mismatched"):
        make_epub.check(tmp_path / "a.epub")


@pytest.mark.slow
@pytest.mark.wide
def test_the_book_is_bound(tmp_path):
    script = Path(make_epub.__file__)
    subprocess.run([sys.executable, script, "--output", tmp_path], check=True, capture_output=True)
    with zipfile.ZipFile(tmp_path / make_epub.NAME) as book:
        names = book.namelist()
        texts = {name: book.read(name).decode() for name in names if name.endswith(".xhtml")}
        package = book.read("content.opf").decode()
    assert names[0] == "mimetype"
    items = dict(re.findall(r'<item href="([^"]+)" id="([^"]+)"', package))
    items |= {path: id for id, path in re.findall(r'<item id="([^"]+)" href="([^"]+)"', package)}
    paths = {id: path for path, id in items.items()}
    spine = [paths[id] for id in re.findall(r'<itemref idref="([^"]+)"', package)]
    bound = [f"{name}.xhtml" for name in make_pdf.documents()]
    assert [path for path in spine if path in bound] == bound
    for name, text in texts.items():
        root = ElementTree.fromstring(text)
        for each in root.iter("{http://www.w3.org/1999/xhtml}img"):
            assert each.get("alt"), name
        drawn = [each for each in root.iter() if each.get("role") == "img"]
        assert all(each.get("aria-label") or each.get("aria-labelledby") for each in drawn), name
        assert "-owner-" not in re.sub(r"<code.*?</code>|<pre>.*?</pre>", "", text, flags=re.DOTALL)
    assert all(f'href="{path}"' in texts["nav.xhtml"] for path in bound)
