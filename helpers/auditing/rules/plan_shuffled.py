"""RE306: fit shuffles rows or batches of a model that carries its state from one to the next."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import layers_of
from helpers.masking.recording import state_kept

RULE = Rule(
    code="RE306",
    name="plan-shuffled",
    severity="warning",
    title="fit shuffles what a stateful layer reads in order",
    does=(
        "Calls the model twice with one batch. If the state of the first call changes the second "
        "answer, the order of the batches counts, and `fit` must not change it."
    ),
    why=(
        "`shuffle=True` is the default of `fit`. It mixes the rows of arrays, and the order of the "
        "batches of a PyDataset, so that each row begins in the state of another."
    ),
    fix="Pass shuffle=False to fit, and reset the states between epochs.",
    chapter="tail-batches#a-stateful-rnn",
    backends=("tensorflow",),  # on JAX fit carries no state on, on PyTorch it raises there
)


def check(subject: Subject) -> Iterator[Found]:
    """Find data that `fit` shuffles, and a state that is carried from batch to batch."""
    stateful = [layer.name for layer in layers_of(subject.model) if _is_stateful(layer)]
    if not stateful:
        raise NothingToCheck("no layer keeps its state")
    data, fit = subject.data, subject.fit
    if not fit.get("shuffle", True):
        raise NothingToCheck("`fit` is told not to shuffle")
    if data.kind not in ("arrays", "PyDataset") or data.count is None:
        raise NothingToCheck("`fit` does not shuffle this data")
    again = data.kind == "arrays" and fit.get("epochs", 1) > 1  # rows change places by epoch
    if data.count == 1 and not again:
        raise NothingToCheck("there is one batch")
    moved = _moved(subject)
    if moved == 0:
        raise NothingToCheck("the state of one call does not change the next answer")
    if _touches_batches(fit.get("callbacks")):
        raise Undecided("a callback acts on each batch, and may reset the states there")
    what = "the rows" if data.kind == "arrays" else "the batches"
    yield Found(
        f"{stateful[0]} carries its state from batch to batch, and `fit` shuffles {what}",
        f"fit, shuffle; layer {stateful[0]}",
        f"the same batch is answered {moved:.2g} apart in the state that it left; {data.count} "
        f"batches, shuffle={fit.get('shuffle', 'True, the default')}",
    )


def _is_stateful(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional) and bool(
        getattr(layer, "stateful", False)
    )


def _moved(subject: Subject) -> float:
    """Return how far the answers to one batch move in the state that it left."""
    x = subject.read(subject.data)[0].x
    _ = subject.outputs  # so that a model that cannot be called says so in one way
    with state_kept(subject.model):
        answers = [keras.tree.flatten(subject.model(x, training=False)) for _ in range(2)]
    first, second = ([np.array(keras.ops.convert_to_numpy(a)) for a in one] for one in answers)
    return max(float(np.max(np.abs(a - b), initial=0)) for a, b in zip(first, second, strict=True))


def _touches_batches(callbacks: object) -> bool:
    given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    words = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    own = [one for one in given if isinstance(one, keras.callbacks.Callback)]
    return any(
        getattr(type(one), word) is not getattr(keras.callbacks.Callback, word)
        and not type(one).__module__.startswith("keras.")
        for one in own
        for word in words
    )


def _model() -> keras.Model:
    inputs = keras.Input(batch_shape=(4, 5, 2))
    outputs = keras.layers.Dense(1)(keras.layers.LSTM(3, stateful=True)(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Cut four long rows into three windows each, and let `fit` mix them."""
    x, y = np.ones((12, 5, 2), "float32"), np.ones((12, 1), "float32")
    return {"model": _model(), "data": (x, y), "fit": {"batch_size": 4}}


def mended() -> dict:
    """Keep the windows in their order."""
    x, y = np.ones((12, 5, 2), "float32"), np.ones((12, 1), "float32")
    return {"model": _model(), "data": (x, y), "fit": {"batch_size": 4, "shuffle": False}}
