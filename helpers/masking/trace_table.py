"""What a trace holds, a row for each step, and how it prints."""

import html
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

NO_MASK, BORN, KEPT, CONSUMED = "no mask", "born", "kept", "consumed"
WARNED, SILENT = "dropped with a warning", "dropped silently"
LOST = (WARNED, SILENT)
_CSS = {
    NO_MASK: "none",
    BORN: "born",
    KEPT: "kept",
    CONSUMED: "used",
    WARNED: "lost",
    SILENT: "lost",
}
UNSEEN = "operations in its call could not be seen: it does not run on shapes"
_WIDTHS = (22, 34, 16, 22)  # of the table's columns, at most; with the gaps 100


class Mask(NamedTuple):
    """A mask as the trace saw it.

    Attributes:
        shape: Its shape with the names of the axes, such as ``(batch 4, time 9)``.
        real: How many of its values are True, or None where only the shape is known.
        size: How many values it has.
    """

    shape: str
    real: int | None
    size: int

    def __str__(self) -> str:
        return self.shape if self.real is None else f"{self.real} of {self.size}"


@dataclass(frozen=True)
class Step:
    """One call of a layer or an operation, and what became of the mask there.

    Attributes:
        path: Names of the layers and nested models around the call, without the traced model.
        name: Name of the layer or operation.
        kind: Its class name.
        call_number: 1 for the first call of this layer in the trace, then 2, ...
        shared: True if the layer is called more than once.
        operation: True for a plain operation such as ``h + h``.
        nested: True if steps of the trace happen inside this one.
        uses_mask: True if the layer's ``call`` takes a mask.
        inputs: Shapes that came in, such as ``(batch 4, time 9, features 12)``.
        outputs: Shapes that came out.
        mask_in: One `Mask` or None per input.
        mask_out: One `Mask` or None per output.
        fate: ``"no mask"``, ``"born"``, ``"kept"``, ``"consumed"``, ``"dropped with a warning"`` or
            ``"dropped silently"``.
        notes: What else is worth knowing about this call.
        restored: Why a loss here does not matter, if so: ``"given again to X"``, the next layer
            that takes a mask, by hand or by the graph of a Functional model; ``"put back by X"`` or
            ``"dropped by X"``, the layer around the call, which decides on the mask of its output
            before anything asks for one; else ``""``.
    """

    path: tuple[str, ...]
    name: str
    kind: str
    call_number: int
    shared: bool
    operation: bool
    nested: bool
    uses_mask: bool
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    mask_in: tuple[Mask | None, ...]
    mask_out: tuple[Mask | None, ...]
    fate: str
    notes: tuple[str, ...] = ()
    restored: str = ""

    @property
    def depth(self) -> int:
        """How deep the call is nested in the traced model."""
        return len(self.path)

    @property
    def where(self) -> str:
        """Full name of the call, such as ``encoder/dense (call 2)``."""
        return "/".join((*self.path, self.label))

    @property
    def label(self) -> str:
        """Name of the call without what is around it."""
        return f"{self.name} (call {self.call_number})" if self.shared else self.name

    @property
    def partly(self) -> str:
        """``"mask in: 1 of 2"`` if only some of the inputs have a mask, else ``""``."""
        masks = [
            mask
            for mask, shape in zip(self.mask_in, self.inputs, strict=True)
            if mask is not None or shape.count(",") > 1
        ]
        have = sum(mask is not None for mask in masks)
        return f"mask in: {have} of {len(masks)}" if 0 < have < len(masks) else ""


@dataclass(frozen=True)
class Trace:
    """What `trace` returns: print it, show it in a notebook, or read its attributes.

    Attributes:
        name: Name of the traced model.
        kind: Its class name.
        batch: Shapes that it was called with, with the names of the axes.
        steps: One `Step` per call, in the order of execution, a nested model before its layers.
        remarks: What concerns no single step.
    """

    name: str
    kind: str
    batch: tuple[str, ...]
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()

    @property
    def lost(self) -> tuple[Step, ...]:
        """The steps in which a mask was dropped for good; of a nested model the innermost ones."""
        lost = (step for step in self.steps if step.fate in LOST and not step.restored)
        return tuple(step for step in lost if not (step.nested and step.fate == SILENT))

    @property
    def born(self) -> tuple[Step, ...]:
        """The steps in which a mask was born; of a nested model the innermost ones."""
        return tuple(s for s in self.steps if s.fate == BORN and not s.nested)

    @property
    def notes(self) -> tuple[str, ...]:
        """All notes, those of a step with its name."""
        of_steps = (f"{step.where}: {note}" for step in self.steps for note in step.notes)
        return (*of_steps, *self.remarks)

    @property
    def summary(self) -> str:
        """Where the mask is lost, if it is, in a sentence."""
        said = "No mask of Keras is in this model; padding_leak tells whether padding gets in."
        if self.lost:
            said = "Lost: " + ", ".join(f"{step.where} ({step.fate})" for step in self.lost) + "."
            masks = [mask for step in self.lost for mask in step.mask_in if mask is not None]
            if masks and all(mask.real == mask.size for mask in masks):
                said += " In this batch no step is padding, so nothing is at stake there."
        elif self.born or any(any(step.mask_in) for step in self.steps):
            said = "The mask is lost nowhere."
        unseen = any(UNSEEN in note for note in self.notes)
        return said + " Some operations could not be seen; see the notes." * unseen

    def __str__(self) -> str:
        head = ("layer", "shape, in and out", "mask", "what became of it")
        rows = [head, *(_cells(step, marks) for step, marks in self._marked())]
        cells = [
            [_wrapped(text, width) for text, width in zip(row, _WIDTHS, strict=True)]
            for row in rows
        ]
        widths = [max(len(line) for row in cells for line in row[i]) for i in range(len(head))]
        lines = [*_fold(f"Masks in {self._title()}"), ""]
        for number, row in enumerate(cells):
            for i in range(max(len(cell) for cell in row)):
                parts = (cell[i] if i < len(cell) else "" for cell in row)
                padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
                lines.append("  ".join(padded).rstrip())
            if number == 0:
                lines.append("  ".join("-" * width for width in widths))
        lines += ["", *_fold(self.summary)]
        for number, note in enumerate(self.notes, 1):
            lines += _fold(f"[{number}] {note}", "    ")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Trace of {self.name}: {len(self.steps)} steps, {len(self.lost)} lost>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        rows = "".join(_html_row(step, marks) for step, marks in self._marked())
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        title = html.escape(f"Masks in {self._title()}")
        return (
            f'<div class="re-trace-box" role="region" aria-label="{title}" tabindex="0">'
            f'<table class="re-trace"><caption>{title}. {html.escape(self.summary)}</caption>'
            '<thead><tr><th scope="col">Layer</th><th scope="col">Shape, in and out</th>'
            '<th scope="col">Mask</th><th scope="col">What became of it</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
            + (f'<ol class="re-trace-notes">{notes}</ol>' if notes else "")
            + "</div>"
        )

    def _title(self) -> str:
        return f"{self.name} ({self.kind}), called with {', '.join(self.batch)}"

    def _marked(self) -> Iterator[tuple[Step, str]]:
        """Each step with the numbers of its notes, such as ``" [1] [2]"``."""
        number = 0
        for step in self.steps:
            marks = "".join(f" [{number + i}]" for i in range(1, len(step.notes) + 1))
            number += len(step.notes)
            yield step, marks


def _cells(step: Step, marks: str) -> tuple[str, str, str, str]:
    before, after = ([str(m or "none") for m in masks] for masks in (step.mask_in, step.mask_out))
    used = step.fate == KEPT and step.uses_mask and not step.nested
    fate = ("used and kept" if used else step.fate) + marks
    if step.partly:
        fate += f"\n{step.partly}"
    if step.restored:
        fate += f"\n{step.restored}"
    return (
        "  " * step.depth + step.label,
        _change(step.inputs, step.outputs),
        _change(before or ["none"], after or ["none"]),
        fate,
    )


def _change(before: Sequence[str], after: Sequence[str]) -> str:
    """What went in, an arrow, what came out; once if both are the same."""
    before, after = (one[:1] if len(set(one)) == 1 else one for one in (before, after))
    if tuple(before) == tuple(after):
        return "\n".join(after)
    short = len(before) == len(after) == 1 and len(before[0] + after[0]) < 20
    return "\n".join(before) + (" → " if short else "\n→ ") + "\n  ".join(after)


def _wrapped(text: str, width: int) -> list[str]:
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        lines += textwrap.wrap(line, width, subsequent_indent=indent) or [""]
    return lines


def _fold(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, 98, subsequent_indent=indent)


def _html_row(step: Step, marks: str) -> str:
    name, shape, after, fate = (html.escape(cell) for cell in _cells(step, marks))
    style = f' style="padding-left:{0.5 + step.depth}em"' if step.depth else ""
    fate_class = f"re-fate-{'none' if step.restored else _CSS[step.fate]}"
    row = ' class="re-trace-nested"' if step.nested else ""
    return (
        f'<tr{row}><th scope="row"{style}>{name.strip()}</th>'
        f"<td>{'<br>'.join(shape.split(chr(10)))}</td><td>{'<br>'.join(after.split(chr(10)))}</td>"
        f'<td class="re-fate {fate_class}">{"<br>".join(fate.split(chr(10)))}</td></tr>'
    )
