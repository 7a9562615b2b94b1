"""The mask table holds on the Keras and the backend that run, and it names every layer."""

import collections
import importlib.util
import re

import keras
import numpy as np
import pytest

from tools.masks import measure, recipes

pytestmark = pytest.mark.any_backend

DATA = measure.load()
ROWS = DATA["rows"]
HERE = measure.environment()
BACKEND = keras.backend.backend()
WATCH = BACKEND != "jax"  # JAX compiles each new layer: ten calls of every row take many minutes


def recorded(row):
    """The facts of a row for the environment that runs."""
    assert HERE in DATA["environments"], (
        f"{HERE} is not in the table: run python -m tools.masks.measure"
    )
    return measure.expand(row, list(DATA["environments"]))[HERE]


def public_layers():
    """The public names of the layers that this Keras has, by class."""
    found = collections.defaultdict(set)
    for name, value in vars(keras.layers).items():
        if isinstance(value, type) and issubclass(value, keras.Layer):
            found[value].add(name)
    return found


@pytest.mark.sampled(10)
@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_facts_are_what_a_run_shows(row):
    facts = recorded(row)
    if not WATCH:
        facts = {key: value for key, value in facts.items() if key not in ("mixes", "leaks")}
    found = recipes.facts_of(row, WATCH)
    if found != facts and "needs" in facts and importlib.util.find_spec(facts["needs"]):
        pytest.skip(f"{facts['needs']} is here, but was not where the table was measured")
    assert found == facts


def test_every_public_layer_has_a_row():
    named = collections.defaultdict(set)
    for row in ROWS:
        if row["layer"] and "absent" not in recorded(row):
            named[getattr(keras.layers, row["layer"])] |= {row["layer"], *row.get("also", ())}
    assert {layer.__name__: names for layer, names in named.items()} == {
        layer.__name__: names for layer, names in public_layers().items()
    }


def test_rows_have_what_the_page_needs():
    ids = [row["id"] for row in ROWS]
    assert len(ids) == len(set(ids))
    assert [each for each in ids if not re.fullmatch(r"[a-z][a-z0-9-]*", each)] == []
    for row in ROWS:
        assert row["kind"] in measure.KINDS, row
        assert row["layer"] or row["call"], row
        assert row["call"] or row["note"], f"say why {row['layer']} is not called"
        if row["call"] and row["layer"]:
            assert row["call"].startswith(row["layer"] + "("), row


def test_environments_are_measured_in_every_row():
    names = list(DATA["environments"])
    versions = {one["keras"] for one in DATA["environments"].values()}
    assert len(names) == len(versions) * len(measure.BACKENDS)
    for row in ROWS:
        assert set(measure.expand(row, names)) == set(names), row["id"]


# The tool


def fact(**facts):
    return {"mask": "none", "warns": False, "mixes": "no", "leaks": "no", "acts": False} | facts


def test_verdict_of_facts():
    verdict = measure.verdict
    assert verdict(fact(mask="new")) == "makes"
    assert verdict(fact(mask="same")) == "keeps"
    assert verdict(fact(mask="same", mixes="both", acts=True)) == "uses-keeps"
    assert verdict(fact(mask="same", acts=True)) == "uses-keeps"
    assert verdict(fact(mask="same", mixes="both", leaks="before")) == "wrong"
    assert verdict(fact(mask="same, does not fit")) == "wrong"
    assert verdict(fact(mixes="both")) == "uses-up"
    assert verdict(fact(warns=True)) == "warns"
    assert verdict(fact(warns=True, mixes="both", leaks="both")) == "warns"
    assert verdict(fact()) == "silent"
    assert verdict(fact(mixes="both", leaks="both")) == "silent"
    assert verdict({"raises": "ValueError", "mixes": "no"}) == "refuses"
    assert verdict({"raises": "ValueError", "always": True}) == "none"
    assert verdict({"mask": "none", "warns": False}) == "none"


def test_facts_collapse_and_expand():
    names = ["2 jax", "2 torch", "1 jax"]
    one, two = {"mask": "same"}, {"mask": "none"}
    differing = {"2 jax": one, "2 torch": two, "1 jax": one}
    collapsed = measure.collapse(differing, names)
    assert collapsed == [{"where": ["2 jax", "1 jax"], **one}, {"where": ["2 torch"], **two}]
    assert measure.expand({"facts": collapsed}, names) == differing
    same = measure.collapse(dict.fromkeys(names, one), names)
    assert same == [{"where": "all", **one}]
    assert measure.expand({"facts": same}, names) == dict.fromkeys(names, one)


def test_merging_keeps_what_other_environments_showed():
    versions = {"keras": "2.0.0", "backend": "jax"}
    row = {"id": "lstm", "layer": "LSTM", "facts": [{"where": "all", "mask": "same"}]}
    data = {"environments": {"2.0.0 jax": versions}, "rows": [row]}
    newer = {"keras": "10.0.0", "backend": "torch"}
    measure.merge(data, ("10.0.0 torch", newer), {"lstm": {"mask": "none"}})
    assert list(data["environments"]) == ["10.0.0 torch", "2.0.0 jax"]
    assert row["facts"] == [
        {"where": ["10.0.0 torch"], "mask": "none"},
        {"where": ["2.0.0 jax"], "mask": "same"},
    ]
    measure.merge(data, ("10.0.0 torch", newer), {"lstm": {"mask": "same"}})
    assert row["facts"] == [{"where": "all", "mask": "same"}]


def test_environments_in_words():
    names = ["2 tensorflow", "2 jax", "1 tensorflow", "1 jax"]
    assert measure.where(names, names) == ""
    assert measure.where(["2 jax", "1 jax"], names) == "JAX"
    assert measure.where(["1 tensorflow", "1 jax"], names) == "Keras 1"
    assert measure.where(["2 jax"], names) == "Keras 2 on JAX"
    words = "JAX, Keras 2 on TensorFlow"
    assert measure.where(["2 tensorflow", "2 jax", "1 jax"], names) in (words, "JAX, Keras 2")


# The measure


class Leaky(keras.layers.Layer):
    """Keeps the mask; step t shows step t - 1 or t + 1."""

    def __init__(self, by):
        super().__init__()
        self.by, self.supports_masking = by, True

    def call(self, inputs):
        return inputs + keras.ops.roll(inputs, self.by, axis=1)


@pytest.mark.parametrize(("by", "side"), [(1, "before"), (-1, "behind")])
def test_measure_sees_from_which_side_padding_comes(by, side, monkeypatch):
    monkeypatch.setattr(keras.layers, "Leaky", Leaky, raising=False)
    facts = recipes.measure(f"Leaky({by})(h)")
    # rolling also brings the last step to the front
    assert facts["mixes"] == facts["leaks"] == "both"
    padded = f"Leaky({by})(ops.pad(h, ((0, 0), (1, 1), (0, 0))))[:, 1:-1]"
    assert recipes.measure(padded)["leaks"] == side


@pytest.mark.parametrize("name", sorted(recipes.MASKED))
def test_each_mask_has_padding_behind_and_before(name):
    mask = recipes.mask_of(name)
    assert mask.shape == recipes.SHAPES[name][:2]
    assert not mask[1, -1]
    assert not mask[2, 0]
    assert mask.any(axis=1).all()
    changed = recipes.values(name, ~mask, seed=1) != recipes.values(name)
    assert not changed[mask].any()
    assert changed.any()


def test_masks_that_are_merged_can_be_told_apart():
    one, other = recipes.mask_of("h"), recipes.mask_of("k")
    masks = [one, other, one & other, one | other, np.ones_like(one)]
    assert len({mask.tobytes() for mask in masks}) == len(masks)


# What the notes of the table say


def test_timedistributed_after_another_length():
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, keras.layers.TimeDistributed(keras.layers.Dense(5))(inputs))
    model.predict(np.ones((4, 7, 3), "float32"), verbose=0)
    shape = model.predict(np.ones((4, 9, 3), "float32"), verbose=0).shape
    short = BACKEND == "tensorflow" and keras.__version__ == "3.15.1"
    assert shape == ((4, 4, 5) if short else (4, 9, 5))


def test_a_layer_of_your_own_keeps_the_mask_if_it_says_so(monkeypatch):
    class Own(keras.layers.Layer):
        def __init__(self, keeps):
            super().__init__()
            self.supports_masking = keeps

        def call(self, inputs):
            return inputs * 2

    monkeypatch.setattr(keras.layers, "Own", Own, raising=False)
    keeps, drops = (recipes.measure(f"Own({keeps})(h)") for keeps in (True, False))
    assert (keeps["mask"], keeps["warns"]) == ("same", False)
    assert (drops["mask"], drops["warns"]) == ("none", True)


def test_masking_looks_at_the_values_and_not_at_the_mask():
    _, mask, _ = recipes.evaluate("Masking()(h)", vars(keras.layers), masked=True)
    assert mask.all()
    _, mask, _ = recipes.evaluate("Masking()(video)", vars(keras.layers), masked=True)
    assert mask.shape == recipes.SHAPES["video"][:-1]
    assert mask.all()


def test_concatenating_over_time_puts_the_masks_behind_each_other():
    call = "Concatenate(axis=1)([h, k])"
    _, mask, _ = recipes.evaluate(call, vars(keras.layers), masked=True)
    assert mask.tolist() == np.hstack([recipes.mask_of(name) for name in "hk"]).tolist()


def test_multiply_takes_a_masked_step_as_1():
    call = "Multiply()([h, plain])"
    output, _, _ = recipes.evaluate(call, vars(keras.layers), masked=True)
    padding = ~recipes.mask_of("h")
    assert np.array_equal(output[padding], recipes.values("plain")[padding])
