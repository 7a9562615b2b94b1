"""The engine: controls, an explorer, and its two renderings."""

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from helpers.arguments import shown, text
from helpers.figures import Drawing, figcaption, svg_element


@dataclass(frozen=True)
class Control:
    """One control of an explorer.

    Attributes:
        name: the argument of the frame function that it sets.
        label: what the reader sees beside it.
        values: the values it can take; numbers make a slider, anything else a list to pick from.
        default: the value it starts with.
        fine: more values, where they are computed and not stored: with a kernel, and on the site.
            Every one of ``values`` is among them. Empty: there are no more.
    """

    name: str
    label: str
    values: Sequence[Hashable]
    default: Hashable
    fine: Sequence[Hashable] = ()

    def __post_init__(self) -> None:
        text("name", self.name)
        text("label", self.label)
        if not isinstance(self.values, tuple | list | range) or not self.values:
            raise ValueError(f"values: expected at least one in a tuple, got {shown(self.values)}")
        if not isinstance(self.fine, tuple | list | range):
            raise TypeError(f"fine: expected a tuple, got {shown(self.fine)}")
        for name in ("values", "fine"):
            for i, value in enumerate(getattr(self, name)):
                if not isinstance(value, str | int | float) or value != value:
                    raise TypeError(f"{name}[{i}]: expected a text or a number, got {shown(value)}")
        if self.fine and (lost := [value for value in self.values if value not in self.fine]):
            raise ValueError(f"fine: expected all of values in it, got none that is {lost[0]!r}")
        same = [value for value in self.values if type(value) is type(self.default)]
        if self.default not in same:
            raise ValueError(
                f"default: expected one of {shown(list(self.values))}, got {shown(self.default)}"
            )

    @property
    def is_slider(self) -> bool:
        """Whether all values are numbers, so that the control is a slider."""
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)


# One listener for every explorer's own figure: it finds its parts inside the figure that holds the
# script, so that explorers do not collide and need no ids. `order` has the number of a frame for
# each choice, the last control running fastest: choices may show the same frame. A frame is
# [text, parts]; a part is the number of an SVG element in `parts`, because frames have most of
# their elements in common. The site's own script, book/_static/explorers.js, may draw instead: it
# finds what it needs in `figure.explorer`.
_SCRIPT = """(function(){
var figure=document.currentScript.closest("figure"),
find=function(q){return figure.querySelectorAll(q)},
data=JSON.parse(find("script[type='application/json']")[0].textContent),
inputs=[].slice.call(find("input,select"));
function show(event){
var at=0,svg=find("svg")[0],choice=[];
inputs.forEach(function(c,i){
at=at*data.values[i].length+Number(c.value);
var v=data.values[i][c.value];
choice.push(v);
if(c.type==="range"){c.setAttribute("aria-valuetext",v);
c.parentNode.querySelector("output").textContent=v}});
var frame=figure.explorer.draw?figure.explorer.draw(choice):stored(data.order[at]);
svg.setAttribute("aria-label",frame[0]);
svg.querySelector("g").innerHTML=frame[1];
if(event)find("[aria-live]")[0].textContent=frame[0]}
function stored(i){return [data.frames[i][0],
data.frames[i][1].map(function(i){return data.parts[i]}).join("")]}
figure.explorer={data:data,inputs:inputs,show:show,stored:stored};
inputs.forEach(function(c){c.addEventListener("input",show)});
find("[hidden]").forEach(function(e){e.hidden=false});
show()})()"""

# The drawing says what comes out. The sentence is for those who do not see it: it is read out when
# a control moves, and takes no room.
_UNSEEN = "position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)"
_WIDEST = 405  # pixels of a page, at which the text of a drawing, 12 of 360, has 13.5


@dataclass(frozen=True)
class Explorer:
    """An interactive figure: controls, and a pure function that draws one frame.

    Attributes:
        frame: called with one keyword argument per control; returns a `Drawing`.
        controls: the controls, in the order in which they stand.
        title: first words of the caption.
        caption: the caption.
        rule: the function of ``book/_static/explorers.js`` that draws what ``frame`` draws, for
            all ``fine`` values; empty: there is none.
        given: what the rule needs, as JSON writes it.

    Example:
        >>> from helpers.explore import tail_explorer
        >>> tail_explorer().default
        {'batch_size': 32, 'rows': 105, 'tail': 'keep'}
    """

    frame: Callable[..., Drawing]
    controls: tuple[Control, ...]
    title: str = ""
    caption: str = ""
    rule: str = ""
    given: Any = None

    def __post_init__(self) -> None:
        if not callable(self.frame):
            raise TypeError(f"frame: expected a function, got {shown(self.frame)}")
        right = isinstance(self.controls, tuple | list) and len(self.controls)
        if not right or not all(isinstance(control, Control) for control in self.controls):
            raise TypeError(f"controls: expected a tuple of Control, got {shown(self.controls)}")
        if len({control.name for control in self.controls}) < len(self.controls):
            raise ValueError("controls: expected different names, got one twice")
        text("title", self.title)
        text("caption", self.caption)
        text("rule", self.rule)

    def _draw(self, choice: dict[str, Any]) -> Drawing:
        drawing = self.frame(**choice)
        if not isinstance(drawing, Drawing):
            raise TypeError(f"frame: expected one that returns a Drawing, got {shown(drawing)}")
        return drawing

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
        frames = [self._draw(choice) for choice in self.choices()]
        first = self._draw(self.default)
        height = max(frame.height for frame in frames)
        key = _key(f"{self.title}{self.caption}{first.body}{len(frames)}")
        numbers: dict[str, int] = {}  # SVG element -> its number, in order of appearance
        shown: dict[tuple[str, str], int] = {}  # what a frame says and draws -> its number
        order = [shown.setdefault((frame.alt, frame.body), len(shown)) for frame in frames]
        packed_frames = []
        for alt, body in shown:
            elements = re.split("(?=<[a-z])", body.replace("url(#hatch)", f"url(#{key}-hatch)"))
            packed_frames.append(
                [alt, [numbers.setdefault(e, len(numbers)) for e in elements if e]]
            )
        data = {
            "values": [list(control.values) for control in self.controls],
            "order": order,
            "parts": list(numbers),
            "frames": packed_frames,
        }
        if self.rule:
            fine = [list(control.fine or control.values) for control in self.controls]
            data["rule"] = {"name": self.rule, "fine": fine, "given": self.given}
        packed = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
        return (
            f'<div class="re-explorer-room"><figure class="re-figure re-explorer">'
            f'<div class="re-controls" hidden>{"".join(map(_control_html, self.controls))}</div>'
            f"{svg_element(first.body, first.width, height, first.alt, key, widest=_WIDEST)}"
            f'<p class="re-said" aria-live="polite" style="{_UNSEEN}"></p>'
            f"{figcaption(self.title, self.caption)}"
            f'<script type="application/json">{packed}</script>'
            f"<script>{_SCRIPT}</script></figure></div>"
        )

    def widget(self) -> Any:
        """The rendering with a kernel: an ipywidgets box of the controls above the frame.

        Returns:
            An ``ipywidgets.VBox``; its last child is the ``HTML`` widget with the frame.
        """
        import ipywidgets as w

        style = {"description_width": "initial"}
        boxes = [
            (w.SelectionSlider if control.is_slider else w.Dropdown)(
                options=list(control.fine or control.values),
                value=control.default,
                description=control.label,
                style=style,
            )
            for control in self.controls
        ]
        shown = w.HTML()

        def show(_: Any = None) -> None:
            choice = {c.name: box.value for c, box in zip(self.controls, boxes, strict=True)}
            drawing = self._draw(choice)
            svg = svg_element(
                drawing.body,
                drawing.width,
                drawing.height,
                drawing.alt,
                _key(drawing.alt),
                widest=_WIDEST,
            )
            shown.value = f"<figure>{svg}{figcaption(self.title, self.caption)}</figure>"

        for box in boxes:
            box.observe(show, names="value")
        show()
        return w.VBox([*boxes, shown])

    def __repr__(self) -> str:
        return self._draw(self.default).alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = {"text/plain": repr(self), "text/html": self.html()}
        if _has_kernel():
            bundle["application/vnd.jupyter.widget-view+json"] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.widget().model_id,
            }
        return bundle


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
