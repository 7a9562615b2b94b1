"""The frame of a table that book/_static/filtered-table.js filters and sorts."""

from collections.abc import Mapping


def filtered_table(
    name: str, caption: str, every: str, kinds: Mapping[str, str], head: str, body: str
) -> str:
    """Return HTML: controls, which stay hidden without script, and the table.

    Args:
        name: A word for ids and classes, such as ``"mask"``: the class is ``mask-table``.
        caption: What the table shows.
        every: The choice that hides no row.
        kinds: What else can be chosen: for a row's ``data-kinds`` the words.
        head: The cells of its head.
        body: Its rows.
    """
    options = "".join(f'<option value="{key}">{words}</option>' for key, words in kinds.items())
    return f"""\
<form class="table-controls" role="search" aria-label="{caption}" hidden>
<label>Find <input type="search" autocomplete="off"></label>
<label>Show <select><option value="">{every}</option>{options}</select></label>
<output aria-live="polite"></output>
</form>
<div class="pst-scrollable-table-container {name}-scroll" tabindex="0" role="region" \
aria-labelledby="{name}-caption">
<table class="table filtered-table {name}-table">
<caption id="{name}-caption">{caption}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>
<script src="../_static/filtered-table.js"></script>
"""
