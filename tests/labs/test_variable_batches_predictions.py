"""The lab on batches of varying shape: which datasets crash, and what becomes of five forms."""

import functools
import re

import keras
import lab_runs
import pytest
from keras import layers

from helpers.labs.tasks import variable_batches as tasks

untouched = lab_runs.fixture("variable-batches")
right = functools.partial(lab_runs.right, "variable-batches")
wrong = functools.partial(lab_runs.wrong, "variable-batches")


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


@pytest.mark.slow
def test_the_untouched_lab_says_not_attempted_at_every_task(untouched):
    told = lab_runs.verdicts("variable-batches", untouched[1])
    assert told == [(task, "not attempted") for task in tasks.TASKS]


# --- 1: which crash ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def six(names):
    pool = layers.GlobalAveragePooling1D()
    model = keras.Sequential([keras.Input((None, 2)), pool, layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    return {"six": names["six"], "dataset_class": names["Batches"], "model": model}


@pytest.mark.slow
def test_every_wrong_prediction_gets_the_rule(six):
    assert wrong("crash", {"rising", "last_small", "longer"}, **six) == (
        "rising trains: batches 0 and 1 have 5 and 6 steps, so the time axis stays open. "
        "twins stops: batches 0 and 1 both have 6 steps, so the time axis is fixed at 6, and batch "
        "2 has 5. "
        "last_small trains: every batch has 8 steps, and the batch axis is always open. "
        "longer trains: batches 0 and 1 have 5 and 9 steps, so the time axis stays open. "
        "fewer_rows stops: batches 0 and 1 both have 8 steps, so the time axis is fixed at 8, and "
        "batch 2 has 7. "
        "last_short stops: batches 0 and 1 both have 9 steps, so the time axis is fixed at 9, and "
        "batch 3 has 8."
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("crashes", "message"),
    [
        ({"twins", "last_short"}, "fewer_rows stops: batches 0 and 1 both have 8 steps"),
        ({"twins", "fewer_rows"}, "last_short stops: batches 0 and 1 both have 9 steps"),
        ({"twins", "twin"}, "crashes: there is no 'twin'; there are rising, twins, last_small, lo"),
        ("twins", "crashes: expected a set of names, such as {'a', 'b'}, got 'twins'."),
        (3, "crashes: expected a set of names"),
    ],
)
def test_wrong_crashes(six, crashes, message):
    assert wrong("crash", crashes, **six).startswith(message)


@pytest.mark.slow
def test_crashes_may_be_a_list(six):
    right("crash", ["last_short", "twins", "fewer_rows"], **six)


# --- 2: what becomes of five forms ---------------------------------------------------------------


FORMS = {
    "list": "raises",
    "ragged": "raises",
    "generator": "raises",
    "padded_batch": "trains",
    "padded_array": "broadcasts",
}


@pytest.mark.slow
def test_every_wrong_outcome_gets_a_reason(names):
    answer = dict.fromkeys(FORMS, "trains") | {"padded_batch": "raises"}
    told = wrong("forms", answer, cases=names["cases"])
    assert re.fullmatch(
        r"list raises: Keras takes each array of the list for an input, not for a row\. "
        r"ragged raises: \S.*\. "
        r"generator raises: a batch of shape \(1, 6, 2\) came where \(None, 5, 2\) was expected\. "
        r"padded_batch trains: outputs and targets both have shape \(2, 1\)\. "
        r"padded_array broadcasts: outputs have shape \(4, 7, 1\) and targets \(4, 1\): along the "
        r"time axis every step is compared with the target of its row\.",
        told,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ({"list": "raises"}, "outcomes: 'ragged' is missing."),
        (FORMS | {"array": "trains"}, "outcomes: there is no 'array'; there are list, ragged, g"),
        (
            FORMS | {"list": "fails"},
            "outcomes: list: expected trains, raises or broadcasts, got 'f",
        ),
        (["raises"] * 5, "outcomes: expected a dict with list, ragged, generator, padded_batch, p"),
    ],
)
def test_wrong_outcomes(names, outcomes, message):
    assert wrong("forms", outcomes, cases=names["cases"]).startswith(message)
