"""The tasks of the lab on augmentation and shapes."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from helpers.labs.checks import (
    Differs,
    Wrong,
    attempted,
    brief,
    check_model,
    check_names,
    check_shape,
    check_table,
    check_two_inputs,
    first_line,
)
from helpers.labs.recipes import check_padded_pictures, draw_weights
from helpers.labs.steps import Answers
from helpers.padding import pad

SHARE = 0.85  # of the crops that `tell` asks for
NEAR = 0.1  # two lengths of an object that differ by less, in parts of them, count as equal
OVERLAP = 0.9  # of an object in the picture and in its mask, in parts of both together
OFF = 2  # pixels that a side of a box may be off
Batches = list[tuple]
_PICTURES = ("batch", "height", "width", "channels")
_CLIPS = ("batch", "time", "height", "width", "channels")
_SHAPES_WHY = {
    "turn": "A random transform moves pixels and keeps the size.",
    "tf.data": "Called in tf.data a layer augments, so RandomCrop cuts.",
    "predict": "`predict` does not train, and RandomCrop cuts only in training.",
    "letterbox": "Both sides are scaled by one factor, the smaller of 24 / 30 and 48 / 45.",
    "bucket": "The first bucket holds the pictures that fit in the first box, and resizes none.",
    "folder": "Nobody asked for a size or for colours: the defaults are 256 x 256 and 3 channels.",
}
_SCALE_WHY = {
    "resize": "each side is scaled to what was asked for, whatever it was",
    "letterbox": "both sides are scaled by one factor",
    "bucket": "it only pads",
    "centre_crop": "the picture is too low for the crop, so it is enlarged first, by one factor",
    "random_crop": "the picture is too low for the crop, so it is resized, each side on its own",
    "zoom": "with one factor given, it is that of both sides",
    "zoom_apart": "height and width have a factor each",
    "shift": "it only moves",
}


def shapes(shapes: Mapping[str, Sequence], *, pipelines: Mapping[str, Callable]) -> str:
    """Which shape comes out of each of six pipelines?"""
    shapes = check_table(shapes, pipelines, name="shapes")
    answers = Answers()
    for name, run in pipelines.items():
        truth = tuple(run().shape)
        with answers.judge(name):
            check_shape(
                shapes[name],
                dict(zip(_PICTURES[-len(truth) :], truth, strict=True)),
                name=name,
                hint=_SHAPES_WHY.get(name, ""),
            )
    answers.tell()
    return "Only crops, resizing and padding change a shape; a crop only in training."


def scale(
    aspect: Iterable[str],
    scale: Iterable[str],
    both: Iterable[str],
    *,
    pipelines: Mapping[str, Callable],
    picture: np.ndarray,
) -> str:
    """Which pipelines change an object's aspect, which only its scale, which keep both?"""
    said: dict[str, str] = {}
    given = {"aspect": aspect, "scale": scale, "both": both}
    for kind, answer in given.items():
        for name in check_names(answer, pipelines, name=kind):
            if name in said:
                raise Wrong(f"{name} is in two sets, {said[name]} and {kind}.")
            said[name] = kind
    answers = Answers()
    for name, run in pipelines.items():
        before, after = _extent(picture), _extent(run(picture))
        truth = _what_changed(before, after)
        told = {
            "aspect": "changes the aspect",
            "scale": "keeps the aspect and changes the scale",
            "both": "keeps aspect and scale",
        }[truth]
        why = f": {_SCALE_WHY[name]}" if name in _SCALE_WHY else ""
        missing = "" if name in said else " (it is in no set)"
        with answers.judge(name):
            if said.get(name) != truth:
                raise Differs(
                    f"{name}{missing} {told}: of {before[0]} x {before[1]} pixels it makes "
                    f"{after[0]} x {after[1]}{why}."
                )
    answers.tell()
    return "Only padding and moving keep both. Keras's crops enlarge what is too small for them."


def contract(
    broken: Iterable[str],
    declared: Any,
    rule: Callable,
    *,
    pipelines: Mapping[str, Callable],
) -> str:
    """Which pipelines are broken, and does a contract pass the others and refuse these?"""
    broken = check_names(broken, pipelines, name="broken")
    if not callable(rule):
        raise Wrong(f"rule: expected a function, got {type(rule).__name__}.")
    feeds = {name: list(run()) for name, run in pipelines.items()}
    truth = {name: _fault(batches) for name, batches in feeds.items()}
    answers = Answers("broken")
    for name, fault in truth.items():
        with answers.judge(name):
            if fault and name not in broken:
                raise Differs(f"{name} is broken: {fault}.")
            if not fault and name in broken:
                raise Differs(f"{name} is not broken: nothing in its batches is wrong.")
    answers.tell()
    right = {name: batches for name, batches in feeds.items() if not truth[name]}
    more = _more_feeds(next(iter(right.values())))
    feeds |= more
    truth |= {name: _fault(batches) for name, batches in more.items()}

    for name, batches in feeds.items():
        refusal = _refusal(batches, declared, rule, name, truth[name])
        if refusal and not truth[name]:
            raise Wrong(f"the contract refuses {name}, where nothing is wrong: {refusal}.")
        if truth[name] and not refusal:
            raise Wrong(f"the contract passes {name}: {truth[name]}. {_advice_of(truth[name])}")
    good = sum(not fault for fault in truth.values())
    return f"It passes {good} pipelines and refuses {len(truth) - good}."


def clip(mended: Any) -> str:
    """Does a layer shift and turn each clip by a draw of its own, all its frames alike?"""
    check_model(mended, "mended", "a layer or a model")
    clips = _bars(12, 5)
    drawn = _moved(mended, clips)
    if not np.abs(drawn - clips).max() > 1e-3:
        raise Wrong("mended: in training no clip has moved.")
    frames = drawn / np.arange(1, 6).reshape(5, 1, 1, 1)  # frame k is k + 1 times as bright
    apart = np.abs(frames - frames[:, :1]).reshape(12, 5, -1).max(axis=2)
    if not apart.max() <= 1e-3:
        number, frame = map(int, np.argwhere(~(apart <= 1e-3))[0])
        raise Wrong(
            f"mended: the time axis: frame {frame} of clip {number} is not moved as frame 0 is. "
            "Every frame must get the draw of its clip, and stay in its place: `OneDraw` does it."
        )
    if np.abs(frames - frames[:1]).max() <= 1e-3:
        raise Wrong("mended: the batch axis: all clips get one draw, expected one for each clip.")
    if np.abs(_moved(mended, clips) - drawn).max() <= 1e-3:
        raise Wrong("mended: a second call draws the same again: every epoch would be alike.")
    _check_moves(frames[:, 0])
    still = _moved(mended, clips, training=False)
    if not np.abs(still - clips).max() <= 1e-3:
        raise Wrong("mended: it moves clips with training=False too: `predict` would augment.")
    if _moved(mended, np.ones_like(clips)).min() > 0.5:
        raise Wrong(
            'mended: what comes in at the edges is not 0: keep fill_mode="constant", as it was '
            "given. It repeats the picture there."
        )
    _moved(mended, _bars(2, 9, size=(18, 30)))
    _check_clip_mask(mended, clips)
    return "All frames of a clip move alike, every clip on its own, and the mask comes through."


def together(mended: Callable, *, scenes: Callable) -> str:
    """Do pictures, masks and boxes get one draw, with the masks' classes and true boxes?"""
    if not callable(mended):
        raise Wrong(f"mended: expected the function `augmented` itself, got {brief(mended)}.")
    given = scenes(40, seed=7)
    try:
        drawn = mended(*(part.copy() for part in given))
    except Exception as error:
        raise Wrong(f"mended: it fails: {first_line(error)}") from error
    attempted(drawn)
    if not isinstance(drawn, tuple | list) or len(drawn) != 3:
        raise Wrong(f"mended: expected pictures, masks and boxes, got {type(drawn).__name__}.")
    parts = {}
    axes = (_PICTURES, _PICTURES[:3], ("batch", "region", "side"))
    for name, part, old, names in zip(
        ("pictures", "masks", "boxes"), drawn, given, axes, strict=True
    ):
        check_shape(part, dict(zip(names, old.shape, strict=True)), name=name)
        parts[name] = _array(part)
    _check_strength(parts["pictures"], given)
    _check_masks(parts["masks"], parts["pictures"], given)
    _check_boxes(parts["boxes"], parts["pictures"], given[2])
    return "Mask and boxes go where the pixels went, and no class is made up."


def batches(batches: Any, *, crops: Callable) -> str:
    """Do batches show every crop once, padded and not resized, with its size and label?"""
    pictures, _, far = crops(480)
    check_padded_pictures(batches, pictures, far, most=32)
    return f"All {len(far)} crops come once, each with its size and label, and none is resized."


def model(untrained: Callable, *, crops: Callable) -> str:
    """Does a model, of any weights, give logits that no padded pixel changes?"""
    from helpers.masking.recording import state_kept

    plain = callable(untrained) and not hasattr(untrained, "weights")
    teller = attempted(untrained()) if plain else untrained
    name = "untrained()"
    check_model(teller, name)
    pictures, _, _ = crops(8, split="test", seed=77)
    batch, sizes, real = _padded(pictures, 88)
    check_shape(_told(teller, [batch, sizes], name), {"batch": 8, "class": 2}, name=name)
    with state_kept(teller):
        draw_weights(teller.weights)
        logits = _told(teller, [batch, sizes], name)
        noise = np.where(real, batch, np.float32(9))
        said = "with 9 instead of 0 in the padding"
        _check_same(logits, _told(teller, [noise, sizes], name), said, name)
        some, some_sizes, _ = _padded(pictures, 0)
        said = "padded to a smaller batch"
        _check_same(logits, _told(teller, [some, some_sizes], name), said, name)
    return "It takes crops of any size, and no padded pixel has a say."


def tell(teller: Any, *, crops: Callable) -> str:
    """Does a model tell near from far, on crops of any size, without reading the padding?"""
    check_model(teller, "teller")
    pictures, _, far = crops(300, split="test", seed=77)
    batch, sizes, real = _padded(pictures, 88)
    logits = _told(teller, [batch, sizes])
    check_shape(logits, {"batch": 300, "class": 2}, name="teller")
    if not np.isfinite(logits).all():
        raise Wrong("teller: its output holds NaN or infinity. Try a smaller learning rate.")
    noise = np.where(real, batch, np.float32(9))
    _check_same(logits, _told(teller, [noise, sizes]), "with 9 instead of 0 in the padding")
    some, some_sizes, _ = _padded(pictures[:8], 0)
    _check_same(logits[:8], _told(teller, [some, some_sizes]), "padded to a smaller batch")
    share = np.mean(logits.argmax(axis=1) == far)
    if not share >= SHARE:
        known, _, known_far = crops(300, seed=0)
        batch, sizes, _ = _padded(known, 0)
        own = np.mean(_told(teller, [batch, sizes]).argmax(axis=1) == known_far)
        raise Wrong(
            f"teller: it tells {share:.0%} of the test crops right, expected {SHARE:.0%}; of crops "
            f"like those it was trained on {own:.0%}. {_advice(own)}"
        )
    return f"At least {SHARE:.0%} of the test crops are right, and no padded pixel has a say."


# --- arrays --------------------------------------------------------------------------------------


def _array(x: Any) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(x))


# --- scale ---------------------------------------------------------------------------------------


def _extent(picture: Any) -> tuple[int, int]:
    """Height and width of what is bright in a picture, or in the only one of a batch."""
    picture = _array(picture)
    picture = picture[0] if picture.ndim == 4 else picture
    rows, columns = np.nonzero(picture[..., 0] > 0.5)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def _what_changed(before: tuple[int, int], after: tuple[int, int]) -> str:
    tall, wide = (new / old for old, new in zip(before, after, strict=True))
    if abs(tall / wide - 1) > NEAR:
        return "aspect"
    return "scale" if abs(tall - 1) > NEAR else "both"


# --- contract ------------------------------------------------------------------------------------


def _fault(batches: Batches) -> str | None:
    """Say what is wrong with batches ``((pictures, sizes), masks)`` of digits, or None."""
    from helpers.augmentation import ContractError, Declared, check_contract

    declared = (
        (
            Declared(("rows", 8, (16, 32), 1), "float32", 0, 1),
            Declared(("rows", 2), "int32", 1, 32),
        ),
        Declared(("rows", 8, (16, 32)), "int32", 0, 1),
    )
    try:
        check_contract(batches, declared, rule=_digits_rule)
    except ContractError as error:
        return str(error).partition("; ")[0]  # how many more are wrong is a matter of draws
    return None


def _digits_rule(batch: tuple) -> str | None:
    (pictures, sizes), masks = batch
    for row, (high, wide) in enumerate(sizes):
        for name, part in (("picture", pictures[row]), ("mask", masks[row])):
            if part[high:].any() or part[:, wide:].any():
                return f"{name} {row} is not 0 outside of its size, {high} x {wide}"
    apart = ((pictures[..., 0] > 0) != (masks > 0)).any(axis=(1, 2))
    if apart.any():
        return f"picture {int(np.argmax(apart))} and its mask disagree on where ink is"
    return None


def _more_feeds(good: Batches) -> dict[str, Batches]:
    """Make broken feeds of a good one, each with one thing wrong in batch 1, and a good one."""
    (pictures, sizes), masks = (_arrays(good[1][0]), _array(good[1][1]))
    nan = pictures.copy()
    nan[0, 0, 0] = np.nan
    two = np.where(masks > 0, 2, 0).astype("int32")
    paper = (pictures == 0) & _inside(pictures, sizes)
    large = sizes.copy()
    large[-1, 1] = 33
    made = {
        "a pipeline whose pictures go to 255": ((pictures * np.float32(255), sizes), masks),
        "a pipeline whose paper is -1": ((np.where(paper, -1, pictures), sizes), masks),
        "a pipeline with a size of 33": ((pictures, large), masks),
        "a pipeline that flips one picture alone": ((_one_flipped(pictures, sizes), sizes), masks),
        "a pipeline that forgets a return (NaN)": ((nan, sizes), masks),
        "a pipeline without the axis of channels": ((pictures[..., 0], sizes), masks),
        "a pipeline whose masks are one row short": ((pictures, sizes), masks[:-1]),
        "a pipeline whose masks hold a class 2": ((pictures, sizes), two),
        "a pipeline whose masks are floats": ((pictures, sizes), masks.astype("float32")),
    }
    feeds = {name: [good[0], batch, *good[2:]] for name, batch in made.items()}
    return {"a pipeline with the batches in another order": good[::-1], **feeds}


def _inside(pictures: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Say which pixels lie within the sizes, bool ``(batch, height, width, 1)``."""
    rows, columns = np.ogrid[: pictures.shape[1], : pictures.shape[2]]
    high, wide = sizes[:, 0, None, None], sizes[:, 1, None, None]
    return ((rows < high) & (columns < wide))[..., None]


def _one_flipped(pictures: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Flip one picture within its width, not the first, whose ink is then elsewhere."""
    for row in range(1, len(pictures)):
        flipped, wide = pictures.copy(), sizes[row, 1]
        flipped[row, :, :wide] = pictures[row, :, :wide][:, ::-1]
        if ((flipped > 0) != (pictures > 0)).any():
            break
    return flipped


def _arrays(parts: Iterable) -> list[np.ndarray]:
    return [_array(part) for part in parts]


def _refusal(
    batches: Batches, declared: Any, rule: Callable, name: str, fault: str | None
) -> str | None:
    """Walk batches with the reader's contract; return how they break it, or None."""
    from helpers.augmentation import ContractError, check_contract

    def follow(batch: tuple) -> Any:
        try:
            told = rule(batch)
        except Exception as error:
            there = f" What is wrong there: {fault}. {_advice_of(fault)}" if fault else ""
            raise Wrong(f"rule: it fails on {name}: {_spelled_error(error)}.{there}") from error
        return attempted(told)

    try:
        check_contract(batches, declared, rule=follow)
    except ContractError as error:
        return first_line(error).rstrip(".")
    except (TypeError, ValueError) as error:
        raise Wrong(f"declared or rule: {first_line(error).rstrip('.')}.") from error
    return None


def _spelled_error(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error).rstrip('.')}"


def _advice_of(fault: str) -> str:
    for word, advice in (
        ("outside of its size", "The rule gets the sizes: all that lies beyond them must be 0."),
        ("disagree", "The rule gets pictures and masks: ink is where a picture is above 0."),
        ("at least", "`Declared` takes the least and the greatest value."),
        ("at most", "`Declared` takes the least and the greatest value."),
        ("dtype", "Declare the dtype."),
        ("axis", "Declare every axis: a number, a tuple of the sizes allowed, or a name."),
    ):
        if word in fault:
            return advice
    return "Declare every part."


# --- clip ----------------------------------------------------------------------------------------


def _bars(count: int, time: int, size: tuple[int, int] = (24, 24)) -> np.ndarray:
    """Clips of a lying bar in the middle; each frame brighter, the second channel twice as bright.

    Bar and brightness tell from a moved clip where it was moved to and which frame is which.
    """
    clips = np.zeros((count, time, *size, 2), "float32")
    high, wide = size
    clips[:, :, high // 2 - 1 : high // 2 + 1, wide // 2 - 4 : wide // 2 + 4] = 1
    return clips * np.arange(1, time + 1).reshape(time, 1, 1, 1) * np.float32([1, 2])


def _moved(mended: Any, clips: np.ndarray, training: bool = True) -> np.ndarray:
    try:
        drawn = mended(clips.copy(), training=training)
    except Exception as error:
        raise Wrong(
            f"mended: it cannot be called with clips (batch, time, height, width, channels) of "
            f"shape {clips.shape}: {first_line(error)}"
        ) from error
    check_shape(drawn, dict(zip(_CLIPS, clips.shape, strict=True)), name="mended")
    return _array(drawn)


def _check_moves(pictures: np.ndarray) -> None:
    """Check that the bars are turned and shifted."""
    ink = pictures[..., 0] * (pictures[..., 0] > 0.3)
    rows, columns = np.indices(ink.shape[1:]) - 11.5
    total = ink.sum(axis=(1, 2)) + 1e-6
    y, x = (ink * rows).sum(axis=(1, 2)) / total, (ink * columns).sum(axis=(1, 2)) / total
    if not (np.hypot(x, y) > 1).any():
        raise Wrong("mended: it shifts no clip: keep RandomTranslation, as it was given.")
    off_y, off_x = rows - y[:, None, None], columns - x[:, None, None]
    tilt = (ink * off_y * off_x).sum(axis=(1, 2)) / ((ink * off_x**2).sum(axis=(1, 2)) + 1e-6)
    if not (np.abs(tilt) > 0.1).any():
        raise Wrong("mended: it turns no clip: keep RandomRotation, as it was given.")


def _check_clip_mask(mended: Any, clips: np.ndarray) -> None:
    """Check that a Keras mask (batch, time) of the clips comes out as it went in."""
    import keras

    from helpers.keras_private import mask_of

    real = np.arange(5) < np.array([5, 3] * (len(clips) // 2))[:, None]

    class Marked(keras.layers.Layer):
        """Gives clips the mask of their real frames."""

        supports_masking = True

        def call(self, x: Any) -> Any:
            return x + 0

        def compute_mask(self, x: Any, mask: Any = None) -> Any:
            return keras.ops.convert_to_tensor(real)

    with warnings.catch_warnings():  # Keras expects a model to lose the mask; its layers pass it on
        warnings.simplefilter("ignore")
        drawn = mended(Marked()(clips), training=True)
    mask = mask_of(drawn)
    if mask is None:
        raise Wrong(
            "mended: the mask (batch, time) of the frames is lost on the way: an LSTM after it "
            "would read padded frames."
        )
    if not np.array_equal(_array(mask), real):
        raise Wrong(
            f"mended: the mask (batch, time) comes out as another one, of shape "
            f"{tuple(mask.shape)}, expected {real.shape} as it went in."
        )


# --- together ------------------------------------------------------------------------------------


def _check_strength(pictures: np.ndarray, given: tuple) -> None:
    """Check that pictures are flipped and sheared: object k is alone in channel k."""
    old = given[0]
    if not np.abs(pictures - old).max() > 1e-3:
        raise Wrong("mended: no picture has moved.")
    flipped, larger = [], []
    for new, before in zip(pictures, old, strict=True):
        boxes = [_box(new[..., k]) for k in range(2)]
        known = [_box(before[..., k]) for k in range(2)]
        if all(box is not None for box in boxes + known):
            flipped.append(boxes[0][1] > boxes[1][1])
        if boxes[0] is not None:
            larger.append(np.prod(boxes[0][2:] - boxes[0][:2]) / 140)
    if not any(flipped):
        raise Wrong("mended: no picture is flipped: keep RandomFlip, as it was given.")
    if not max(larger, default=0) > 1.2:
        raise Wrong("mended: no picture is sheared: keep RandomShear, as it was given.")


def _check_masks(masks: np.ndarray, pictures: np.ndarray, given: tuple) -> None:
    classes = np.unique(given[1])
    made_up = sorted(set(np.unique(masks).tolist()) - set(classes.tolist()))
    if made_up:
        raise Wrong(
            f"masks: there are classes that did not come in, such as {made_up[0]:.4g}: a mask is "
            f"read at the nearest pixel, never interpolated. Its classes are {classes.tolist()}."
        )
    if masks.dtype.kind not in "iu":
        raise Wrong(f"masks: expected integers, got {masks.dtype}.")
    seen = [pictures[..., k] > 0.5 for k in range(2)]
    said = [masks == number for number in classes[1:]]
    share = np.sum(np.logical_and(seen, said)) / np.sum(np.logical_or(seen, said))
    if not share > OVERLAP:
        raise Wrong(
            f"masks: pictures and masks share {share:.0%} of their objects, expected "
            f"{OVERLAP:.0%}: they do not get the same draw."
        )


def _check_boxes(boxes: np.ndarray, pictures: np.ndarray, given: np.ndarray) -> None:
    for number, region in np.ndindex(boxes.shape[:2]):
        got = boxes[number, region]
        if not given[number, region].any():
            if got.any():
                raise Wrong(
                    f"boxes: picture {number} has one object only, and its second box, which is "
                    f"padding, becomes {_spelled(got)}, expected 0, 0, 0, 0."
                )
            continue
        truth = _box(pictures[number, ..., region])
        if truth is not None and not np.abs(truth - got).max() <= OFF:
            raise Wrong(
                f"boxes: object {region} of picture {number} is in {_spelled(truth)} (top, left, "
                f"bottom, right), its box says {_spelled(got)}. {_box_advice(boxes, given)}"
            )


def _box_advice(boxes: np.ndarray, given: np.ndarray) -> str:
    if np.array_equal(boxes, given):
        return "The boxes have not moved with the pictures."
    return (
        "Boxes that Keras's RandomShear returns are wrong, and so are boxes with a draw of their "
        "own; `OneDraw` reads them from the picture."
    )


def _box(picture: np.ndarray) -> np.ndarray | None:
    rows, columns = np.nonzero(picture > 0.5)
    if not len(rows):
        return None
    return np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])


def _spelled(box: np.ndarray) -> str:
    return ", ".join(f"{side:.4g}" for side in box)


# --- tell ----------------------------------------------------------------------------------------


def _padded(pictures: list[np.ndarray], least: int) -> tuple[np.ndarray, ...]:
    """Pad crops to one batch, at least ``least`` pixels high and wide; also sizes and what is real.

    The last is bool ``(batch, height, width, 1)``.
    """
    sizes = np.array([picture.shape[:2] for picture in pictures], "int32")
    box = np.maximum(sizes.max(axis=0), least).tolist()
    batch, real = pad(pictures, tuple(box), axes=2)
    return batch, sizes, real[..., None]


def _told(teller: Any, batch: list, name: str = "teller") -> np.ndarray:
    check_two_inputs(teller, name)
    try:
        return _array(teller(batch, training=False))
    except Exception as error:
        spelled = ", ".join(map(str, batch[0].shape))
        raise Wrong(
            f"{name}: cannot be called with [pictures, sizes], where the pictures are (batch, "
            f"height, width, channels) = ({spelled}): {first_line(error)}"
        ) from error


def _check_same(logits: np.ndarray, other: np.ndarray, said: str, name: str = "teller") -> None:
    wrong = np.abs(logits - other).max(axis=1) > 1e-3 * max(1.0, float(np.abs(logits).max()))
    if wrong.any() or not np.isfinite(other).all():
        raise Wrong(
            f"{name}: padding changes what it says: {int(wrong.sum())} of {len(wrong)} crops get "
            f"another answer {said}. `SizedStack` and `ToSequence` keep padding out, and so must "
            "what is behind them."
        )


def _advice(own: float) -> str:
    if own < 0.75:
        return (
            "It has not learnt it yet, or it has never seen a scale: train on crops that are "
            "padded and not resized, with values 0 to 1, warm the learning rate up, and give "
            "BatchNormalization momentum=0.9."
        )
    if own < 0.9:
        return "It is on its way: more crops, more epochs, or a learning rate that ends low."
    return "It knows its training crops by heart: more crops, or a smaller model."


TASKS = {
    "shapes": shapes,
    "scale": scale,
    "contract": contract,
    "clip": clip,
    "together": together,
    "batches": batches,
    "model": model,
    "tell": tell,
}
