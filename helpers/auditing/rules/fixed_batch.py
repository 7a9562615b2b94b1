"""RE104: the model is made for batches of one size, and the data has another."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE104",
    name="fixed-batch",
    severity="error",
    title="The model takes batches of one size, and a batch has another",
    does="Compares the batch axis of the model's inputs with the rows of every batch.",
    why=(
        "`batch_shape`, `batch_size` of an `Input` and `stateful=True` write the number of rows "
        "into the model. The last, smaller batch then raises, or is computed with the state of "
        "other rows."
    ),
    fix="Leave the batch axis None; for stateful layers pad the last batch with rows of weight 0.",
    chapter="tail-batches#the-ladder-of-fixes",
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare the fixed number of rows with the batches of every feed."""
    fixed = {tensor.shape[0] for tensor in getattr(subject.model, "inputs", None) or []} - {None}
    stateful = [
        layer.name
        for layer in layers_of(subject.model)
        if isinstance(layer, keras.layers.RNN) and layer.stateful
    ]
    if not fixed and not stateful:
        raise NothingToCheck("the batch axis of the model is free and no layer keeps its state")
    for feed in subject.feeds.values():
        looked = subject.read(feed)
        wanted = min(fixed) if fixed else looked[0].rows
        wrong = [batch for batch in looked if batch.rows != wanted]
        if wrong:
            why = f"its inputs have {wanted} rows" if fixed else f"{stateful[0]} keeps its state"
            sizes = sorted({batch.rows for batch in wrong if batch.rows is not None})
            yield Found(
                f"the model takes batches of {wanted} rows, for {why}; {feed.name} has others",
                f"{feed.name}, batch {wrong[0].index}",
                f"{len(wrong)} of {len(looked)} batches have {', '.join(map(str, sizes))} rows",
            )


def _model(batch_size: int | None) -> keras.Model:
    inputs = keras.Input((5, 2), batch_size=batch_size)
    outputs = keras.layers.Dense(1)(keras.layers.LSTM(3)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Write 32 rows into the model, and train on 105."""
    x, y = np.ones((105, 5, 2), "float32"), np.ones((105, 1), "float32")
    return {"model": _model(32), "data": (x, y)}


def mended() -> dict:
    """Leave the batch axis free."""
    x, y = np.ones((105, 5, 2), "float32"), np.ones((105, 1), "float32")
    return {"model": _model(None), "data": (x, y)}
