"""RE212: the frames of one clip are augmented by draws of their own."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.marked import Marked, drawn_from
from helpers.auditing.pictures import Draw, differs, draws, few_rows, first_random, packed_as_x
from helpers.auditing.redrawn import draws_anew
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.augmentation import OneDraw
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE212",
    name="unlike-frames",
    severity="error",
    title="The frames of one clip are augmented differently",
    does=(
        "Sends clips of equal frames through the layers in front of the first weights, in "
        "training, and through a dataset whose arrays it can replace. The frames must stay equal."
    ),
    why=(
        "Each frame gets a draw of its own: the scene jumps from frame to frame, and what the "
        "model should learn from motion is drowned. Nothing is raised."
    ),
    fix=(
        "Lay the frames one after another as channels, call the random layer once, and take them "
        "apart again; or use `augmentation.OneDraw` of `helpers`."
    ),
    chapter="augmentation#clips",
)


def check(subject: Subject) -> Iterator[Found]:
    """Draw clips of equal frames in the model, then in the data."""
    places = [i for i, leaf in enumerate(subject.leaves) if _is_clip(leaf)]
    if not places:
        raise NothingToCheck("no input is a clip (batch, time, height, width, channels)")
    found = list(_in_model(subject, places))
    undecided = ""
    for feed in subject.feeds.values():
        try:
            found += _in_data(subject, feed)
        except Undecided as reason:
            undecided = undecided or (str(reason) if draws_anew(feed) else "")
    if undecided and not found:
        raise Undecided(undecided)
    yield from found


def _is_clip(leaf: Any) -> bool:
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "uif":
        return False
    return leaf.ndim == 5 and min(leaf.shape) > 0 and leaf.shape[1] > 1


def _in_model(subject: Subject, places: list[int]) -> Iterator[Found]:
    leaves = few_rows(subject)
    for place in places:
        leaves[place] = _still(leaves[place])
    rows, time = leaves[places[0]].shape[:2]
    drawn = draws(subject.model, packed_as_x(subject, leaves), False, True, True)
    name = _wrapped(subject, drawn[1], rows, time)
    if name:
        yield Found(
            "each frame of a clip is augmented by a draw of its own",
            f"layer {name} in layer {drawn[1].reader}",
            f"clips of {time} equal frames come out of it with frames that differ",
        )
    quiet, one, other = (_inside(draw, rows, time) for draw in drawn)
    if not differs(one, other) and not differs(one, quiet):
        return
    apart = [frames for frames in map(_apart, (one, other)) if frames is not None]
    if not apart or not max(apart) or (_apart(quiet) or 0):
        return
    layer = first_random(drawn[1], drawn[2])
    yield Found(
        "frames of one clip are augmented by draws of their own",
        f"layer {layer.name}" if layer else f"layer {drawn[1].reader}",
        f"of {len(one)} clips of {time} equal frames, {max(apart)} come out with other frames",
    )


def _wrapped(subject: Subject, draw: Draw, rows: int, time: int) -> str:
    """Name the random layer that TimeDistributed hides in the model which it wraps, if any."""
    for layer in layers_of(subject.model):
        inner = getattr(layer, "layer", None)
        if layer.name == draw.reader and isinstance(layer, keras.layers.TimeDistributed):
            frames = draw.read.reshape(rows * time, *draw.read.shape[2:])
            one, other = draws(inner, frames, True, True)
            if _apart(_inside(one, rows, time)) and differs(one.read, other.read):
                hidden = first_random(one, other)
                return hidden.name if hidden else one.reader
    return ""


def _still(clips: np.ndarray) -> np.ndarray:
    """Return clips whose frames are all the first one, or noise where that is blank."""
    frames = clips[:, :1]
    if np.ptp(frames) == 0:
        noise = np.random.default_rng(0).random(frames.shape)
        frames = (noise * max(float(clips.max()), 1.0)).astype(clips.dtype)
    return np.repeat(frames, clips.shape[1], axis=1)


def _inside(draw: Draw, rows: int, time: int) -> np.ndarray:
    """Return what was read as ``(rows, time, ...)`` if frames were folded into the batch."""
    read = draw.read
    if read.ndim >= 4 and len(read) == rows * time:
        read = read.reshape(rows, time, *read.shape[1:])
    return read


def _apart(clips: np.ndarray) -> int | None:
    """Count clips whose frames differ; None where there is no axis of frames."""
    if clips.ndim < 4 or clips.shape[1] < 2:
        return None
    return sum(differs(clip, np.repeat(clip[:1], len(clip), axis=0)) for clip in clips)


def _in_data(subject: Subject, feed: Any) -> list[Found]:
    if feed.kind == "arrays":
        return []

    def stills(arrays: list[np.ndarray]) -> list[np.ndarray] | None:
        if any(map(_is_clip, arrays)):
            return [_still(each) if _is_clip(each) else each for each in arrays]
        frames = [each.ndim == 4 and len(each) > 1 for each in arrays]  # clips one by one
        pairs = list(zip(arrays, frames, strict=True))
        return [_still(a[None])[0] if b else a for a, b in pairs] if any(frames) else None

    marked = drawn_from(feed, Marked(stills))
    clips = [leaf for x in marked for leaf in keras.tree.flatten(x[0]) if _is_clip(leaf)]
    counts = [_apart(leaf) for leaf in clips]
    total = sum(count for count in counts if count)
    if not total:
        return []
    return [
        Found(
            f"{feed.name} augments the frames of one clip by draws of their own",
            feed.name,
            f"of {sum(map(len, clips))} clips of equal frames, {total} come out with frames that "
            "differ",
        )
    ]


def _clips() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).random((4, 3, 8, 8, 1)).astype("float32")
    return x, np.ones((4, 1), "float32")


def _model(turn: keras.Layer) -> keras.Model:
    model = keras.Sequential([keras.Input((3, 8, 8, 1)), turn, keras.layers.Conv3D(2, 3)])
    model.add(keras.layers.GlobalAveragePooling3D())
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Turn each frame by itself."""
    turn = keras.layers.RandomRotation(0.2, seed=0)
    return {"model": _model(keras.layers.TimeDistributed(turn)), "data": _clips()}


def mended() -> dict:
    """Turn all frames by one draw."""
    return {"model": _model(OneDraw(keras.layers.RandomRotation(0.2, seed=0))), "data": _clips()}
