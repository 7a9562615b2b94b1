"""RE210: what training sees differs from inference by more than a random draw, or both draw."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.pictures import (
    Draw,
    as_array,
    differs,
    draws,
    few_rows,
    first_random,
    is_picture,
    packed_as_x,
)
from helpers.auditing.redrawn import drawn_twice, shuffles
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.value_ranges import (
    other_scale,
    raw_and_scaled,
    same_line,
    signed_and_not,
    span,
)
from helpers.raised import first_line

RULE = Rule(
    code="RE210",
    name="augmented-otherwise",
    severity="error",
    title="Pictures reach the model otherwise in inference than in training",
    does=(
        "Compares what the first layer with weights reads in training and in inference: shape, "
        "dtype, range. Calls the model twice in inference, and draws validation data twice: "
        "nothing may be random there. Compares sizes and ranges of all data."
    ),
    why=(
        "The model is trained on one kind of picture and asked about another. Or its answers, and "
        "the validation loss, hang on chance."
    ),
    fix=(
        "Do in both modes what fixes size and range; let random layers obey `training`, and do not "
        "map them over validation data."
    ),
    chapter="augmentation-deeper#training-and-inference",
)
_MOST_WEIGHTS = (
    5_000_000  # of a model that is fed no pictures, and called for this rule all the same
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare the modes of the model, then the other data with the training data."""
    seen = any(map(is_picture, subject.leaves))
    others = [feed for name, feed in subject.feeds.items() if name != "data"]
    if not seen and sum(np.prod(v.shape) for v in subject.model.weights) > _MOST_WEIGHTS:
        raise NothingToCheck("no input is a picture or a clip, with 4 or 5 axes")
    found = list(_modes(subject))
    undecided = []
    for feed in others:
        try:
            found += (seen and _random(feed)) or _other_data(subject, feed)
        except Undecided as reason:
            undecided.append(str(reason))
    if undecided and not found:
        raise Undecided(undecided[0])
    yield from found


def _modes(subject: Subject) -> Iterator[Found]:
    model = subject.model
    x = packed_as_x(subject, [_lively(leaf) for leaf in few_rows(subject)])
    try:
        (still,) = draws(model, x, False)
        if getattr(model, "inputs", None) and all(_plain(call.layer) for call in still.before):
            return  # the weights read the input as it is
        still, again = draws(model, x, False, False)
    except Undecided as reason:
        try:
            draws(model, x, True)
        except Undecided:
            raise reason from None
        yield Found(
            "the model takes its data in training and not in inference",
            "the model",
            str(reason),
        )
        return
    if differs(still.read, again.read):
        layer = first_random(still, again)
        where = f"layer {layer.name}" if layer else f"what layer {still.reader} reads"
        yield Found(
            "what is random in training is random in inference, too",
            where,
            f"two calls with training=False give {still.reader} values that differ by up to "
            f"{np.abs(still.read.astype(float) - again.read).max():.2g}"
            if still.read.shape == again.read.shape
            else f"two calls with training=False: {still.read.shape}, {again.read.shape}",
            "Pass on the argument training, and do not write training=True.",
        )
        return
    try:
        trained = draws(model, x, True, True, True)
    except Undecided as reason:
        yield Found(
            "the model takes its data in inference and not in training", "the model", str(reason)
        )
        return
    yield from _compared(trained, still)


def _plain(layer: keras.Layer) -> bool:
    return type(layer) in (keras.layers.InputLayer, keras.layers.Masking)


def _compared(trained: list[Draw], still: Draw) -> Iterator[Found]:
    if any(draw.reader != still.reader for draw in trained):
        return
    one, other = trained[0].read, still.read
    wide = other.ndim >= 4
    if (wide and one.shape[1:] != other.shape[1:]) or one.dtype != other.dtype:
        yield Found(
            f"layer {still.reader} reads another shape or dtype in training than in inference",
            _where(trained[0], still),
            f"training {one.shape} {one.dtype}, inference {other.shape} {other.dtype}",
            "Put a layer that fixes the size in both modes behind it, such as CenterCrop or "
            "Resizing.",
        )
        return
    pool = np.concatenate([draw.read.ravel() for draw in trained])
    line = same_line([draw.read for draw in trained], other)
    if other_scale(pool, other) or line:
        how = f", {line[0]:.3g} times as wide" if line else ""
        yield Found(
            f"layer {still.reader} reads values of another range in training than in inference",
            _where(trained[0], still),
            f"training {span(pool)}{how}, inference {span(other)}",
            "Scale in both modes, and tell random layers the value_range of the pictures.",
        )


def _where(trained: Draw, still: Draw) -> str:
    """Name the first layer that answers with another shape or range."""
    for one, other in zip(trained.before, still.before, strict=False):
        if one.name == other.name and one.outputs and other.outputs:
            first, second = as_array(one.outputs[0]), as_array(other.outputs[0])
            if first.shape != second.shape or other_scale(first, second):
                return f"layer {one.name}"
    return f"in front of layer {still.reader}"


def _lively(leaf: np.ndarray) -> np.ndarray:
    """Return an input with values in place of a constant, which shows no range."""
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f" or np.ptp(leaf) > 0:
        return leaf
    high = max(float(leaf.max()), 1.0)
    return (np.random.default_rng(0).random(leaf.shape) * high).astype(leaf.dtype)


def _random(feed: Feed) -> list[Found]:
    """Draw the same data twice: are there rows in one draw that the whole epoch did not have?"""
    if feed.kind == "generator" or feed.problem:
        return []
    pairs = drawn_twice(feed)
    new = [(one, other) for one, other in pairs if _rows(other) - _rows(one)]
    if not new:
        return []
    known = set().union(*map(_rows, feed.looked), *(_rows(one) for one, _ in pairs))
    fresh = [len(_rows(other) - known) for _, other in new]
    if not any(fresh):
        return []  # another order
    steady = not shuffles(feed) and all(_labels_alike(one, other) for one, other in new)
    if not feed.complete and not steady:
        raise Undecided(
            f"{feed.name} gives other rows when drawn again, and not all of it was looked at; "
            "raise batches="
        )
    return [
        Found(
            f"the pictures of {feed.name} are augmented",
            f"{feed.name}, batch {new[0][0].index}",
            f"drawn twice, {sum(fresh)} of {sum(len(_rows(other)) for _, other in new)} pictures "
            "are new the second time",
            "Do not map the augmentation over it; by hand call random layers with training=False.",
        )
    ]


def _rows(batch: Looked) -> set[bytes]:
    leaves = [leaf for leaf in keras.tree.flatten(batch.x) if is_picture(leaf)]
    return {leaf[i].tobytes() for leaf in leaves for i in range(len(leaf))}


def _labels_alike(one: Looked, other: Looked) -> bool:
    pairs = zip(keras.tree.flatten(one.y), keras.tree.flatten(other.y), strict=False)
    alike = [np.array_equal(a, b) and len(np.unique(a)) > 1 for a, b in pairs if a is not None]
    return bool(alike) and all(alike)


def _other_data(subject: Subject, feed: Feed) -> list[Found]:
    """Compare sizes and values of pictures with those of the training data."""
    trained, looked = subject.read(subject.data), subject.read(feed)
    found = []
    for place, leaf in enumerate(subject.leaves):
        if not isinstance(leaf, np.ndarray) or leaf.ndim < 2 or leaf.dtype.kind not in "uif":
            continue
        ours = [keras.tree.flatten(batch.x)[place] for batch in trained]
        leaves = [keras.tree.flatten(batch.x) for batch in looked]
        theirs = [each[place] for each in leaves if len(each) > place]
        if not theirs or any(np.ndim(each) != leaf.ndim for each in theirs):
            continue
        name = subject.names[place]
        one, other = (np.concatenate([_some(each) for each in lot]) for lot in (ours, theirs))
        sizes, others = ({each.shape[-3:] for each in lot} for lot in (ours, theirs))
        picture = is_picture(leaf)
        if (
            picture
            and len(sizes) == 1
            and not sizes & others
            and (why := _breaks(subject, looked[0]))
        ):
            found.append(
                Found(
                    f"the pictures of {feed.name} have other sizes than those of training",
                    f"{feed.name}, {name}",
                    f"training {sizes.pop()}, {feed.name} {sorted(others)[0]}; {why}",
                    "Resize both alike, in the model or in both pipelines.",
                )
            )
        elif raw_and_scaled(one, other) or (
            picture and (other_scale(one, other) or signed_and_not(one, other))
        ):
            found.append(
                Found(
                    f"the values of {feed.name} have another range than those of training",
                    f"{feed.name}, {name}",
                    f"training {span(one)}, {feed.name} {span(other)}",
                    "Scale both alike, best by a layer of the model.",
                )
            )
    return found


def _some(leaf: np.ndarray) -> np.ndarray:
    flat = leaf.ravel()
    return flat[:: max(1, flat.size // 20_000)]


def _breaks(subject: Subject, batch: Looked) -> str:
    """Say what another size does to the model; nothing where the answer has the picture's size."""
    try:
        answers = subject.model(batch.x, training=False)
    except Exception as error:
        return f"the model raises: {first_line(error)}"
    one, other = (keras.tree.flatten(each) for each in (subject.outputs, answers))
    if all(tuple(a.shape[1:]) == tuple(b.shape[1:]) for a, b in zip(one, other, strict=True)):
        return "the model answers all the same"
    return ""


def _pictures() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).random((8, 12, 12, 1)).astype("float32")
    return x, np.ones((8, 1), "float32")


def _model(*middle: keras.Layer) -> keras.Model:
    crop = keras.layers.RandomCrop(8, 8, seed=0)
    head = [keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((12, 12, 1)), crop, *middle, *head])
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Crop in training; in inference RandomCrop lets the whole picture through."""
    return {"model": _model(), "data": _pictures()}


def mended() -> dict:
    """Crop the middle in inference."""
    return {"model": _model(keras.layers.CenterCrop(8, 8)), "data": _pictures()}
