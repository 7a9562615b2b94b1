"""RE211: a picture and its mask, or its boxes, are augmented by draws of their own."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.boxed import boxed, boxes_apart
from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.marked import Marked, drawn_from
from helpers.auditing.pictures import as_array, differs, draws, is_picture, packed_as_x
from helpers.auditing.redrawn import draws_anew
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.augmentation import OneDraw, alignment_cards
from helpers.augmentation.cards import moved_apart
from helpers.masking.recording import build, record_calls, state_kept
from helpers.raised import first_line

RULE = Rule(
    code="RE211",
    name="unlike-pairs",
    severity="error",
    title="A picture and its mask are augmented differently",
    does=(
        "Sends `alignment_cards`, whose masks tell the value of each pixel, in place of pictures "
        "and masks through the model in training, and through a dataset whose arrays it can "
        "replace; looks whether each mask is still where its picture is."
    ),
    why=(
        "The mask then lies beside the object. The model learns from wrong labels, nothing is "
        "raised, and the loss merely stops falling early."
    ),
    fix=(
        "Draw once for both: the mask as a channel of the picture, or `augmentation.OneDraw` of "
        "`helpers`."
    ),
    chapter="augmentation#masks-and-boxes",
)
_CARDS = 16
_SHARE = 0.1  # of the cards that may look moved apart by chance
_SMALLEST = 16  # side of a card
_CLASSES = 20  # of a mask, at most


def check(subject: Subject) -> Iterator[Found]:
    """Send cards through the model, then through each dataset."""
    pairs = {name: _pair(feed.looked[0]) for name, feed in subject.feeds.items() if feed.looked}
    pair = pairs.get("data") if subject.read(subject.data) else None
    boxes = _boxes(subject.batch.y)
    held = {name: boxed(feed) for name, feed in subject.feeds.items() if feed.looked}
    if not any(pairs.values()) and not boxes and not any(held.values()):
        raise NothingToCheck("no picture comes with a mask or with named boxes")
    found, undecided = [], []
    try:
        found += _in_model(subject, pair, boxes)
    except Undecided as reason:
        undecided.append(str(reason))
    for name, feed in subject.feeds.items():
        pair, places = pairs.get(name), held.get(name)
        if feed.kind != "arrays" and (pair or places):
            try:
                found += _in_data(feed, pair) if pair else []
                found += _boxes_in_data(feed, places) if places else []
            except Undecided as reason:
                if draws_anew(feed):
                    undecided.append(f"{reason}; send alignment_cards through it by check_contract")
    if undecided and not found:
        raise Undecided(undecided[0])
    yield from found


def _pair(batch: Looked) -> tuple[int, int] | None:
    """Return the places of a picture and of its mask among all inputs and targets, flat."""
    leaves = keras.tree.flatten((batch.x, batch.y))
    images = [i for i, leaf in enumerate(leaves) if is_picture(leaf) and leaf.ndim == 4]
    masks = [i for i, leaf in enumerate(leaves) if _is_mask(leaf)]
    for image in [i for i in images if i not in masks] or images[:1]:
        for mask in masks:
            if image != mask and leaves[image].shape[:3] == leaves[mask].shape[:3]:
                return image, mask
    return _dense_pair(batch)


def _dense_pair(batch: Looked) -> tuple[int, int] | None:
    """Return the places of pictures and of targets with a value for each pixel, blended or not."""
    inputs = keras.tree.flatten(batch.x)
    leaves = keras.tree.flatten((batch.x, batch.y))
    for i, leaf in enumerate(inputs):
        for j in range(len(inputs), len(leaves)):
            shape = np.shape(leaves[j])
            if is_picture(leaf) and leaf.ndim == 4 and _per_pixel(shape, leaf.shape):
                return i, j
    return None


def _per_pixel(shape: tuple, picture: tuple) -> bool:
    return len(shape) in (3, 4) and shape[:3] == picture[:3]


def _is_mask(leaf: Any) -> bool:
    """Whether an array holds few whole numbers, one for each pixel."""
    if not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "buif":
        return False
    flat = leaf.ndim == 3 or (leaf.ndim == 4 and leaf.shape[-1] == 1)
    if not flat or min(leaf.shape[:3]) < 1 or min(leaf.shape[1:3]) < 3:
        return False
    kinds = np.unique(leaf)
    return bool(len(kinds) <= _CLASSES and np.all(kinds == np.round(kinds)))


def _boxes(y: Any) -> bool:
    """Whether targets hold boxes by name."""
    paths = [path for path, _ in keras.tree.flatten_with_path(y)] if y is not None else []
    return any("box" in str(key).lower() for path in paths for key in path)


def _in_model(subject: Subject, pair: Any, boxes: bool) -> list[Found]:
    leaves = list(subject.leaves)
    if pair is None and not boxes:
        return []
    pictures = [i for i, leaf in enumerate(leaves) if is_picture(leaf) and leaf.ndim == 4]
    image = pair[0] if pair else (pictures or [len(leaves)])[0]
    if image >= len(leaves):
        return []
    size, channels = leaves[image].shape[1:3], leaves[image].shape[3]
    if min(size) < _SMALLEST:
        one, other = draws(subject.model, packed_as_x(subject, leaves), True, True)
        if not differs(one.read, other.read):
            return []
    free = all(not t.shape or t.shape[0] is None for t in getattr(subject.model, "inputs", []))
    count = _CARDS if free else len(leaves[image])
    images, masks = _cards(count, size, channels, leaves[image], None)
    rows = np.arange(count) % len(leaves[image])
    leaves = [leaf[rows] if np.ndim(leaf) else leaf for leaf in leaves]
    leaves[image] = images
    given = pair is not None and pair[1] < len(leaves)
    if given:
        old = leaves[pair[1]]
        leaves[pair[1]] = masks.reshape(old.shape).astype(old.dtype)
    drawn, mask, mover = _seen(subject, packed_as_x(subject, leaves), images, masks, given)
    return _judged(drawn, mask, mover, given, boxes and pair is None)


def _seen(subject: Subject, x: Any, images: np.ndarray, masks: np.ndarray, given: bool) -> tuple:
    """Return the picture that the first weights read, the last mask, and who moved the picture."""
    model = subject.model
    build(model, x)
    with state_kept(model):
        try:
            with record_calls() as calls:
                model(x, training=True)
        except Exception as error:
            raise Undecided(f"the model takes no cards: {first_line(error)}") from error
    parents = {id(call.parent) for call in calls}
    image, mask, mover, open_ = images, masks, "", True
    for call in calls:
        if call.operation or id(call) in parents:
            continue
        if call.layer.weights and not isinstance(call.layer, keras.layers.Normalization):
            wide = [tensor for tensor in call.inputs if len(tensor.shape) == 4]
            open_ = open_ and not wide
            continue
        for tensor in call.outputs:
            if len(tensor.shape) not in (3, 4) or len(tensor) != len(images):
                continue
            values = as_array(tensor)
            if given and _is_mask(values) and set(np.unique(values)) <= {0, 1, 2}:
                mask = values
            elif open_ and values.ndim == 4 and values.shape[-1] == images.shape[-1]:
                image = values
                mover = mover or (call.name if _moved(values, masks) else "")
    return image, mask, mover


def _moved(image: np.ndarray, masks: np.ndarray) -> bool:
    same = image.shape[:3] == masks.shape[:3]
    return bool(same and any(moved_apart(image, masks.reshape(image.shape[:3]))))


def _judged(
    image: np.ndarray, mask: np.ndarray, mover: str, given: bool, boxes: bool
) -> list[Found]:
    if image.shape[:3] != mask.shape[:3]:
        raise Undecided(
            f"pictures leave the augmentation of the model as {image.shape[1:3]}, masks as "
            f"{mask.shape[1:3]}"
        )
    apart = moved_apart(image, mask.reshape(image.shape[:3]))
    known = [each for each in apart if each is not None]
    if not known:
        raise Undecided("too little is left of the cards to compare them")
    if sum(known) <= _SHARE * len(known):
        return []
    what = "boxes" if boxes else "masks"
    if given:
        message = "pictures and their masks are augmented by draws of their own"
    else:
        message = f"the model moves its pictures, and the {what} in the targets stay where they are"
    return [
        Found(
            message,
            f"layer {mover}" if mover else "the model",
            f"{sum(known)} of {len(known)} cards come out with the picture beside its mask",
        )
    ]


def _cards(
    count: int, size: tuple, channels: int, image: np.ndarray, mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return cards and masks with the values of the pictures and of the masks at hand."""
    if min(size) < _SMALLEST:
        raise Undecided(f"pictures of {size[0]} x {size[1]}: cards need at least 16 x 16")
    low, high = float(image.min()), float(image.max())
    if image.dtype.kind in "ui":
        low, high = 0.0, 255.0
    elif not low < high:
        low, high = 0.0, max(high, 1.0)
    images, masks = alignment_cards(
        min(count, _CARDS), size, channels=channels, value_range=(low, high)
    )
    if mask is not None:
        kinds = np.unique(mask)
        pair = (kinds[0], kinds[-1]) if len(kinds) > 1 else (1, 2)
        pair = tuple(kinds[-2:]) if len(kinds) > 2 else pair
        masks = np.where(masks == 1, *pair)
    rows = np.arange(count) % len(images)
    return images[rows].astype(image.dtype), masks[rows]


def _in_data(feed: Feed, pair: tuple[int, int]) -> list[Found]:
    def cards(arrays: list[np.ndarray]) -> list[np.ndarray] | None:
        masks = [i for i, each in enumerate(arrays) if _is_mask(each)]
        images = [i for i, each in enumerate(arrays) if is_picture(each) and each.ndim == 4]
        for i in [i for i in images if i not in masks] or images[:1]:
            for j in masks:
                if i != j and arrays[i].shape[:3] == arrays[j].shape[:3]:
                    new = list(arrays)
                    one, two = arrays[i], arrays[j]
                    made = _cards(len(one), one.shape[1:3], one.shape[3], one, two)
                    new[i], new[j] = made[0], made[1].reshape(two.shape).astype(two.dtype)
                    return new
        return None

    apart: list = []
    for batch in drawn_from(feed, Marked(cards)):
        leaves = keras.tree.flatten(batch)
        image, mask = leaves[pair[0]], leaves[pair[1]]
        if image.shape[:3] != mask.shape[:3]:
            raise Undecided(f"{feed.name}: pictures {image.shape} and masks {mask.shape}")
        if mask.size != image[..., 0].size:
            raise Undecided(f"{feed.name}: masks {mask.shape} have an axis of classes")
        apart += moved_apart(image, mask.reshape(image.shape[:3]))
    known = [each for each in apart if each is not None]
    if not known:
        raise Undecided(f"{feed.name}: too little is left of the cards to compare them")
    if sum(known) <= _SHARE * len(known):
        return []
    return [
        Found(
            f"{feed.name} augments pictures and their masks by draws of their own",
            feed.name,
            f"{sum(known)} of {len(known)} cards come out with the picture beside its mask",
        )
    ]


def _boxes_in_data(feed: Feed, places: tuple[int, int]) -> list[Found]:
    measured = boxes_apart(feed, places)
    if not measured:
        return []
    message = f"{feed.name} moves pictures, and their boxes do not go with them"
    return [Found(message, feed.name, measured)]


def _scenes() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).random((8, 24, 24, 1)).astype("float32")
    return x, (x > 0.5).astype("int32")


def _model(*before: keras.Layer) -> keras.Model:
    model = keras.Sequential([keras.Input((24, 24, 1)), *before])
    model.add(keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid"))
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Flip pictures in a segmentation model; the masks, its targets, are not flipped."""
    return {"model": _model(keras.layers.RandomFlip(seed=0)), "data": _scenes()}


class _Flipped(keras.utils.PyDataset):
    """Pictures and masks, flipped by one draw."""

    def __init__(self) -> None:
        super().__init__()
        self.x, self.y = _scenes()
        self.flip = OneDraw(keras.layers.RandomFlip(seed=0))

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> tuple:
        drawn = self.flip({"images": self.x, "masks": self.y[..., 0]})
        images, masks = drawn["images"], drawn["masks"][..., None]
        return keras.ops.convert_to_numpy(images), keras.ops.convert_to_numpy(masks)


def mended() -> dict:
    """Flip both in the dataset."""
    return {"model": _model(), "data": _Flipped(), "select": "RE2"}
