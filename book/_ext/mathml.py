"""Formulas as MathML, written at build time: a page with a formula needs no script and no font."""

from docutils import nodes
from latex2mathml.converter import convert


def _inline(translator, node: nodes.math) -> None:
    translator.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def _block(translator, node: nodes.math_block) -> None:
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    # a long formula scrolls inside its own box, which the keyboard can reach
    translator.body.append(
        translator.starttag(node, "div", CLASS="math-block", tabindex="0", role="group")
        + convert(node.astext(), display="block")
        + number
        + "</div>"
    )
    raise nodes.SkipNode


def setup(app):
    """Register the renderer that ``html_math_renderer: mathml`` picks."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
