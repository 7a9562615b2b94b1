"""An explorer's two renderings show the same frames of the same function."""

import json
import re
from html import unescape

import pytest

from helpers import explore
from helpers.explore import Control, Explorer, tail_explorer
from helpers.figures import Drawing


def small(title="A small one"):
    def frame(size, kind):
        body = f'<text x="1" y="9">{size} {kind}</text><path fill="url(#hatch)" d="M0 0h{size}"/>'
        return Drawing(body, 30 - size, f"{size} of </script> {kind}")

    controls = (Control("size", "Size", (1, 2.5, 4), 2.5), Control("kind", "Kind", ("a", "b"), "b"))
    return Explorer(frame, controls, title=title, caption="A caption.")


def packed(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])


@pytest.mark.parametrize("explorer", [small(), tail_explorer()], ids=["small", "tail"])
def test_static_frames_are_those_of_the_function(explorer):
    html = explorer.html()
    data = packed(html)
    key = re.search(r'<pattern id="(re-\w+)-hatch"', html)[1]
    assert data["values"] == [list(control.values) for control in explorer.controls]
    frames = [[text, "".join(data["parts"][i] for i in parts)] for text, parts in data["frames"]]
    wanted = [explorer.frame(**choice) for choice in explorer.choices()]
    assert frames == [[d.alt, d.body.replace("#hatch", f"#{key}-hatch")] for d in wanted]
    assert len(data["parts"]) == len(set(data["parts"]))


def test_choices_run_in_the_order_of_the_script():
    assert small().choices() == [
        {"size": size, "kind": kind} for size in (1, 2.5, 4) for kind in ("a", "b")
    ]


def test_default_frame_is_seen_without_script():
    html = small().html()
    before = html.split('<script type="application/json">')[0]
    assert "2.5 b" in before
    assert before.count("2.5 of &lt;/script&gt; b") == 2  # on the drawing and under it
    assert '<div class="re-controls" hidden>' in before
    assert 'viewBox="0 0 360 29"' in before  # as high as the tallest frame, not the first
    assert html.count("</script>") == 2
    assert "A caption." in html


def test_controls_are_labelled_and_start_at_the_default():
    html = unescape(small().html())
    slider = re.search("<label[^>]*><span>Size</span> <input ([^>]*)>", html)[1]
    assert 'type="range" min="0" max="2" step="1" value="1" aria-valuetext="2.5"' in slider
    chooser = re.search("<label[^>]*><span>Kind</span> <select[^>]*>(.*)</select>", html)[1]
    assert '<option value="1" selected>b</option>' in chooser


def test_explorers_do_not_share_ids():
    one, other = small().html(), small("Another").html()
    ids = [set(re.findall(r'\bid="([^"]+)"', html)) for html in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_tail_explorer_counts_the_tail():
    explorer = tail_explorer()
    said = {
        tail: explorer.frame(batch_size=32, rows=105, tail=tail).alt
        for tail in ("keep", "drop", "pad", "wrap")
    }
    assert said["keep"].startswith('tail="keep": 105 rows in batches of 32: 4 batches, 9 rows in')
    assert "9 rows never seen" in said["drop"]
    assert "23 padding slots" in said["pad"]
    assert "23 seen twice" in said["wrap"]
    assert repr(explorer) == said["keep"]
    assert 60 <= len(explorer.choices()) <= 120
    assert len(explorer.html().encode()) < 60_000


def test_static_figure_asks_nobody_for_anything():
    assert not re.search(r"https?:|//\w", tail_explorer().html())


def test_widget_shows_the_frame_of_the_choice():
    explorer = small()
    box = explorer.widget()
    size, kind, shown = box.children
    assert (size.value, kind.value) == (2.5, "b")
    assert explorer.frame(size=2.5, kind="b").svg in shown.value
    size.value, kind.value = 4, "a"
    assert explorer.frame(size=4, kind="a").svg in shown.value
    assert "4 of &lt;/script&gt; a" in shown.value
    assert type(size).__name__ == "SelectionSlider"
    assert type(kind).__name__ == "Dropdown"


def test_bundle_has_the_widget_only_with_a_kernel(monkeypatch):
    explorer = small()
    assert set(explorer._repr_mimebundle_()) == {"text/plain", "text/html"}
    monkeypatch.setattr(explore, "_has_kernel", lambda: True)
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == "2.5 of </script> b"
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert (view["version_major"], view["version_minor"]) == (2, 0)
    assert view["model_id"]


def test_without_ipywidgets_there_is_no_widget(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert not explore._has_kernel()


def test_controls_refuse_nonsense():
    with pytest.raises(ValueError, match="values of control 'a' must not be empty"):
        Control("a", "A", (), 1)
    with pytest.raises(ValueError, match=r"one of its values \[1, 2\]; got 3"):
        Control("a", "A", (1, 2), 3)
