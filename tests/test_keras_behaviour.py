"""What the chapters say of Keras without a cell of their own beside it."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers import batching, feeding


def test_batch_normalisation_counts_padding_rows_whatever_their_weight():
    x = np.arange(3, dtype="float32")[:, None]
    plan = batching.fixed(3, 4, tail="pad")  # the fourth slot repeats row 0 with weight 0
    norm = layers.BatchNormalization(momentum=0.0)
    model = keras.Sequential([keras.Input((1,)), norm])
    model.compile("sgd", "mse")
    model.fit(feeding.PlannedDataset(plan, x, x), verbose=0)
    assert norm.moving_mean.numpy()[0] == pytest.approx(np.mean([0, 1, 2, 0]))


@pytest.mark.parametrize(("momentum", "kept"), [(0.5, 0.5), (0.99, 0.99)])
def test_a_batch_of_one_row_shrinks_the_moving_variance_to_its_momentum(momentum, kept):
    norm = layers.BatchNormalization(momentum=momentum)
    model = keras.Sequential([keras.Input((1,)), norm])
    model.compile("sgd", "mse")
    model.train_on_batch(np.arange(4.0)[:, None], np.zeros((4, 1)))
    before = norm.moving_variance.numpy()
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    assert norm.moving_variance.numpy() / before == pytest.approx(kept)
    assert layers.BatchNormalization().momentum == 0.99


def test_a_second_lstm_still_gets_the_mask():
    """The reason for keras<3.16: there it no longer does, and more padding changes the output."""
    model = keras.Sequential(
        [
            keras.Input((None, 3)),
            layers.Masking(),
            layers.LSTM(4, return_sequences=True),
            layers.LSTM(4),
        ]
    )
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    padded = np.concatenate([x, np.zeros((2, 4, 3), "float32")], axis=1)
    np.testing.assert_allclose(
        model.predict(padded, verbose=0), model.predict(x, verbose=0), atol=1e-6
    )


@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU, layers.SimpleRNN])
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_keras_3_13_takes_no_pydataset_for_a_stateful_rnn_even_if_all_batches_are_full(
    layer, method
):
    def run(*data, **options):
        rnn = layer(4, stateful=True)
        model = keras.Sequential([keras.Input(batch_shape=(4, 5, 3)), rnn, layers.Dense(1)])
        model.compile("sgd", "mse")
        options |= {"shuffle": False} if method == "fit" else {}
        getattr(model, method)(*data, verbose=0, **options)

    x, y = np.ones((8, 5, 3), "float32"), np.zeros((8, 1), "float32")
    plan = batching.fixed(8, 4)
    run(x, y, batch_size=4)
    run(feeding.tf_dataset(plan, x, y))
    pydataset = feeding.PlannedDataset(plan, x, y)
    if keras.__version__.startswith("3.13."):
        with pytest.raises(TypeError, match="Using a symbolic"):
            run(pydataset)
    else:
        run(pydataset)


def test_a_list_of_arrays_of_several_lengths_is_read_as_several_inputs():
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    rows = [np.ones((length, 3), "float32") for length in (2, 3)]
    with pytest.raises(ValueError, match="Data cardinality is ambiguous"):
        model.fit(rows, np.zeros(2), verbose=0)
