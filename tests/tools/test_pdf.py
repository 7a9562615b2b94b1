"""The printed book has all that is bound, an outline, page numbers, and no path of this machine."""

import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

make_pdf = pytest.importorskip("make_pdf", reason="needs a browser and the packages of the site")

PRINTED = ["ragged-edges.pdf", "cheat-sheet.pdf"]
BOUND = ["book/masking", "book/tail-batches"]


def joined(body):
    page = f'<article class="bd-article">{body}</article>'
    return make_pdf.article(page, "book/masking", BOUND)


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("#where", "#book-masking--where"),
        ("tail-batches.html#the-proof", "#book-tail-batches--the-proof"),
        ("tail-batches.html", "#book-tail-batches--page"),
        ("https://x.org/a.html#b", "https://x.org/a.html#b"),
        ("plan.html#c", (make_pdf.HTML / "book/plan.html").as_uri() + "#c"),
        ("../index.html", (make_pdf.HTML / "index.html").as_uri()),
    ],
)
def test_links_hold_in_the_joined_page(link, wanted):
    assert f'href="{wanted}"' in joined(f'<a href="{link}">a</a>')


def test_ids_of_two_pages_do_not_meet():
    found = joined('<p id="a"></p><i style="fill:url(#a)" aria-labelledby="a b"></i>')
    assert 'id="book-masking--a"' in found
    assert "url(#book-masking--a)" in found
    assert 'aria-labelledby="book-masking--a book-masking--b"' in found


def test_what_does_nothing_on_paper_is_left_out():
    assert "left" not in joined("<script>left</script><button>left</button><form>left</form>")


def test_a_page_without_an_article_is_named():
    with pytest.raises(ValueError, match="book/masking: expected a page with an article"):
        make_pdf.article("<p>", "book/masking", BOUND)


def test_the_title_page_links_to_what_was_made():
    page = f"<p>a</p>{make_pdf.PLACE}<p>b</p>"
    linked = make_pdf.with_links(page, list(make_pdf.WORDS))
    assert linked.count('href="_downloads/') == len(make_pdf.WORDS)
    assert make_pdf.with_links(linked, list(make_pdf.WORDS)) == linked
    assert make_pdf.with_links(linked, []) == page
    with pytest.raises(ValueError, match="expected <!-- downloads -->"):
        make_pdf.with_links("<p>a</p>", [])
    assert make_pdf.PLACE in (make_pdf.ROOT / "index.md").read_text("utf-8")


def test_all_chapters_are_bound():
    names = make_pdf.documents()
    assert names[0] == "book/shape-rule"
    assert names[-1] == "book/cheat-sheet"
    assert len(names) >= 7


def streams(pdf):
    """The bytes of a PDF with its compressed streams read."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


@pytest.mark.site
@pytest.mark.wide
def test_the_built_site_is_printed(tmp_path):
    if not (make_pdf.HTML / "book/cheat-sheet.html").exists():
        pytest.skip("The site is not built: run `make book`.")
    script = Path(make_pdf.__file__)
    subprocess.run([sys.executable, script, "--output", tmp_path], check=True, capture_output=True)
    book, sheet = (streams((tmp_path / name).read_bytes()) for name in PRINTED)
    assert len(re.findall(rb"/Type\s*/Page\b", book)) > 5 * len(make_pdf.documents())
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    assert b"/Outlines" in book
    titles = re.findall(rb"/Title \((.*?)\)", book)
    assert {b"Padding and masking", b"Augmentation and shapes", b"Cheat sheet"} <= {*titles}
    assert not re.search(rb"file://", book + sheet)
    assert len(re.findall(rb"/Dest ", book)) > 20
