"""The measurements that the book makes on a GPU: one plain function per GPU cell.

A cell takes only arguments that have defaults and returns ``{name: number}``; the unit is part of
the name. It runs on whichever backend and device Keras uses, and says nothing about the device:
:func:`helpers.devices.gpu_cell` shows it and :func:`helpers.devices.record` writes it down.
"""

import time

import keras
import numpy as np

from helpers.batching import fixed
from helpers.feeding import PlannedDataset


class StepTimer(keras.callbacks.Callback):
    """Wall-clock seconds of every training step: ``seconds[epoch][step]``.

    A callback that is not ``async_safe`` gets its logs as floats, so Keras waits for the device
    before it calls ``on_train_batch_end``: the time is that of the finished step.
    """

    async_safe = False

    def on_train_begin(self, logs=None):
        """Forget the steps of an earlier ``fit``."""
        self.seconds: list[list[float]] = []

    def on_epoch_begin(self, epoch, logs=None):
        """Start the row of this epoch."""
        self.seconds.append([])

    def on_train_batch_begin(self, batch, logs=None):
        """Start the clock."""
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """Stop the clock."""
        self.seconds[-1].append(time.perf_counter() - self._start)


def forget_compiled() -> None:
    """Forget what PyTorch has compiled, which all models share; the others compile per model."""
    if keras.backend.backend() == "torch":
        import torch

        torch.compiler.reset()


def tail_batch_compile(rows: int = 105, batch_size: int = 32) -> dict[str, float]:
    """What a smaller last batch costs when ``fit`` compiles its step, against padding it.

    The same small Conv1D model is trained twice on random rows ``(batch, time=29, features=12)``
    with ``jit_compile=True``: once with the plan ``tail="keep"``, whose last batch is smaller, and
    once with ``tail="pad"``, whose last batch is filled up with rows of weight 0. The compiler is
    XLA with TensorFlow and JAX, and ``torch.compile`` with PyTorch.

    Args:
        rows: number of rows, not a multiple of ``batch_size``.
        batch_size: rows of a full batch.

    Returns:
        Four numbers for each tail policy, their names beginning with ``keep_`` or ``pad_``, namely
        ``batch_shapes``, the number of batch shapes in an epoch, ``first_tail_step_seconds``, the
        last step of the first epoch, and ``full_step_seconds`` and ``tail_step_seconds``, the
        fastest of the later epochs. Last, ``tail_compile_in_full_steps`` is how many warm full
        steps the first smaller batch costs.

    Raises:
        ValueError: if no batch is smaller than the others.
        NotImplementedError: if Keras does not compile the step here.

    Example:
        >>> measured = tail_batch_compile()  # doctest: +SKIP
        >>> measured["keep_batch_shapes"], measured["pad_batch_shapes"]  # doctest: +SKIP
        (2, 1)
    """
    if rows % batch_size == 0:
        raise ValueError(f"rows={rows} is a multiple of batch_size={batch_size}: no smaller batch")
    x = np.random.default_rng(0).normal(size=(rows, 29, 12)).astype("float32")
    y = np.arange(rows) % 9
    measured = {}
    for tail in ("keep", "pad"):
        forget_compiled()
        layers = keras.layers
        model = keras.Sequential(
            [
                layers.Conv1D(64, 3, activation="relu"),
                layers.Conv1D(64, 3, activation="relu"),
                layers.GlobalAveragePooling1D(),
                layers.Dense(9, activation="softmax"),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=True)
        if not model.jit_compile:
            raise NotImplementedError("Keras does not compile this model with this backend")
        plan, timer = fixed(rows, batch_size, tail=tail), StepTimer()
        # shuffle=False: by default Keras shuffles the batches, and the tail would not come last.
        data = PlannedDataset(plan, x, y)
        model.fit(data, epochs=6, shuffle=False, verbose=0, callbacks=[timer])
        seconds = np.array(timer.seconds)  # (epochs, steps)
        measured[f"{tail}_batch_shapes"] = len(plan.shapes)
        measured[f"{tail}_first_tail_step_seconds"] = float(seconds[0, -1])
        measured[f"{tail}_full_step_seconds"] = float(seconds[1:, :-1].min())
        measured[f"{tail}_tail_step_seconds"] = float(seconds[1:, -1].min())
    measured["tail_compile_in_full_steps"] = (
        measured["keep_first_tail_step_seconds"] / measured["keep_full_step_seconds"]
    )
    return measured


CELLS = (tail_batch_compile,)
