"""The audit leaves all as it was, refuses bad arguments, and says what it assumed."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import inspect
import json
import random

import keras
import numpy as np
import pytest
from audit_programs import Rows, compiled, dense, ids, vectors
from keras import layers

import helpers
from helpers import auditing
from helpers.auditing import audit, catalogue, feeds

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
    report = audit(model, vectors(), select=["RE201", "RE202"])
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
    assert list(dict.fromkeys(asked)) == [0, 1, 49]  # the tail is the last; some are asked again
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
    assert len(seen) == len([rule for rule in catalogue() if rule.code[:3] != "RE1"]) - 1


def test_every_rule_is_in_one_list():
    report = audit(dense(), np.ones((8, 4)))
    seen = [verdict.rule.code for verdict in (*report.passed, *report.undecided)]
    assert sorted(seen) == [rule.code for rule in catalogue()]


def test_report_as_json_and_html():
    model = keras.Sequential([keras.Input((None, 3), name="<b>"), layers.LSTM(1)])
    report = helpers.audit(model, vectors(), rows=4)
    said = json.loads(report.as_json())
    assert [(f["code"], f["severity"]) for f in said["findings"]] == [("RE202", "error")]
    lists = {"findings", "passed", "undecided", "assumed", "known", "stale"}
    assert {*said} == {"subject", *lists}
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
        ({"fit": {"batch_size": 0}}, ValueError, "batch_size.*: expected an integer of at least 1"),
        ({"fit": {"batch_size": "all"}}, TypeError, "batch_size.*: expected an integer"),
        (
            {"fit": {"validation_split": 1.5}},
            ValueError,
            "validation_split.*: expected from 0 to below 1",
        ),
        ({"fit": {"batchsize": 8}}, TypeError, "fit.'batchsize'.: .* which are batch_size, call"),
        ({"fit": {"y": 8}}, TypeError, "fit.'y'.: .*give it as data"),
        ({"fit": {"epochs": "x"}}, TypeError, "fit.'epochs'.: expected an integer, got str 'x'"),
        ({"fit": {"epochs": 0}}, ValueError, "fit.'epochs'.: expected an integer of at least 1"),
        ({"fit": {"epochs": None}}, TypeError, "fit.'epochs'.: expected an integer"),
        ({"fit": {"initial_epoch": 1}}, ValueError, "initial_epoch.*less than epochs=1.*got 1"),
        ({"fit": {"steps_per_epoch": 2.5}}, TypeError, "steps_per_epoch.*an integer, got float"),
        ({"fit": {"validation_freq": 0}}, ValueError, "validation_freq.*of at least 1, got 0"),
        ({"fit": {"validation_freq": ["a"]}}, TypeError, "validation_freq.*expected epochs"),
        ({"fit": {"class_weight": [1, 2]}}, TypeError, "class_weight.*a dict from class to weight"),
        ({"fit": {"shuffle": "yes"}}, TypeError, "shuffle.*expected True, False or 'batch'"),
        (
            {"data": Rows(np.ones((8, 4))), "fit": {"sample_weight": np.ones(8)}},
            TypeError,
            "sample_weight.*None beside a PyDataset",
        ),
        (
            {"validation": np.ones((8, 4)), "fit": {"validation_data": np.ones((8, 4))}},
            TypeError,
            "validation: expected nothing beside",
        ),
        (
            {"data": ([np.ones((n, 4)) for n in (3, 5)], np.ones((2, 1)))},
            ValueError,
            "each of the 1 inputs of the model, got a list of 2 arrays of 3 to 5 steps; .*pad them",
        ),
        ({"data": [np.ones(4), np.ones(4)]}, ValueError, r"got a list of 2 .*np.stack\(rows\)"),
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


ORDINARY = {
    "counts": ((24, 1), 0.7),
    "pairs of counts": ((24, 2), 0.4),
    "flags": ((1,), 0.7),
}


@pytest.mark.parametrize("kind", ORDINARY)
def test_zeros_that_are_data_are_no_padding(kind):
    shape, mean = ORDINARY[kind]
    x = np.random.default_rng(0).poisson(mean, (64, *shape))
    if len(shape) == 1:
        codes = keras.Input(shape, dtype="int32")
        h = layers.Flatten()(layers.Embedding(9, 2)(codes))
        model = compiled(keras.Model(codes, layers.Dot(1)([h, h])))
    else:
        model = compiled(keras.Sequential([keras.Input(shape), layers.LSTM(1)]))
    report = audit(model, (x, np.ones((64, 1), "float32")))
    assert report.findings == ()
    assert report.assumed == ()


def test_blank_rows_at_both_ends_of_images_are_no_padding():
    x = np.zeros((16, 12, 12), "float32")
    x[:, 3:9, 3:9] = np.random.default_rng(0).uniform(0.1, 1, (16, 6, 6))
    model = compiled(keras.Sequential([keras.Input((12, 12)), layers.LSTM(1)]))
    assert audit(model, (x, np.ones((16, 1), "float32"))).findings == ()


def test_epoch_ends_where_steps_per_epoch_says():
    class ForEver(Rows):
        def __getitem__(self, i):
            return super().__getitem__(i % 4)

    def data(count):
        return ForEver(np.ones((16, 4)), np.ones((16, 1)), size=4, count=lambda _: count)

    report = audit(dense(), data(8), rows=16, fit={"steps_per_epoch": 4})
    assert report.findings == ()
    assert "rows-lost" in {verdict.rule.name for verdict in report.passed}
    report = audit(dense(), data(8), rows=16, fit={"steps_per_epoch": 3})
    assert "rows-lost" in {verdict.rule.name for verdict in report.undecided}
    assert report.findings == ()


def test_rows_of_ragged_and_sparse_tensors_are_counted():
    tf = pytest.importorskip("tensorflow")
    y = np.ones((6, 1), "float32")
    ragged = tf.ragged.constant([[1.0, 2.0], [3.0], [4.0, 5.0, 6.0]] * 2)
    for x in (ragged, tf.sparse.from_dense(np.eye(6, dtype="float32"))):
        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
        report = audit(dense(6), data, rows=6, select="RE103")
        assert [verdict.rule.code for verdict in report.passed] == ["RE103"]


def test_arrays_of_scipy_are_arrays():
    sparse = pytest.importorskip("scipy.sparse")
    x = sparse.random(40, 4, 0.5, format="csr", dtype="float32")
    report = audit(dense(), (x, np.ones((40, 1), "float32")))
    assert report.subject[1] == "data: arrays, 2 batches, 2 looked at"
    assert (report.findings, report.undecided) == ((), ())
    assert "data holds a sparse matrix of SciPy; its batches were looked at dense" in report.assumed


def test_a_subclass_may_take_more_in_fit():
    class Own(keras.Model):
        def call(self, x):
            return x

        def fit(self, *args, rounds=1, **kwargs):
            return super().fit(*args, **kwargs)

    class OwnOnly(Own):
        def fit(self, x, y, rounds=1):
            return super().fit(x, y)

    x = np.ones((8, 4), "float32")
    assert audit(Own(), x, fit={"rounds": 2, "tempo": 3}, select="RE104").findings == ()
    with pytest.raises(TypeError, match=r"fit.'epochs'.: .*, which are rounds"):
        audit(OwnOnly(), x, fit={"epochs": 2})


def test_rows_of_a_subclass_are_no_inputs():
    class Own(keras.Model):
        def call(self, xs):
            return keras.ops.add(*xs)

    with pytest.raises(ValueError, match="one array for each input, got a list of 2 arrays of 3"):
        audit(Own(), [np.ones((3, 4)), np.ones((5, 4))])
    assert audit(Own(), [np.ones((3, 4)), np.ones((3, 4))], select="RE1").findings == ()


def test_weights_and_held_out_rows_are_those_of_fit():
    x, y = np.ones((101, 4), "float32"), np.ones((101, 1), "float32")
    weights = np.arange(101.0)
    fit = {"validation_split": 0.2, "sample_weight": weights, "validation_batch_size": 20}
    report = audit(dense(), (x, y), fit=fit)
    assert report.subject[1:] == (
        "data: arrays, 3 batches, 3 looked at",
        "validation: arrays, 2 batches, 2 looked at",  # 21 rows
    )
    data = feeds.feed("data", (x, y), fit, 8)
    assert [batch.weight.sum() for batch in data.looked] == [496, 1520, 1144]
    held = feeds.held_out(data, fit, 8)
    assert [batch.weight.tolist() for batch in held.looked][1] == [100]
    assert [batch.rows for batch in held.looked] == [20, 1]


@pytest.mark.parametrize("repeat", [False, True])
def test_shuffled_dataset_gives_fit_the_order_it_would_have(repeat):
    tf = pytest.importorskip("tensorflow")

    def made():
        x = np.arange(12, dtype="float32")[:, None]
        data = tf.data.Dataset.from_tensor_slices((x, x)).shuffle(12, seed=4)
        return (data.repeat(2) if repeat else data).batch(5)

    def epochs(data):
        return [[x[:, 0].numpy().tolist() for x, _ in data] for _ in range(2)]

    looked_at, untouched = made(), made()
    model = compiled(keras.Sequential([keras.Input((1,)), layers.Dense(1)]))
    audit(model, looked_at, rows=12, validation=looked_at)
    first, second = epochs(looked_at)
    assert [first, second] == epochs(untouched)
    assert first != second


def test_generator_of_a_loader_is_left_as_it_was():
    torch = pytest.importorskip("torch")
    rows = torch.utils.data.TensorDataset(torch.ones(16, 4), torch.ones(16, 1))
    own = torch.Generator().manual_seed(3)
    before = own.get_state()
    data = torch.utils.data.DataLoader(rows, batch_size=4, shuffle=True, generator=own)
    audit(dense(), data, rows=16)
    assert torch.equal(before, own.get_state())


def test_fixed_batch_looks_at_what_validation_reaches_and_knows_what_it_has_not_seen():
    inputs = keras.Input((4,), batch_size=4)
    model = compiled(keras.Model(inputs, layers.Dense(1)(inputs)))
    x, y = np.ones((16, 4), "float32"), np.ones((16, 1), "float32")
    given = {"data": (x, y), "validation": (x[:9], y[:9]), "select": "RE104"}
    report = audit(model, **given, fit={"batch_size": 4, "validation_steps": 2})
    assert (report.findings, report.undecided) == ((), ())
    report = audit(model, **given, fit={"batch_size": 4})
    assert [finding.where for finding in report.errors] == ["validation, batch 2"]

    def many():
        for _ in range(60):
            yield x[:4], y[:4]
        yield x[:1], y[:1]

    report = audit(model, many, select="RE104", fit={"steps_per_epoch": 61})
    assert "the last batch of data was not looked at" in report.undecided[0].why
    report = audit(model, many, select="RE104", fit={"steps_per_epoch": 61}, batches=70)
    assert [finding.where for finding in report.errors] == ["data, batch 60"]


def test_whether_a_long_generator_ends_is_undecided():
    def for_ever():
        while True:
            yield np.ones((2, 4), "float32"), np.ones((2, 1), "float32")

    fit = {"epochs": 2, "steps_per_epoch": 20}
    for given in (for_ever, for_ever()):
        report = audit(dense(), given, fit=fit)
        assert report.findings == ()
        assert "generator-ends" in {verdict.rule.name for verdict in report.undecided}
    report = audit(dense(), for_ever, fit=fit, batches=40)
    assert "generator-ends" in {verdict.rule.name for verdict in report.passed}


@pytest.mark.parametrize("lengths", [lambda x: 3, lambda x: 1 / 0, lambda x: np.ones(4)])
def test_lengths_that_are_none_are_undecided(lengths):
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(1)])
    report = audit(model, vectors(), lengths=lengths)
    said = [verdict.why for verdict in report.undecided if verdict.rule.name == "padding-leak"]
    assert said[0].startswith("lengths")


def test_random_generator_of_torch_is_left_as_it_was():
    torch = pytest.importorskip("torch")
    rows = torch.utils.data.TensorDataset(torch.ones(16, 4), torch.ones(16, 1))
    data = torch.utils.data.DataLoader(rows, batch_size=4, shuffle=True)
    before = torch.get_rng_state()
    audit(dense(), data, rows=16)
    assert torch.equal(before, torch.get_rng_state())


def test_no_name_is_hidden_by_a_module():
    for name in auditing.__all__:
        assert not inspect.ismodule(getattr(auditing, name)), name


def table_model(kind):
    inputs = keras.Input((9,), dtype="float32")
    if kind == "behind a scaling":
        h = layers.Dense(3)(layers.Dropout(0.5)(layers.Rescaling(0.1)(inputs)))
    elif kind == "behind a normalisation":
        h = layers.Dense(3)(layers.BatchNormalization()(inputs))
    else:
        h = layers.Dense(3, activation="relu")(inputs)
    return compiled(keras.Model(inputs, layers.Dense(1)(h)))


@pytest.mark.parametrize("kind", ["read at once", "behind a scaling", "behind a normalisation"])
def test_integers_that_a_dense_layer_reads_are_features(kind):
    data = ids((9, 2, 5, 3), 9), np.ones((4, 1), "float32")
    report = audit(table_model(kind), data, select="RE2")
    assert (report.findings, report.assumed) == ((), ())
    assert report.undecided == ()
    why = {verdict.rule.name: verdict.why for verdict in report.passed}
    assert why["padding-leak"] == "no input has a time axis"


def test_integers_of_a_subclass_with_two_inputs_are_told_apart():
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.rnn = layers.Embedding(9, 4), layers.LSTM(2)
            self.table, self.top = layers.Dense(2), layers.Dense(1)

        def call(self, x):
            return self.top(self.rnn(self.embed(x["ids"])) + self.table(x["table"]))

    x = {"ids": ids(), "table": ids(seed=3)}
    report = audit(compiled(Two()), (x, np.ones((4, 1), "float32")), select="RE202")
    assert [line.split(":")[0] for line in report.assumed] == ["x['ids'] is padded post with 0"]
    assert [finding.rule for finding in report.errors] == ["padding-leak"]


def test_ids_may_come_as_floats():
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4), layers.LSTM(1)])
    x = ids().astype("float32")
    assert [f.rule for f in audit(model, x, select="RE202").errors] == ["padding-leak"]
    table = compiled(keras.Sequential([keras.Input((7,)), layers.Dense(1)]))
    assert audit(table, x, select="RE202").assumed == ()


@pytest.mark.parametrize("value", [0, 7])
def test_padding_is_told_from_the_same_value_inside_if_that_is_rare(value):
    lengths = np.random.default_rng(1).integers(8, 40, 32)
    x = np.random.default_rng(0).integers(1, 7, (32, 40))
    for row, length in enumerate(lengths):
        x[row, length:] = value
    x[3, 2] = x[8, 5] = value
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4), layers.LSTM(1)])
    report = audit(model, x, select="RE202")
    assert [finding.rule for finding in report.errors] == ["padding-leak"]
    assert report.assumed[0].startswith(f"x is padded post with {value}: a constant at the end")
    x[:, ::3] = value
    assert audit(model, x, select="RE202").assumed == ()


def test_runs_of_one_id_that_all_rows_end_in_are_no_padding():
    x = np.random.default_rng(0).integers(1, 9, (32, 12))
    x[:, -2:] = 5
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4), layers.LSTM(1)])
    assert audit(model, x, select="RE202").assumed == ()
