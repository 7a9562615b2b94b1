"""The pages of errors, claims, masks and benchmarks show their data, all of it."""

import builtins
import dataclasses
import html
import json
import os
import re
import shutil
import symtable

import notebooks
import pytest

from book._ext import catalogues
from book._ext.catalogues import claims, errors, examples, masks, messages

ROOT = notebooks.ROOT
ROWS = errors.catalogue()


def prose(page):
    return (ROOT / "book" / f"{page}.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "parts"),
    {
        "error-index": {"{error-index}"},
        "claims-ledger": {"{claims}", "{audit-claims}"},
        "audit-rules": {"{audit-rules}"},
        "mask-table": {"{mask-table}"},
    }.items(),
)
def test_a_page_is_prose_with_its_directives(page, parts):
    text = prose(page)
    assert set(re.findall(r"^```(\{[\w-]+\})$", text, re.MULTILINE)) == parts
    assert len(text.splitlines()) < 40


@pytest.mark.parametrize(
    ("page", "role", "kind"),
    [("claims-ledger", "claim-verdict", claims), ("mask-table", "mask-verdict", masks)],
)
def test_a_page_says_what_each_verdict_means(page, role, kind):
    explained = re.findall(rf"^- \{{{role}\}}`([\w-]+)`: .+\.$", prose(page), re.MULTILINE)
    assert explained == list(kind.VERDICTS)
    assert set(kind.counts()) <= set(explained)


def test_a_page_is_read_again_when_its_data_change(tmp_path):
    for path in ("helpers/errors", "benchmarks", "tools/masks", "book/data"):
        shutil.copytree(ROOT / path, tmp_path / path)
    for path in ("book/claims.yml", "book/mask-table.yml"):
        shutil.copy(ROOT / path, tmp_path / path)
    before = catalogues.digests(tmp_path)
    changes = {
        "helpers/errors/rows/another-row.yml": {"book/error-index"},
        "helpers/errors/situations/empty_crop.py": {"book/error-index"},
        "book/claims.yml": {"book/claims-ledger"},
        "book/mask-table.yml": {"book/mask-table", "book/cheat-sheet"},
        "book/data/commonest.yml": {"book/cheat-sheet", "index"},
        "benchmarks/results.json": {"book/benchmarks"},
    }
    for path, pages in changes.items():
        with (tmp_path / path).open("a") as file:
            file.write("\n# more\n")
        after = catalogues.digests(tmp_path)
        assert {name for name in after if after[name] != before[name]} == pages, path
        before = after


def test_a_page_of_a_message_begins_with_what_to_use_instead():
    row = next(row for row in ROWS if row.id == "stateful-rnn-smaller-batch")
    text = messages.page(row)
    headings = re.findall(r"^#+ .*$", text, re.MULTILINE)
    assert headings == [
        "# `Incompatible shapes: [9,16] vs. [32,16]`",
        "## Use instead",
        "## The shortest code that raises it",
        "## How to prove it",
        "## The message by version",
        "## When it is something else",
        "## Read more",
    ]
    parts = dict(zip(headings, re.split(r"^#+ .*$", text, flags=re.MULTILINE)[1:], strict=True))
    use, proof = parts["## Use instead"], parts["## How to prove it"]
    assert row.fix.strip() in use
    assert "for data in [batches(6), batches(3)]:\n    model.fit(data, verbose=0)\n```" in use
    assert "outputs = keras.layers.GRU(16, stateful=True)(inputs)" in parts[headings[2]]
    assert "for data in [batches(6), batches(3)]:\n    model.fit(data, verbose=0)\n" in proof
    assert "predicted = model.predict(data, verbose=0)" in proof
    other = next(iter(row.siblings))
    assert f"]({other}.md): {row.siblings[other]}" in parts["## When it is something else"]
    assert "[](../tail-batches.ipynb#when-a-smaller-batch-raises)" in parts["## Read more"]
    assert f'description: "{row.title}. ' in text


def test_no_two_pages_have_the_same_title():
    titles = [messages.window_title(row) for row in ROWS]
    assert len(set(titles)) == len(ROWS)
    assert all(
        title.startswith(messages.beginning(row)) for title, row in zip(titles, ROWS, strict=True)
    )


def test_a_row_without_code_to_use_has_the_words_alone():
    row = next(row for row in ROWS if row.no_mend and not examples.mending(row))
    assert messages.page(row).count("```python") == 1
    assert "## How to prove it" not in messages.page(row)


def test_code_without_a_model_prints_what_its_comments_say():
    row = next(row for row in ROWS if row.id == "one-row-given-to-pad-sequences")
    text = messages.page(row)
    assert "\n\n\nprint(padded([4, 2, 7]).tolist())  # [[4, 2, 7, 0, 0]]\nprint(" in text
    assert (
        "```\n\nThe comments say what it prints; a test compares, on Keras 3.15 and 3.13.\n" in text
    )
    assert "## How to prove it" not in text


def test_a_model_is_compiled_once_above_its_data():
    for row in (row for row in ROWS if examples.proving(row)):
        assert examples.mending(row).count(".compile(") == 1, row.id


def test_what_a_message_comes_as_is_one_list():
    pages = {len(row.exception): messages.page(row) for row in ROWS}
    assert re.search(r"\nIt comes as `\w+`\.\n", pages[1])
    assert re.search(r"\nIt comes as `\w+` or `\w+`\.\n", pages[2])
    assert re.search(r"\nIt comes as `\w+`, `\w+` or `\w+`\.\n", pages[3])


def test_older_wordings_are_shown_as_not_run():
    row = next(row for row in ROWS if row.older)
    said = messages.page(row).split("## Older wordings")[1]
    assert "no test runs them" in said
    assert all(f"```text\n{text}\n```" in said for text in row.older)
    assert html.escape(row.older[0]) in messages.table_row(row)


def test_pages_are_written_where_they_change_and_deleted_with_their_row(tmp_path):
    (tmp_path / "book").mkdir()
    messages.write(tmp_path)
    folder = tmp_path / messages.FOLDER
    assert {path.stem for path in folder.iterdir()} == {row.id for row in ROWS}
    kept, spoiled = (folder / f"{row.id}.md" for row in ROWS[:2])
    right = spoiled.read_text("utf-8")
    os.utime(kept, (1, 1))
    spoiled.write_text("other", "utf-8")
    (folder / "gone.md").write_text("a row that there was", "utf-8")
    messages.write(tmp_path)
    assert kept.stat().st_mtime == 1
    assert spoiled.read_text("utf-8") == right
    assert not (folder / "gone.md").exists()


def test_the_table_has_every_message_under_its_old_id():
    text = messages.table(ROWS)
    found = re.findall(r'<tr id="([^"]+)" data-kinds="([^"]+)".*?<a href="([^"]+)">', text)
    assert sorted(found) == sorted(
        (row.id, messages.chapter_of(row.chapter), f"messages/{row.id}.html") for row in ROWS
    )
    assert [kind for _, kind, _ in found] == sorted(
        (kind for _, kind, _ in found), key=list(messages.CHAPTERS).index
    )


def worded(versions, not_on=()):
    """The first row with other wordings, as its page shows them."""
    return errors.wordings(dataclasses.replace(ROWS[0], versions=versions, not_on=not_on))


def test_a_wording_is_shown_once_with_the_versions_and_backends_that_use_it():
    assert worded({"main": "a", "colab": "a", "jax": "b"}, ["torch"]) == (
        "TensorFlow, Keras 3.15 and 3.13:\n\n```text\na\n```\n\n"
        "JAX, Keras 3.15 and 3.13:\n\n```text\nb\n```"
    )
    everywhere = "TensorFlow, JAX and PyTorch, Keras 3.15 and 3.13:"
    assert worded({"main": "a", "colab": "a"}).startswith(everywhere)
    assert worded({"main": "a", "colab": "b"}).count("```text") == 2
    assert "JAX, Keras 3.13:" in worded({"main": "a", "colab": "a", "colab-jax": "b"})
    assert "JAX" not in worded({"main": "a"}, ["jax"])


def test_the_table_can_be_filtered_by_exception_layer_axis_and_backend():
    text = messages.table(ROWS)
    for name in ("exception", "layer", "axis", "backend"):
        choices = re.search(f'<select name="{name}">(.*?)</select>', text)[1]
        offered = set(re.findall(r'value="([^"]+)"', choices))
        given = {
            word for words in re.findall(f'data-{name}="(.*?)"', text) for word in words.split()
        }
        assert offered == given
    recurrent = next(row for row in ROWS if row.id == "stateful-rnn-smaller-batch")
    assert messages.layers(recurrent) == ["GRU"]
    assert recurrent.axes == ("batch",)
    tensorflows = next(row for row in ROWS if row.id == "inputs-in-a-list")
    assert messages.backends(tensorflows) == ["tensorflow"]


def with_proof(row):
    """The code to use instead and what proves it, as a reader puts them together."""
    parts = examples.mending(row), examples.proving(row)
    return "\n\n".join(filter(None, parts)) or None


@pytest.mark.parametrize("cut", [examples.provoking, examples.mending, with_proof])
def test_code_on_a_page_brings_all_that_it_uses(cut):
    blocks = {row.id: cut(row) for row in ROWS}
    without = [row.id for row in ROWS if row.no_mend and "The code is that of" not in row.no_mend]
    missing = [row for row, text in blocks.items() if text is None]
    assert missing == ([] if cut is examples.provoking else without)
    for row, text in blocks.items():
        if text is not None:
            module = symtable.symtable(text, row, "exec")
            used = global_names(module)
            assert used - set(module.get_identifiers()) <= set(dir(builtins)), row


@pytest.mark.slow
@pytest.mark.sampled(5)
@pytest.mark.parametrize("row", [row for row in ROWS if not row.no_mend], ids=lambda row: row.id)
def test_code_to_use_instead_and_its_proof_run_as_they_stand(row, capsys):
    pytest.importorskip("tensorflow")
    text = with_proof(row)
    exec(compile(text, row.id, "exec"), {"__name__": "page"})
    said = re.findall(r"^print\(.*\)  # (.*)$", text, re.MULTILINE)
    assert bool(said) == examples.printing(row)
    assert capsys.readouterr().out.splitlines()[-len(said) :] == said or not said


def global_names(table):
    """The names that the functions of a module, at any depth, take from it."""
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return found.union(*map(global_names, table.get_children()))


def test_the_script_of_the_title_page_has_every_row_with_its_code():
    text = errors.script(ROWS)
    entries = json.loads(text[text.index("[") : text.index("\n];") + 2])
    script = errors.answers_script(ROWS)
    answers = json.loads(script[script.index("{") : script.rindex("}") + 1])
    assert [entry["pattern"] for entry in entries] == [errors.javascript(r.pattern) for r in ROWS]
    for entry, row in zip(entries, ROWS, strict=True):
        assert "`" not in entry["title"]
        answer = answers[row.id]
        assert (answer["cause"].split(), answer["fix"].split()) == (
            row.cause.split(),
            row.fix.split(),
        )
        assert answer["code"] == examples.mending(row)
        assert answer["chapter"].split("#")[1] == row.chapter.split("#")[1]


def test_the_ledger_has_every_claim_under_its_article():
    text = claims.sections(claims.load())
    titles = {claim["source"]["title"] for claim in claims.load()}
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(titles)
    for claim in claims.load():
        assert f"({claim['id']})=\n**{claim['claim'].strip()}**\n\n- [" in text
    entry = claims.entry(
        claims.load()[0] | {"verdict": "holds-if", "older": "Another.", "test": None}
    )
    assert "\n- [holds if]{.verdict .holds-if} " in entry
    assert "\n- Keras 2.15: Another.\n" in entry
    assert "Test:" not in entry
    assert "details" not in entry


def test_a_claim_says_what_to_do_and_folds_its_test():
    claim = next(claim for claim in claims.load() if claim["test"])
    shown, _, folded = claims.entry(claim).partition("<details")
    page, anchor = claim["evidence"].split("#")
    assert f"\n- What to do: []({page}.ipynb#{anchor})\n" in shown
    file, name = claim["test"].split("::")
    assert name not in shown
    assert f"\n\nTest: `{name}` in `{file}`\n\n</details>\n" in folded


def test_the_mask_table_has_every_row_and_an_option_for_each_verdict():
    data = masks.load()
    text = masks.table(data)
    assert text.count("<tr id=") == len(data["rows"])
    assert re.findall(r'<option value="([\w-]+)">', text) == list(masks.VERDICTS)
    measured = masks.measured()
    assert measured["date"] == max(str(one["date"]) for one in data["environments"].values())
    for one in data["environments"].values():
        assert f"{masks.BACKENDS[one['backend']]} {one['version']}" in measured["on"]
