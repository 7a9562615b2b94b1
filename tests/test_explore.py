"""An explorer's two renderings show the same frames of the same function."""

import itertools
import json
import re
from html import unescape

import numpy as np
import pytest

from helpers import explore
from helpers.batching import (
    bucketed,
    fixed,
    grouped,
    ladder,
    packed,
    quantile_ladder,
    token_budget,
)
from helpers.explore import (
    Control,
    Explorer,
    fit_explorer,
    image_explorer,
    mask_explorer,
    plan_explorer,
    tail_explorer,
)
from helpers.figures import WIDTH, Drawing, column_spans, css
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
        *(small(), tail_explorer(), mask_explorer()),
        *(image_explorer(), plan_explorer(), fit_explorer()),
    ],
    ids=["small", "tail", "mask", "image", "plan", "fit"],
)
def test_static_frames_are_those_of_the_function(explorer):
    html = explorer.html()
    data = stored(html)
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
    assert len(explorer.choices()) == 12
    assert repr(explorer) == (
        "Post-padding to 7 steps, no mask: sequence 1 moves from 5.44 to 2.86 and sequence 2 "
        "moves from 5.00 to 2.19."
    )
    assert explorer.frame("pre", "on", 0).alt == (
        "Pre-padding to 5 steps, with the mask: sequence 1 stays at 5.44 and sequence 2 stays at "
        "5.00."
    )
    assert len({frame.alt for frame in (explorer.frame(**c) for c in explorer.choices())}) == 12
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


# --- the explorer of images


def frame(**choice):
    explorer = image_explorer()
    return explorer.frame(**{**explorer.default, **choice})


def test_the_image_explorer_says_what_it_shows():
    explorer = image_explorer()
    assert repr(explorer) == (
        "Conv 3, pool 2, valid: width 13 → 11 → 5, batch 24 → 22 → 11; every step sees what it "
        "sees alone."
    )
    assert ">width 13 → 11 → 5</text>" in frame().body
    frames = [explorer.frame(**choice) for choice in explorer.choices()]
    assert len(frames) == 72
    assert len({drawing.alt for drawing in frames}) == 72
    assert len(explorer.html().encode()) < 60_000
    assert not re.search(r"https?:|//\w", explorer.html())


@pytest.mark.parametrize("choice", image_explorer().choices(), ids=str)
def test_the_widths_in_the_frame_are_those_of_keras(choice):
    import keras

    layers, ways = keras.layers, []
    for width in (choice["width"], choice["batch"]):
        sizes, shape = [width], (1, 40, width, 1)
        for name, window, strides in explore.STACKS[choice["stack"]]:
            of = {"strides": strides, "padding": choice["padding"]}
            layer = (
                layers.MaxPooling2D(window, **of)
                if name.startswith("pool")
                else layers.Conv2D(1, window, **of)
            )
            if sizes[-1]:
                try:
                    shape = layer.compute_output_shape(shape)
                except ValueError:  # Keras refuses where nothing is left
                    shape = (1, 40, 0, 1)
            sizes.append(max(shape[2], 0))
        ways.append(" → ".join(map(str, sizes)))
    drawing = image_explorer().frame(**choice)
    assert f"width {ways[0]}, batch {ways[1]}; " in drawing.alt
    assert f">width {ways[0]}</text>" in drawing.body
    assert f"image: width {choice['width']}" in drawing.body
    # every verdict of the sentence stands in the drawing too
    assert drawing.alt.split("; ")[-1].rstrip(".") in drawing.body


def test_too_narrow_an_image_has_no_step_and_says_which_has():
    stack, padding = "conv 3, pool 2, conv 3", "valid"
    drawing = frame(width=6, stack=stack)
    assert "width 6 → 4 → 2 → 0," in drawing.alt
    assert "no step is left: the stack needs a width of 8" in drawing.alt
    assert "the image alone: no step" in drawing.body
    assert [len(column_spans(n, explore.STACKS[stack], padding)[-1]) for n in (7, 8)] == [0, 1]
    assert "no step is left" not in frame(width=6, stack=stack, padding="same").alt


def test_same_with_strides_moves_the_steps_in_some_batches():
    choice = {"stack": "conv 3 strides 2, twice", "padding": "same"}
    drawing = frame(**choice)
    assert "moved: step 1 sees from pixel 0, alone from −3" in drawing.alt
    assert "the image alone: 4 steps, moved" in drawing.body
    said = [frame(width=20, batch=batch, **choice).alt for batch in (20, 24, 27)]
    assert ["moved" in alt for alt in said] == [False, False, True]
    valid = [frame(batch=n, stack=choice["stack"], padding="valid").alt for n in (20, 24, 27)]
    assert not any("moved" in alt for alt in valid)


@pytest.mark.parametrize("choice", image_explorer().choices(), ids=str)
def test_a_verdict_is_what_the_columns_see(choice):
    layers, padding = explore.STACKS[choice["stack"]], choice["padding"]
    own, batch = (column_spans(choice[of], layers, padding)[-1] for of in ("width", "batch"))
    alt = image_explorer().frame(**choice).alt
    edge = choice["width"]
    alone = [set(range(max(a, 0), min(b, edge))) for a, b in own]
    seen = [set(range(max(a, 0), min(b, choice["batch"]))) for a, b in batch[: len(own)]]
    padded = sum(max(pixels) >= edge for pixels in seen)
    if not alone:
        assert "no step is left" in alt
    elif "moved" in alt:
        assert (own[:, 0] != batch[: len(own), 0]).all()
    elif padded:
        assert f"in place, but {padded} of {len(own)} steps see" in alt
        assert [pixels - set(range(edge, 99)) for pixels in seen] == alone
    else:
        assert "every step sees what it sees alone" in alt
        assert seen == alone


def test_image_frames_fit_a_narrow_screen():
    explorer = image_explorer()
    for choice in explorer.choices():
        drawing = explorer.frame(**choice)
        runs = re.findall(r"M([-\d.]+) [\d.]+h([\d.]+)\"/></g>", drawing.body)
        cells = [(float(x), float(x) + float(size)) for x, size in runs]
        assert min(x for x, _ in cells) >= 0
        assert max(end for _, end in cells) <= WIDTH
        texts = re.findall(r"<text[^>]*>([^<]*)<", drawing.body)
        assert max(map(len, texts)) <= 54


# --- the explorer of plans


def sample(data):
    return explore._plan_lengths(data)


def batches_of(policy, k, lengths):
    """The plan of a frame as one ``(slots, padded length)`` a batch, and its number of shapes."""
    longest = int(lengths.max())
    plan = {
        "one length": lambda: fixed(64, 8, lengths=lengths),
        "as they come": lambda: fixed(64, 8, lengths=lengths),
        "length-grouped": lambda: grouped(lengths, 8, window=4),
        "quantile buckets": lambda: bucketed(lengths, 8, quantile_ladder(lengths, k), tail="even"),
        "optimal ladder": lambda: bucketed(lengths, 8, ladder(lengths, k), tail="even"),
        "token budget": lambda: token_budget(lengths, 8 * longest),
        "packed": lambda: packed(lengths, 2 * longest, 4),
    }[policy]()
    width = {"one length": longest, "packed": 2 * longest}.get(policy)
    widths = [width] * len(plan) if width else plan.padded_lengths.tolist()
    return list(zip(plan.sizes.tolist(), widths, strict=True))


def least_of(lengths):
    order = sorted(lengths.tolist(), reverse=True)
    return {
        "LSTM": sum(max(order[i : i + 8]) for i in range(0, 64, 8)),
        "Conv1D": sum(order),
        "attention": sum(length * length for length in order),
    }


PAYS = {
    "LSTM": lambda slots, width: width,
    "Conv1D": lambda slots, width: slots * width,
    "attention": lambda slots, width: slots * width * width,
}


@pytest.mark.parametrize("choice", plan_explorer().choices(), ids=str)
def test_a_plan_frame_says_what_its_batches_cost(choice):
    policy, lengths = choice["policy"], sample(choice["data"])
    batches, least = batches_of(policy, choice["buckets"], lengths), least_of(lengths)
    drawing = plan_explorer().frame(**choice)
    costs = {m: sum(itertools.starmap(PAYS[m], batches)) / least[m] for m in PAYS}
    rows = re.findall(r'<text x="4" y="(\d+)">(LSTM|Conv1D|attention)</text>', drawing.body)
    assert [model for _, model in rows] == list(PAYS)
    beside = dict(re.findall(r'y="(\d+)" font-weight="700">([\d.]+)</text>', drawing.body))
    bars = {
        int(y) + 10: (float(size), float(back))
        for y, size, back in re.findall(r'd="M68 (\d+)h([\d.]+)v12h-([\d.]+)z"', drawing.body)
    }
    ones = re.search(r'stroke-width:1.5"><path d="([^"]*)"', drawing.body)[1]
    (one,) = {float(x) - 68 for x in re.findall(r"M([\d.]+) ", ones)}
    for y, model in rows:
        if policy == "packed" and model != "attention":
            assert y not in beside
            assert int(y) not in bars
            part = {"LSTM": "state", "Conv1D": "window"}[model]
            assert f'y="{y}">no: its {part} runs on from row to row</text>' in drawing.body
            assert f"{model}, its {part} runs on from row to row" in drawing.alt
            continue
        assert beside[y] == f"{costs[model]:.2f}"
        assert f"{model} {costs[model]:.2f}" in drawing.alt
        size, back = bars[int(y)]
        assert size == back
        assert size == pytest.approx(one * costs[model], abs=0.2, rel=0.01)
        assert size + 74 + 6.8 * len(beside[y]) <= WIDTH
    counts = f"{len(batches)} batches, {len(set(batches))} shape{'s' * (len(set(batches)) > 1)}"
    assert f">{counts}; padded over true: {costs['Conv1D']:.2f}</text>" in drawing.body
    assert f"{len(batches)} batches of " in drawing.alt
    assert f"{costs['Conv1D']:.2f} cells computed for each true one" in drawing.alt
    # the blocks stand under the figures
    shapes = re.findall(r">(\d+) × (\d+)[,<]", drawing.body)
    assert [(int(slots), int(width)) for slots, width in shapes] == batches


def test_the_number_of_buckets_has_an_effect_only_where_there_are_buckets():
    explorer = plan_explorer()
    for policy, data in itertools.product(explore.POLICIES, ("Japanese Vowels", "log-normal")):
        drawings = [explorer.frame(policy=policy, buckets=k, data=data) for k in (1, 2, 4, 8)]
        if policy in ("quantile buckets", "optimal ladder"):
            assert len({drawing.body for drawing in drawings}) == 4
            assert [drawing.alt.split(" in ")[0].split(",")[0] for drawing in drawings] == [
                f"{policy.capitalize()} ({k})" for k in (1, 2, 4, 8)
            ]
            some = ladder if policy == "optimal ladder" else quantile_ladder
            for k, drawing in zip((1, 2, 4, 8), drawings, strict=True):
                lengths = ", ".join(map(str, some(sample(data), k)))
                assert f">padded to {lengths}</text>" in drawing.body
            continue
        assert len(set(drawings)) == 1
        said = "no buckets" if policy == "packed" else "the number of buckets has no effect"
        assert f"{said}</text>" in drawings[0].body


def test_more_boundaries_cost_less_and_one_is_one_length_for_all():
    explorer = plan_explorer()
    for data in ("Japanese Vowels", "log-normal"):
        frames = [
            explorer.frame(policy="optimal ladder", buckets=k, data=data) for k in (1, 2, 4, 8)
        ]
        costs = [float(re.search(r"padded over true: ([\d.]+)", f.body)[1]) for f in frames]
        assert costs == sorted(costs, reverse=True)
        one = explorer.frame(policy="one length", buckets=1, data=data)
        assert one.body.split("batch 1<")[1] == frames[0].body.split("batch 1<")[1]


def test_plan_frames_share_a_scale():
    for data in ("Japanese Vowels", "log-normal"):
        steps = {}
        for choice in plan_explorer().choices():
            if choice["data"] == data:
                body = plan_explorer().frame(**choice).body
                true = re.findall(r'stroke:var\(--shape-time[^"]*"><path d="([^"]*)"', body)
                sizes = [float(size) for path in true for size in re.findall(r"h([\d.]+)", path)]
                assert len(sizes) == 64
                steps.setdefault(choice["policy"], set()).add(
                    round(sum(sizes) / sample(data).sum(), 3)
                )
        (half,) = steps.pop("packed")
        whole = set.union(*steps.values())
        assert max(whole) - min(whole) < 0.005
        assert half == pytest.approx(min(whole) / 2, abs=0.005)


def test_the_plan_explorer_says_what_it_shows():
    explorer = plan_explorer()
    assert explorer.default == {"policy": "optimal ladder", "buckets": 4, "data": "Japanese Vowels"}
    assert len(explorer.choices()) == 56
    assert repr(explorer) == (
        "Optimal ladder (4), Japanese Vowels: 64 rows of 7 to 24 steps in 11 batches of 6 rows, "
        "padded to 12 to 24 steps: 1.13 cells computed for each true one, 4 shapes; 2 padding "
        "slots. Cost over the least: LSTM 1.43; Conv1D 1.13; attention 1.22."
    )
    assert len({explorer.frame(**choice).alt for choice in explorer.choices()}) == 2 * (5 + 2 * 4)
    html = explorer.html()
    assert len(html.encode()) < 120_000
    assert not re.search(r"https?:|//\w", html)
    assert all(len(sample(data)) == 64 for data in ("Japanese Vowels", "log-normal"))


@pytest.mark.parametrize("choice", plan_explorer().choices(), ids=str)
def test_plan_frames_fit_a_narrow_screen_and_their_words_stand_apart(choice):
    drawing = plan_explorer().frame(**choice)
    head, down, blocks = re.split(r'<g transform="translate\(0 (\d+)\)">', drawing.body)
    texts = [
        (float(x), float(y) + shift, len(re.sub("<[^>]*>", "", words)) * (7.3 if bold else 6.9))
        for part, shift in ((head, 0), (blocks, int(down)))
        for x, y, bold, words in re.findall(
            r'<text x="([\d.]+)" y="([\d.]+)"( font-weight="700")?>(.*?)</text>', part
        )
    ]
    assert len(texts) > 10
    assert all(x + size <= WIDTH for x, _, size in texts)
    assert max(y for _, y, _ in texts) < drawing.height
    for (x, y, size), (other, line, more) in itertools.combinations(texts, 2):
        assert abs(y - line) >= 14 or x + size <= other or other + more <= x
    runs = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", blocks)
    assert max(float(x) + float(size) for x, _, size in runs) <= WIDTH
    assert max(float(y) + int(down) for _, y, _ in runs) < drawing.height
    # no number stands on the line that marks the least
    one = float(re.search(r'stroke-width:1.5"><path d="M([\d.]+)', head)[1])
    numbers = re.findall(r'<text x="([\d.]+)" y="\d+" font-weight="700">[\d.]+</text>', head)
    assert all(float(x) > one for x in numbers)


# --- the explorer of fitting


def fitted(image, way, side):
    return fit_explorer().frame(image=image, way=way, side=side)


BRICK, GRAVEL, GRASS = fit_explorer().controls[0].values
SAME, KEPT = "height × 1.00, width × 1.00", "aspect and true size kept"


@pytest.mark.parametrize(
    ("choice", "shape", "scales", "padding", "lost", "verdict"),
    [
        # a third of 96 columns has no room in 64
        (
            (BRICK, "resize", 64),
            "(64, 64, 1)",
            "height × 1.60, width × 0.67",
            0,
            33,
            "distorted: 2.4 times as high for its width",
        ),
        # 40 of 88 rows have no room in 48
        (
            (GRAVEL, "resize", 48),
            "(48, 48, 1)",
            "height × 0.55, width × 1.20",
            0,
            45,
            "distorted: 2.2 times as wide for its height",
        ),
        (
            (GRASS, "resize", 64),
            "(64, 64, 1)",
            "height × 1.14, width × 1.14",
            0,
            0,
            "aspect kept, true size not",
        ),
        # 40 × 96 becomes 27 × 64: 37 of 64 rows are padding, and 1728 of 3840 pixels are left
        (
            (BRICK, "letterbox", 64),
            "(64, 64, 1)",
            "height × 0.68, width × 0.67",
            58,
            55,
            "aspect kept, true size not",
        ),
        # 88 × 40 becomes 32 × 15
        (
            (GRAVEL, "letterbox", 32),
            "(32, 32, 1)",
            "height × 0.36, width × 0.38",
            53,
            86,
            "aspect kept, true size not",
        ),
        # 3840 of 64 · 96, then of 48 · 96 and of 64 · 128
        ((BRICK, "pad to bucket", 32), "(64, 96, 1)", SAME, 38, 0, KEPT),
        ((BRICK, "pad to bucket", 48), "(48, 96, 1)", SAME, 17, 0, KEPT),
        ((BRICK, "pad to bucket", 64), "(64, 128, 1)", SAME, 53, 0, KEPT),
        ((GRASS, "pad to bucket", 48), "(96, 96, 1)", SAME, 66, 0, KEPT),
        # 40 · 64 of 40 · 96 are left, and 24 of 64 rows are padding
        ((BRICK, "crop", 64), "(64, 64, 1)", SAME, 38, 33, f"{KEPT}, the edges gone"),
        ((GRAVEL, "crop", 32), "(32, 32, 1)", SAME, 0, 71, f"{KEPT}, the edges gone"),
        ((GRASS, "crop", 64), "(64, 64, 1)", SAME, 23, 0, KEPT),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_fit_frame_says_what_it_took(choice, shape, scales, padding, lost, verdict):
    drawing = fitted(*choice)
    shares = f"padding {padding}%; pixels lost {lost}%"
    assert drawing.alt.endswith(f": {shape}; {scales}; {shares}; {verdict}.")
    for words in (f"after: {shape}", scales, f"{padding}%", f"{lost}%", verdict):
        assert f">{words}</text>" in drawing.body
    bars = re.findall(r'd="M84 (\d+)h([\d.]+)v12h-([\d.]+)z"', drawing.body)
    assert all(there == back for _, there, back in bars)
    drawn = {y: float(size) / 1.8 for y, size, _ in bars}
    assert drawn.get("44", 0) == pytest.approx(padding, abs=0.6)
    assert drawn.get("62", 0) == pytest.approx(lost, abs=0.6)


@pytest.mark.parametrize("choice", fit_explorer().choices(), ids=str)
def test_the_shares_of_a_fit_are_those_of_its_pixels(choice):
    before, way, side = explore._crop(choice["image"]), choice["way"], choice["side"]
    fit = explore._fit(before, way, side)
    marked = explore._fit(np.ones(before.shape), way, side)
    assert marked.padding == pytest.approx((marked.image == 0).mean())
    assert (marked.image[: fit.size[0], : fit.size[1]] == 1).all()
    top, left, bottom, right = fit.kept
    if way in ("crop", "pad to bucket"):
        assert fit.image[: fit.size[0], : fit.size[1]].tolist() == (
            before[top:bottom, left:right].tolist()
        )
        assert fit.lost == pytest.approx(1 - (bottom - top) * (right - left) / before.size)
        assert abs(top - (before.shape[0] - bottom)) <= 1
        assert abs(left - (before.shape[1] - right)) <= 1
    if way == "pad to bucket":
        assert all(n % side == 0 for n in fit.image.shape)
        assert all(0 <= n - m < side for n, m in zip(fit.image.shape, before.shape, strict=True))
        assert fit.lost == 0
    else:
        assert fit.image.shape == (side, side)
    if way == "letterbox":
        assert max(fit.size) == side
    distorted = way == "resize" and choice["image"] != GRASS
    assert ("distorted" in fitted(**choice).alt) == distorted


@pytest.mark.parametrize("choice", fit_explorer().choices()[:6], ids=str)
def test_what_is_resized_is_resized_as_by_keras(choice):
    import keras

    for image in (BRICK, GRAVEL, GRASS):
        before = explore._crop(image)
        fit = explore._fit(before, choice["way"], choice["side"])
        resized = keras.layers.Resizing(*fit.size)(before[..., None].astype("float32"))
        wanted = keras.ops.convert_to_numpy(resized)[..., 0]
        size = fit.size
        np.testing.assert_allclose(fit.image[: size[0], : size[1]], wanted, atol=0.01)


def test_the_letterbox_has_the_size_of_the_helper():
    from helpers.augmentation import fitted_size

    for shape in itertools.product((1, 3, 40, 56, 57, 88), repeat=2):
        for side in (1, 32, 45, 64):
            fit = explore._fit(np.ones(shape), "letterbox", side)
            assert fit.size == fitted_size(shape, (side, side))


def test_center_crop_enlarges_what_is_too_small():
    import keras

    image = np.ones((40, 96, 1), "float32")
    cropped = keras.ops.convert_to_numpy(keras.layers.CenterCrop(64, 64)(image))
    assert cropped.shape == (64, 64, 1)
    assert cropped.min() > 0.99  # enlarged: no row is padding
    assert "Keras's CenterCrop enlarges the image" in fit_explorer().caption


def test_the_fit_explorer_says_what_it_shows():
    explorer = fit_explorer()
    assert repr(explorer) == (
        "Brick, 40 × 96, resize to 64 × 64: (64, 64, 1); height × 1.60, width × 0.67; padding 0%; "
        "pixels lost 33%; distorted: 2.4 times as high for its width."
    )
    assert len(explorer.choices()) == 36
    assert len({explorer.frame(**choice).alt for choice in explorer.choices()}) == 36
    html = explorer.html()
    assert len(html.encode()) < 100_000
    assert not re.search(r"https?:|//\w", re.sub(r"base64,[\w+/=]+", "", html))
    # the image before stands once among the parts, whatever becomes of it
    parts = stored(html)["parts"]
    images = [part for part in parts if part.startswith("<image")]
    assert len(images) == len(set(images)) < 3 * 10


@pytest.mark.parametrize("choice", fit_explorer().choices(), ids=str)
def test_fit_frames_fit_a_narrow_screen(choice):
    drawing = fitted(**choice)
    head, body = drawing.body.split('<g transform="translate(0 84)">')
    assert body.count("<image") == 2
    frames = [
        tuple(map(float, box))
        for box in re.findall(
            r"fill:none;stroke:var\(--shape-padding[^\"]*\" "
            r"d=\"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)",
            body,
        )
    ]
    (x, y, w, h), (left, top, wide, high) = frames
    assert y == top  # both stand in one line
    assert x + w < left
    assert left + wide <= WIDTH - 4
    assert 84 + y + max(h, high) <= drawing.height
    assert (
        max(
            float(x) + float(size)
            for x, size in re.findall(r"M(84) \d+h([\d.]+)", head) or [(0, 0)]
        )
        < 280
    )
    cut = choice["way"] == "crop" and "lost 0%" not in drawing.alt
    assert ("stroke-width:4" in body) == cut  # what the crop keeps is framed
