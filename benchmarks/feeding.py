"""Feeding: a batch of fit with a model that does nothing, over repeating one tensor."""

import numpy as np

from benchmarks import measure, peers
from helpers import batching
from helpers.data import random_lengths

TITLE = "A step of fit with a trivial model, over repeating one tensor"
CORNER = "fed by"
BATCH = 32
FLOOR = "one tensor, repeated"
STORED, CACHED = "tf_dataset, store=True", "tf.data, batches in cache"


def trivial_model():
    """Return a model with one weight, which sums its input."""
    import keras

    inputs = keras.Input((None,), dtype="int32")
    total = keras.layers.Lambda(
        lambda x: keras.ops.sum(keras.ops.cast(x, "float32"), axis=1, keepdims=True),
        output_shape=(1,),
    )(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(total * 1e-6))
    model.compile("sgd", "mse", jit_compile=False)
    return model


def ways(count: int) -> dict[str, object]:
    """Return what is fed, each with the same number of steps.

    Returns:
        name -> a dataset, or a tuple of NumPy arrays: input, targets and weights.
    """
    import tensorflow as tf

    from helpers import feeding as ours

    lengths = random_lengths(count)
    random = np.random.default_rng(0)
    rows = np.split(
        random.integers(1, 1000, int(lengths.sum()), dtype=np.int32), np.cumsum(lengths)[:-1]
    )
    targets = np.zeros((count, 1), np.float32)
    weights = np.ones(count, np.float32)
    plan = batching.bucketed(lengths, BATCH, batching.ladder(lengths, 16), tail="even", shuffle=0)
    steps = len(plan)
    mean = int(plan.sizes @ plan.padded_lengths / plan.sizes.sum())
    array = random.integers(1, 1000, (steps * BATCH, mean), dtype=np.int32)
    arrays = (array, np.zeros((len(array), 1), np.float32), np.ones(len(array), np.float32))
    one = tf.data.Dataset.from_tensors(tuple(part[:BATCH] for part in arrays))

    def fed(way, store: bool):
        return way(plan, rows, targets, sample_weight=weights, store=store)

    return {
        FLOOR: one.repeat(steps),
        STORED: fed(ours.tf_dataset, True),
        "tf_dataset, store=False": fed(ours.tf_dataset, False),
        "PlannedDataset, store=True": fed(ours.PlannedDataset, True),
        "PlannedDataset, store=False": fed(ours.PlannedDataset, False),
        "NumPy arrays": arrays,
        "tf.data from_generator with pad_sequences": peers.from_generator(
            rows, targets, weights, list(plan), plan.padded_lengths.tolist()
        ),
        CACHED: fed(ours.tf_dataset, True).cache().prefetch(2),
    }


def measured(quick: bool = False) -> dict:
    """Return the table: way -> time of a step over that of the floor."""
    model = trivial_model()
    fed = ways(1500 if quick else 20_000)

    def epoch(data: object) -> None:
        if isinstance(data, tuple):
            x, y, weights = data
            model.fit(x, y, sample_weight=weights, batch_size=BATCH, verbose=0)
        else:
            model.fit(data, verbose=0, shuffle=False)

    for data in fed.values():
        epoch(data)  # traces, fills the cache
    rounds = 2 if quick else 7
    best = measure.best_round(
        fed, rounds, lambda name: measure.processor_time(lambda: epoch(fed[name]))
    )
    # As many steps in each: a step over a step is an epoch over an epoch.
    cells = {name: {"over the floor": each / best[FLOOR]} for name, each in best.items()}
    return {"cells": cells}


def goals(result: dict) -> list[measure.Goal]:
    """Return what was wanted of the table."""
    ratio = result["cells"][STORED]["over the floor"]
    return [measure.Goal(f"{STORED}, over the floor", ratio, 1.1)]


def limits(result: dict) -> dict[str, str]:
    """Say what stands in the way of each goal that is missed: text of the goal -> reason."""
    kept = measure.shown(result["cells"][CACHED]["over the floor"])
    reason = (
        "The floor makes no batch at all: the same tensor comes again and again. Whole batches "
        f"kept in memory, which cannot be shuffled anew, cost {kept} times that; what is above "
        "it are the slice and the gather of each batch, and Python once for each epoch."
    )
    return {goal.text: reason for goal in goals(result) if not goal.met}


if __name__ == "__main__":
    measure.main("feeding")
