"""The GPU cells, and the models and clocks they are made of; `helpers.gpu_cells` shows them."""

import time
from typing import Any

import keras
import numpy as np

from helpers.batching import bucketed, fixed, ladder
from helpers.data import random_lengths
from helpers.feeding import PlannedDataset
from helpers.images.buckets import bucket_sizes
from helpers.images.sequences import ToSequence
from helpers.images.stack import SizedStack
from helpers.padding import pad


class StepTimer(keras.callbacks.Callback):
    """Wall-clock seconds of every training step: ``seconds[epoch][step]``.

    A callback that is not ``async_safe`` gets its logs as floats, so Keras waits for the device
    before it calls ``on_train_batch_end``: the time is that of the finished step.
    """

    async_safe = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Forget the steps of an earlier ``fit``."""
        self.seconds: list[list[float]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the row of this epoch."""
        self.seconds.append([])

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
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


def lstm_model(features: int, units: int, *, masked: bool, use_cudnn: bool | str) -> keras.Model:
    """Build a model of one LSTM, with the same weights on every call.

    Args:
        features: size of the features axis.
        units: size of the state.
        masked: the model takes a second input, the mask: bool ``(batch, time)``.
        use_cudnn: as in `LSTM`: True means cuDNN or an error, ``"auto"`` lets Keras choose.

    Returns:
        A model from ``(batch, time, features)`` to ``(batch, features=units)``.
    """
    x = keras.Input((None, features))
    mask = keras.Input((None,), dtype="bool") if masked else None
    start = keras.initializers
    layer = keras.layers.LSTM(
        units,
        use_cudnn=use_cudnn,
        kernel_initializer=start.GlorotUniform(seed=1),
        recurrent_initializer=start.GlorotUniform(seed=2),
        bias_initializer=start.RandomNormal(stddev=1.0, seed=3),
    )
    return keras.Model([x, mask] if masked else x, layer(x, mask=mask))


def cudnn_masks(
    rows: int = 64, steps: int = 200, features: int = 12, units: int = 128
) -> dict[str, float]:
    """What an LSTM does with masks that cuDNN takes, and with masks that it does not.

    Random rows ``(batch, time, features)`` of eight lengths, in no order, go through one LSTM in
    one batch with a mask, by ``predict_on_batch``: padded on the right, padded on the left, and on
    the right with one row that is all padding. They are compared with the same rows without any
    padding, by Keras's own loop (``use_cudnn=False``). A row without steps must give zeros.

    Args:
        rows: number of rows, at least 8.
        steps: timesteps of the longest row, at least 8.
        features: size of the features axis.
        units: size of the LSTM's state.

    Returns:
        Numbers for each case, named ``right_``, ``left_`` and ``empty_row_`` and then
        ``cudnn_takes_it``, 1 if it runs with ``use_cudnn=True``, 0 if Keras refuses;
        ``auto_runs``, the same for ``use_cudnn="auto"``, the default; and if that runs,
        ``rows_wrong``, the rows that are not
        within 0.01 of those without padding, and ``largest_difference``, which leaves out rows
        that hold NaN. Last, ``masked_step_seconds`` and ``unmasked_step_seconds``, the fastest of
        ten batches padded on the right with the default, and their ratio,
        ``mask_costs_unmasked_steps``.

    Raises:
        ValueError: if there are fewer than 8 rows or steps.

    Example:
        >>> measured = cudnn_masks()  # doctest: +SKIP
        >>> measured["left_auto_runs"], measured["left_rows_wrong"]  # doctest: +SKIP
        (1, 0)
    """
    for name, number in (("rows", rows), ("steps", steps)):
        if number < 8:
            raise ValueError(f"{name}: expected at least 8, got {number}")
    random = np.random.default_rng(0)
    lengths = random.permutation(np.linspace(1, steps, 8).astype(int)[np.arange(rows) % 8])
    sequences = [random.normal(size=(n, features)).astype("float32") for n in lengths]
    alone = lstm_model(features, units, masked=False, use_cudnn=False)
    wanted = np.zeros((rows, units))
    for n in np.unique(lengths):  # rows of one length need no padding
        some = np.flatnonzero(lengths == n)
        output = alone(np.stack([sequences[i] for i in some]))
        wanted[some] = keras.ops.convert_to_numpy(output)
    right, left = (pad(sequences, side=side) for side in ("post", "pre"))
    emptied = right[1].copy()
    emptied[0] = False
    cases = {
        "right": (*right, wanted),
        "left": (*left, wanted),
        "empty_row": (right[0], emptied, np.where(np.arange(rows)[:, None] == 0, 0, wanted)),
    }
    measured: dict[str, float] = {}
    for case, (x, mask, expected) in cases.items():
        took, _ = unless_refused(features, units, True, x, mask)
        ran, got = unless_refused(features, units, "auto", x, mask)
        measured[f"{case}_cudnn_takes_it"], measured[f"{case}_auto_runs"] = took, ran
        if ran:
            difference = np.abs(got - expected).max(axis=1)
            numbers = difference[np.isfinite(difference)]
            measured[f"{case}_rows_wrong"] = int(rows - (numbers < 0.01).sum())
            if numbers.size:
                measured[f"{case}_largest_difference"] = float(numbers.max())
    for masked, name in ((True, "masked"), (False, "unmasked")):
        model = lstm_model(features, units, masked=masked, use_cudnn="auto")
        seconds = []
        for _ in range(11):  # the first one compiles
            start = time.perf_counter()
            model.predict_on_batch(list(right) if masked else right[0])
            seconds.append(time.perf_counter() - start)
        measured[f"{name}_step_seconds"] = min(seconds[1:])
    measured["mask_costs_unmasked_steps"] = (
        measured["masked_step_seconds"] / measured["unmasked_step_seconds"]
    )
    return measured


# What Keras says when it refuses: of the mask, and of `use_cudnn=True` that it cannot follow.
REFUSALS = ("does not correspond to right-padded sequences", "use_cudnn=True was specified")


def unless_refused(
    features: int, units: int, use_cudnn: bool | str, x: np.ndarray, mask: np.ndarray
) -> tuple[int, np.ndarray | None]:
    """Run a batch through a masked LSTM: 1 and the output, or 0 and None if Keras refuses.

    Keras refuses with another class of exception on every backend, so its words decide. Any other
    error is raised: it says nothing about masks.
    """
    try:
        model = lstm_model(features, units, masked=True, use_cudnn=use_cudnn)
        return 1, np.asarray(model.predict_on_batch([x, mask]))
    except Exception as error:
        if any(words in str(error) for words in REFUSALS):
            return 0, None
        raise


def crnn(height: int, units: int) -> keras.Model:
    """Build a small reader of images of one height: two convolutions, then a bidirectional LSTM.

    Args:
        height: height of the images in pixels, at least 4.
        units: size of the LSTM's state in each direction.

    Returns:
        A compiled model from ``[images, sizes]``, ``(batch, height, width, 1)`` of any width and
        int32 ``(batch, 2)``, to ``(batch, 10)``. Padding has no influence on it. Whether its step
        is compiled is left to Keras.
    """
    layers = keras.layers
    images = keras.Input((height, None, 1))
    sizes = keras.Input((2,), dtype="int32", name="sizes")
    stack = []
    for filters in (32, 64):
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu")]
        stack += [layers.MaxPooling2D(2)]
    steps = ToSequence("columns")(SizedStack(stack)([images, sizes]))
    read = layers.Bidirectional(layers.LSTM(units))(steps)
    model = keras.Model([images, sizes], layers.Dense(10, activation="softmax")(read))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def width_buckets(
    images: int = 1024,
    batch_size: int = 32,
    buckets: int = 8,
    height: int = 32,
    widest: int = 512,
    units: int = 128,
) -> dict[str, float]:
    """What it brings to pad images to the width of their bucket, against one width for all.

    The same model, `crnn`, is trained twice on random images of log-normal widths: ``padded``,
    every batch as wide as the widest image, and ``bucketed``, each batch as wide as the widest
    image of its bucket. All batches are made before any clock starts and go
    through ``train_on_batch``: once for each shape, which compiles, once more, and then three
    epochs, of which the fastest counts.

    Args:
        images: number of images.
        batch_size: rows in a batch; each bucket's last one is filled up with rows of weight 0.
        buckets: number of widths, at least 2.
        height: height of all images in pixels, at least 4.
        widest: no image is wider, in pixels; the mean is a quarter of it, the least is 8.
        units: size of the LSTM's state in each direction.

    Returns:
        Four numbers for each way, their names beginning with ``padded_`` or ``bucketed_``, namely
        ``images_per_second``, ``pixels_per_true_pixel``, what is computed over what the images
        have, ``shapes``, the number of batch shapes, and ``first_steps_seconds``, the first steps
        of all shapes together. Last, ``bucketed_speedup``, how many times as many images a second
        the buckets give.

    Raises:
        ValueError: if a number is too small, or the images do not make two buckets.

    Example:
        >>> measured = width_buckets()  # doctest: +SKIP
        >>> measured["padded_shapes"], measured["bucketed_shapes"]  # doctest: +SKIP
        (1, 8)
    """
    for name, number, least in (("images", images, 2), ("buckets", buckets, 2)):
        if number < least:
            raise ValueError(f"{name}: expected at least {least}, got {number}")
    widths = np.maximum(random_lengths(images, "lognormal", mean=widest / 4, maximum=widest), 8)
    sizes = np.stack([np.full(images, height), widths], axis=1).astype("int32")
    boxes = bucket_sizes(sizes, buckets)
    if len(boxes) < 2:
        raise ValueError(f"images: expected widths for two buckets, got only {widths.max()} pixels")
    random = np.random.default_rng(0)
    pictures = [random.random((*size, 1), dtype="float32") for size in sizes]
    labels = np.arange(images) % 10
    measured: dict[str, float] = {}
    for way, targets in (("padded", boxes[-1:]), ("bucketed", boxes)):
        forget_compiled()
        plan = bucketed(sizes, batch_size, targets, tail="pad", shuffle=0)
        data = PlannedDataset(plan, (pictures, sizes), labels)
        first_steps, epoch = train_seconds(crnn(height, units), [data[i] for i in range(len(data))])
        pixels = int((plan.sizes * plan.padded_lengths.prod(axis=1)).sum())
        measured[f"{way}_images_per_second"] = images / epoch
        measured[f"{way}_pixels_per_true_pixel"] = pixels / int(sizes.prod(axis=1).sum())
        measured[f"{way}_shapes"] = len(plan.shapes)
        measured[f"{way}_first_steps_seconds"] = first_steps
    measured["bucketed_speedup"] = (
        measured["bucketed_images_per_second"] / measured["padded_images_per_second"]
    )
    return measured


def train_seconds(model: keras.Model, batches: list[tuple]) -> tuple[float, float]:
    """Time training steps: the first of each shape together, and the fastest of three epochs.

    Args:
        model: a compiled model.
        batches: what ``model.train_on_batch`` takes, one tuple for each step of an epoch; the
            first input of each is an array, whose shape is the batch's.

    Returns:
        Seconds of the first steps, one for each shape, and seconds of an epoch after them.
    """
    one_each = list({batch[0][0].shape: batch for batch in batches}.values())
    first = epoch_seconds(model, one_each)
    # TensorFlow traces the second shape for every length at once; so each shape runs again.
    epoch_seconds(model, one_each)
    return first, min(epoch_seconds(model, batches) for _ in range(3))


def sequence_model(features: int, filters: int, *, jit_compile: bool) -> keras.Model:
    """Build a small classifier of sequences: one convolution, and the mean over real steps.

    Args:
        features: size of the features axis.
        filters: filters of the convolution.
        jit_compile: whether ``compile`` asks for a compiled step.

    Returns:
        A compiled model from ``[values, mask]``, ``(batch, time, features)`` and bool
        ``(batch, time)`` of any length, to ``(batch, 10)``.
    """
    layers = keras.layers
    values, mask = keras.Input((None, features)), keras.Input((None,), dtype="bool")
    steps = layers.Conv1D(filters, 3, padding="same", activation="relu")(values)
    mean = layers.GlobalAveragePooling1D()(steps, mask=mask)
    model = keras.Model([values, mask], layers.Dense(10, activation="softmax")(mean))
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit_compile)
    return model


def jit_by_shapes(
    rows: int = 2048,
    batch_size: int = 32,
    buckets: tuple[int, ...] = (1, 4, 16, 60),
    longest: int = 512,
    features: int = 12,
    filters: int = 32,
) -> dict[str, float]:
    """What the shapes of a plan cost with ``jit_compile=True``, and without.

    The same rows of log-normal lengths are planned with few and with many buckets, whose lengths
    `ladder` chooses, one shape for each. With each plan a new `sequence_model` is trained twice:
    ``jit``, with ``jit_compile=True``, and ``plain``, with False. More buckets mean less padding,
    so warm steps get faster and the first epoch, which compiles, slower. All batches are made
    before any clock starts and go through ``train_on_batch``. Without ``jit_compile`` TensorFlow
    still builds a graph, while JAX and PyTorch run one operation after the other. PyTorch gives up
    on compiling a function that it has compiled eight times.

    Args:
        rows: number of rows.
        batch_size: rows in a batch; each bucket's last one is filled up with rows of weight 0.
        buckets: for each plan its number of buckets, in increasing order.
        longest: no row is longer, in timesteps; the mean is an eighth of it.
        features: size of the features axis.
        filters: filters of the convolution.

    Returns:
        Numbers for each plan, their names beginning with ``1_bucket_``, ``4_buckets_`` and so on,
        namely ``shapes``, the number of batch shapes, ``batches``, the steps of an epoch, and for
        ``jit`` and for ``plain``, e.g. ``4_buckets_jit_first_epoch_seconds`` and
        ``..._warm_step_seconds``, the mean step of the fastest of two epochs after the second.
        Last, of the plan with most shapes, ``jit_new_shape_in_warm_steps`` and
        ``plain_new_shape_in_warm_steps``, how many warm steps the first epoch takes more than a
        warm one, for each of its shapes.

    Raises:
        ValueError: if the rows do not have as many lengths as there are buckets.
        NotImplementedError: if Keras does not compile the step here.

    Example:
        >>> measured = jit_by_shapes()  # doctest: +SKIP
        >>> measured["1_bucket_shapes"], measured["60_buckets_shapes"]  # doctest: +SKIP
        (1, 60)
    """
    lengths = random_lengths(rows, "lognormal", mean=longest / 8, maximum=longest)
    if len(np.unique(lengths)) < max(buckets):
        raise ValueError(
            f"buckets: expected at most {len(np.unique(lengths))}, the number of different "
            f"lengths, got {max(buckets)}"
        )
    random = np.random.default_rng(0)
    sequences = [random.random((n, features), dtype="float32") for n in lengths]
    labels = np.arange(rows) % 10
    measured: dict[str, float] = {}
    for k in buckets:
        plan = bucketed(lengths, batch_size, ladder(lengths, k), tail="pad", shuffle=0)
        batches = []
        for i in range(len(plan)):
            x, mask = pad([sequences[row] for row in plan[i]], int(plan.padded_lengths[i]))
            batches.append(([x, mask], labels[plan[i]], plan.weights(i)))
        name = f"{k}_bucket{'s' * (k != 1)}"
        measured[f"{name}_shapes"], measured[f"{name}_batches"] = len(plan.shapes), len(plan)
        for way in ("jit", "plain"):
            forget_compiled()
            model = sequence_model(features, filters, jit_compile=way == "jit")
            if model.jit_compile != (way == "jit"):
                raise NotImplementedError("Keras does not compile this model with this backend")
            first, _, *warm = (epoch_seconds(model, batches) for _ in range(4))
            step = min(warm) / len(plan)
            measured[f"{name}_{way}_first_epoch_seconds"] = first
            measured[f"{name}_{way}_warm_step_seconds"] = step
            # of the last plan, the one with most shapes, it stays
            more = (first - min(warm)) / len(plan.shapes)
            measured[f"{way}_new_shape_in_warm_steps"] = more / step
    return measured


def epoch_seconds(model: keras.Model, batches: list[tuple]) -> float:
    """Time one training epoch over batches that are made: what ``train_on_batch`` takes."""
    start = time.perf_counter()
    for batch in batches:
        model.train_on_batch(*batch)  # returns the loss as a number: the device is done
    return time.perf_counter() - start


CELLS = (tail_batch_compile, cudnn_masks, width_buckets, jit_by_shapes)
