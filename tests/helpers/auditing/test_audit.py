"""The audit leaves all as it was, refuses bad arguments, and says what it assumed."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import json
import random

import keras
import numpy as np
import pytest
from audit_programs import Rows, compiled, dense, vectors
from keras import layers

import helpers
from helpers.auditing import audit, rules

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]


def values(variables):
    return [np.array(keras.ops.convert_to_numpy(v)).tolist() for v in variables]


def masked_model():
    model = keras.Sequential(
        [keras.Input((None, 3)), layers.Masking(), layers.Dropout(0.5), layers.LSTM(1)]
    )
    return compiled(model, metrics=["mae"])


def trained():
    model = masked_model()
    model.fit(vectors(), np.ones((4, 1), "float32"), verbose=0)
    return model


class Counting(Rows):
    """Draws random numbers and counts what it is asked for."""

    def __init__(self, *arrays):
        super().__init__(*arrays, size=2)
        self.calls, self.rng, self.order = 0, np.random.default_rng(3), np.arange(4)

    def __getitem__(self, i):
        self.calls += 1
        self.order[:] = self.rng.permutation(self.order)
        return super().__getitem__(i)


class Breaks(layers.Layer):
    """Raises once it has been told to."""

    told, supports_masking = False, True

    def call(self, x):
        if self.told:
            raise RuntimeError("broken by design")
        return x


def test_model_is_left_as_it_was():
    model = trained()
    watched = [*model.variables, *model.optimizer.variables]
    watched += [v for metric in model.metrics for v in metric.variables]
    before, step = values(watched), model.train_function
    audit(model, (vectors(), np.ones((4, 1), "float32")), rows=4)
    assert values(watched) == before
    assert model.train_function is step


def test_random_generators_are_left_as_they_were():
    model = trained()
    keras.utils.set_random_seed(5)
    audit(model, (vectors(), np.ones((4, 1), "float32")))
    after = random.random(), np.random.rand(), float(keras.random.uniform(()))
    keras.utils.set_random_seed(5)
    assert after == (random.random(), np.random.rand(), float(keras.random.uniform(())))


def test_dataset_is_left_as_it_was():
    data = Counting(vectors(), np.ones((4, 1), "float32"))
    audit(masked_model(), data, rows=4)
    assert data.calls == 0
    assert data.order.tolist() == [0, 1, 2, 3]
    assert data.rng.random() == np.random.default_rng(3).random()


def test_generator_object_is_not_drawn_from():
    given = ((np.ones((2, 4)), np.ones((2, 1))) for _ in range(3))
    report = audit(dense(), given, fit={"epochs": 2})
    assert len(list(given)) == 3
    assert [finding.rule for finding in report.errors] == ["generator-ends"]
    assert any("is gone" in verdict.why for verdict in report.undecided)


def test_model_that_raises_is_left_as_it_was_and_nothing_passes():
    breaks = Breaks()
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(), breaks, layers.LSTM(1)])
    breaks.told = True
    before = values(model.variables)
    report = audit(model, vectors(), select="RE2")
    assert values(model.variables) == before
    assert report.passed == ()
    assert all("broken by design" in verdict.why for verdict in report.undecided)


def test_stateful_layer_keeps_its_state():
    inputs = keras.Input(batch_shape=(4, None, 3))
    rnn = layers.LSTM(1, stateful=True)
    model = keras.Model(inputs, rnn(inputs))
    model(np.ones((4, 2, 3), "float32"))
    before = values(rnn.states)
    assert np.abs(before).max() > 0
    audit(model, vectors())
    assert values(rnn.states) == before


def test_batch_that_raises_is_undecided_and_said():
    class Short(Rows):
        def __getitem__(self, i):
            if i:
                raise OSError("file 1 is gone")
            return super().__getitem__(i)

    report = audit(dense(), Short(np.ones((16, 4)), np.ones((16, 1))), rows=16)
    why = next(verdict.why for verdict in report.undecided if verdict.rule.name == "rows-lost")
    assert why == "data: batch 1 raises OSError: file 1 is gone"


def test_no_more_batches_than_told_are_made():
    asked = []

    class Watched(Rows):
        def __getitem__(self, i):
            asked.append(i)
            return super().__getitem__(i)

    data = Watched(np.ones((100, 4)), np.ones((100, 1)), size=2)
    report = audit(dense(), data, batches=3, rows=100)
    assert asked == [0, 1, 49]  # the tail is the last
    assert report.subject[1] == "data: PyDataset, 50 batches, 3 looked at"
    assert "rows-lost" in {verdict.rule.name for verdict in report.passed}


def test_padding_is_assumed_or_given():
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(9.0), layers.LSTM(1)])
    x = vectors(value=9.0)
    report = audit(model, x, select="padding-leak")
    assert report.findings == ()
    assert "padded post with 9.0: the value that a layer masks" in report.assumed[0]
    given = audit(model, x, select="padding-leak", lengths=[7, 2, 5, 3], value=9.0)
    assert given.assumed == ()
    assert len(given.passed) == 1


def test_lengths_may_be_a_function_of_the_inputs():
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(1)])
    asked = []

    def lengths(x):
        asked.append(x.shape)
        return np.array([7, 2, 5, 3])

    report = audit(model, Rows(vectors(), size=4), lengths=lengths, select="RE202")
    assert asked[0] == (4, 7, 3)
    assert [finding.code for finding in report.errors] == ["RE202"]


def test_select_and_ignore():
    assert [v.rule.code for v in audit(dense(), np.ones((8, 4)), select="RE103").passed] == [
        "RE103"
    ]
    report = audit(dense(), np.ones((8, 4)), ignore=["RE1", "target-broadcast"])
    seen = [verdict.rule.code for verdict in (*report.passed, *report.undecided)]
    assert [code for code in seen if code.startswith("RE1") or code == "RE401"] == []
    assert len(seen) == len([rule for rule in rules() if rule.code[:3] != "RE1"]) - 1


def test_every_rule_is_in_one_list():
    report = audit(dense(), np.ones((8, 4)))
    seen = [verdict.rule.code for verdict in (*report.passed, *report.undecided)]
    assert sorted(seen) == [rule.code for rule in rules()]


def test_report_as_json_and_html():
    model = keras.Sequential([keras.Input((None, 3), name="<b>"), layers.LSTM(1)])
    report = helpers.audit(model, vectors(), rows=4)
    said = json.loads(report.as_json())
    assert [(f["code"], f["severity"]) for f in said["findings"]] == [("RE202", "error")]
    assert {*said} == {"subject", "findings", "passed", "undecided", "assumed"}
    page = report._repr_html_()
    assert "RE202 padding-leak" in page
    assert "<b>" not in page
    assert str(report).count("page: audit-rules/padding-leak") == 1
    assert repr(report).startswith("<Report: 1 error, 0 warnings, 0 notes,")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"model": "lstm"}, TypeError, "model: expected a Keras model or layer, got str"),
        ({"data": 3}, TypeError, "data: expected what fit takes"),
        ({"data": np.ones((0, 4))}, TypeError, "with at least one row"),
        ({"batches": 1}, ValueError, "batches: expected an integer of at least 2, got 1"),
        ({"side": "left"}, ValueError, "side: expected one of 'pre', 'post', got 'left'"),
        ({"select": "RE9"}, ValueError, "select: expected codes or names of RE101"),
        ({"ignore": ["RE"]}, ValueError, "which leave none"),
        ({"fit": [3]}, TypeError, "fit: expected a dict"),
        ({"rows": 2.5}, TypeError, "rows: expected a number or rows, got 2.5"),
        ({"progress": 1}, TypeError, "progress: expected True or False, got 1"),
        ({"lengths": [1.5] * 8}, ValueError, "lengths: expected integers from 0"),
        ({"lengths": [1] * 7}, ValueError, "one for each of the 8 rows, got 7"),
    ],
)
def test_bad_arguments(arguments, error, said):
    given = {"model": dense(), "data": np.ones((8, 4)), **arguments}
    with pytest.raises(error, match=said):
        audit(given.pop("model"), given.pop("data"), **given)


def test_lengths_of_rows_need_arrays():
    with pytest.raises(TypeError, match="lengths: expected a function of a batch's inputs"):
        audit(dense(), Rows(np.ones((8, 4)), np.ones((8, 1))), lengths=[1] * 8)
