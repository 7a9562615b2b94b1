"""The explorer of plans: its batches and its costs are those of a naive count."""

import functools
import itertools
import re

import pytest

from helpers.batching import (
    bucketed,
    fixed,
    grouped,
    ladder,
    packed,
    quantile_ladder,
    token_budget,
)
from helpers.explore import POLICIES, plan_explorer
from helpers.explore.plan import lengths_of
from helpers.figures import WIDTH

EXPLORER = plan_explorer()
CHOICES = EXPLORER.choices()
BUCKETS = range(1, 7)


@functools.cache
def drawn(**choice):
    return EXPLORER.frame(**choice)


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


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_a_plan_frame_says_what_its_batches_cost(choice):
    policy, lengths = choice["policy"], lengths_of(choice["data"])
    batches, least = batches_of(policy, choice["buckets"], lengths), least_of(lengths)
    drawing = drawn(**choice)
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
    for policy, data in itertools.product(POLICIES, ("Japanese Vowels", "log-normal")):
        drawings = [drawn(policy=policy, buckets=k, data=data) for k in BUCKETS]
        if policy in ("quantile buckets", "optimal ladder"):
            assert len({drawing.body for drawing in drawings}) == 6
            assert [drawing.alt.split(" in ")[0].split(",")[0] for drawing in drawings] == [
                f"{policy.capitalize()} ({k})" for k in BUCKETS
            ]
            some = ladder if policy == "optimal ladder" else quantile_ladder
            for k, drawing in zip(BUCKETS, drawings, strict=True):
                lengths = ", ".join(map(str, some(lengths_of(data), k)))
                assert f">padded to {lengths}</text>" in drawing.body
            continue
        assert len(set(drawings)) == 1
        said = "no buckets" if policy == "packed" else "the number of buckets has no effect"
        assert f"{said}</text>" in drawings[0].body


def test_more_boundaries_cost_less_and_one_is_one_length_for_all():
    for data in ("Japanese Vowels", "log-normal"):
        frames = [drawn(policy="optimal ladder", buckets=k, data=data) for k in BUCKETS]
        costs = [float(re.search(r"padded over true: ([\d.]+)", f.body)[1]) for f in frames]
        assert costs == sorted(costs, reverse=True)
        one = drawn(policy="one length", buckets=1, data=data)
        assert one.body.split("batch 1<")[1] == frames[0].body.split("batch 1<")[1]


def test_plan_frames_share_a_scale():
    for data in ("Japanese Vowels", "log-normal"):
        steps = {}
        for choice in CHOICES:
            if choice["data"] == data:
                body = drawn(**choice).body
                true = re.findall(r'stroke:var\(--shape-time[^"]*"><path d="([^"]*)"', body)
                sizes = [float(size) for path in true for size in re.findall(r"h([\d.]+)", path)]
                assert len(sizes) == 64
                steps.setdefault(choice["policy"], set()).add(
                    round(sum(sizes) / lengths_of(data).sum(), 3)
                )
        (half,) = steps.pop("packed")
        whole = set.union(*steps.values())
        assert max(whole) - min(whole) < 0.005
        assert half == pytest.approx(min(whole) / 2, abs=0.005)


def test_the_plan_explorer_says_what_it_shows():
    assert EXPLORER.default == {"policy": "optimal ladder", "buckets": 5, "data": "log-normal"}
    assert len(CHOICES) == 84
    assert repr(EXPLORER) == (
        "Optimal ladder (5), log-normal: 64 rows of 4 to 263 steps in 9 batches of 3 to 8 rows, "
        "padded to 24 to 263 steps: 1.27 cells computed for each true one, 5 shapes; 3 padding "
        "slots. Cost over the least: LSTM 1.24; Conv1D 1.27; attention 1.38."
    )
    assert len({drawn(**choice).alt for choice in CHOICES}) == 2 * (5 + 2 * 6)
    html = EXPLORER.html()
    assert len(html.encode()) < 120_000
    assert not re.search(r"https?:|//\w", html)
    assert all(len(lengths_of(data)) == 64 for data in ("Japanese Vowels", "log-normal"))


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_plan_frames_fit_a_narrow_screen_and_their_words_stand_apart(choice):
    drawing = drawn(**choice)
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
