"""RE505: several devices share each batch, and a batch has rows that they cannot share evenly."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE505",
    name="devices-and-tail",
    severity="warning",
    title="Several devices cannot share a batch evenly",
    does=(
        "Divides the rows of every batch by the number of devices that share it: of the strategy "
        "of `tf.distribute`, or of `keras.distribution` on JAX."
    ),
    why=(
        "JAX refuses such a batch. On TensorFlow each device takes the mean of its own rows, and "
        "each mean counts alike: rows on the device with fewer of them count for more, and a "
        "device without rows halves the step and spoils `BatchNormalization`."
    ),
    fix="Drop the tail in training, or pad it to full size with rows of weight 0.",
    chapter="tail-batches-deeper#what-steps_per_execution-and-several-devices-change",
    backends=("tensorflow", "jax"),
)

ALONE = True  # its examples set the number of devices, so they need a process of their own


def check(subject: Subject) -> Iterator[Found]:
    """Divide the rows of every batch by the number of devices."""
    devices, what = _devices(subject.model)
    if devices < 2:
        raise NothingToCheck("one device computes each batch")
    found, reasons = [], []
    for feed in subject.feeds.values():
        try:
            looked = subject.read(feed)
        except Undecided as reason:
            reasons.append(reason)
            continue
        odd = [batch for batch in looked if (batch.rows or 0) % devices]
        if odd:
            rows = odd[0].rows or 0
            found.append(
                Found(
                    f"{devices} devices ({what}) share each batch of {feed.name}, and a batch has "
                    f"{rows} rows; {_consequence(rows, devices)}",
                    f"{feed.name}, batch {odd[0].index}",
                    f"{len(odd)} of {len(looked)} batches cannot be divided by {devices}",
                )
            )
        elif not feed.complete and feed.count is None:
            reasons.append(Undecided(f"{feed.name}: not all batches were looked at; give batches="))
    yield from found
    if reasons and not found:
        raise reasons[0]


def _devices(model: Any) -> tuple[int, str]:
    """Return how many devices share a batch, and by what."""
    if keras.backend.backend() == "tensorflow":
        strategy = getattr(model, "distribute_strategy", None)
        count = getattr(strategy, "num_replicas_in_sync", 1)
        return count, type(strategy).__name__
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1, ""
    mesh, axis = distribution.device_mesh, distribution.batch_dim_name
    sizes = dict(zip(mesh.axis_names, mesh.shape, strict=True))
    return sizes.get(axis, 1), type(distribution).__name__


def _consequence(rows: int, devices: int) -> str:
    if keras.backend.backend() == "jax":
        return "JAX raises that this axis cannot be divided"
    share = -(-rows // devices)
    shares = [max(0, min(share, rows - i * share)) for i in range(devices)]
    return f"their shares are {', '.join(map(str, shares))}, and each mean counts alike"


def _rows() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _on_two_devices() -> keras.Model:
    if keras.backend.backend() == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel())
        return _model()
    import tensorflow as tf

    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        return _model()


def broken() -> dict:
    """Share batches of 7 between two devices."""
    return {"model": _on_two_devices(), "data": _rows(), "fit": {"batch_size": 7}}


def mended() -> dict:
    """Share batches of 4."""
    return {"model": _on_two_devices(), "data": _rows(), "fit": {"batch_size": 4}}
