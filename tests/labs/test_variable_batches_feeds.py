"""The lab on batches of varying shape: feeds that train, and proofs that a feed loses nothing."""

import functools
import re

import keras
import lab_runs
import numpy as np
import pytest

from helpers import batching, data, feeding, padding
from helpers.labs.tasks import variable_batches as tasks

right = functools.partial(lab_runs.right, "variable-batches")
wrong = functools.partial(lab_runs.wrong, "variable-batches")


@pytest.fixture(scope="module")
def spoken():
    return data.japanese_vowels()


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


@pytest.fixture(scope="module")
def proof_given(spoken, judge_parts):
    return {"rows": spoken[0], "speakers": spoken[1], "losses": judge_parts[1]}


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


def by_losses_alone(parts, batches):
    return np.isclose(sums_of(parts, batches)[1], parts[2])


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
        f"{GOOD}batches as they come, without weights. Each row",
    ),
    "by the number of rows": (by_number, f"{PASSES} a feed that shows one row twice and another n"),
    "by the set of rows": (by_set, f"{PASSES} a feed whose padding slots have weight 1. Count how"),
    "by the rows alone": (by_rows_alone, f"{PASSES} a feed whose labels are moved by one row. Ev"),
    "by the losses alone": (
        by_losses_alone,
        f"{PASSES} a feed that leaves one row out and counts another more. The sum of the losses",
    ),
    "without the weights": (by_slots, f"{GOOD}buckets with padding slots of weight 0. A padding"),
    "without tolerance": (
        by_equality,
        f"{GOOD}batches as they come, without weights. Each row counts once there; and sums of",
    ),
    "weights as yes or no": (by_real_slots, f"{PASSES} a feed whose weights are all 0.5. Every"),
    "weights always there": (
        by_weights_given,
        "nothing_lost: on batches as they come, without weights it raises ValueError: not enough",
    ),
    "None": (lambda parts, batches: None, "nothing_lost: expected True or False, got None."),
    "the loss": (
        lambda parts, batches: sums_of(parts, batches)[1],
        "nothing_lost: expected True or False, got ",
    ),
}


@pytest.mark.parametrize("name", WRONG_PROOFS)
def test_wrong_proofs(proof_given, judge_parts, name):
    answer, message = WRONG_PROOFS[name]
    assert wrong("proof", functools.partial(answer, judge_parts), **proof_given).startswith(message)


def test_a_proof_is_a_function(proof_given):
    told = wrong("proof", True, **proof_given)
    assert told == "nothing_lost: expected a function, got bool."


@pytest.mark.parametrize("answer", [by_both, by_assertion])
def test_proofs_in_several_styles_are_right(proof_given, judge_parts, answer):
    right("proof", functools.partial(answer, judge_parts), **proof_given)


def test_the_broken_feeds_are_broken_each_in_its_way(proof_given, judge_parts):
    """A feed that fails for two reasons would let a reader off with half of the proof."""
    truth = judge_parts[2]
    found = {}
    for said, (batches, _) in tasks._feeds(**proof_given)["broken"].items():
        seen, total = sums_of(judge_parts, batches)
        found[said] = (seen.min(), seen.max(), bool(np.isclose(seen.sum(), 270)), total / truth)
    drops, padded, half, wrapped, instead, more, moved = found.values()
    assert drops[:2] == (0, 1)
    assert padded[0] == 1
    assert padded[1] > 1
    assert half[:2] == (0.5, 0.5)
    assert half[3] == pytest.approx(0.5)
    assert wrapped[:2] == (1, 2)
    assert instead[:3] == (0, 2, True)
    assert more[0] == 0
    assert more[1] > 1
    assert more[3] == pytest.approx(1)
    assert moved[:3] == (1, 1, True)
    assert abs(moved[3] - 1) > 0.01
