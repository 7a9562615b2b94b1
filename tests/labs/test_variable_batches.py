"""The lab on batches of varying shape: right answers of every kind pass, wrong ones get a cause."""

import functools
import re

import keras
import lab_runs
import numpy as np
import pytest
from keras import layers

from helpers import batching, data, feeding, padding
from helpers.labs.tasks import variable_batches as tasks

untouched = lab_runs.fixture("variable-batches")
right = functools.partial(lab_runs.right, "variable-batches")
wrong = functools.partial(lab_runs.wrong, "variable-batches")


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


@pytest.fixture(scope="module")
def spoken():
    return data.japanese_vowels()


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


# --- 3: mend the feed ----------------------------------------------------------------------------


def planned(rows, seed, tail="keep", size=32, count=4):
    lengths = batching.lengths(rows)
    steps = batching.ladder(lengths, count)
    return batching.bucketed(lengths, size, steps, tail=tail, shuffle=seed)


def make_train(dataset_of, times=1, **options):
    """Make a `train` that fits what `dataset_of` makes."""

    def train(model, rows, speakers, seed, epochs):
        dataset = dataset_of(rows, speakers, seed)
        model.fit(dataset, epochs=epochs * times, verbose=0, **{"shuffle": False} | options)

    return train


def planned_dataset(rows, speakers, seed, **options):
    return feeding.PlannedDataset(planned(rows, seed, **options), rows, speakers)


class Own(keras.utils.PyDataset):
    """The batches of a plan, in an order that `moved` makes of the plan's."""

    def __init__(self, plan, rows, speakers, moved):
        super().__init__()
        self.plan, self.rows, self.speakers = plan, rows, speakers
        self.moved = moved
        self.order = moved(plan.padded_lengths)

    def __len__(self):
        return len(self.plan)

    def __getitem__(self, index):
        i = self.order[index]
        batch = self.plan[i]
        x, _ = padding.pad([self.rows[row] for row in batch], int(self.plan.padded_lengths[i]))
        return x, self.speakers[batch]

    def on_epoch_end(self):
        self.plan = self.plan.epoch(self.plan.number + 1)
        self.order = self.moved(self.plan.padded_lengths)


def own(moved):
    def dataset_of(rows, speakers, seed):
        return Own(planned(rows, seed), rows, speakers, moved)

    return dataset_of


def two_lengths_first(lengths):
    order = list(range(len(lengths)))
    other = int(np.argmax(lengths != lengths[0]))
    order[1], order[other] = order[other], order[1]
    return order


def swapped_by_hand(lengths):
    order = list(range(len(lengths)))
    order[0], order[3] = order[3], order[0]
    return order


def with_signature(rows, speakers, seed):
    import tensorflow as tf

    class Epochs:
        plan = planned(rows, seed)

        def __call__(self):
            yield from (self.batch(i) for i in range(len(self.plan)))
            self.plan = self.plan.epoch(self.plan.number + 1)

        def batch(self, i):
            x, _ = padding.pad([rows[row] for row in self.plan[i]])
            return x, speakers[self.plan[i]]

    return tf.data.Dataset.from_generator(
        Epochs(),
        output_signature=(
            tf.TensorSpec((None, None, 12), tf.float32),
            tf.TensorSpec((None,), tf.int64),
        ),
    )


def by_steps(model, rows, speakers, seed, epochs):
    plan = planned(rows, seed, tail="pad")
    for epoch in range(epochs):
        now = plan.epoch(epoch)
        for i in range(len(now)):
            x, _ = padding.pad([rows[row] for row in now[i]], int(now.padded_lengths[i]))
            model.train_on_batch(x, speakers[now[i]], now.weights(i))


@pytest.mark.slow
@pytest.mark.parametrize(
    "train",
    [
        make_train(lambda *given: planned_dataset(*given, tail="even"), shuffle=True),
        make_train(lambda r, s, seed: feeding.tf_dataset(planned(r, seed), r, s)),
        make_train(own(two_lengths_first), shuffle=True),
        make_train(with_signature),
        by_steps,
    ],
    ids=["PlannedDataset", "tf_dataset", "two lengths first", "signature", "train_on_batch"],
)
def test_every_way_out_passes(spoken, train):
    right("mend", train, rows=spoken[0], speakers=spoken[1])


def given_feed(rows, speakers, seed):
    return Own(planned(rows, seed), rows, speakers, lambda lengths: list(range(len(lengths))))


def one_length(rows, speakers, seed):
    plan = batching.fixed(len(rows), 32, shuffle=seed, lengths=batching.lengths(rows))
    return feeding.PlannedDataset(plan, rows, speakers, length=26)


def unshuffled(rows, speakers, seed):
    return planned_dataset(rows, speakers, None)


def cut(rows, speakers, seed):
    short = [row[:20] for row in rows]
    return planned_dataset(short, speakers, seed)


def other_speakers(rows, speakers, seed):
    return planned_dataset(rows, np.roll(speakers, 40), seed)


def dropped(rows, speakers, seed):
    return planned_dataset(rows, speakers, seed, tail="drop")


def twice(rows, speakers, seed):
    return planned_dataset(rows, speakers, seed, tail="wrap")


def large(rows, speakers, seed):
    return planned_dataset(rows, speakers, seed, size=64)


def single(rows, speakers, seed):
    return planned_dataset(rows, speakers, seed, size=1)


ONE_EPOCH = make_train(planned_dataset)
WRONG_TRAINERS = {
    "given": (
        make_train(given_feed, shuffle=True),
        r"all rows, seed 0: training stops: a batch of shape \(\d+, \d+, 12\) came where "
        r"\(None, 17, 12\) was expected\. Batches 0 and 1 agreed on the time axis, and a later one "
        r"has another length\. Say which axis varies",
    ),
    "swapped by hand": (
        make_train(own(swapped_by_hand)),
        r"the first 100 rows, seed 4: training stops: a batch of shape .* was expected\. Batches 0 "
        r"and 1 agreed .* With every second row, seed 3, it trained: there the order was luck\. S",
    ),
    "one length": (
        make_train(one_length),
        r"all rows, seed 0: the time axis: it trains, but 1\.6\d steps are computed for a true one",
    ),
    "not shuffled": (
        make_train(unshuffled),
        r"all rows, seed 0: both epochs have the same order\.",
    ),
    "cut": (
        make_train(cut),
        r"all rows, seed 0: the time axis: batch \d+ has a row that is none of the utterances\.",
    ),
    "other speakers": (
        make_train(other_speakers),
        r"all rows, seed 0: row \d+ comes with speaker \d, it should be \d\.",
    ),
    "dropped": (
        make_train(dropped),
        r"all rows, seed 0, epoch 1: the batch axis: rows .* never seen \(",
    ),
    "twice": (
        make_train(twice),
        r"all rows, seed 0, epoch 1: the batch axis: rows .* seen more than once",
    ),
    "one epoch": (
        lambda model, rows, speakers, seed, epochs: ONE_EPOCH(model, rows, speakers, seed, 1),
        r"all rows, seed 0: 2 epochs were asked for, 1 came\.",
    ),
    "four epochs": (
        make_train(planned_dataset, times=2),
        r"all rows, seed 0: 2 epochs were asked for, 4 came\.",
    ),
    "large batches": (
        make_train(large),
        r"all rows, seed 0: the batch axis: batch \d+ has \d+ rows, expected at most 32",
    ),
    "single rows": (
        make_train(single),
        r"all rows, seed 0: the batch axis: 540 batches for two epochs of 270 rows\. Keep batches",
    ),
    "nothing": (
        lambda *given: None,
        r"all rows, seed 0: the model got no batch by `fit` or `train_on_batch`\.",
    ),
    "an error of its own": (
        lambda model: None,
        r"all rows, seed 0: training stops: .*positional argument",
    ),
    "the dataset itself": (3, r"mended: expected the function `train` itself, got int\."),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG_TRAINERS)
def test_wrong_trainers(spoken, name):
    train, message = WRONG_TRAINERS[name]
    assert re.match(message, wrong("mend", train, rows=spoken[0], speakers=spoken[1]))


def test_a_trainer_may_be_unfinished(spoken, capsys):
    right("mend", lambda *given: ..., rows=spoken[0], speakers=spoken[1])
    assert capsys.readouterr().out == "variable-batches/mend: not attempted\n"


# --- 4: a ladder ---------------------------------------------------------------------------------


MANY = data.random_lengths(2000)
BEST = batching.ladder(MANY, 4)
HAND = [64, 128, 256, 512]


@pytest.mark.parametrize(
    ("by_hand", "best", "message"),
    [
        ([128, 256, 384, 512], BEST, r"by_hand: 2\.\d+ steps .* 2\. Most of the padding, \d+%, is "
         r"in the bucket of 1 to 128 steps"),
        (batching.quantile_ladder(MANY, 4), BEST, r"by_hand: 2\.749 steps are computed for a true "
         r"one, expected less than 2\. .* of 72 to 512 steps: make it narrower\.$"),
        ([64, 128, 256], BEST, r"by_hand: expected 4 boundaries, got 3: \[64, 128, 256\]\.$"),
        ([64, 128, 128, 512], BEST, r"by_hand: expected increasing boundaries from 1, got \[64, 1"),
        ([0, 64, 128, 512], BEST, r"by_hand: expected increasing boundaries from 1"),
        ([64, 128, 256, 500], BEST, r"by_hand: the time axis: the longest row has 512 steps and "
         r"fits no boundary, the last is 500\."),
        ([64, 128, 256, 600], BEST, r"by_hand: the time axis: no row is longer than 512 steps"),
        ([64.0, 128, 256, 512], BEST, r"by_hand: expected four whole numbers"),
        (512, BEST, r"by_hand: expected four whole numbers, lengths to pad to, got 512\.$"),
        ([[64], [128, 256]], BEST, r"by_hand: expected four whole numbers"),
        (HAND, batching.geometric_ladder(MANY, 4), r"best: 2\.330 steps .* by hand it was 1\.750"),
        (HAND, [50, 100, 200, 512], r"best: 1\.\d+ steps .*, four lengths can do with 1\.652\."),
        (HAND, batching.ladder(MANY, 5), r"best: expected 4 boundaries, got 5"),
    ],
)  # fmt: skip
def test_wrong_ladders(by_hand, best, message):
    assert re.match(message, wrong("ladder", by_hand, best, lengths=MANY))


def test_the_best_may_be_found_by_hand():
    right("ladder", BEST.tolist(), tuple(BEST), lengths=MANY)


# --- 5: halve an epoch ---------------------------------------------------------------------------


def buckets(boundaries, tail="even", size=32, shuffle=0, lengths=MANY):
    return batching.bucketed(lengths, size, boundaries, tail=tail, shuffle=shuffle)


GIVEN = buckets([512], tail="keep")
THREE, SQUARES = batching.ladder(MANY, 3), batching.ladder(MANY, 3, cost="quadratic")
LSTM, ATTENTION = buckets(THREE), buckets(SQUARES)
WRONG_HALVES = {
    "given": ({"lstm": GIVEN}, "lstm: the time axis: it computes 100.0% of the given plan's steps"),
    "quantiles": (
        {"lstm": buckets(batching.quantile_ladder(MANY, 3))},
        "lstm: the time axis: it computes 41.8% of the given plan's steps one after the other",
    ),
    "two lengths": (
        {"lstm": buckets(batching.ladder(MANY, 2))},
        "lstm: the time axis: it computes 35.7% of the given plan's steps one after the other, "
        "expected at most 25%. Boundaries from `batching.ladder(lengths, 3, cost='linear')`",
    ),
    "squares for the LSTM": (
        {"lstm": ATTENTION},
        "lstm: the time axis: it computes 25.5% of the given plan's steps",
    ),
    "four lengths": (
        {"lstm": buckets(BEST)},
        "lstm: 4 shapes (batch, time) in two epochs, expected at most 3: ",
    ),
    "smaller last batches": (
        {"lstm": buckets(THREE, tail="keep")},
        "lstm: 6 shapes (batch, time) in two epochs, expected at most 3: 4 sizes along the batch "
        "axis, 3 along the time axis.",
    ),
    "grouped": (
        {"lstm": batching.grouped(MANY, 32, shuffle=0)},
        "lstm: 77 shapes (batch, time) in two epochs, expected at most 3",
    ),
    "large batches": (
        {"lstm": buckets([512], size=128)},
        "lstm: the batch axis: a batch has 126 rows, expected at most 32: fewer and larger",
    ),
    "token budget": (
        {"lstm": batching.token_budget(MANY, 32 * 512, boundaries=THREE, shuffle=0)},
        "lstm: the batch axis: a batch has 303 rows, expected at most 32",
    ),
    "small batches": (
        {"attention": buckets(SQUARES, size=4)},
        "attention: the batch axis: 501 batches for 2000 rows, expected at most 93: smaller",
    ),
    "not shuffled": (
        {"lstm": buckets(THREE, shuffle=None)},
        "lstm: every epoch has the same order: give the plan a seed, shuffle=0.",
    ),
    "dropped": (
        {"lstm": buckets(THREE, tail="drop")},
        "lstm: the batch axis: rows ",
    ),
    "twice": (
        {"lstm": buckets(THREE, tail="wrap")},
        "lstm: the batch axis: rows ",
    ),
    "no lengths": (
        {"lstm": batching.fixed(2000, 32, shuffle=0)},
        "lstm: the plan knows no lengths, so nobody knows its cost: give lengths=.",
    ),
    "some of the rows": (
        {"lstm": buckets([512], lengths=MANY[:100])},
        "lstm: the batch axis: it is a plan for 100 rows, there are 2000.",
    ),
    "other lengths": (
        {"lstm": buckets([512], lengths=MANY[::-1])},
        "lstm: the time axis: it is a plan for other lengths than the given ones.",
    ),
    "packed": (
        {"attention": batching.packed(MANY, 512, 4, shuffle=0)},
        "attention: a packed plan puts several rows in a line.",
    ),
    "boundaries": (
        {"lstm": THREE},
        "lstm: expected a plan of `fixed`, `bucketed`, `grouped` or `token_budget`, got ndarray.",
    ),
    "the LSTM's for attention": (
        {"attention": LSTM},
        "attention: the time axis: it computes 10.1% of the given plan's pairs of steps, expected "
        "at most 9%. Boundaries from `batching.ladder(lengths, 3, cost='quadratic')` fit",
    ),
}


@pytest.mark.parametrize("name", WRONG_HALVES)
def test_wrong_halves(name):
    changes, message = WRONG_HALVES[name]
    answers = {"lstm": LSTM, "attention": ATTENTION} | changes
    assert wrong("halve", **answers, given=GIVEN).startswith(message)


def test_lost_and_repeated_rows_are_told_apart():
    lost, again = (
        wrong("halve", buckets(THREE, tail=tail), ATTENTION, given=GIVEN)
        for tail in ("drop", "wrap")
    )
    assert re.search(r"never come in epoch 0 \(\d+ of 2000\); the tail is 'drop'", lost)
    assert re.search(r"count twice in an epoch \(\d+ of 2000\), as the tail is 'wrap'", again)


# --- 6: the proof --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge_parts(spoken):
    """Return what the lab gives, without Keras: who stands in a slot, and each slot's loss."""
    rows, speakers = spoken
    index = {row.tobytes(): number for number, row in enumerate(rows)}
    kernel = np.random.default_rng(0).normal(size=(12, 9))

    def numbers(x):
        return [index[row[row.any(axis=1)].tobytes()] for row in x]

    def losses(x, y):
        means = x.sum(axis=1, dtype="float64") / x.any(axis=2).sum(axis=1, keepdims=True)
        logits = means @ kernel
        return np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(y)), y]

    alone = zip(rows, speakers, strict=True)
    truth = sum(losses(row[None], who[None])[0] for row, who in alone)
    return numbers, losses, truth


def sums_of(judge_parts, batches, weighed=True):
    numbers, losses, _ = judge_parts
    seen, total = np.zeros(270), 0.0
    for x, y, *weight in batches:
        weight = weight[0] if weight and weighed else np.ones(len(x))
        np.add.at(seen, numbers(x), weight)
        total += np.sum(losses(x, y) * weight)
    return seen, total


def by_both(parts, batches):
    seen, total = sums_of(parts, batches)
    return bool((seen == 1).all() and np.isclose(total, parts[2]))


def by_assertion(parts, batches):
    seen, total = sums_of(parts, batches)
    np.testing.assert_array_equal(seen, 1)
    assert np.isclose(total, parts[2])
    return True


def by_rows_alone(parts, batches):
    return (sums_of(parts, batches)[0] == 1).all()


def by_number(parts, batches):
    return sum(sums_of(parts, batches)[0]) == 270


def by_set(parts, batches):
    return set(np.flatnonzero(sums_of(parts, batches)[0])) == set(range(270))


def by_slots(parts, batches):
    seen, total = sums_of(parts, batches, weighed=False)
    return bool((seen == 1).all() and np.isclose(total, parts[2]))


def by_equality(parts, batches):
    seen, total = sums_of(parts, batches)
    return bool((seen == 1).all() and total == np.float64(parts[2]))


def by_real_slots(parts, batches):
    real = [(x[w[0] > 0], y[w[0] > 0]) if w else (x, y) for x, y, *w in batches]
    return by_both(parts, real)


def by_weights_given(parts, batches):
    for _, _, _weight in batches:
        pass
    return True


GOOD, PASSES = "nothing_lost: it fails on a feed that loses nothing: ", "nothing_lost: it passes on"
WRONG_PROOFS = {
    "always": (
        lambda parts, batches: True,
        f"{PASSES} a feed that drops what is left over in each",
    ),
    "never": (
        lambda parts, batches: False,
        f"{GOOD}batches as they come, without weights. A batch",
    ),
    "by the number of rows": (by_number, f"{PASSES} a feed that shows one row twice and another n"),
    "by the set of rows": (by_set, f"{PASSES} a feed whose padding slots have weight 1. Count how"),
    "by the rows alone": (by_rows_alone, f"{PASSES} a feed whose labels are moved by one row. Ev"),
    "without the weights": (by_slots, f"{GOOD}buckets with padding slots of weight 0. A padding"),
    "without tolerance": (by_equality, f"{GOOD}"),
    "weights as yes or no": (by_real_slots, f"{PASSES} a feed whose weights are all 0.5. Every"),
    "weights always there": (
        by_weights_given,
        "nothing_lost: fails on batches as they come, without weights: not enough values to unpa",
    ),
    "None": (lambda parts, batches: None, "nothing_lost: expected True or False, got None."),
    "the loss": (
        lambda parts, batches: sums_of(parts, batches)[1],
        "nothing_lost: expected True or False, got ",
    ),
}


@pytest.mark.parametrize("name", WRONG_PROOFS)
def test_wrong_proofs(spoken, judge_parts, name):
    answer, message = WRONG_PROOFS[name]
    told = wrong(
        "proof", functools.partial(answer, judge_parts), rows=spoken[0], speakers=spoken[1]
    )
    assert told.startswith(message)


def test_a_proof_is_a_function(spoken):
    told = wrong("proof", True, rows=spoken[0], speakers=spoken[1])
    assert told == "nothing_lost: expected a function, got bool."


@pytest.mark.parametrize("answer", [by_both, by_assertion])
def test_proofs_in_several_styles_are_right(spoken, judge_parts, answer):
    proof = functools.partial(answer, judge_parts)
    right("proof", proof, rows=spoken[0], speakers=spoken[1])


def test_the_broken_feeds_are_broken_each_in_its_way(spoken, judge_parts):
    """A feed that fails for two reasons would let a reader off with half of the proof."""
    rows, speakers = spoken
    truth = judge_parts[2]
    found = {}
    for said, (batches, _) in tasks._feeds(rows, speakers)["broken"].items():
        seen, total = sums_of(judge_parts, batches)
        found[said] = (seen.min(), seen.max(), bool(np.isclose(seen.sum(), 270)), total / truth)
    drops, padded, half, wrapped, instead, moved = found.values()
    assert drops[:2] == (0, 1)
    assert padded[0] == 1
    assert padded[1] > 1
    assert half[:2] == (0.5, 0.5)
    assert half[3] == pytest.approx(0.5)
    assert wrapped[:2] == (1, 2)
    assert instead[:3] == (0, 2, True)
    assert moved[:3] == (1, 1, True)
    assert abs(moved[3] - 1) > 0.01


# --- 7: real lengths -----------------------------------------------------------------------------


PLAID = data.plaid_lengths()
EIGHT = batching.ladder(PLAID, 8)
appliances = functools.partial(buckets, lengths=PLAID)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (
            batching.fixed(1074, 32, shuffle=0, lengths=PLAID, tail="even"),
            r"plan: \d+ shapes \(batch, time\) in two epochs, expected at most 8: 1 size along",
        ),
        (batching.grouped(PLAID, 32, shuffle=0), r"plan: \d+ shapes .* expected at most 8"),
        (
            appliances(EIGHT, tail="keep"),
            r"plan: 14 shapes .*: \d sizes along the batch axis, 8 al",
        ),
        (
            appliances(EIGHT, tail="pad"),
            r"plan: the time axis: 1\.373 steps .* less than 1\.1\. Most of that are padding slots",
        ),
        (
            appliances(batching.quantile_ladder(PLAID, 8)),
            r"plan: the time axis: 1\.336 steps .* in the bucket of 485 to 1344 steps: make it na",
        ),
        (appliances(batching.geometric_ladder(PLAID, 8)), r"plan: the time axis: 1\.211 steps"),
        (appliances(EIGHT, tail="drop"), r"plan: the batch axis: rows .* never come in epoch 0"),
        (appliances(EIGHT, size=300), r"plan: the batch axis: a batch has \d+ rows, expected at m"),
        (
            batching.bucketed(PLAID, 32, EIGHT, tail="even"),
            r"plan: every epoch has the same order",
        ),
        (batching.packed(PLAID, 1344, 32, shuffle=0), r"plan: a packed plan puts several rows in"),
        (buckets([512]), r"plan: the batch axis: it is a plan for 2000 rows, there are 1074\."),
    ],
)
def test_wrong_plans(plan, message):
    assert re.match(message, wrong("plan", plan, lengths=PLAID))


@pytest.mark.parametrize(
    "plan",
    [
        appliances(EIGHT, shuffle=3),
        appliances(batching.ladder(PLAID, 8, cost="quadratic")),
        appliances(EIGHT, size=24),
        appliances([200, 300, 360, 440, 500, 700, 1000, 1344]),
    ],
)
def test_plans_of_several_kinds_are_right(plan):
    right("plan", plan, lengths=PLAID)
