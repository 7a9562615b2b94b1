"""Advice: the fewest shapes among the plans that cost little, in a line that can be pasted."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from helpers import batching
from helpers.batching import COSTS, ladder, recommend
from helpers.data import random_lengths

NAMES = {name: getattr(batching, name) for name in batching.__all__}
KINDS = ["lognormal", "constant", "bimodal", "geometric", "uniform"]


def pasted(line, lengths):
    """The plan that the line makes where it is pasted."""
    return eval(line, NAMES | {"lengths": lengths})


def same(one, other):
    assert [batch.tolist() for batch in one] == [batch.tolist() for batch in other]
    assert one.padded_lengths.tolist() == other.padded_lengths.tolist()
    assert one.epoch(2).rows.tolist() == other.epoch(2).rows.tolist()
    assert (one.tail, one.batch_size, one.shuffle) == (other.tail, other.batch_size, other.shuffle)


@given(
    lengths=st.lists(st.integers(0, 90), min_size=1, max_size=120),
    kind=st.sampled_from(COSTS),
    batch_size=st.integers(1, 40),
    jit=st.booleans(),
    shuffle=st.none() | st.integers(0, 9),
    quantiles=st.booleans(),
    spare=st.none() | st.integers(0, 2_000),
)
def test_the_rule(lengths, kind, batch_size, jit, shuffle, quantiles, spare):
    options = {"batch_size": batch_size, "jit": jit, "shuffle": shuffle, "quantiles": quantiles}
    if spare is not None:
        options["most_cells"] = max(1, *lengths) + spare
    found = recommend(lengths, kind, **options)
    same(found.plan, pasted(found.line, lengths))
    assert str(found) == found.line
    assert "\n" not in found.line
    plans = [pasted(option.code, lengths) for option in found.table]
    if jit:
        assert len(found.plan.shapes) <= 16
        plans = [plan for plan in plans if len(plan.shapes) <= 16]
    assert found.plan.cost(kind) <= 1.1001 * min(plan.cost(kind) for plan in plans)


@given(
    lengths=st.lists(st.integers(0, 90), min_size=1, max_size=120),
    kind=st.sampled_from(COSTS),
    batch_size=st.integers(1, 40),
    shuffle=st.none() | st.integers(0, 9),
    spare=st.integers(0, 2_000),
)
def test_no_batch_of_any_plan_holds_more_cells_than_the_limit(
    lengths, kind, batch_size, shuffle, spare
):
    limit = max(1, *lengths) + spare
    options = {"batch_size": batch_size, "shuffle": shuffle, "quantiles": True}
    found = recommend(lengths, kind, most_cells=limit, **options)
    for option in found.table:
        plan = pasted(option.code, lengths)
        for each in (plan, plan.epoch(1)):
            assert (each.sizes * each.padded_lengths).max() <= limit
            assert sorted(set(each.rows.tolist())) == list(range(len(lengths)))
    free = recommend(lengths, kind, **options)
    assert [option.name for option in free.table] == [option.name for option in found.table]
    if batch_size * max(1, *lengths) <= limit:  # what holds anyway is written as ever
        assert [option for option in free.table if "budget" not in option.code] == [
            option for option in found.table if "budget" not in option.code
        ]


def test_with_a_limit_of_cells_only_long_rows_get_smaller_batches():
    lengths = [10] * 640 + [200] * 320
    found = recommend(lengths, "quadratic", most_cells=2_000)
    assert found.plan.shapes == ((10, 200), (32, 10))
    assert "most_cells=2000" in found.line
    table = {option.name: option for option in found.table}
    assert "fixed(len(lengths), 10, " in table["rows as they come"].code
    assert "grouped(lengths, 10, " in table["grouped by length"].code
    assert "token_budget(lengths, 2000, " in table["a budget of cells"].code


def test_quantiles_are_compared_where_they_are_asked_for():
    lengths = random_lengths(20_000)
    found = recommend(lengths, "linear", quantiles=True)
    usual = recommend(lengths, "linear")
    assert [option for option in found.table if "quantile" not in option.name] == list(usual.table)
    over = {option.name: option.over for option in found.table}
    for k in (4, 8, 16, 32):
        assert over[f"{k} quantile buckets"] > over[f"{k} buckets"]
    few = recommend([5] * 90 + [6, 7], quantiles=True)
    assert [option.name for option in few.table if "quantile" in option.name] == [
        "2 quantile buckets"
    ]


@pytest.mark.parametrize(
    ("longer", "name", "over", "shapes"),
    [(110, "one length for all", 220 / 200, 1), (111, "2 buckets", 1, 2)],
)
def test_ten_percent_are_worth_a_shape_and_not_more(longer, name, over, shapes):
    # Padded to one length they cost 220 for 90 + 110, and 222 for 90 + 111.
    lengths = [90] * 64 + [longer] * 64
    for kind in ("linear", "steps"):
        found = recommend(lengths, kind)
        assert (found.name, len(found.plan.shapes)) == (name, shapes)
        chosen = next(option for option in found.table if option.name == name)
        assert (chosen.over, chosen.shapes) == (pytest.approx(over), shapes)


@pytest.mark.parametrize("kind", COSTS)
@pytest.mark.parametrize("shape", KINDS)
@pytest.mark.parametrize("jit", [False, True])
def test_twenty_thousand_rows(shape, kind, jit):
    lengths = random_lengths(20_000, shape)
    found = recommend(lengths, kind, jit=jit)
    same(found.plan, pasted(found.line, lengths))
    over = next(option.over for option in found.table if option.name == found.name)
    assert len(found.plan.shapes) <= (16 if jit else 400)
    assert over <= (1.3 if jit else 1.2)
    assert f"{kind} cost over that without padding {over:.2f} times" in found.line
    assert ("jit" in found.line) == jit
    assert found.line.count(" shape") == found.line.count(" times, ")
    names = [option.name for option in found.table]
    assert len(set(names)) == len(names)
    assert names[0] == "one length for all"
    assert names[-3:] == ["rows as they come", "grouped by length", "a budget of cells"]


def test_one_length_is_enough_where_all_rows_have_it():
    for lengths in ([7], [7] * 100, np.full(100, 60)):
        for kind in COSTS:
            found = recommend(lengths, kind)
            assert found.name == "one length for all"
            assert len(found.plan.shapes) == 1
            assert not any("buckets" in option.name for option in found.table)


def test_two_modes_need_two_buckets():
    lengths = [10] * 640 + [200] * 320
    found = recommend(lengths, "quadratic")
    assert found.name == "2 buckets"
    assert found.plan.boundaries.tolist() == [10, 200]
    assert found.plan.shapes == ((32, 10), (32, 200))
    assert [option.name for option in found.table if "buckets" in option.name] == ["2 buckets"]


def test_the_kind_of_cost_chooses_the_ladder():
    lengths = random_lengths(5_000)
    linear = recommend(lengths, "linear", jit=True)
    quadratic = recommend(lengths, "quadratic", jit=True)
    assert linear.plan.boundaries.tolist() == ladder(lengths, 16).tolist()
    assert quadratic.plan.boundaries.tolist() == ladder(lengths, 16, cost="quadratic").tolist()
    assert quadratic.plan.cost("quadratic") < linear.plan.cost("quadratic")


def test_a_plan_with_many_shapes_is_taken_only_without_jit():
    lengths = random_lengths(20_000, "geometric")
    assert recommend(lengths, "quadratic").name == "a budget of cells"
    assert recommend(lengths, "quadratic", jit=True).name == "16 buckets"


def test_with_jit_only_sixteen_shapes_are_allowed():
    each = np.round(1.5 ** np.arange(2, 25)).astype(int)
    lengths = np.repeat(each, each[-1] // each)  # each length costs as much as any other
    assert recommend(lengths, batch_size=1).name == "23 buckets"
    found = recommend(lengths, batch_size=1, jit=True)
    assert found.name == "16 buckets"
    assert "(jit: at most 16)" in found.line


class Nested(keras.Model):
    """Layers in attributes: in a list, in a dictionary, in a layer of a layer."""

    def __init__(self, layer):
        super().__init__()
        self.blocks = [layers.Dense(3), {"inner": Block(layer)}]


class Block(keras.Layer):
    def __init__(self, layer):
        super().__init__()
        self.inside = layer


class OwnGRU(layers.GRU):
    pass


def functional(layer, attends=False):
    inputs = keras.Input((None, 4))
    outputs = layer(inputs, inputs) if attends else layer(inputs)
    return keras.Model(inputs, layers.Dense(1)(outputs))


def attention():
    return layers.MultiHeadAttention(1, 4)


MODELS = {
    "lstm": (lambda: functional(layers.LSTM(4)), "steps"),
    "own gru": (lambda: functional(OwnGRU(4)), "steps"),
    "bidirectional": (lambda: functional(layers.Bidirectional(layers.GRU(4))), "steps"),
    "conv": (lambda: functional(layers.Conv1D(4, 3)), "linear"),
    "dense": (lambda: keras.Sequential([layers.Dense(4)]), "linear"),
    "attention": (lambda: functional(attention(), attends=True), "quadratic"),
    "additive": (lambda: Nested(layers.AdditiveAttention()), "quadratic"),
    "grouped": (lambda: Nested(layers.GroupQueryAttention(4, 2, 1)), "quadratic"),
    "functional in sequential": (
        lambda: keras.Sequential([layers.Dense(4), functional(attention(), attends=True)]),
        "quadratic",
    ),
    "functional in functional": (lambda: functional(functional(layers.LSTM(4))), "steps"),
    "time distributed": (
        lambda: functional(layers.TimeDistributed(keras.Sequential([layers.Dense(2)]))),
        "linear",
    ),
    "attention in attributes": (lambda: Nested(attention()), "quadratic"),
    "lstm in attributes": (lambda: Nested(layers.LSTM(4)), "steps"),
    "lstm and attention": (
        lambda: keras.Sequential([layers.LSTM(4, return_sequences=True), Block(attention())]),
        "quadratic",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_tells_what_it_costs(name):
    make, kind = MODELS[name]
    lengths = random_lengths(300)
    found = recommend(lengths, make(), jit=False)
    expected = recommend(lengths, kind, jit=False)
    assert found.line == expected.line
    assert f": {kind} cost" in found.line


@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_tells_whether_it_is_compiled(compiled):
    lengths = random_lengths(3_000)
    model = functional(layers.Conv1D(4, 3))
    model.compile(loss="mse", jit_compile=compiled)
    assert str(recommend(lengths, model)) == str(recommend(lengths, jit=compiled))
    assert str(recommend(lengths, model, jit=not compiled)) == str(
        recommend(lengths, jit=not compiled)
    )
    assert "jit" not in str(recommend(lengths))


def test_the_seed_and_the_batch_size_are_passed_on():
    found = recommend(random_lengths(500), batch_size=10, shuffle=7)
    assert (found.plan.batch_size, found.plan.shuffle) == (10, 7)
    assert recommend([3], shuffle=None).plan.shuffle is None


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([],), {}, ValueError, "lengths: expected at least one row, got none"),
        (([3, -1],), {}, ValueError, "lengths: expected no negative length, got -1 for row 1"),
        (([(3, 4)],), {}, ValueError, "helpers.images.bucket_sizes"),
        (([3], "cubic"), {}, ValueError, "model_or_cost: expected one of 'steps', 'linear'"),
        (([3], 3), {}, TypeError, "model_or_cost: expected a Keras model or one of .*, got int"),
        (([3],), {"batch_size": 0}, ValueError, "batch_size: expected an integer of at least 1"),
        (([3],), {"jit": "auto"}, TypeError, "jit: expected True, False or None, got str"),
        (([3],), {"shuffle": -1}, ValueError, "shuffle: expected an integer of at least 0"),
        (
            ([3, 9, 4],),
            {"most_cells": 8},
            ValueError,
            "most_cells: expected at least 9, the length of row 1, got 8",
        ),
        (([0],), {"most_cells": 0}, ValueError, "most_cells: expected an integer of at least 1"),
        (([3],), {"most_cells": 9.5}, TypeError, "most_cells: expected an integer"),
        (([3],), {"quantiles": 4}, TypeError, "quantiles: expected True or False"),
    ],
)
def test_what_is_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        recommend(*arguments, **options)


def test_where_steps_are_the_cost_all_batches_have_one_size_and_none_is_made_for_little():
    lengths = random_lengths(20_000)
    advice = recommend(lengths, "steps")
    buckets = len(advice.plan.boundaries)
    assert set(advice.plan.sizes.tolist()) == {32}
    assert len(advice.plan) < 20_000 / 32 + buckets
    assert len(set(recommend(lengths, "linear").plan.sizes.tolist())) > 1
