"""Several wrong answers are told in steps, and a summary counts right, wrong and open."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest
from lab_runs import wrong

from helpers import labs
from helpers.labs import progress, steps

X = np.zeros((105, 26, 12), "float32")
SHAPES = (32, 26, 12), (9, 26, 12), (105, 9)


@pytest.fixture(autouse=True)
def fresh():
    progress.reset()
    yield
    progress.reset()


@pytest.fixture
def told():
    """Give one wrong answer after the other."""

    def tell(task, *answers, **given):
        with pytest.raises(labs.Wrong) as caught:
            labs.check(f"tail-batches/{task}", *answers, **given)
        return str(caught.value).removeprefix(f"tail-batches/{task}: ")

    return tell


def test_first_how_many_then_which_then_why(told):
    assert (
        told("count", 4, 4, 0) == "2 of 3 answers are wrong. The next wrong attempt is told which."
    )
    assert (
        told("count", 4, 4, 9)
        == "1 of 3 answers is wrong: floor. The next wrong attempt is told why."
    )
    assert told("count", 4, 4, 9) == "floor: expected 3, got 4. `//` rounds down."
    assert told("count", 4, 3, 9).endswith(
        "ceil: expected 4, got 3. `ceil` counts a part batch too."
    )


@pytest.mark.parametrize(
    ("shapes", "where"),
    [
        (
            (SHAPES[0], (32, 26, 13), SHAPES[2]),
            "1 of 3 answers is wrong, on the batch axis and on the features axis.",
        ),
        (
            ((32, 12, 26), (9, 26), (105,)),
            "3 of 3 answers are wrong, in the order of axes and in the number of axes.",
        ),
        (((9, 26, 12), (32, 26, 12), SHAPES[2]), "2 of 3 answers are wrong, on the batch axis."),
    ],
)
def test_the_axes_are_named_at_once(told, shapes, where):
    assert told("shapes", *shapes, x=X) == f"{where} The next wrong attempt is told which."
    assert told("shapes", *shapes, x=X).endswith(" The next wrong attempt is told why.")


def test_each_task_counts_for_itself_and_a_right_answer_costs_nothing(told):
    told("count", 4, 4, 9)
    labs.check("tail-batches/count", 3, 4, 9)
    assert told("shapes", *SHAPES[:2], (9, 105), x=X).startswith(
        "1 of 3 answers is wrong, in the ord"
    )
    assert told("count", 4, 4, 9).startswith("1 of 3 answers is wrong: floor.")


def test_an_answer_of_another_kind_is_told_at_once_and_no_attempt(told):
    assert told("count", "three", 4, 0).startswith("floor: expected a number, got 'three'.")
    assert told("count", 3, 4, 0).startswith("1 of 3 answers is wrong.")


def test_what_a_test_gives_is_the_third_attempt_or_that_which_it_says():
    assert wrong("tail-batches", "count", 3, 4, 8).startswith("never_seen: expected 9, got 8.")
    assert wrong("tail-batches", "count", 3, 4, 8, attempt=2).startswith(
        "1 of 3 answers is wrong: n"
    )


def test_several_has_a_name_where_it_needs_one():
    answers = steps.Answers("broken")
    for name in "abc":
        with answers.judge(name):
            if name != "b":
                raise labs.checks.Differs(f"{name} is broken.")
    with pytest.raises(labs.Wrong) as caught:
        answers.tell()
    assert caught.value.told(1).startswith("broken: 2 of 3 answers are wrong. ")
    assert caught.value.told(2).startswith("broken: 2 of 3 answers are wrong: a and c. ")
    assert caught.value.told(3) == caught.value.told(9) == "broken: a is broken. c is broken."


def test_a_summary_counts_the_last_verdicts_of_one_lab(told, capsys):
    labs.summary("masking")
    labs.check("tail-batches/count", 3, 4, 9)
    labs.check("tail-batches/shapes", ..., ..., ..., x=X)
    told("metric", None)
    labs.summary("tail-batches")
    told("count", 3, 4, 8)
    labs.check("tail-batches/metric", ...)
    labs.summary("tail-batches")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith("checks.")]
    assert lines == [
        "masking: 0 right, 0 wrong, 7 open (shapes, which-leak, mend-embedding, mend-operation, "
        "mend-convolution, find, loss), of 7 checks.",
        "tail-batches: 1 right, 1 wrong (metric), 5 open (shapes, mend, predict, static, "
        "pipeline), of 7 checks.",
        "tail-batches: 0 right, 1 wrong (count), 6 open (shapes, mend, predict, metric, static, "
        "pipeline), of 7 checks.",
    ]


def test_a_summary_of_a_lab_that_there_is_not():
    with pytest.raises(
        ValueError, match="lab 'x': there is no lab 'x'; the labs are augmentation,"
    ):
        labs.summary("x")
