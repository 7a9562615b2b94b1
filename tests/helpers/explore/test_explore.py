"""An explorer's two renderings show the same frames of the same function."""

import json
import re
import sys
import types
from html import unescape

import IPython
import ipywidgets  # noqa: F401  (before a test stands in for the kernel that it asks for)
import numpy as np
import pytest

from helpers import explore
from helpers.explore import (
    Control,
    Explorer,
    fit_explorer,
    image_explorer,
    mask_explorer,
    plan_explorer,
    shape_explorer,
    tail_explorer,
    value_range_explorer,
)
from helpers.figures import Drawing, css
from helpers.padding import pad


def small(title="A small one"):
    def frame(size, kind):
        body = f'<text x="1" y="9">{size} {kind}</text><path fill="url(#hatch)" d="M0 0h{size}"/>'
        return Drawing(body, 30 - size, f"{size} of </script> {kind}")

    controls = (Control("size", "Size", (1, 2.5, 4), 2.5), Control("kind", "Kind", ("a", "b"), "b"))
    return Explorer(frame, controls, title=title, caption="A caption.")


def stored(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])


@pytest.mark.parametrize(
    "explorer",
    [
        *(small(), shape_explorer(), tail_explorer(), mask_explorer()),
        *(image_explorer(), plan_explorer(), fit_explorer(), value_range_explorer()),
    ],
    ids=["small", "shape", "tail", "mask", "image", "plan", "fit", "value range"],
)
def test_static_frames_are_those_of_the_function(explorer):
    html = explorer.html()
    data = stored(html)
    key = re.search(r'<pattern id="(re-\w+)-hatch"', html)[1]
    assert data["values"] == [list(control.values) for control in explorer.controls]
    frames = [[text, "".join(data["parts"][i] for i in parts)] for text, parts in data["frames"]]
    assert len({tuple(frame) for frame in frames}) == len(frames)
    frames = [frames[i] for i in data["order"]]
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
    assert before.count("2.5 of &lt;/script&gt; b") == 1  # on the drawing, and nowhere else
    assert re.search('aria-live="polite" style="[^"]*clip-path:inset[^"]*"></p>', before)
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
    verdicts = {
        tail: re.search(">([^<]*)<", explorer.frame(batch_size=32, rows=105, tail=tail).body)[1]
        for tail in said
    }
    assert verdicts == {
        "keep": "the last batch has 9 rows",
        "drop": "9 rows never seen",
        "pad": "23 slots of the last batch are padding",
        "wrap": "23 rows seen twice",
    }
    assert ">every batch is full<" in explorer.frame(batch_size=32, rows=96, tail="pad").body
    assert ">1 row never seen<" in explorer.frame(batch_size=32, rows=97, tail="drop").body
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
    assert ">2.5 b</text>" in shown.value
    size.value, kind.value = 4, "a"
    assert ">4 a</text>" in shown.value
    assert shown.value.count("4 of &lt;/script&gt; a") == 1
    assert "max-width:405px" in shown.value
    assert type(size).__name__ == "SelectionSlider"
    assert type(kind).__name__ == "Dropdown"


def test_with_a_kernel_a_slider_stops_at_every_fine_value():
    explorer = tail_explorer()
    size, rows, _, shown = explorer.widget().children
    assert [list(size.options), list(rows.options)] == [list(range(16, 65)), list(range(64, 129))]
    size.value, rows.value = 33, 100
    assert ">the last batch has 1 row<" in shown.value


def test_the_page_stores_what_its_script_needs():
    data = stored(tail_explorer().html())
    fine = [list(range(16, 65)), list(range(64, 129)), ["keep", "drop", "pad", "wrap"]]
    assert data["rule"] == {"name": "tail", "fine": fine, "given": None}
    assert "rule" not in stored(small().html())


def in_a_kernel():
    return types.SimpleNamespace(kernel=object())


def test_bundle_has_the_widget_only_with_a_kernel(monkeypatch):
    explorer = small()
    for shell in (None, types.SimpleNamespace()):  # no IPython, and IPython in a terminal
        monkeypatch.setattr(IPython, "get_ipython", lambda shell=shell: shell)
        assert set(explorer._repr_mimebundle_()) == {"text/plain", "text/html"}
    monkeypatch.setattr(IPython, "get_ipython", in_a_kernel)
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == "2.5 of </script> b"
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert (view["version_major"], view["version_minor"]) == (2, 0)
    assert view["model_id"]


def test_without_ipywidgets_there_is_no_widget(monkeypatch):
    monkeypatch.setattr(IPython, "get_ipython", in_a_kernel)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert set(small()._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_controls_refuse_nonsense():
    with pytest.raises(ValueError, match=r"^values: expected at least one"):
        Control("a", "A", (), 1)
    with pytest.raises(ValueError, match=r"^default: expected one of \[1, 2\], got 3"):
        Control("a", "A", (1, 2), 3)
    with pytest.raises(
        ValueError, match=r"^fine: expected all of values in it, got none that is 2"
    ):
        Control("a", "A", (1, 2), 1, (1, 3))
    with pytest.raises(TypeError, match=r"^fine\[1\]: expected a text or a number, got None"):
        Control("a", "A", (1,), 1, (1, None))
    with pytest.raises(TypeError, match=r"^fine: expected a tuple, got 5"):
        Control("a", "A", (1,), 1, 5)


# --- the explorer of masks


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_recurrence_is_that_of_keras(side, masked):
    import keras

    inputs, mask = pad([np.array([2, 1, 3, 1, 2]), np.array([3, 1, 2])], 9, side=side)
    mask = mask if masked else None
    layer = keras.layers.SimpleRNN(1, activation="linear", return_sequences=True)
    layer.build((2, 9, 1))
    layer.set_weights([np.ones((1, 1)), np.full((1, 1), explore.LEAK), np.full(1, explore.BIAS)])
    wanted = layer(inputs[..., None].astype("float32"), mask=mask)
    wanted = keras.ops.convert_to_numpy(wanted)[..., 0]
    np.testing.assert_allclose(explore.leaky_states(inputs, mask), wanted, rtol=1e-6)


def test_the_recurrence_skips_a_hole_and_refuses_nonsense():
    assert explore.leaky_states([[2, 7, 1]], np.array([[True, False, True]])).tolist() == [
        [3.0, 3.0, 3.5]
    ]
    with pytest.raises(ValueError, match=r"^inputs: expected \(batch, time\), got shape \(2,\)"):
        explore.leaky_states([1, 2])
    with pytest.raises(TypeError, match=r"^mask: expected bool, got dtype int64"):
        explore.leaky_states([[1, 2]], np.array([[1, 0]]))
    with pytest.raises(ValueError, match=r"^mask: .* shape \(1, 2\), got \(1, 1\)"):
        explore.leaky_states([[1, 2]], np.array([[True]]))


def answers(frame):
    """What the frame prints below each sequence: its answer, and that of the sequence alone."""
    found = re.findall(r"answer ([\d.]+), alone ([\d.]+): <tspan[^>]*>([\w ]+)<", frame.body)
    return [(float(answer), float(alone), verdict) for answer, alone, verdict in found]


@pytest.mark.parametrize("choice", mask_explorer().choices(), ids=str)
def test_only_unmasked_padding_moves_an_answer(choice):
    frame = mask_explorer().frame(**choice)
    padded = [choice["extra"] > 0, True]  # the first sequence is the longest
    for (answer, alone, verdict), has_padding in zip(answers(frame), padded, strict=True):
        moves = has_padding and choice["mask"] == "off"
        assert (answer != alone) == moves
        assert verdict == ("moved" if moves else "the same")
    assert frame.body.count("stroke-dasharray:4 2") == frame.body.count(">moved<")
    assert f"{choice['side'].capitalize()}-padding to {5 + choice['extra']} steps" in frame.alt
    assert ("no mask" in frame.alt) == (choice["mask"] == "off")


def test_padding_behind_does_more_harm_than_padding_before():
    frame = mask_explorer().frame
    for extra in (2, 4):
        behind, before = (
            [abs(answer - alone) for answer, alone, _ in answers(frame(side, "off", extra))]
            for side in ("post", "pre")
        )
        assert all(a > 10 * b > 0.1 for a, b in zip(behind, before, strict=True))


def test_the_mask_explorer_says_what_it_shows():
    explorer = mask_explorer()
    assert explorer.default == {"side": "post", "mask": "off", "extra": 2}
    assert len(explorer.choices()) == 20
    assert repr(explorer) == (
        "Post-padding to 7 steps, no mask: sequence 1 moves from 5.44 to 2.86 and sequence 2 "
        "moves from 5.00 to 2.19."
    )
    assert explorer.frame("pre", "on", 0).alt == (
        "Pre-padding to 5 steps, with the mask: sequence 1 stays at 5.44 and sequence 2 stays at "
        "5.00."
    )
    assert len({frame.alt for frame in (explorer.frame(**c) for c in explorer.choices())}) == 20
    assert len(explorer.html().encode()) < 40_000
    assert not re.search(r"https?:|//\w", explorer.html())


def test_a_masked_step_is_empty_and_padding_that_gets_in_is_hatched():
    frame = mask_explorer().frame
    filled = {"off": 2 * 8, "on": 2 * 8}
    hatched = {"off": 2 * 6, "on": 6}  # padding in the first line, and in the second if it gets in
    empty = {"off": 0, "on": 6}
    for mask in ("off", "on"):
        body = frame("post", mask, 2).body
        paths = re.findall(r'<path style="([^"]*)" d="([^"]*)"', body)

        def count(look, paths=paths):
            return sum(d.count("M") for style, d in paths if style.startswith(look))

        assert count(f"fill:{css('time')}") == filled[mask]
        assert count("fill:url(#hatch)") == hatched[mask]
        assert count(f"fill:none;stroke:{css('masked')}") == empty[mask]


def test_mask_explorer_frames_are_as_high_and_fit_a_narrow_screen():
    frames = [mask_explorer().frame(**choice) for choice in mask_explorer().choices()]
    assert len({frame.height for frame in frames}) == 1
    for frame in frames:
        runs = re.findall(r"M([\d.]+) [\d.]+h([\d.]+)", frame.body)
        assert max(float(x) + float(size) for x, size in runs) <= frame.width
