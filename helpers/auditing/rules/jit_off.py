"""RE503: a layer or a setting keeps the model from being compiled."""

import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE503",
    name="jit-off",
    severity="note",
    title="A layer or a setting switches compilation off",
    does=(
        "Compares what `compile` was given with `model.jit_compile`, and names the layers whose "
        "`supports_jit` is False and the settings that make every step run in Python."
    ),
    why=(
        "One layer that XLA cannot compile, such as `RandomRotation`, switches `jit_compile` off "
        "for the whole model; `'auto'` does so without a word. `run_eagerly=True` runs all of it "
        "operation by operation."
    ),
    fix="Move the layer out of the model, into the map of the dataset, or into a model of its own.",
    chapter="augmentation-deeper#layers-inside-a-dataset",
)


def check(subject: Subject) -> Iterator[Found]:
    """Find what runs eagerly, or without jit because of a layer."""
    model: Any = subject.model
    if not getattr(model, "compiled", False):
        raise NothingToCheck("the model is not compiled")
    backend = keras.backend.backend()
    if backend != "torch" and (setting := _eager(model, backend)):
        yield Found(
            f"{setting} runs every step in Python, operation by operation",
            "compile" if model.run_eagerly else "settings",
            f"{setting}; model.jit_compile={model.jit_compile}",
            "Leave it out once the model is debugged.",
        )
        return
    if model.jit_compile:
        return
    layers = layers_of(model)
    unable = [layer for layer in layers if not getattr(layer, "supports_jit", True)]
    names = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in unable[:3])
    measured = (
        f"supports_jit=False in {len(unable)} of {len(layers) - 1} layers; "
        f"model.jit_compile={model.jit_compile}"
    )
    if _asked(model):
        yield Found(
            "jit_compile=True was asked for, and Keras has gone on without: "
            + (f"{names} cannot be compiled" if unable else "a setting does not allow it"),
            f"layer {unable[0].name}" if unable else "compile",
            measured,
            _fix(unable),
        )
        return
    unable = [layer for layer in unable if not getattr(layer, "use_cudnn", False)]
    if not unable:
        return
    if not _auto_compiles(model, backend):
        raise NothingToCheck(
            f"jit_compile is off here whatever the layers; on a GPU, {names} would keep it off"
        )
    yield Found(
        f"jit is off, for {names} cannot be compiled; without it, 'auto' compiles the whole model",
        f"layer {unable[0].name}",
        measured,
    )


def _eager(model: Any, backend: str) -> str:
    """Name the setting by which each step runs eagerly, or return an empty text."""
    if model.run_eagerly:
        return "run_eagerly=True"
    if backend == "tensorflow":
        import tensorflow as tf

        if tf.config.functions_run_eagerly():
            return "tf.config.run_functions_eagerly(True)"
    elif backend == "jax":
        import jax

        if jax.config.jax_disable_jit:
            return "jax_disable_jit"
    return ""


def _asked(model: Any) -> bool:
    """Whether ``compile`` was given ``jit_compile=True``; what 'auto' became looks the same."""
    try:
        with warnings.catch_warnings():  # of losses that cannot be saved
            warnings.simplefilter("ignore")
            config = model.get_compile_config()
    except Exception:  # what cannot be saved may raise
        return False
    return bool((config or {}).get("jit_compile"))


def _auto_compiles(model: Any, backend: str) -> bool:
    """Whether ``jit_compile="auto"`` compiles a model here if its layers allow it."""
    if backend == "jax":
        return True
    if backend == "torch":
        return False
    import tensorflow as tf

    accelerators = [d for d in tf.config.list_physical_devices() if d.device_type != "CPU"]
    return bool(accelerators) and model.distribute_strategy.num_replicas_in_sync == 1


def _fix(unable: list) -> str:
    if not unable:
        return "Switch off what makes TensorFlow deterministic, or leave jit_compile=True out."
    if all(getattr(layer, "use_cudnn", False) for layer in unable):
        return "Give the layer use_cudnn=False, or leave jit_compile=True out: cuDNN is fast, too."
    return ""


def _model(*turned: keras.layers.Layer) -> keras.Model:
    head = [keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *turned, *head])
    model.compile("sgd", "mse", jit_compile=True)
    return model


def _images() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).uniform(size=(8, 8, 8, 1)).astype("float32")
    return x, np.ones((8, 1), "float32")


def broken() -> dict:
    """Turn the images inside a model that is to be compiled."""
    return {"model": _model(keras.layers.RandomRotation(0.1)), "data": _images()}


def mended() -> dict:
    """Turn them before they come to the model."""
    return {"model": _model(), "data": _images()}
