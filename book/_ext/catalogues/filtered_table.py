"""The frame of a table that book/_static/filtered-table.js filters and sorts."""

from collections.abc import Mapping


def filtered_table(
    name: str,
    caption: str,
    every: str,
    kinds: Mapping[str, str],
    head: str,
    body: str,
    more: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Return HTML: controls, which stay hidden without script, and the table.

    Args:
        name: A word for ids and classes, such as ``"mask"``: the class is ``mask-table``.
        caption: What the table shows.
        every: The choice that hides no row.
        kinds: What else can be chosen: for a row's ``data-kinds`` the words.
        head: The cells of its head.
        body: Its rows.
        more: Further choices by a word such as ``"layer"``: for a row's ``data-layer`` the words.
    """
    choices = [_choice("Show", "kinds", every, kinds)]
    choices += [_choice(word.title(), word, "any", words) for word, words in (more or {}).items()]
    return f"""\
<form class="table-controls" role="search" aria-label="{caption}" hidden>
<label>Find <input type="search" autocomplete="off"></label>
{"".join(choices)}
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


def _choice(label: str, name: str, every: str, words: Mapping[str, str]) -> str:
    options = "".join(f'<option value="{key}">{said}</option>' for key, said in words.items())
    return (
        f'<label>{label} <select name="{name}"><option value="">{every}</option>{options}'
        "</select></label>"
    )
