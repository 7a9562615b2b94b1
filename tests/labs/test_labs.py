"""The labs: untouched they run and say so, solved they are right, wrong answers get the cause."""

import functools
import importlib
import pathlib
import re

import lab_runs
import make_labs
import notebooks
import numpy as np
import pytest
from lab_runs import verdicts

from helpers import batching, labs
from helpers.labs import progress
from helpers.labs.tasks import tail_batches

ROOT = pathlib.Path(__file__).resolve().parents[2]

SOLUTIONS = sorted((ROOT / "labs" / "solutions").glob("*.ipynb"))
EVERY_LAB = pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)
HINTS = ["Hint 1: where to look", "Hint 2: the idea", "Hint 3: nearly the code"]
X = np.zeros((105, 26, 12), "float32")
solved = lab_runs.fixture("solutions/tail-batches")
right = functools.partial(lab_runs.right, "tail-batches")
wrong = functools.partial(lab_runs.wrong, "tail-batches")


@pytest.fixture(scope="module")
def names(solved):
    return solved[0]


@pytest.mark.slow
def test_the_solution_is_right_at_every_task(solved):
    told = verdicts("tail-batches", solved[1])
    assert told == [(task, "right") for task in tail_batches.TASKS]


@EVERY_LAB
@pytest.mark.parametrize("verdict", ["not attempted", "right"])
def test_stored_outputs_have_the_verdict_at_every_task(solution, verdict):
    """The tests run every notebook and compare, so what is stored is what a run says today."""
    path = solution if verdict == "right" else solution.parent.parent / solution.name
    cells = [c for c in notebooks.read(path).cells if "labs.check(" in c.source]
    lines = ["".join(out.get("text", "") for out in c.outputs).splitlines()[-1] for c in cells]
    tasks = importlib.import_module(f"helpers.labs.tasks.{solution.stem.replace('-', '_')}").TASKS
    assert verdicts(solution.stem, lines) == [(task, verdict) for task in tasks]
    assert 5 <= len(lines) <= 9
    assert not any(
        tag.startswith(("nbval", "raises")) for c in cells for tag in c.metadata.get("tags", [])
    )


@EVERY_LAB
def test_the_last_cell_counts_what_is_right(solution):
    for path, told in ((solution, "right"), (solution.parent.parent / solution.name, "open")):
        last = notebooks.read(path).cells[-1]
        assert last.source == f'labs.summary("{solution.stem}")'
        [count] = re.findall(rf"(\d+) {told}", last.outputs[0].text)
        assert last.outputs[0].text.endswith(f", of {count} checks.\n")


@EVERY_LAB
def test_the_lab_is_in_step_with_its_solution(solution):
    lab = make_labs.generate(solution)
    assert not make_labs.is_stale(lab, solution.parent.parent / solution.name)
    code = "\n".join(cell.source for cell in lab.cells if cell.cell_type == "code")
    assert "solution" not in code
    assert [c.id for c in lab.cells] == [
        c.id
        for c in notebooks.read(solution).cells
        if "solution-only" not in c.metadata.get("tags", [])
    ]


@EVERY_LAB
def test_every_task_has_three_hints_and_links_that_lead_somewhere(solution):
    lab = make_labs.generate(solution)
    text = [cell.source for cell in lab.cells if cell.cell_type == "markdown"]
    tasks = [cell.source for cell in lab.cells if cell.id.startswith("task-")]
    assert len(tasks) == sum(cell.source.count("labs.check(") for cell in lab.cells)
    for task in tasks:
        hints = re.findall(r"<details><summary>(.+)</summary>\n\n(?s:(.+?))\n\n</details>", task)
        assert [name for name, _ in hints] == HINTS
        assert "](../book/" in hints[0][1] or "`" in hints[0][1]
    headings = [re.search(r"^##+ (.+)$", task, re.MULTILINE)[1] for task in tasks]
    links = [link for cell in text for link in re.findall(r"\]\(([^)]+)\)", cell)]
    anchors = [link.partition("#")[2] for link in links if link.startswith("solutions/")]
    assert anchors == [notebooks.slug(heading) for heading in headings]
    for link in links:
        if not link.startswith("http"):
            assert (ROOT / "labs" / link.partition("#")[0]).exists(), link


@EVERY_LAB
def test_every_task_says_how_many_minutes_it_takes(solution):
    cells = {cell.id: cell.source for cell in notebooks.read(solution).cells}
    tasks = [source for name, source in cells.items() if name.startswith("task-")]
    minutes = [int(re.match(r"##+ .+\n\n\*(\d+) minutes\*\n\n", task)[1]) for task in tasks]
    assert f"The tasks take about {sum(minutes)} minutes in all." in cells["title"]


@EVERY_LAB
def test_the_first_cell_is_short(solution):
    cells = {cell.id: cell.source for cell in notebooks.read(solution).cells}
    assert len(cells["setup"].splitlines()) <= 17
    assert not re.search(r"^(def|class) ", cells["setup"], re.MULTILINE)


def test_a_changed_solution_makes_the_lab_stale(tmp_path):
    path = ROOT / "labs" / "tail-batches.ipynb"
    lab = make_labs.generate(SOLUTIONS[0].parent / path.name)
    lab.cells[-1].source += "\n# one more line"
    assert make_labs.is_stale(lab, path)
    assert make_labs.is_stale(lab, tmp_path / "missing.ipynb")


@pytest.mark.parametrize(
    ("source", "stub"),
    [
        ("a = 1\nb = a + 1  # solution", "a = 1\nb = ..."),
        ("a, b = 1, 2  # solution", "a, b = ..., ..."),
        ("def f():\n    return 3  # solution", "def f():\n    return ..."),
        ("x = 3  # was: x = 4", "x = 4"),
        ("if x:\n    y()\n    z()  # was: nothing\nw()", "if x:\n    y()\nw()"),
        ("# solution begin\na = 1\nb = f(a)\ng(b)\n# solution end\nc()", "b = ...\nc()"),
        (
            "def f():\n    # solution begin\n    a = 1\n    return a\n    # solution end",
            "def f():\n    return ...",
        ),
        (
            "def f():\n    # solution begin\n    a = 1\n    # was: a = 2\n    # was: b = 3\n"
            "    # solution end\n    return a",
            "def f():\n    a = 2\n    b = 3\n    return a",
        ),
        ("print('nothing to do')  # a comment", "print('nothing to do')  # a comment"),
    ],
)
def test_stubs(source, stub):
    assert make_labs.stub_code(source) == stub


@pytest.mark.parametrize(
    "source",
    [
        "f(1)  # solution",
        "# solution begin\na = 1",
        "a = 1\n# solution end",
        "def f():\n    return 1  # was: nothing",
        "f(  # solution\n  1)",
        "a = 1 #solution",
    ],
)
def test_markers_that_make_no_stub_are_refused(source):
    with pytest.raises((ValueError, SyntaxError)):
        make_labs.stub_code(source)


def test_markdown_turns_to_the_lab():
    text = "# Solution: x\n[chapter](../../book/a.ipynb#b) [web](https://a.b/c) [here](#x)"
    turned = "# Lab: x\n[chapter](../book/a.ipynb#b) [web](https://a.b/c) [here](#x)"
    assert make_labs.adapt_markdown(text, "a.ipynb") == turned
    hint = make_labs.adapt_markdown("## 2. Predict `x`\n<details>…</details>", "a.ipynb")
    assert hint.endswith("</details>\n\n[Solution](solutions/a.ipynb#2-predict-x)")
    assert make_labs.LINK_TO_SOLUTION.sub("", hint) == "## 2. Predict `x`\n<details>…</details>\n\n"


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("a = 1\nb = a + 1  # solution", "a = 1\nb = a + 1"),
        ("x = 3  # was: x = 4\ny()  # was: nothing", "x = 3\ny()"),
        ("# solution begin\na = 1\n# was: a = 2\n# solution end\n\nb()", "a = 1\n\nb()"),
        (
            "def f():\n    # solution begin\n    return 1\n    # solution end",
            "def f():\n    return 1",
        ),
        ("a = 1  # a comment", "a = 1  # a comment"),
    ],
)
def test_readers_get_a_solution_without_marks(source, clean):
    assert make_labs.unmark(source) == clean


def test_a_mark_that_cannot_be_dropped_is_refused():
    with pytest.raises(ValueError, match="marker '# solution'"):
        make_labs.unmark("a = 1 # solution")


@pytest.mark.parametrize("answer", [..., (1, ...), [{"a": (...,)}], np.array([1, ...], object)])
def test_a_placeholder_anywhere_is_not_attempted(answer, capsys):
    labs.check("tail-batches/count", floor=3, ceil=4, never_seen=answer)
    assert capsys.readouterr().out == "tail-batches/count: not attempted\n"


def test_a_function_that_returns_a_placeholder_is_not_attempted(monkeypatch, capsys):
    monkeypatch.setitem(tail_batches.TASKS, "count", lambda f: labs.attempted(f()))
    labs.check("tail-batches/count", lambda: (1, ...))
    assert capsys.readouterr().out == "tail-batches/count: not attempted\n"


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("tail-batches/cuont", "did you mean 'count'?"),
        ("tail-batches/xyz", "it has count, shapes"),
        ("no-such-lab/count", "the labs are .*tail-batches"),
    ],
)
def test_an_unknown_task_is_named(task, message):
    with pytest.raises(ValueError, match=message):
        labs.check(task, ...)


@pytest.mark.slow
def test_a_notebook_shows_a_wrong_answer_without_a_traceback(capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    progress.reset()
    code = "from helpers import labs; labs.check('tail-batches/count', 3, 4, 8)"
    assert isinstance(shell.run_cell(code).error_in_exec, labs.Wrong)
    shown = "".join(capsys.readouterr()).strip()
    assert shown == (
        "Wrong: tail-batches/count: 1 of 3 answers is wrong. The next wrong attempt is told which."
    )


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        ([0, 1, 2, 3], "expected rows 0 to 2, got 3"),
        ([0.9, 1.2, 2.7], "expected rows 0 to 2, got 0.9"),
        ([0, 1, -1], "expected rows 0 to 2, got -1"),
        ([0, True, 2], "expected rows 0 to 2, got True"),
        ([0, 2, 2], "row 1 was never seen (1 of 3) and row 2 was seen more than once (1 of 3)"),
    ],
)
def test_wrong_rows_seen(seen, message):
    labs.check_rows_seen([2, 0, 1], 3)
    with pytest.raises(labs.Wrong, match=re.escape(message)):
        labs.check_rows_seen(seen, 3)


@pytest.mark.parametrize(
    ("rows", "text"),
    [([4], "row 4"), ([0, 1], "rows 0 to 1"), ([0, 2, 5, 6, 7, 9], "rows 0, 2, 5 to 7 and more")],
)
def test_rows_are_spelled(rows, text):
    assert labs.spell_rows(rows) == text


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((4, 4, 9), "floor: expected 3, got 4. `//` rounds down."),
        ((3, 3, 9), "ceil: expected 4, got 3."),
        ((3, 4, 0), "never_seen: expected 9, got 0. 3 batches hold 96 rows."),
        ((3, 4, float("nan")), "never_seen: expected 9, got nan."),
        (("three", 4, 9), "floor: expected a number, got 'three'."),
        ((True, 4, 9), "floor: expected a number, got True."),
    ],
)
def test_wrong_counts(answers, message):
    assert wrong("count", *answers).startswith(message)


FIRST, LAST, ALL = (32, 26, 12), (9, 26, 12), (105, 9)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (
            (FIRST, FIRST, ALL),
            "last: the batch axis: expected 9 rows, got 32; time and features are right.",
        ),
        (
            ((32, 29, 13), LAST, ALL),
            "first: the time axis: expected 26 steps, got 29; "
            "the features axis: expected 12, got 13; batch is right.",
        ),
        (((1, 2, 3), LAST, ALL), "first: the batch axis: expected 32 rows, got 1; the time axis:"),
        (
            ((32, 12, 26), LAST, ALL),
            "first: the sizes are right, their order is not: expected (batch, time, features)",
        ),
        ((FIRST, (9, 26), ALL), "last: expected 3 axes (batch, time, features), got 2: (9, 26)."),
        ((FIRST, LAST, (96, 9)), "predictions: the batch axis: expected 105 rows, got 96; class"),
        ((FIRST, LAST, 105), "predictions: expected whole numbers (batch, class), got 105."),
        (((None, 26, 12), LAST, ALL), "first: expected whole numbers (batch, time, features)"),
        (((32.0, 26, 12), LAST, ALL), "first: expected whole numbers (batch, time, features)"),
    ],
)
def test_wrong_shapes(answers, message):
    assert wrong("shapes", *answers, x=X).startswith(message)


def test_a_shape_may_be_a_list_an_array_or_open_on_an_axis():
    labs.check_shape([32, 26, 12], {"batch": 32, "time": None, "features": 12})
    labs.check_shape(X, {"batch": 105, "time": 26, "features": 12})


@pytest.fixture(scope="module")
def broken_datasets(names):
    right = names["mended"]

    class Floor(right):
        def __len__(self):
            return len(self.x) // self.size

    class PlusOne(right):
        def __len__(self):
            return len(self.x) // self.size + 1

    class NoSuper(right):
        def __init__(self, x, y, batch_size):
            self.x, self.y, self.size = x, y, batch_size

    class Overlap(right):
        def __getitem__(self, index):
            start = max(0, min(index * self.size, len(self.x) - self.size))
            return self.x[start : start + self.size], self.y[start : start + self.size]

    class Labels(right):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x, y[::-1]

    class Whole(right):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            return self.x, self.y

    class Fixed(right):
        def __init__(self, x, y, batch_size):
            super().__init__(x, y, 32)

    class FixedLength(right):
        def __len__(self):
            return -(-len(self.x) // 32)

    class Todo(right):
        def __getitem__(self, index):
            return ..., ...

    return locals()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Floor", "105 rows, batch size 32: the batch axis: rows 96 to 104 were never seen (9 of"),
        ("PlusOne", "96 rows, batch size 32: the batch axis: batch 3 has 0 rows; `__len__` says 4"),
        ("NoSuper", "`__init__` does not call `super().__init__(**kwargs)`"),
        ("Overlap", "105 rows, batch size 32: the batch axis: rows 73 to 95 were seen more than"),
        ("Labels", "105 rows, batch size 32: in batch 0 the labels are not those of the rows."),
        ("Whole", "105 rows, batch size 32: the batch axis: batch 0 has 105 rows."),
        ("Fixed", "105 rows, batch size 10: the batch axis: batch 0 has 32 rows."),
        ("FixedLength", "105 rows, batch size 10: the batch axis: rows 40 to 104 were never seen"),
    ],
)
def test_wrong_datasets(broken_datasets, name, message):
    assert wrong("mend", broken_datasets[name]).startswith(message)


@pytest.mark.slow
def test_a_dataset_is_given_as_a_class_and_may_be_unfinished(broken_datasets, names, capsys):
    assert wrong("mend", names["mended"](X, X, 32)).startswith("give the class itself")
    labs.check("tail-batches/mend", broken_datasets["Todo"])
    assert capsys.readouterr().out == "tail-batches/mend: not attempted\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p[:96], "predictions: the batch axis: expected 105 rows, got 96; class is"),
        (lambda p: np.roll(p, 1, axis=0), "predictions: the shape is right, the order along the "),
        (
            lambda p: p * np.nan,
            "predictions: the shape is right, but rows 0 to 104 hold NaN (105 of 105)",
        ),
        (lambda p: p + (np.arange(105) == 7)[:, None], "predictions: the shape is right, the va"),
        (lambda p: p.argmax(axis=1), "predictions: expected 2 axes (batch, class), got 1: (105,)"),
        (lambda p: p.T, "predictions: the sizes are right, their order is not"),
    ],
)
def test_wrong_predictions(names, spoil, message):
    model, x = names["model"], names["x"]
    spoiled = spoil(model.predict(x, verbose=0))
    assert wrong("predict", spoiled, model=model, x=x).startswith(message)


@pytest.mark.slow
def test_right_predictions_may_come_from_elsewhere(names, capsys):
    model, x = names["model"], names["x"]
    right("predict", model.predict(x, batch_size=7, verbose=0), model=model, x=x)
    assert "right" in capsys.readouterr().out


@pytest.mark.slow
def test_wrong_metrics(names):
    import keras

    class BatchMean(names["MeanError"]):
        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(keras.ops.mean(keras.ops.abs(y_true - y_pred)))
            self.count.assign_add(1)

    class Unweighted(names["MeanError"]):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_true, y_pred)

    class CountsRows(names["MeanError"]):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_true, y_pred, sample_weight)
            self.count.assign_add(0 if sample_weight is None else len(y_true) - sum(sample_weight))

    class Sum(names["MeanError"]):
        def result(self):
            return self.total + 0.0

    assert "mean over batches is 25, the mean over rows is 8.571" in wrong("metric", BatchMean())
    assert wrong("metric", Unweighted()).startswith("the last 9 rows have weight 0: expected 0, go")
    assert wrong("metric", CountsRows()).startswith("the first 96 rows have weight 3: expected 3.0")
    assert wrong("metric", Sum()).startswith("batches of 32: expected 8.571, got 900.")
    assert wrong("metric", names["MeanError"]).startswith("give an object of the class")


@pytest.mark.slow
def test_a_metric_of_keras_is_right_too(capsys):
    import keras

    right("metric", keras.metrics.MeanAbsoluteError())
    assert "right. 8.571" in capsys.readouterr().out


@pytest.mark.slow
def test_wrong_static_batches(names):
    model, x, predictions = names["static_model"], names["x"], names["predictions"]

    def told(answer):
        return wrong("static", answer, model=model, x=x)

    assert "expected 105 rows, got 128; 23 of them belong to padding rows" in told(names["outputs"])
    assert "expected 105 rows, got 96; class is right" in told(predictions[:96])
    assert "the order along the batch axis is not: at row 0 stands" in told(predictions[::-1])


@pytest.mark.slow
def test_a_plan_with_padding_rows_is_right_too(names, capsys):
    from helpers import feeding

    model, x = names["static_model"], names["x"]
    plan = batching.fixed(105, 32, tail="pad")
    outputs = model.predict(feeding.PlannedDataset(plan, x), verbose=0)
    right("static", plan.restore(outputs), model=model, x=x)
    assert "105 predictions, from 4 batches of 32" in capsys.readouterr().out


@pytest.mark.slow
def test_wrong_pipelines(names):
    from helpers import feeding

    rows, labels, good = names["rows"], names["labels"], names["classifier"]
    plan = batching.fixed(270, 32, shuffle=1)

    def told(plan=plan, rows_fed=rows, labels_fed=labels, model=good, **options):
        dataset = feeding.PlannedDataset(plan, rows_fed, labels_fed, **{"length": 26} | options)
        return wrong("pipeline", dataset, model, rows=rows, labels=labels)

    assert re.match(
        r"first epoch: the batch axis: rows .* never seen \(14 of 270\)",
        told(batching.fixed(270, 32, shuffle=1, tail="drop")),
    )
    assert re.match(
        r"first epoch: the batch axis: rows .* more than once \(18 of 270\)",
        told(batching.fixed(270, 32, shuffle=1, tail="wrap")),
    )
    assert "the rows come in file order" in told(batching.fixed(270, 32))
    order = np.random.default_rng(0).permutation(270)
    once = told(
        batching.fixed(270, 32), rows_fed=[rows[i] for i in order], labels_fed=labels[order]
    )
    assert once.startswith("second epoch: the rows come in the order of the first")
    cut = [row[:10] for row in rows]
    assert re.match(r"first epoch: the time axis: batch \d+ has a row that is", told(rows_fed=cut))
    assert re.match(r"first epoch: row \d+ comes with label", told(labels_fed=labels[::-1]))
    assert "padding rows or sample weights" in told(
        batching.fixed(270, 32, shuffle=1, tail="pad"), sample_weight=np.ones(270)
    )


@pytest.mark.slow
def test_wrong_models(names):
    import keras

    from helpers import feeding

    rows, labels = names["rows"], names["labels"]
    plan = batching.fixed(270, 32, shuffle=1)
    dataset = feeding.PlannedDataset(plan, rows, labels, length=26)

    def told(*layers, metrics=("accuracy",)):
        model = keras.Sequential([keras.Input((None, 12)), *layers])
        model.compile(loss="sparse_categorical_crossentropy", metrics=list(metrics))
        return wrong("pipeline", dataset, model, rows=rows, labels=labels)

    mask, mean = keras.layers.Masking(), keras.layers.GlobalAveragePooling1D()
    nine = keras.layers.Dense(9, activation="softmax", kernel_initializer="zeros")
    assert "It needs a mask" in told(mean, keras.layers.Dense(9, activation="softmax"))
    assert "model: the class axis: expected 9, got 8; batch is right" in told(
        mask, mean, keras.layers.Dense(8)
    )
    assert "compile it with metrics=['accuracy']" in told(mask, mean, nine, metrics=())
    assert "accuracy 0.11 on its own training rows" in told(mask, mean, nine)


@pytest.mark.slow
def test_a_tf_dataset_and_batches_of_varying_length_are_right_too(names, capsys):
    from helpers import feeding

    rows, labels = names["rows"], names["labels"]
    plan = batching.fixed(270, 32, shuffle=1)
    dataset = feeding.tf_dataset(plan, rows, labels)
    right("pipeline", dataset, names["classifier"], rows=rows, labels=labels)
    assert "right" in capsys.readouterr().out
