"""Inline code that is a shape, such as ``(batch, time, 12)``, gets its axis names coloured.

The source stays plain inline code, so it reads as well in Colab and on GitHub, where this does not
run. The axis names are marked with an underline in the axis's colour; the name itself stays.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

AXES = ("batch", "time", "features", "height", "width")
_SHAPE = re.compile(r"\(\s*[^\s(),]+(\s[^\s(),]+)*\s*(,\s*[^(),]*)+\)")
_WORD = re.compile(rf"\b({'|'.join(AXES)})\b")


def mark_axes(text: str) -> list[tuple[str, str]]:
    """Split a shape into (axis, text) pieces; the axis is "" for what lies between the names.

    Args:
        text: inline code.

    Returns:
        The pieces, or nothing when the text is not a shape with a known axis name.
    """
    if not _SHAPE.fullmatch(text) or not _WORD.search(text):
        return []
    return [(piece if piece in AXES else "", piece) for piece in _WORD.split(text) if piece]


class MarkShapes(SphinxPostTransform):
    """Give the axis names inside literals their classes."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Replace the text of every literal that is a shape."""
        for literal in list(self.document.findall(nodes.literal)):
            pieces = mark_axes(literal.astext())
            if pieces and not literal.get("language"):
                literal["classes"].append("shape")
                literal.children = []
                for axis, text in pieces:
                    child = nodes.Text(text)
                    literal += (
                        nodes.inline("", "", child, classes=["axis", axis]) if axis else child
                    )


def setup(app):
    """Register the transform."""
    app.add_post_transform(MarkShapes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
