"""The datasets for Keras feed a model on every backend."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.batching import bucketed, fixed, packed
from helpers.feeding import PackedDataset, PlannedDataset
from helpers.masking import segment_mask

pytestmark = pytest.mark.any_backend


@pytest.mark.slow
@pytest.mark.parametrize("lengths", [(5, 5, 7, 8), (5, 7, 5, 8)])
def test_planned_batches(lengths):
    rows = [np.full(length, i, "int32") for i, length in enumerate(lengths)]
    x = layers.Input((None,), dtype="int32")
    table = layers.Embedding(4, 1)
    model = keras.Model(x, table(x))
    model.compile("sgd", "mse")
    for plan in (fixed(4, 1, shuffle=0), bucketed(lengths, 1, [6, 7, 9], shuffle=0)):
        dataset = PlannedDataset(plan, rows, rows, value=0)
        model.fit(dataset, epochs=2, shuffle=False, verbose=0)
        model.evaluate(dataset, verbose=0)
        assert dataset.epoch == 3
        # The first output of a row tells which row it is.
        table.set_weights([np.arange(4.0)[:, None]])
        seen = [keras.ops.convert_to_numpy(model(batch[0])).flat[0] for batch in dataset]
        assert seen == plan.epoch(3).rows.tolist()


@pytest.mark.slow
def test_packed_batches():
    lengths = [7, 3, 1, 5, 2, 4, 6, 1]
    rows = [np.arange(length, dtype="int32") for length in lengths]
    names = ("values", "segments", "positions")
    inputs = {name: layers.Input((None,), dtype="int32", name=name) for name in names}
    x = layers.Embedding(8, 4)(inputs["values"]) + layers.Embedding(10, 4)(inputs["positions"])
    mask = segment_mask(inputs["segments"])
    x = layers.MultiHeadAttention(1, 4)(x, x, attention_mask=mask)
    model = keras.Model(inputs, layers.Dense(8)(x))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    # Three batches: to build a model, Keras 3.13 on JAX fetches two, which here would be an epoch.
    dataset = PackedDataset(packed(lengths, 10, 1, shuffle=1), rows, rows)
    assert len(dataset) == 3
    history = model.fit(dataset, epochs=2, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert (dataset.epoch, int(model.optimizer.iterations)) == (2, 2 * len(dataset))
