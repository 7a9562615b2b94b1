"""Numbers in the prose of the book are those that a cell prints, and the check can tell."""

import claimed_numbers
import prose_numbers as tool
import pytest


def text(*lines):
    return {"cell_type": "markdown", "source": "\n".join(lines)}


def code(source, printed="", **data):
    outputs = [{"output_type": "stream", "text": printed}] if printed else []
    outputs += [{"output_type": "display_data", "data": data}] if data else []
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs}


def found(*cells, rows=()):
    """What the check says of a notebook, by the words it complains about."""
    page = tool.outline({"cells": list(cells)})
    passages = list(tool.of_notebook(tool.ROOT / "book" / "made-up.ipynb", page))
    return tool.complaints(passages, list(rows))


def unbound(prose, printed="", source="pass"):
    """Return the claims of a sentence that the cell below it does not bind."""
    page = tool.outline({"cells": [text("# Lead"), text("## One", prose), code(source, printed)]})
    *_, passage = tool.of_notebook(tool.ROOT / "book" / "made-up.ipynb", page)
    return [claim.text for claim in tool.unbound(passage)]


@pytest.mark.slow
def test_every_number_of_the_book_is_bound():
    assert tool.complaints(list(tool.everything()), tool.allowed_rows()) == []


@pytest.mark.parametrize("row", tool.allowed_rows(), ids=lambda row: row["text"][:30])
def test_an_allowed_number_names_its_code_or_its_reason(row):
    assert set(row) in ({"page", "text", "in"}, {"page", "text", "reason"})


def test_no_chapter_needs_an_allowed_number():
    pages = {row["page"] for row in tool.allowed_rows()}
    assert [page for page in pages if page.startswith("book/") and page.endswith(".ipynb")] == []


@pytest.mark.parametrize(
    ("prose", "printed"),
    [
        ("It gives 96 answers.", "answers: 96 of 105"),
        ("All 1,074 rows.", "1074"),
        ("All 20,000 rows.", "20,000 rows"),
        ("The forty files.", "40 files"),
        ("It is right on 83 % of them.", "share: 0.8298"),
        ("It is right on 83 % of them.", "share: 82.98%"),
        ("It moves by 0.57.", "0.5714"),
        ("It moves by 0.001.", "1.2e-03"),
        ("It costs 2.6 times as much.", "cost 2.58"),
        ("There are twice as many.", "2.04 times"),
        ("There are twice as many.", "ratio: 2x"),
        ("One string in six has a fault.", "17.0%"),
        ("A third of them is padding.", "padding: 33.3 %"),
        ("Its answer moves by half.", "moved 0.48"),
        ("It shrinks by a third, by half a second.", "0.33"),
    ],
)
def test_a_number_that_was_printed_is_bound(prose, printed):
    assert unbound(prose, printed) == []


@pytest.mark.parametrize(
    ("prose", "printed", "claims"),
    [
        ("It gives 97 answers.", "answers: 96 of 105", ["97"]),
        ("It is right on 84 % of them.", "share: 0.8298", ["84 %"]),
        ("It is right on 83 % of them.", "rows: 83", ["83 %"]),
        ("It moves by 0.56.", "0.5714", ["0.56"]),
        ("A count of 96.", "96.2", ["96"]),
        ("About twice as many faults.", "2.6 times", ["twice"]),
        ("There are twice as many.", "shape (2, 3)", ["twice"]),
        ("It costs eight times the steps.", "8.54", ["eight times"]),
        ("Up to one string in ten has a fault.", "right: 83.0%", ["one string in ten"]),
        ("6.6 % have a fault.", "right: 93.4%", ["6.6 %"]),
        ("Two thirds of them.", "0.5", ["Two thirds of"]),
        ("It shrinks by a third.", "0.5", ["by a third"]),
    ],
)
def test_a_number_that_was_not_printed_is_found(prose, printed, claims):
    assert unbound(prose, printed) == claims


def test_a_constant_in_code_vouches_for_a_count_and_not_for_a_result():
    source = "batch_size = 32  # not 64\nprint(f'{10:.2f} of 50', 2.0)"
    prose = "32 rows, not 64, nor 50; 2.0 and 10. It takes twice as long, and 10 % more."
    assert unbound(prose, source=source) == ["64", "50", "twice", "10 %"]


def test_what_is_no_claim():
    prose = (
        "In 2014 ([Kudo, 1999](page.md#a-100)), Keras 3.15 and Keras 3.13.2, Python 3.11, 3.12 or\n"
        "3.13 on 2026-08-19: `size=224` and three rows, 7 of them in [41460](https://x.org/41460).\n"
        "*A quarter of an hour.*"
    )
    assert unbound(prose) == []
    assert found(text("# Lead"), text("## Rung 12", "Text.", "", "```", "99", "```")) == []


def test_only_its_own_section_vouches_for_a_number():
    one, two = text("## One"), text("## Two", "It gives 96 answers.")
    printed = code("pass", "96")
    assert found(text("# Lead"), one, printed, two, code("pass", "97")) == [
        "book/made-up.ipynb, cell 3: '96' in “## Two It gives 96 answers.”"
    ]
    sub = text("### Part", "It gives 96 answers.")
    assert found(text("# Lead"), one, printed, sub, code("pass", "97")) == []


def test_a_link_lets_a_paragraph_repeat_the_numbers_of_a_section():
    cells = [text("# Lead"), text("## One"), text("### Part"), code("pass", "96"), text("## Two")]
    linked = text("It gave [96 answers](#part).", "", "It gave 96.")
    assert len(found(*cells, linked, code("pass", "97"))) == 1
    place = "masking-deeper.ipynb#two-inputs-of-different-kinds"
    elsewhere = text(f"At [masking]({place}) they are 26.")
    assert found(*cells, elsewhere, code("pass", "97")) == []


def test_a_lead_and_a_recap_sum_up_and_the_data_count_everywhere():
    lead, data = text("# Title", "", "It gives 96 answers for 105 rows."), code("pass", "105 rows")
    middle = [text("## One", "Of 105 rows."), code("pass", "96 answers")]
    assert found(lead, data, *middle, text("## Recap", "96 of 105.")) == []
    assert len(found(lead, data, text("Of 96 rows."), *middle)) == 1


def test_of_a_drawing_only_its_words_count():
    svg = '<svg viewBox="0 0 384 124" aria-label="96 rows"><text x="77">15</text></svg>'
    html = "<style>p {margin: 55px}</style><p title='44'>33</p>"
    cells = text("# Lead"), text("## One", "384, 77 and 55, 44; 96, 15, 33."), code("pass")
    cells[-1]["outputs"] = [{"data": {"text/html": [svg, html], "text/plain": "<Figure 384>"}}]
    assert [line.split("'")[1] for line in found(*cells)] == ["384", "77", "55", "44"]


def test_a_sum_that_is_written_out_vouches_for_its_result():
    assert unbound("So 105 - 96 = 9, and 9 × 100 / 105 = 8.571.", "105 96 100") == []
    assert unbound("It is (74 - 44) / 2 = 15.", "74 44") == []
    assert unbound("It is 105 - 96 = 11.", "105 96") == ["11"]
    assert unbound("It is 12 / 0 = 12, or 5 - ( - 4 = 13.") == ["12", "12", "13"]


ALLOWED = {"page": "book/made-up.ipynb", "text": "has 270 rows"}


def test_the_allow_list_binds_by_code_or_by_a_reason():
    cells = text("# Lead"), text("## One", "It has 270", "rows."), code("pass")
    assert found(*cells, rows=[ALLOWED | {"reason": "the published split"}]) == []
    assert found(*cells, rows=[ALLOWED | {"in": "helpers/data.py"}]) == []
    number, row = found(*cells, rows=[ALLOWED | {"in": "tools/publish.py"}])
    assert "'270'" in number
    assert row == "needless row: book/made-up.ipynb: 'has 270 rows'"


def test_a_row_that_binds_nothing_is_found():
    cells = text("# Lead"), text("## One", "It has 270 rows."), code("pass", "270")
    assert found(*cells, rows=[ALLOWED | {"reason": "x"}]) == [
        "needless row: book/made-up.ipynb: 'has 270 rows'"
    ]


def test_a_row_of_a_page_that_claims_nothing_any_more_is_found():
    assert found(rows=[ALLOWED | {"page": "book/gone.md", "reason": "x"}]) == [
        "needless row: book/gone.md: 'has 270 rows'"
    ]


@pytest.mark.slow
def test_the_command_says_that_all_is_bound_or_what_is_not(capsys, monkeypatch):
    assert tool.main(["masking"]) == 0
    assert capsys.readouterr().out == "Every number is bound.\n"
    monkeypatch.setattr(tool, "allowed_rows", list)
    assert tool.main(["book/plans"]) == 1
    assert "three quarters" in capsys.readouterr().out


def test_a_place_in_code_must_exist():
    with pytest.raises(ValueError, match=r"a file of the repository, got 'no\.py'"):
        tool.held_by("no.py")
    with pytest.raises(ValueError, match=r"a function of helpers/data\.py, got 'nothing'"):
        tool.held_by("helpers/data.py::nothing")


def test_a_number_changed_in_a_chapter_is_found():
    path = tool.ROOT / "book" / "tail-batches.ipynb"
    changed = path.read_text("utf-8").replace("the 8.571 of the", "the 8.572 of the")
    page = tool.outline(tool.json.loads(changed))
    (line,) = tool.complaints(list(tool.of_notebook(path, page)), [])
    assert "'8.572' in" in line
    assert [claim.text for claim in claimed_numbers.claims("83.0 % of")] == ["83.0 %"]
