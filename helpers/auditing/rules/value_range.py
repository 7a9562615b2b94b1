"""RE115: pictures have another range of values than a layer expects."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.values import Call, watched
from helpers.keras_private import layers_of
from helpers.masking.recording import state_kept
from helpers.raised import first_line

RULE = Rule(
    code="RE115",
    name="value-range",
    severity="warning",
    title="Pictures do not have the range of values that a layer expects",
    does=(
        "Compares what layers with a `value_range` are given with it, and runs each that does not "
        "fit twice with the same random numbers: on the pictures, and on the pictures scaled to "
        "its range. Looks for a `Rescaling` by 1/255 of pictures that are scaled already."
    ),
    why=(
        "Most layers expect 0 to 255 unless told otherwise. `RandomBrightness(0.2)` adds up to 51 "
        "to pictures of 0 to 1: in training nothing is left of them, and in `predict` the layer "
        "does nothing."
    ),
    fix="Give value_range=(0, 1) or what the pictures have, or scale them in one place only.",
    chapter="augmentation#value-range",
)

_ROWS = 4  # pictures that go through a layer
_DRAWS = 2  # times that they do, for a draw may leave them as they are


def check(subject: Subject) -> Iterator[Found]:
    """Look at what the layers are given in training mode."""
    layers = layers_of(subject.model)
    ranged = [one for one in layers if isinstance(_range(one), tuple)]
    inner = {id(part) for one in ranged for part in layers_of(one) if part is not one}
    wanted = [one for one in ranged if id(one) not in inner]
    wanted += [one for one in layers if isinstance(one, keras.layers.Rescaling) and _by_255(one)]
    if not wanted:
        raise NothingToCheck("no layer has a value_range or scales by 1/255")
    unsure, seen = [], set()
    found = []
    for call in watched(subject, wanted, subject.batch, training=True):
        if id(call.layer) in seen or call.given.ndim < 2 or not call.given.size:
            continue
        seen.add(id(call.layer))
        low, high = float(call.given.min()), float(call.given.max())
        if not np.isfinite([low, high]).all():
            continue
        rescaling = isinstance(call.layer, keras.layers.Rescaling)
        if low == high or (rescaling and high <= 1 and _integers(call.given)):
            unsure.append(f"the pictures that {call.layer.name} is given are of one colour")
            continue
        fault = _scaled_twice(call, low, high) if rescaling else _misfit(call, low, high)
        if fault:
            message, measured = fault
            where = f"layer {call.layer.name}, batch {subject.batch.index}"
            found.append(Found(message, where, measured))
    if unsure and not found:
        raise Undecided(unsure[0])
    yield from found


def _range(layer: keras.Layer) -> tuple[float, float] | None:
    given = getattr(layer, "value_range", None)
    if isinstance(given, list | tuple) and len(given) == 2:
        return float(min(given)), float(max(given))
    return None


def _by_255(layer: keras.Layer) -> bool:
    scale = np.asarray(layer.scale, "float64") if np.isscalar(layer.scale) else np.zeros(1)
    return scale.size == 1 and 1 / 300 < float(scale) < 1 / 100


def _integers(given: np.ndarray) -> bool:
    return bool((given == np.trunc(given)).all())


def _scaled_twice(call: Call, low: float, high: float) -> tuple[str, str] | None:
    if low < -1.05 or high > 1.05:
        return None
    layer = call.layer
    ends = sorted(one * layer.scale + np.mean(layer.offset) for one in (low, high))
    return (
        f"{layer.name} multiplies by {layer.scale:.4g} what is scaled already",
        f"the pictures go from {low:.3g} to {high:.3g} before it, from {ends[0]:.3g} to "
        f"{ends[1]:.3g} behind it",
    )


def _misfit(call: Call, low: float, high: float) -> tuple[str, str] | None:
    """Say what a layer does to pictures that do not fit its range, if it does anything."""
    layer = call.layer
    first, last = _range(layer)
    width = last - first
    if low >= first - 0.1 * width and high <= last + 0.1 * width and high - low >= 0.02 * width:
        return None
    own = _usual(low, high)
    factor = width / (own[1] - own[0])
    pictures = call.given[:_ROWS].astype("float64")
    as_given = _runs(layer, pictures)
    fitted = [
        (one - first) / factor + own[0]
        for one in _runs(layer, (pictures - own[0]) * factor + first)
    ]
    apart = max(np.abs(a - b).max() for a, b in zip(as_given, fitted, strict=True))
    if apart / (own[1] - own[0]) <= 0.01:
        return None  # as of hues, which do not depend on the range
    ends = min(one.min() for one in as_given), max(one.max() for one in as_given)
    return (
        f"{layer.name} expects {first:g} to {last:g}, and the pictures have {own[0]:.3g} to "
        f"{own[1]:.3g}",
        f"the pictures go from {low:.3g} to {high:.3g} before it, from {ends[0]:.3g} to "
        f"{ends[1]:.3g} behind it; a picture differs by up to {apart:.2g} from what it is with "
        "the right range",
    )


def _usual(low: float, high: float) -> tuple[float, float]:
    """Return the range that pictures with these values have."""
    for usual in ((0.0, 1.0), (-1.0, 1.0)):
        if low >= usual[0] - 0.05 and high <= 1.05:
            return usual
    return (0.0, 255.0) if low >= 0 and 10 < high <= 256 else (low, high)


def _runs(layer: keras.Layer, pictures: np.ndarray) -> list[np.ndarray]:
    given = keras.ops.convert_to_tensor(pictures.astype("float32"))
    with state_kept(layer):
        try:
            answers = [layer(given, training=True) for _ in range(_DRAWS)]
        except Exception as error:
            raise Undecided(f"{layer.name} alone raises: {first_line(error)}") from error
    return [keras.ops.convert_to_numpy(one).astype("float64") for one in answers]


def _model(**options: tuple) -> keras.Model:
    brightness = keras.layers.RandomBrightness(0.2, **options)
    layers = [brightness, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.compile("sgd", "mse")
    return model


def _pictures() -> tuple[np.ndarray, np.ndarray]:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3))
    return (pixels / 255).astype("float32"), np.ones((4, 1), "float32")


def broken() -> dict:
    """Give pictures of 0 to 1 to a layer that expects 0 to 255."""
    return {"model": _model(), "data": _pictures()}


def mended() -> dict:
    """Tell the layer their range."""
    return {"model": _model(value_range=(0, 1)), "data": _pictures()}
