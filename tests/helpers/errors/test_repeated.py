"""A message that depends on which operation fails first is answered whichever it is."""

import keras
import numpy as np
import pytest

from helpers import errors
from helpers.errors import situations

tf = pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.slow, pytest.mark.wide]

TIMES = 20
ROWS = (  # a graph has several operations that can fail first: forward, loss, gradient
    "stateful-rnn-smaller-batch",
    "reshape-with-a-fixed-batch-size",
    "position-table-shorter-than-the-sequence",
    "labels-and-predictions-differ-in-rows",
    "class-labels-and-predictions-differ-in-rows",
    "fixed-batch-size-in-a-loss",
    "weights-and-loss-with-different-axes",
    "ctc-loss-with-a-mask",
    "token-id-beyond-the-embedding",
    "label-beyond-the-classes",
    "image-smaller-than-the-window",
)


def answer(error):
    """The id of the row. Kept exceptions would hold on to datasets until TensorFlow hangs."""
    row = errors.find(error)
    return row and row.id


@pytest.fixture
def answers(monkeypatch):
    """Repeat each `fit`, and each `predict`, which then trains too; the answers to what it raises.

    A message from the making of the graph is the same each time, so it is not repeated.
    """
    answers = set()

    def repeat(call):
        for _ in range(TIMES):
            try:
                call()
            except tf.errors.OpError as error:
                answers.add(answer(error))
            except Exception as error:
                answers.add(answer(error))
                return

    fit, predict = keras.Model.fit, keras.Model.predict

    def train(model, *args, **kwargs):
        repeat(lambda: fit(model, *args, **kwargs))

    def predict_and_train(model, x, **kwargs):
        repeat(lambda: predict(model, x, **kwargs))
        model.compile("sgd", lambda _, outputs: keras.ops.mean(outputs))
        data = (x,) if isinstance(x, keras.utils.PyDataset) else (x, np.zeros(len(x)))
        repeat(lambda: fit(model, *data, **kwargs))

    monkeypatch.setattr(keras.Model, "fit", train)
    monkeypatch.setattr(keras.Model, "predict", predict_and_train)
    return answers


@pytest.mark.parametrize("row", ROWS)
def test_a_message_is_answered_whichever_operation_fails_first(row, answers):
    situations.of(row).provoke()
    assert answers == {row}
