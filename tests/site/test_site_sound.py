"""What looks for faults of a page finds them."""

import pytest
from site_sound import CUT_LABELS

pytestmark = pytest.mark.site

# Moves the first label of the first drawing four units beyond an edge.
MOVE = """edge => {
const svg = document.querySelector("svg.re-drawing");
const text = svg.querySelector("text"), scale = svg.viewBox.baseVal.width;
text.removeAttribute("transform");
const all = svg.getBoundingClientRect(), box = text.getBoundingClientRect();
const unit = all.width / scale, by = (all[edge] - box[edge]) / unit;
const further = by + (["top", "left"].includes(edge) ? -4 : 4);
const [x, y] = ["top", "bottom"].includes(edge) ? [0, further] : [further, 0];
text.setAttribute("transform", `translate(${x} ${y})`);
return text.textContent;
}"""


def test_a_label_beyond_any_edge_of_a_drawing_is_found(page, site):
    page.goto(f"{site}book/shape-rule.html")
    assert page.evaluate(CUT_LABELS) == []
    for edge in ("top", "bottom", "left", "right"):
        moved = page.evaluate(MOVE, edge)
        assert page.evaluate(CUT_LABELS) == [moved], edge
