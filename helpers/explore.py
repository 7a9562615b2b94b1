"""Explorers: interactive figures with one pure function behind two renderings.

An `Explorer` has controls and a function ``frame(**choice)`` that draws the figure for one choice
of values. With a kernel it shows ipywidgets; in a stored notebook and in the static site it is a
``<figure>`` of plain HTML whose frames were all drawn beforehand, swapped by a few lines of script.
Both show the same frames of the same function.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

import numpy as np

from helpers.batching import (
    bucketed,
    fixed,
    grouped,
    ladder,
    packed,
    quantile_ladder,
    token_budget,
)
from helpers.batching import lengths as row_lengths
from helpers.data import digit_strings, japanese_vowels, random_lengths, textures
from helpers.figures import (
    Drawing,
    column_spans,
    css,
    describe_plan,
    draw_batches,
    draw_columns,
    draw_photos,
    draw_plan,
    figcaption,
    step_cells,
    svg_element,
)
from helpers.padding import fitted_size, pad


@dataclass(frozen=True)
class Control:
    """One control of an explorer.

    Attributes:
        name: the argument of the frame function that it sets.
        label: what the reader sees beside it.
        values: the values it can take; numbers make a slider, anything else a list to pick from.
        default: the value it starts with.
    """

    name: str
    label: str
    values: Sequence[Hashable]
    default: Hashable

    def __post_init__(self):
        if not self.values:
            raise ValueError(f"values of control {self.name!r} must not be empty")
        if self.default not in self.values:
            raise ValueError(
                f"default of control {self.name!r} must be one of its values "
                f"{list(self.values)}; got {self.default!r}"
            )

    @property
    def is_slider(self) -> bool:
        """Whether all values are numbers, so that the control is a slider."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)


# One listener for every explorer's own figure: it finds its parts inside the figure that holds the
# script, so that explorers do not collide and need no ids. `frames` is a list of [text, parts] in
# the order of the controls' values, the last control running fastest; a part is the number of an
# SVG element in `parts`, because frames have most of their elements in common.
_SCRIPT = """(function(){
var figure=document.currentScript.closest("figure"),
find=function(q){return figure.querySelectorAll(q)},
data=JSON.parse(find("script[type='application/json']")[0].textContent),
inputs=[].slice.call(find("input,select"));
function show(){
var at=0,svg=find("svg")[0];
inputs.forEach(function(c,i){
at=at*data.values[i].length+Number(c.value);
var v=data.values[i][c.value];
if(c.type==="range"){c.setAttribute("aria-valuetext",v);
c.parentNode.querySelector("output").textContent=v}});
var text=data.frames[at][0];
svg.setAttribute("aria-label",text);
svg.querySelector("g").innerHTML=
data.frames[at][1].map(function(i){return data.parts[i]}).join("");
find("[aria-live]")[0].textContent=text}
inputs.forEach(function(c){c.addEventListener("input",show)});
find("[hidden]").forEach(function(e){e.hidden=false});
show()})()"""


@dataclass(frozen=True)
class Explorer:
    """An interactive figure: controls, and a pure function that draws one frame.

    Attributes:
        frame: called with one keyword argument per control; returns a `Drawing`.
        controls: the controls, in the order in which they stand.
        title: first words of the caption.
        caption: the caption.

    Example:
        >>> tail_explorer().default
        {'batch_size': 32, 'rows': 105, 'tail': 'keep'}
    """

    frame: Callable[..., Drawing]
    controls: tuple[Control, ...]
    title: str = ""
    caption: str = ""

    @property
    def default(self) -> dict[str, Any]:
        """The choice that is shown first."""
        return {control.name: control.default for control in self.controls}

    def choices(self) -> list[dict[str, Any]]:
        """Every choice, the last control running fastest."""
        names = [control.name for control in self.controls]
        every = itertools.product(*(control.values for control in self.controls))
        return [dict(zip(names, values, strict=True)) for values in every]

    def html(self) -> str:
        """The static rendering: a ``<figure>`` that needs no kernel, no network and no library."""
        frames = [self.frame(**choice) for choice in self.choices()]
        first = self.frame(**self.default)
        height = max(frame.height for frame in frames)
        key = _key(f"{self.title}{self.caption}{first.body}{len(frames)}")
        numbers: dict[str, int] = {}  # SVG element -> its number, in order of appearance
        packed_frames = []
        for frame in frames:
            body = frame.body.replace("url(#hatch)", f"url(#{key}-hatch)")
            elements = re.split("(?=<[a-z])", body)
            packed_frames.append(
                [frame.alt, [numbers.setdefault(e, len(numbers)) for e in elements if e]]
            )
        data = {
            "values": [list(control.values) for control in self.controls],
            "parts": list(numbers),
            "frames": packed_frames,
        }
        packed = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
        return (
            f'<figure class="re-figure re-explorer"><div class="re-controls" hidden>'
            f"{''.join(map(_control_html, self.controls))}</div>"
            f"{svg_element(first.body, first.width, height, first.alt, key)}"
            f'<p class="re-said" aria-live="polite">{escape(first.alt)}</p>'
            f"{figcaption(self.title, self.caption)}"
            f'<script type="application/json">{packed}</script>'
            f"<script>{_SCRIPT}</script></figure>"
        )

    def widget(self):
        """The rendering with a kernel: an ipywidgets box of the controls above the frame.

        Returns:
            An ``ipywidgets.VBox``; its last child is the ``HTML`` widget with the frame.
        """
        import ipywidgets as w

        style = {"description_width": "initial"}
        boxes = [
            (w.SelectionSlider if control.is_slider else w.Dropdown)(
                options=list(control.values),
                value=control.default,
                description=control.label,
                style=style,
            )
            for control in self.controls
        ]
        shown = w.HTML()

        def show(_=None) -> None:
            choice = {c.name: box.value for c, box in zip(self.controls, boxes, strict=True)}
            drawing = self.frame(**choice)
            caption = figcaption(self.title, self.caption)
            shown.value = f"<figure>{drawing.svg}<p>{escape(drawing.alt)}</p>{caption}</figure>"

        for box in boxes:
            box.observe(show, names="value")
        show()
        return w.VBox([*boxes, shown])

    def __repr__(self) -> str:
        return self.frame(**self.default).alt

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        bundle = {"text/plain": repr(self), "text/html": self.html()}
        if _has_kernel():
            bundle["application/vnd.jupyter.widget-view+json"] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.widget().model_id,
            }
        return bundle


def tail_explorer() -> Explorer:
    """Explore what becomes of the last batch: batch size, number of rows and tail policy.

    Returns:
        An `Explorer` of the plans of `helpers.batching.fixed`.
    """

    def frame(batch_size: int, rows: int, tail: str) -> Drawing:
        plan = fixed(rows, batch_size, tail=tail)
        return draw_plan(plan, alt=f'tail="{tail}": {describe_plan(plan)}')

    return Explorer(
        frame,
        (
            Control("batch_size", "Batch size", (16, 24, 32, 48, 64), 32),
            Control("rows", "Rows", (64, 96, 97, 105, 128), 105),
            Control("tail", "Tail", ("keep", "drop", "pad", "wrap"), "keep"),
        ),
        title="What becomes of the last batch",
        caption=(
            "Every line is a batch and every cell one of its slots. Hatched cells are padding, "
            "cells with a bar along the top show a row again, and outlined cells are rows that "
            "the epoch never shows."
        ),
    )


LEAK, BIAS = 0.5, 1.0
"""The recurrence of `mask_explorer`: state = 0.5 state + input + 1, from 0."""

_SEQUENCES = ([2, 1, 3, 1, 2], [3, 1, 2])


def leaky_states(inputs: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Run the smallest recurrent layer there is, by the rule by which Keras treats a mask.

    The state begins at 0; a step makes it 0.5 state + input + 1. A masked step is skipped: it
    carries the state over. This is `SimpleRNN` with one unit and a linear activation.

    Args:
        inputs: numbers ``(batch, time)``.
        mask: bool ``(batch, time)``, True where a step is real; None masks nothing.

    Returns:
        The state after every step, float64 ``(batch, time)``.

    Raises:
        TypeError: ``mask`` is not bool.
        ValueError: ``inputs`` is not ``(batch, time)``, or ``mask`` has another shape.

    Example:
        >>> leaky_states([[3, 1, 0]], [[True, True, False]]).tolist()
        [[4.0, 4.0, 4.0]]
    """
    inputs = np.asarray(inputs, dtype="float64")
    if inputs.ndim != 2:
        raise ValueError(f"inputs: expected (batch, time), got shape {inputs.shape}")
    mask = np.ones(inputs.shape, dtype=bool) if mask is None else np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask: expected bool, got dtype {mask.dtype}")
    if mask.shape != inputs.shape:
        raise ValueError(f"mask: expected the inputs' shape {inputs.shape}, got {mask.shape}")
    states, state = np.zeros(inputs.shape), np.zeros(len(inputs))
    for t in range(inputs.shape[1]):
        state = np.where(mask[:, t], LEAK * state + inputs[:, t] + BIAS, state)
        states[:, t] = state
    return states


def mask_explorer() -> Explorer:
    """Explore what padding does to a recurrent layer: its side, the mask, more of it.

    Two sequences go through `leaky_states`, padded as you choose, with the mask or without it.

    Returns:
        An `Explorer` of the padded sequences, the steps that the layer takes in, the state after
        every step, and the last state beside that of the sequence alone.
    """
    return Explorer(
        _mask_frame,
        (
            Control("side", "Padding", ("post", "pre"), "post"),
            Control("mask", "Mask", ("off", "on"), "off"),
            Control("extra", "Extra steps", (0, 2, 4), 2),
        ),
        title="What a recurrent layer sees of the padding",
        caption=(
            "Filled cells are real steps, hatched cells are padding, and dashed empty cells are "
            "steps that the layer skips. Every step makes the state 0.5 state + input + 1; a "
            "skipped step carries it over. The answer is the last state; a dashed frame marks "
            "one that the padding has moved."
        ),
    )


def _mask_frame(side: str, mask: str, extra: int) -> Drawing:
    length = max(map(len, _SEQUENCES)) + extra
    inputs, real = pad([np.array(row) for row in _SEQUENCES], length, side=side)
    seen = real if mask == "on" else np.ones_like(real)
    states = leaky_states(inputs, seen)
    left, cell, parts, said, y = 56, 33, [], [], 2
    for i, row in enumerate(_SEQUENCES):
        alone, answer = leaky_states([row])[0, -1], states[i, -1]
        count = f"{len(row)} steps" + (f" + {length - len(row)} padding" * (length > len(row)))
        verdict, told = _verdict(answer, alone)
        said.append(f"sequence {i + 1} {told}")
        values = [str(value) for value in inputs[i]]
        parts.append(
            f'<text x="4" y="{y + 12}"><tspan font-weight="700">Sequence {i + 1}</tspan>, '
            f"{count}</text>"
        )
        for at, label in ((34, "padded"), (58, "sees"), (82, "state")):
            parts.append(f'<text x="4" y="{y + at}">{label}</text>')
        parts.append(step_cells(left, y + 20, cell, real[i], values))
        parts.append(step_cells(left, y + 44, cell, real[i], values, seen[i]))
        ends = "".join(
            f'<text x="{left + t * cell + 15.5}" y="{y + 82}">{state:.2f}</text>'
            for t, state in enumerate(states[i])
        )
        parts.append(f'<g text-anchor="middle">{ends}</g>')
        if verdict != "the same":
            look = f"fill:none;stroke:{css('error')};stroke-width:2;stroke-dasharray:4 2"
            box = f"M{left + (length - 1) * cell - 0.5} {y + 68}h32v19h-32z"
            parts.append(f'<path style="{look}" d="{box}"/>')
        parts.append(
            f'<text x="4" y="{y + 104}">answer {answer:.2f}, alone {alone:.2f}: '
            f'<tspan font-weight="700">{verdict}</tspan></text>'
        )
        y += 120
    how = f"{side}-padding to {length} steps, {'with the' if mask == 'on' else 'no'} mask"
    return Drawing("".join(parts), y - 6, f"{how.capitalize()}: {' and '.join(said)}.")


def _verdict(answer: float, alone: float) -> tuple[str, str]:
    """Whether padding has moved an answer: in two words, and as part of a sentence."""
    if answer == alone:
        return "the same", f"stays at {alone:.2f}"
    return "moved", f"moves from {alone:.2f} to {answer:.2f}"


STACKS = {
    "conv 3, pool 2": (("conv 3", 3, 1), ("pool 2", 2, 2)),
    "conv 3, pool 2, conv 3": (("conv 3", 3, 1), ("pool 2", 2, 2), ("conv 3", 3, 1)),
    "conv 3 strides 2, twice": (("conv 3 strides 2", 3, 2),) * 2,
    "conv 4 strides 4": (("conv 4 strides 4", 4, 4),),
}
"""The stacks of `image_explorer`: name, window and strides along the width of every layer."""

_STRINGS = {6: 5, 13: 22, 20: 81}  # width -> which of the first training strings
_VIEW = (-2, 30)  # pixels for which there is room in every frame


def image_explorer() -> Explorer:
    """Explore what becomes of an image's width on its way into a recurrent layer.

    A string of real digits, padded to the width of its batch, goes through a stack of layers.

    Returns:
        An `Explorer` of the pixels, of the columns after every layer, real ones and padding, and
        of the steps of the sequence, in the batch and for the image alone.
    """
    return Explorer(
        _image_frame,
        (
            Control("width", "Image width", tuple(_STRINGS), 13),
            Control("batch", "Batch width", (20, 24, 27), 24),
            Control("stack", "Layers", tuple(STACKS), "conv 3, pool 2"),
            Control("padding", "Padding of the layers", ("valid", "same"), "valid"),
        ),
        title="From the width of an image to the steps of a sequence",
        caption=(
            "Every column stands under the middle of the pixels that it sees; the light wedges "
            "show which ones the first and the last step see. Hatched pixels are padding, and "
            "hatched columns and steps come after the image's own."
        ),
    )


def _image_frame(width: int, batch: int, stack: str, padding: str) -> Drawing:
    layers = STACKS[stack]
    images, _ = digit_strings(_STRINGS[width] + 1)
    drawing = draw_columns(
        images[-1], layers, padded=batch, padding=padding, alone=True, view=_VIEW, ink=16
    )
    own, padded = (column_spans(n, layers, padding) for n in (width, batch))
    ways = [
        " → ".join(map(str, [n, *map(len, each)])) for n, each in ((width, own), (batch, padded))
    ]
    steps, starts = len(own[-1]), [each[-1][:1, 0] for each in (own, padded)]
    beyond = int((padded[-1][:steps, 1] > width).sum()) if batch > width else 0
    if not steps:
        least = next(n for n in itertools.count(1) if len(column_spans(n, layers, padding)[-1]))
        verdict = f"no step is left: the stack needs a width of {least}"
    elif starts[0] != starts[1]:
        verdict = f"moved: step 1 sees from pixel {starts[1][0]}, alone from {starts[0][0]}"
    elif beyond:
        see = "sees" if beyond == 1 else "see"
        verdict = f"in place, but {beyond} of {steps} steps {see} padding"
    else:
        verdict = "every step sees what it sees alone"
    verdict, y = verdict.replace("-", "−"), drawing.height
    body = "".join(
        f'<text x="4" y="{y + down:g}" font-weight="700">{words}</text>'
        for down, words in ((12, f"width {ways[0]}"), (28, verdict))
    )
    said = f"{stack.capitalize()}, {padding}: width {ways[0]}, batch {ways[1]}; {verdict}."
    return Drawing(drawing.body + body, y + 34, said)


_ROWS, _BATCH = 64, 8  # what `plan_explorer` plans: enough to see, few enough to draw
_BUCKETED = ("quantile buckets", "optimal ladder")  # the policies that have buckets
POLICIES = {
    "one length": lambda lengths, k: bucketed(lengths, _BATCH, [lengths.max()]),
    "as they come": lambda lengths, k: fixed(_ROWS, _BATCH, lengths=lengths),
    "length-grouped": lambda lengths, k: grouped(lengths, _BATCH, window=4),
    "quantile buckets": lambda lengths, k: bucketed(
        lengths, _BATCH, quantile_ladder(lengths, k), tail="even"
    ),
    "optimal ladder": lambda lengths, k: bucketed(lengths, _BATCH, ladder(lengths, k), tail="even"),
    "token budget": lambda lengths, k: token_budget(lengths, _BATCH * int(lengths.max())),
    "packed": lambda lengths, k: packed(lengths, 2 * int(lengths.max()), _BATCH // 2),
}
"""The plans of `plan_explorer`, each of the lengths of 64 rows and a number of buckets."""

_MODELS = {"LSTM": "steps", "Conv1D": "linear", "attention": "quadratic"}  # what each pays
_RUNS_ON = {"LSTM": "state", "Conv1D": "window"}  # why these two cannot take packed rows


def plan_explorer() -> Explorer:
    """Explore how rows of varying length share batches, and what it costs.

    The same 64 rows are planned by every policy of `helpers.batching`, in batches of at most 8 rows
    or of as many steps.

    Returns:
        An `Explorer` of the batches, drawn to scale, the number of shapes, and what an epoch of
        an LSTM, of a convolution and of attention costs over the least that it could cost.
    """
    return Explorer(
        _plan_frame,
        (
            Control("policy", "Policy", tuple(POLICIES), "optimal ladder"),
            Control("buckets", "Buckets", (1, 2, 4, 8), 4),
            Control("data", "Rows", ("Japanese Vowels", "log-normal"), "Japanese Vowels"),
        ),
        title="How rows share batches, and what that costs",
        caption=(
            "Every block is a batch, as wide as the length it is padded to and as high as its "
            "rows; hatched is padding, and beside it stands its shape, rows × steps. The upright "
            "line marks a cost of 1, the least. An LSTM pays for every step of a batch, however "
            "many rows it has: its least is that of sorted rows in batches of 8, and larger "
            "batches go below it. Conv1D pays for every cell and attention for the square of every "
            "length: their least is that of no padding at all."
        ),
    )


@lru_cache
def _plan_lengths(data: str) -> np.ndarray:
    if data == "log-normal":
        return random_lengths(_ROWS)
    rows = row_lengths(japanese_vowels()[0])
    return rows[np.random.default_rng(0).permutation(len(rows))[:_ROWS]]


def _least_costs(lengths: np.ndarray) -> dict[str, int]:
    """What an epoch costs at least: sorted batches of 8 for steps, no padding for the others."""
    longest_first = np.sort(lengths)[::-1]
    steps, cells = longest_first[::_BATCH].sum(), lengths.sum()
    return {"steps": int(steps), "linear": int(cells), "quadratic": int((lengths**2).sum())}


def _plan_frame(policy: str, buckets: int, data: str) -> Drawing:
    lengths = _plan_lengths(data)
    plan, least = POLICIES[policy](lengths, buckets), _least_costs(lengths)
    longest, shapes = int(lengths.max()), len(plan.shapes)
    note = "the number of buckets has no effect"
    if policy in _BUCKETED:
        note = f"padded to {', '.join(map(str, plan.boundaries))}"
    elif policy == "packed":
        note = f"in lines of {plan.capacity} steps, half the scale; no buckets"
    cells = plan.cost("linear") / least["linear"]
    counts = f"{len(plan)} batches, {shapes} shape{'s' * (shapes != 1)}"
    parts = [
        f'<text x="4" y="14" font-weight="700">{counts}; padded over true: {cells:.2f}</text>',
        f'<text x="4" y="31">{note}</text>',
        '<text x="4" y="54">cost over the least (LSTM: of batches of 8)</text>',
    ]
    dearest = [POLICIES[name](lengths, 1) for name in ("one length", "packed")]
    scale = 240 / max(each.cost(kind) / least[kind] for each in dearest for kind in least)
    told, line, y = [], "", 60
    for model, kind in _MODELS.items():
        parts.append(f'<text x="4" y="{y + 12}">{model}</text>')
        if policy == "packed" and model in _RUNS_ON:
            words = f"no: its {_RUNS_ON[model]} runs on from row to row"
            parts.append(f'<text x="68" y="{y + 12}">{words}</text>')
            told.append(f"{model}, {words[4:]}")
        else:
            cost = plan.cost(kind) / least[kind]
            size = round(cost * scale, 1)
            after = max(size, scale) + 74  # never on the line that marks the least
            parts.append(
                f'<g style="fill:{css("batch")}"><path d="M68 {y + 2}h{size}v12h-{size}z"/></g>'
                f'<text x="{after:.1f}" y="{y + 12}" font-weight="700">{cost:.2f}</text>'
            )
            line += f"M{68 + scale:.1f} {y - 1}v18"
            told.append(f"{model} {cost:.2f}")
        y += 18
    parts.append(
        f'<g style="fill:none;stroke:currentColor;stroke-width:1.5"><path d="{line}"/></g>'
    )
    batches = draw_batches(plan, longest=2 * longest if policy == "packed" else longest)
    parts.append(f'<g transform="translate(0 {y + 12})">{batches.body}</g>')
    how = policy + f" ({buckets})" * (policy in _BUCKETED)
    said = f"{how.capitalize()}, {data}: {batches.alt} Cost over the least: {'; '.join(told)}."
    return Drawing("".join(parts), y + 12 + batches.height, said)


_CROPS = {
    "brick, 40 × 96": ("brick", 40, 96),
    "gravel, 88 × 40": ("gravel", 88, 40),
    "grass, 56 × 56": ("grass", 56, 56),
}
_WAYS = ("resize", "letterbox", "pad to bucket", "crop")
_FIT_SCALE = 1.35  # at which the widest image has room beside the widest bucket
_STRETCHED = 1.05  # from here on an aspect is changed, not rounded


def fit_explorer() -> Explorer:
    """Explore what it takes to bring an image into a shape: resize, letterbox, bucket or crop.

    Returns:
        An `Explorer` of a crop of a texture before and after, of the share of padding and of lost
        pixels, and of what became of its scale and its aspect.
    """
    return Explorer(
        _fit_frame,
        (
            Control("image", "Image", tuple(_CROPS), "brick, 40 × 96"),
            Control("way", "Way", _WAYS, "resize"),
            Control("side", "Slot or bucket step", (32, 48, 64), 64),
        ),
        title="One image on its way into a slot",
        caption=(
            "Before and after at one scale; hatched is padding. Resize and letterbox scale the "
            "image to a square slot, the letterbox by one number for both axes. Buckets have "
            "multiples of a step as height and width, and the image goes into the smallest that "
            "holds it. Crop takes the framed middle and pads an axis that is too short, where "
            "Keras's CenterCrop enlarges the image. Lost are the pixels that are cut off, and "
            "those for which a shrunk axis has no room."
        ),
    )


class _Fitted(NamedTuple):
    """An image in another shape, and what that took."""

    image: np.ndarray  # (height, width), padded with 0
    size: tuple[int, int]  # without the padding
    scales: tuple[float, float]  # of height and width
    kept: tuple[int, int, int, int]  # of the image before: top, left, bottom and right
    padding: float  # share of the result
    lost: float  # share of the image before


def _fit(image: np.ndarray, way: str, side: int) -> _Fitted:
    """Bring an image into a square slot of a side, or into a bucket of multiples of it."""
    before, slot = image.shape, (side, side)
    size, top, left = before, 0, 0
    if way == "resize":
        size = slot
    elif way == "letterbox":
        size = fitted_size(before, slot)
    elif way == "pad to bucket":
        slot = tuple(-(-n // side) * side for n in before)
    else:
        size = tuple(min(n, side) for n in before)
        top, left = ((n - real) // 2 for n, real in zip(before, size, strict=True))
    scales, kept, room = (1.0, 1.0), (0, 0, *before), np.prod(size)
    if way in ("resize", "letterbox"):
        real = _bilinear(image, size)
        scales = tuple(real_n / n for real_n, n in zip(size, before, strict=True))
        room = np.prod([min(pair) for pair in zip(size, before, strict=True)])
    else:
        kept = (top, left, top + size[0], left + size[1])
        real = image[kept[0] : kept[2], kept[1] : kept[3]]
    out = np.zeros(slot)
    out[: size[0], : size[1]] = real
    padding = 1 - np.prod(size) / np.prod(slot)
    return _Fitted(out, size, scales, kept, float(padding), float(1 - room / np.prod(before)))


def _bilinear(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image as Keras's `Resizing` does: between the two nearest pixels of each axis."""
    for axis, to in enumerate(size):
        count = image.shape[axis]
        at = np.clip((np.arange(to) + 0.5) * count / to - 0.5, 0, count - 1)
        low = np.floor(at).astype(int)
        share = np.expand_dims(at - low, 1 - axis)
        above = np.take(image, np.minimum(low + 1, count - 1), axis)
        image = np.take(image, low, axis) * (1 - share) + above * share
    return image


@lru_cache
def _crop(image: str) -> np.ndarray:
    name, high, wide = _CROPS[image]
    return textures()[name][200 : 200 + high, 20 : 20 + wide]


def _fit_frame(image: str, way: str, side: int) -> Drawing:
    before = _crop(image)
    fit = _fit(before, way, side)
    (high, wide), (up, across) = fit.image.shape, fit.scales
    stretch = up / across
    if max(stretch, 1 / stretch) >= _STRETCHED:
        how = f"{max(stretch, 1 / stretch):.2g} times as {'high' if stretch > 1 else 'wide'}"
        verdict = f"distorted: {how} for its {'width' if stretch > 1 else 'height'}"
    elif fit.scales != (1, 1):
        verdict = "aspect kept, true size not"
    else:
        verdict = "aspect and true size kept" + (", the edges gone" if fit.lost else "")
    scaled = f"height × {up:.2f}, width × {across:.2f}"
    parts = [
        f'<text x="4" y="14" font-weight="700">{verdict}</text>',
        f'<text x="4" y="32">{scaled}</text>',
    ]
    looks = (
        f"fill:url(#hatch);stroke:{css('padding')}",
        f"fill:none;stroke:{css('error')};stroke-width:2;stroke-dasharray:4 2",
    )
    shares = {"padding": fit.padding, "pixels lost": fit.lost}
    for y, look, (label, share) in zip((42, 60), looks, shares.items(), strict=True):
        size = round(180 * share, 1)
        parts.append(f'<text x="4" y="{y + 12}">{label}</text>')
        if size:
            box = f"M84 {y + 2}h{size:g}v12h-{size:g}z"
            parts.append(f'<g style="{look}"><path d="{box}"/></g>')
        at = f'x="{92 + size:g}" y="{y + 12}"'
        parts.append(f'<text {at} font-weight="700">{share:.0%}</text>')
    drawing = draw_photos(
        [before, fit.image],
        names=["before", f"after: ({high}, {wide}, 1)"],
        sizes=[None, fit.size],
        boxes=[[fit.kept] if way == "crop" and fit.lost else [], []],
        scale=_FIT_SCALE,
        white=255,
    )
    parts.append(f'<g transform="translate(0 84)">{drawing.body}</g>')
    told = "; ".join(f"{label} {share:.0%}" for label, share in shares.items())
    to = f"in steps of {side}" if way == "pad to bucket" else f"to {side} × {side}"
    said = f"{image.capitalize()}, {way} {to}: ({high}, {wide}, 1); {scaled}; {told}; {verdict}."
    return Drawing("".join(parts), 84 + drawing.height, said)


_LABEL = '<label style="margin-right:1em">'  # where the site's style sheet is absent


def _control_html(control: Control) -> str:
    at = list(control.values).index(control.default)
    if control.is_slider:
        return (
            f"{_LABEL}<span>{escape(control.label)}</span> "
            f'<input type="range" min="0" max="{len(control.values) - 1}" step="1" value="{at}" '
            f'aria-valuetext="{control.default}" autocomplete="off"> '
            f"<output>{control.default}</output></label>"
        )
    options = "".join(
        f'<option value="{i}"{" selected" * (i == at)}>{escape(str(value))}</option>'
        for i, value in enumerate(control.values)
    )
    return (
        f"{_LABEL}<span>{escape(control.label)}</span> "
        f'<select autocomplete="off">{options}</select></label>'
    )


def _key(text: str) -> str:
    return "re-" + hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:8]


def _has_kernel() -> bool:
    """Whether this code runs in a Jupyter kernel that has ipywidgets."""
    try:
        import ipywidgets  # noqa: F401
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None
