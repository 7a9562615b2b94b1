"""The tasks of the lab on images of varying size."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from helpers.labs.checks import (
    Differs,
    Wrong,
    as_numbers,
    attempted,
    brief,
    check_model,
    check_names,
    check_number,
    check_same_rows,
    check_shape,
    check_two_inputs,
    first_line,
    hand_over,
)
from helpers.labs.recipes import check_padded_pictures, draw_weights
from helpers.labs.steps import Answers
from helpers.padding import pad

CLASSES = 11  # ten digits and the blank
SHARE = 0.85  # of the strings that `read` asks for
Pictures = list[np.ndarray]
_NO_MASK = (
    "reader: its output carries no mask, so the loss and the decoding take the padded columns for "
    "real ones. `ToSequence` makes a mask."
)
_UNITS = {
    "columns": "columns of the map, its width",
    "rows": "rows of the map, its height",
    "cells": "cells of the map, its height times its width",
}


def shapes(
    columns: tuple,
    rows: tuple,
    cells: tuple,
    *,
    ways: Mapping[str, Any],
    feature_map: Any,
    map_sizes: Any,
) -> str:
    """What are the shapes of three readings of one map, and how many of their steps are real?"""
    answers = Answers()
    for name, answer in {"columns": columns, "rows": rows, "cells": cells}.items():
        if not isinstance(answer, Sequence) or len(answer) != 2:
            raise Wrong(f"{name}: expected two answers, shape and real steps, got {brief(answer)}.")
        shape, real = answer
        pair = [feature_map, map_sizes]
        steps, mask = ways[name](pair), _array(ways[name].compute_mask(pair))
        expected = dict(zip(("batch", "time", "features"), steps.shape, strict=True))
        with answers.judge(name):
            check_shape(shape, expected, name=name)
        real = _whole(real, (len(mask),), f"{name}, real steps", "one number per string")
        with answers.judge(f"{name}, real steps"):
            for string, (got, wanted) in enumerate(zip(real, mask.sum(axis=1), strict=True)):
                check_number(
                    got,
                    int(wanted),
                    name=f"{name}, real steps of string {string}",
                    hint=f"Count the {_UNITS[name]}, where this string is.",
                )
    answers.tell()
    return "Padding makes a sequence longer; its real steps stay as many."


def sizes(
    left: Sequence,
    smallest: Sequence,
    *,
    parts: Sequence,
    sizes: Sequence[tuple[int, int]],
) -> str:
    """What is left of three images, and which is the smallest of which anything is left?"""
    left = _whole(left, (len(sizes), 2), "left", "height and width of each image")
    answers = Answers("left")
    for image, size in enumerate(sizes):
        trail = _trail(parts, size)
        for axis, word in enumerate(("height", "width")):
            with answers.judge(f"the {word} of image {image}"):
                if left[image, axis] != trail[-1][1][axis]:
                    steps = ", ".join(f"{name} {pair[axis]}" for name, pair in trail)
                    raise Differs(
                        f"image {image}, the {word} axis: expected {trail[-1][1][axis]}, got "
                        f"{left[image, axis]}. Of {size[axis]} pixels the layers leave: {steps}.",
                        [f"on the {word} axis"],
                    )
    answers.tell()
    smallest = _whole(smallest, (2,), "smallest", "height and width")
    for axis, word in enumerate(("height", "width")):
        from helpers.images import smallest_size

        least, got = smallest_size(parts)[axis], int(smallest[axis])
        if got > least:
            raise Wrong(
                f"smallest: the {word} axis: {got} pixels work, and {got - 1} work too. Go "
                "backwards, and do not take more than the layer after it needs."
            )
        if got < least:
            lost = _lost(parts, axis, got, least)
            raise Wrong(f"smallest: the {word} axis: {got} pixels are too few: {lost}.")
    return "Every layer was run on an image of each size."


def which(
    accept: Iterable[str],
    leak: Iterable[str],
    *,
    encoders: Mapping[str, Callable],
    pictures: Pictures,
) -> str:
    """Which encoders take images of two sizes, and in which of these do answers hold padding?"""
    accept = check_names(accept, encoders, name="accept")
    leak = check_names(leak, encoders, name="leak")
    refused, leaks = {}, {}
    for name, encoder in encoders.items():
        try:
            model = _encoder(encoder)
            draw_weights(model.weights)
            alone = [_call(model, _batch([picture])) for picture in pictures]
        except Exception as error:
            refused[name] = first_line(error)
            continue
        if _differs(alone, _rows(_call(model, _batch(pictures, more=4)))):
            leaks[name] = _where_it_leaks(model, pictures)
    answers = Answers()
    for name in encoders:
        with answers.judge(name):
            if name in refused and name in accept:
                raise Differs(f"{name} does not accept two sizes: {refused[name].rstrip('.')}.")
            if name in refused and name in leak:
                raise Differs(f"{name} cannot leak: it does not accept two sizes.")
            if name not in refused and name not in accept:
                raise Differs(f"{name} accepts two sizes: no layer in it needs a fixed one.")
            if name in leaks and name not in leak:
                raise Differs(f"{name} leaks: in a padded batch {leaks[name]}.")
            if name not in leaks and name in leak:
                raise Differs(f"{name} does not leak: padding leaves each image's answer as it is.")
    answers.tell()
    return "To accept every size is one thing, to leave the padding out another."


def mend(mended: Any, *, pictures: Pictures) -> str:
    """Does a reader of columns answer alike for an image alone and in a padded batch?"""
    from helpers.masking.recording import state_kept

    check_model(mended, "mended")
    batch, given = _batch(pictures), _crnn()
    answer = _called(mended, batch)
    expected = {"batch": len(pictures), "time": None, "class": CLASSES}
    check_shape(answer, expected, name="mended")
    with state_kept(mended):
        draw_weights(given.weights)
        hand_over(given, given.weights, mended.weights)
        truth = [_call(given, picture[None]) for picture in pictures]
        for number, (picture, expected) in enumerate(zip(pictures, truth, strict=True)):
            alone = _called(mended, _batch([picture]))
            check_shape(
                alone,
                {"batch": 1, "time": expected.shape[1], "class": CLASSES},
                name=f"mended, string {number} alone",
            )
            if _differs(expected, _array(alone)):
                raise Wrong(
                    f"mended: string {number}, alone and without padding, gets another answer "
                    "than the given model's. Keep every layer, and lose nothing but the padding."
                )
        rows = _rows(_array(_called(mended, _batch(pictures, more=9))))
        if _differs([one[0] for one in truth], rows):
            raise Wrong(f"mended: in a padded batch {_where_it_leaks(mended, pictures)}.")
        once = _training(mended, pictures, more=0)
        again = _training(mended, pictures, more=9)
        real = [[rows[i][: one.shape[1]] for i, one in enumerate(truth)] for rows in (once, again)]
        if _differs(*real):
            raise Wrong(
                "mended: in training, more padding changes the answers: the batch normalisation "
                "takes its mean and variance over the padding too, unless it gets a mask."
            )
        _check_mask(mended, batch, [one.shape[1] for one in truth], "mended")
    return "Alone or in a batch, predicting or training: padding changes nothing."


def regions(mended: tuple, *, crop: Any, pictures: Pictures, found: Sequence[np.ndarray]) -> str:
    """Do regions work for an image with none, and for one with more than there is room for?"""
    if not isinstance(mended, Sequence) or len(mended) != 2 or not all(map(callable, mended)):
        raise Wrong(f"mended: expected two functions, boxes_of and mean_of, got {brief(mended)}.")
    boxes_of, mean_of = mended
    counts = [len(boxes) for boxes in found]
    orders = [list(range(len(found))), [int(np.argmin(counts))], [int(np.argmax(counts))]]
    for order in orders:
        for most in (3, 1, max(counts) + 1):
            chosen = [found[i] for i in order]
            heights_widths = np.array([pictures[i].shape[:2] for i in order])
            boxes, kept = _boxes(boxes_of, chosen, heights_widths, most)
            _check_boxes(boxes, kept, chosen, most)
            picture, _ = pad([pictures[i] for i in order], axes=2)
            pieces = crop([picture, boxes, kept, heights_widths.astype("int32")])
            _check_mean(mean_of, pieces, kept)
    return "No region gives 0, too many give the largest, and gradients stay finite."


def steps(
    needed: Sequence[int],
    too_narrow: Iterable[int],
    *,
    labels: Sequence[np.ndarray],
    sizes: np.ndarray,
    parts: Sequence,
) -> str:
    """How many steps does each label need, and which strings do not have as many?"""
    from helpers.images import output_sizes, steps_needed

    truth = steps_needed(labels)
    needed = _whole(needed, truth.shape, "needed", "one number per string")
    too_narrow = _strings(too_narrow, len(labels))
    answers = Answers()
    for string, (got, wanted, label) in enumerate(zip(needed, truth, labels, strict=True)):
        with answers.judge(name := f"needed, string {string}"):
            check_number(
                got,
                int(wanted),
                name=name,
                hint=f"It has {len(label)} digits, and a blank between two equal neighbours.",
            )
    have = _array(output_sizes(list(parts), sizes))[:, 1]
    for string, fits in enumerate(have >= truth):
        with answers.judge(f"too_narrow, string {string}"):
            if fits == (string in too_narrow):
                raise Differs(
                    f"too_narrow: string {string} {'fits' if fits else 'does not fit'}: its "
                    f"{sizes[string][1]} pixels give {have[string]} steps, it needs "
                    f"{truth[string]}."
                )
    answers.tell()
    return "The loss of a string that is too narrow is infinite, whatever the model answers."


def _strings(too_narrow: Any, count: int) -> set[int]:
    """Return the numbers of strings that an answer names."""
    such = f"too_narrow: expected a set of numbers, such as {{2, 4}}, got {brief(too_narrow)}."
    if isinstance(too_narrow, str | Mapping) or not isinstance(too_narrow, Iterable):
        raise Wrong(such)
    strings = list(too_narrow)
    numbers = as_numbers(strings)
    if numbers is None or numbers.ndim != 1:
        raise Wrong(such)
    if any(as_numbers(string).dtype.kind == "b" for string in strings):
        raise Wrong(
            "too_narrow: expected the numbers of the strings, got True and False; "
            "`np.flatnonzero` makes numbers of them."
        )
    named = set(numbers.tolist())
    if unknown := sorted(named - set(range(count))):
        raise Wrong(f"too_narrow: there is no string {unknown[0]}; count from 0.")
    return named


def batches(batches: Any, *, strings: Callable) -> str:
    """Do batches show every string once, padded and with its size and label?"""
    pictures, _, labels = strings(1200, (1, 3), seed=0)
    check_padded_pictures(batches, pictures, labels, most=32)
    return f"All {len(pictures)} strings come once, each with its size and label."


def model(reader: Any, *, strings: Callable) -> str:
    """Does a model, of any weights, read a string alike alone and in a batch?"""
    from helpers.masking.recording import state_kept

    check_model(reader, "reader")
    pictures, _, answers = strings(200, (4, 5), seed=77)
    batch = _batch(pictures)
    logits = _called(reader, batch, name="reader")
    check_shape(logits, {"batch": 200, "time": None, "class": CLASSES}, name="reader")
    _check_time(logits, batch, answers)
    if _mask(logits) is None:
        raise Wrong(_NO_MASK)
    pictures, _, _ = strings(8, (1, 5), seed=77)
    batch = _batch(pictures, more=9)
    with state_kept(reader):
        draw_weights(reader.weights)
        alone = [_array(_called(reader, _batch([one]), name="reader")) for one in pictures]
        rows = _rows(_array(_called(reader, batch, name="reader")))
        if _differs([one[0] for one in alone], rows):
            raise Wrong(f"reader: in a padded batch {_where_it_leaks(reader, pictures)}.")
        _check_mask(reader, batch, [one.shape[1] for one in alone], "reader")
    return "It takes strings of any width, and reads no padding."


def read(reader: Any, *, strings: Callable) -> str:
    """Does a model read strings that are longer than all it was trained on?"""
    from helpers.images import greedy_decode

    check_model(reader, "reader")
    shares = {}
    for digits in ((1, 3), (4, 5)):
        pictures, sizes, answers = strings(200, digits, seed=77)
        batch = _batch(pictures)
        logits = _called(reader, batch, name="reader")
        check_shape(logits, {"batch": 200, "time": None, "class": CLASSES}, name="reader")
        _check_time(logits, batch, answers)
        mask = _mask(logits)
        if mask is None:
            raise Wrong(_NO_MASK)
        logits = _array(logits)
        if not np.isfinite(logits[mask]).all():
            raise Wrong("reader: its output holds NaN or infinity. Try a smaller learning rate.")
        read = greedy_decode(logits, mask=mask)
        for number in (int(np.argmin(sizes[:, 1])), 0, 1):
            alone = _called(reader, _batch([pictures[number]]), name="reader")
            if not np.array_equal(greedy_decode(alone)[0], read[number]):
                raise Wrong(
                    f"reader: padding changes what it reads: string {number} alone is read as "
                    f"{_spelled(greedy_decode(alone)[0])}, in a batch as "
                    f"{_spelled(read[number])}. `SizedStack` keeps padding out."
                )
        same = [np.array_equal(one, answer) for one, answer in zip(read, answers, strict=True)]
        shares[digits] = np.mean(same)
    short, long = shares.values()
    if not long >= SHARE:
        raise Wrong(
            f"reader: it reads {long:.0%} of the strings of 4 or 5 digits exactly, expected "
            f"{SHARE:.0%}; of strings of 1 to 3 digits it reads {short:.0%}. {_advice(short)}"
        )
    return f"It reads at least {SHARE:.0%} of the longer strings exactly."


# --- sizes ---------------------------------------------------------------------------------------


def _trail(parts: Sequence, size: tuple[int, int]) -> list[tuple[str, tuple[int, int]]]:
    """Run layers on one image; return the name of each and the height and width that it leaves."""
    trail = []
    h = np.zeros((1, *size, 1), "float32")
    for layer in parts:
        h = layer(h)
        trail.append((layer.name, tuple(h.shape[1:3])))
    return trail


def _lost(parts: Sequence, axis: int, got: int, least: int) -> str:
    """Say which layer leaves nothing of an image that is too small."""
    from helpers.images import output_sizes, smallest_size

    size = list(smallest_size(parts))
    size[axis] = got
    for layer in parts:
        before = size[axis]
        needs = smallest_size([layer])[axis]
        if before < needs:
            return f"`{layer.name}` gets {before} and needs {needs}"
        size = _array(output_sizes([layer], size)).tolist()
    return f"expected {least}"


def _whole(answer: Any, shape: tuple, name: str, what: str) -> np.ndarray:
    """Make whole numbers of one shape an array, or say what they are instead."""
    try:
        array = np.asarray(answer)
    except ValueError:  # rows of different lengths
        array = np.zeros(0, object)
    if array.dtype.kind not in "iu" or array.shape != shape:
        raise Wrong(f"{name}: expected whole numbers {shape}, {what}, got {brief(answer)}.")
    return array


# --- models --------------------------------------------------------------------------------------


def _encoder(encoder: Callable) -> Any:
    """Make a model of an encoder that takes pictures and their sizes, of any height and width."""
    import keras

    pictures = keras.Input((None, None, 1))
    sizes = keras.Input((2,), dtype="int32")
    inputs = [pictures, sizes]
    return _model(inputs, encoder(*inputs))


def _model(inputs: Sequence, output: Any) -> Any:
    """Make a model that may leave inputs unread, which Keras 3.13 refuses; output 0 counts."""
    import keras

    return keras.Model(inputs, [output, *(each + 0 for each in inputs)])


def _crnn() -> Any:
    """Build the model that the task `mend` gives: right without padding, and it leaks."""
    import keras
    from keras import layers

    pictures = keras.Input((8, None, 1))
    h = layers.Conv2D(6, 3, padding="same", name="conv_1")(pictures)
    h = layers.ReLU()(layers.BatchNormalization(name="norm")(h))
    h = layers.Conv2D(8, 3, padding="same", name="conv_2")(layers.MaxPooling2D(2)(h))
    h = layers.Reshape((-1, 4 * 8))(layers.Permute((2, 1, 3))(h))
    h = layers.Bidirectional(layers.LSTM(5, return_sequences=True), name="lstm")(h)
    outputs = layers.Dense(CLASSES, name="digits")(h)
    return keras.Model(pictures, outputs)


def _batch(pictures: Pictures, more: int = 0) -> list[np.ndarray]:
    """Pad pictures to one batch, ``more`` pixels wider than the widest; add their sizes."""
    sizes = np.array([picture.shape[:2] for picture in pictures], "int32")
    height, width = sizes.max(axis=0)
    return [pad(pictures, (int(height), int(width) + more), axes=2)[0], sizes]


def _call(model: Any, batch: Any, training: bool = False) -> np.ndarray:
    outputs = model(batch, training=training)
    return _array(outputs[0] if isinstance(outputs, list | tuple) else outputs)


def _called(model: Any, batch: list, name: str = "mended") -> Any:
    check_two_inputs(model, name)
    try:
        return model(batch, training=False)
    except Exception as error:
        shape = dict(zip(("batch", "height", "width", "channels"), batch[0].shape, strict=True))
        spelled = ", ".join(f"{axis} {size}" for axis, size in shape.items())
        raise Wrong(
            f"{name}: cannot be called with [pictures, sizes], where the pictures are "
            f"({spelled}): {first_line(error)}"
        ) from error


def _training(model: Any, pictures: Pictures, more: int) -> np.ndarray:
    from helpers.masking.recording import state_kept

    with state_kept(model):
        return _call(model, _batch(pictures, more), training=True)


def _rows(batch: np.ndarray) -> list[np.ndarray]:
    return list(batch)


def _differs(expected: Any, got: Any) -> bool:
    """Compare answers with those of images alone, whose extent is all real."""
    for one, other in zip(expected, got, strict=True):
        if one.shape[:1] == (1,) and one.ndim == other.ndim + 1:
            one = one[0]
        if one.ndim != other.ndim or any(
            a > b for a, b in zip(one.shape, other.shape, strict=True)
        ):
            return True
        other = other[tuple(map(slice, one.shape))]
        if not np.abs(one - other).max(initial=0.0) <= 1e-4 * max(1.0, np.abs(one).max(initial=0)):
            return True
    return False


def _where_it_leaks(model: Any, pictures: Pictures) -> str:
    """Name the first layer of a functional model whose real cells change with the padding."""
    import keras

    found = None
    with contextlib.suppress(Exception):  # a model that does not show its layers
        for layer in model.layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            outputs = layer.output
            output = outputs[0] if isinstance(outputs, list | tuple) else outputs
            part = _model(model.inputs, output)
            alone = [_call(part, _batch([picture])) for picture in pictures]
            if _differs(alone, _rows(_call(part, _batch(pictures, more=9)))):
                found = layer.name
                break
    where = f"`{found}` reads padding" if found else "padding is read"
    return f"{where}: an image's own answers are not those that it gets alone"


def _mask(output: Any) -> np.ndarray | None:
    """Return the mask that a loss would find on an output."""
    from helpers.keras_private import mask_of

    mask = mask_of(output)
    return None if mask is None else _array(mask).astype(bool)


def _check_mask(model: Any, batch: list, real: list[int], name: str) -> None:
    mask = _mask(model(batch, training=False))
    if mask is None:
        raise Wrong(
            f"{name}: its output carries no mask, so a loss takes the padded columns for real "
            "ones. `ToSequence` makes a mask, and the layers after it pass it on."
        )
    for string, (marks, steps) in enumerate(zip(mask, real, strict=True)):
        if not np.array_equal(marks, np.arange(len(marks)) < steps):
            raise Wrong(
                f"{name}: the mask of string {string} along the time axis: expected {steps} real "
                f"steps, got {marks.sum()}. Follow its size through every stride."
            )


def _check_time(logits: Any, batch: list, answers: Sequence) -> None:
    """Check that the time axis is long enough for every label."""
    from helpers.images import steps_needed

    mask = _mask(logits)
    have = np.full(len(answers), logits.shape[1]) if mask is None else mask.sum(axis=1)
    needed = steps_needed(answers)
    if (needed > have).any():
        string = int((needed - have).argmax())
        raise Wrong(
            f"reader: the time axis is too short: a string of {batch[1][string][1]} pixels gets "
            f"{have[string]} steps, and its label needs {needed[string]}. Pool less along the "
            "width."
        )


def _advice(short: float) -> str:
    if short < 0.5:
        return (
            "It has not learnt to read yet: train longer, warm up the learning rate, and give "
            "BatchNormalization momentum=0.9, for its averages to keep up in so few steps."
        )
    if short < 0.95:
        return "It is on its way: more strings, more epochs, or a learning rate that ends low."
    return "It reads what it was trained on: look at what a longer string changes."


def _spelled(symbols: np.ndarray) -> str:
    return repr("".join(str(symbol - 1) for symbol in symbols))


# --- regions -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _tried(name: str, said: str) -> Iterator[None]:
    try:
        yield
    except Wrong:
        raise
    except Exception as error:
        raise Wrong(f"{name}: fails {said}: {first_line(error)}") from error


def _boxes(boxes_of: Callable, found: list, sizes: np.ndarray, most: int) -> tuple:
    regions = [len(boxes) for boxes in found]
    with _tried("boxes_of", f"for images of {regions} regions and room for {most}"):
        pair = boxes_of(list(found), sizes, most)
    attempted(pair)
    if not isinstance(pair, Sequence) or len(pair) != 2:
        raise Wrong(f"boxes_of: expected boxes and counts, got {type(pair).__name__}.")
    boxes, counts = map(_array, pair)
    check_shape(boxes, {"batch": len(found), "region": most, "corner": 4}, name="boxes_of, boxes")
    check_shape(counts, {"batch": len(found)}, name="boxes_of, counts")
    for count, here in zip(counts, regions, strict=True):
        check_number(
            count,
            min(here, most),
            name=f"boxes_of, counts: an image of {here} regions with room for {most}",
            hint="" if here else "An image without a region has none, not one of size 0.",
        )
    return boxes.astype("float32"), counts.astype("int32")


def _check_boxes(boxes: np.ndarray, counts: np.ndarray, found: list, most: int) -> None:
    for padded, count, here in zip(boxes, counts, found, strict=True):
        if not count:
            continue
        kept = padded[:count]
        same = (kept[:, None] == here[None]).all(axis=2)  # (kept, found)
        said = f"boxes_of: of {len(here)} regions with room for {most}"
        if not same.any(axis=1).all():
            raise Wrong(f"{said}, a box is none of the image's own.")
        areas = np.sort(_areas(here))[::-1][:count]
        if not np.array_equal(np.sort(_areas(kept))[::-1], areas):
            raise Wrong(f"{said}, the region axis: expected the largest boxes by area.")
        if (np.diff(same.argmax(axis=1)) <= 0).any():
            raise Wrong(
                f"{said}, the order along the region axis: expected that of the image, from left "
                "to right, not that of the areas."
            )


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _check_mean(mean_of: Callable, pieces: Any, counts: np.ndarray) -> None:
    import keras

    values = _array(pieces)
    real = np.arange(values.shape[1]) < counts[:, None]
    expected = np.stack(
        [row[:count].sum(axis=0) / max(count, 1) for row, count in zip(values, counts, strict=True)]
    )
    h, mask = keras.ops.convert_to_tensor(values), keras.ops.convert_to_tensor(real)
    with _tried("mean_of", f"for images of {counts.tolist()} regions"):
        mean = mean_of(h, mask)
    attempted(mean)
    check_shape(mean, dict(zip(("batch", "features"), expected.shape, strict=True)), name="mean_of")
    mean = _array(mean)
    for image, count in enumerate(counts):
        if not np.isfinite(mean[image]).all():
            raise Wrong(
                f"mean_of: of {count} regions the mean holds NaN or infinity: the sum is 0, and so "
                "is the number that it is divided by."
            )
        if count == 0 and np.abs(mean[image]).max() > 1e-5:
            raise Wrong("mean_of: of 0 regions: expected 0 for every feature.")
    all_slots = values.mean(axis=1)
    if not real.all() and not np.allclose(expected, all_slots, atol=1e-4):
        short = int(np.abs(expected - all_slots).max(axis=1).argmax())
        if np.allclose(mean[short], all_slots[short], atol=1e-5):
            raise Wrong("mean_of: the region axis: padded regions count in the mean.")
    check_same_rows(mean, expected, ("batch", "features"), name="mean_of")
    if keras.backend.backend() == "tensorflow":
        _check_gradient(mean_of, h, mask, counts)


def _check_gradient(mean_of: Callable, h: Any, mask: Any, counts: np.ndarray) -> None:
    """Check that the sum of the means has a finite gradient, wherever there is a region."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(h)
        total = tf.reduce_sum(mean_of(h, mask))
    gradient = tape.gradient(total, h)
    if gradient is None and counts.any():  # 0 of no region may be a constant
        raise Wrong(
            "mean_of: the mean is right, but no gradient comes through it. Compute it with `ops`, "
            "not with NumPy, and stop no gradient."
        )
    if gradient is None:
        return
    lost = ~np.isfinite(np.asarray(gradient)).reshape(len(counts), -1).all(axis=1)
    if lost.any():
        raise Wrong(
            f"mean_of: of {counts[lost.argmax()]} regions the mean is right, its gradient is not a "
            "number: a division by 0 comes back in the gradient, even if `where` replaces its "
            "result. Divide by at least 1."
        )


# --- words ---------------------------------------------------------------------------------------


def _array(x: Any) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(x))


TASKS = {
    "shapes": shapes,
    "sizes": sizes,
    "which": which,
    "mend": mend,
    "regions": regions,
    "steps": steps,
    "batches": batches,
    "model": model,
    "read": read,
}
