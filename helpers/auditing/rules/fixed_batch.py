"""RE104: the model is made for batches of one size, and the data has another."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE104",
    name="fixed-batch",
    severity="error",
    title="The model takes batches of one size, and a batch has another",
    does=(
        "Compares the batch axis of the model's inputs with the rows of every batch, also of those "
        "that `validation_split` holds out."
    ),
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
    wanted = min(fixed) if fixed else subject.read(subject.data)[0].rows
    found: list[Found] = []
    unknown: list[str] = []
    for feed in subject.feeds.values():
        try:
            looked = _reached(feed, subject.read(feed), subject.fit)
        except Undecided as reason:
            unknown.append(str(reason))
            continue
        wrong = [batch for batch in looked if batch.rows != wanted]
        if wrong:
            why = f"its inputs have {wanted} rows" if fixed else f"{stateful[0]} keeps its state"
            sizes = sorted({batch.rows for batch in wrong if batch.rows is not None})
            message = f"the model takes batches of {wanted} rows, for {why}; {feed.name} has others"
            rows = f"{', '.join(map(str, sizes))} rows"
            where = f"{feed.name}, batch {wrong[0].index}"
            found.append(
                Found(message, where, f"{len(wrong)} of {len(looked)} batches have {rows}")
            )
        elif not _all_alike(feed, subject.fit):
            unknown.append(f"the last batch of {feed.name} was not looked at; give batches= more")
    if unknown and not found:
        raise Undecided(unknown[0])
    yield from found


def _reached(feed: Feed, looked: tuple[Looked, ...], fit: dict) -> list[Looked]:
    """Return the batches that a run sees: each validation begins anew, an epoch does not."""
    steps = fit.get("validation_steps") if feed.name == "validation" else None
    return [batch for batch in looked if steps is None or batch.index < steps]


def _all_alike(feed: Feed, fit: dict) -> bool:
    """Whether no batch that was not looked at can have another size."""
    if feed.complete or feed.looked[-1].index + 1 == feed.count:
        return True
    steps = {"validation": "validation_steps", "data": "steps_per_epoch"}.get(feed.name)
    if steps and fit.get(steps) and fit[steps] * fit.get("epochs", 1) <= len(feed.looked):
        return True
    spec = keras.tree.flatten(getattr(feed.source, "element_spec", None))
    return bool(spec) and all(getattr(one, "shape", [None])[0] is not None for one in spec)


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
