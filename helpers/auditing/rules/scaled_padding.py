"""RE113: padding was scaled with the data, so that Masking no longer meets its value."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.values import (
    Call,
    blank_steps,
    by_hand,
    given_in,
    maskers,
    masks_seen,
    moved,
    replaced,
    run,
    shaken,
    watched,
)

RULE = Rule(
    code="RE113",
    name="scaled-padding",
    severity="error",
    title="Padding has another value than the one that Masking masks",
    does=(
        "Looks at what `Masking` is given: for rows that end in the same constant, one number for "
        "each feature, where nothing is masked; and for padding of the input that a layer before "
        "`Masking` has changed, now or once it is trained."
    ),
    why=(
        "Scaling makes another number of the 0 of the padding. `Masking` then masks nothing, "
        "padding counts as data, and nothing is raised."
    ),
    fix="Scale the rows first, then pad; in a model, put Masking before what scales.",
    chapter="masking-deeper#scaling-after-padding",
)


def check(subject: Subject) -> Iterator[Found]:
    """Look at the ends of the rows that each Masking is given."""
    values = {
        id(layer): value
        for layer, value in maskers(subject)
        if isinstance(layer, keras.layers.Masking)
    }
    if not values:
        unmasked = _unmasked_by_hand(subject)
        if unmasked is None:
            raise NothingToCheck("no layer masks a value, or is given a mask of its inputs")
        yield from unmasked
        return
    calls = [call for call in masks_seen(subject) if id(call.layer) in values]
    done = set()
    for call in calls:
        if id(call.layer) in done or not _of_steps(subject, call):
            continue
        value = values[id(call.layer)]
        found = _scaled_before(subject, call, value) or _scaled_within(subject, call, value)
        if found:
            done.add(id(call.layer))
            yield found


def _of_steps(subject: Subject, call: Call) -> bool:
    """Whether steps of an input are masked, and not what an Embedding makes of ids."""
    shapes = [np.shape(leaf) for leaf in subject.leaves]
    shapes = [shape for shape in shapes if len(shape) == 3]
    return call.given.ndim == 3 and any(shape[:2] == call.given.shape[:2] for shape in shapes)


def _unmasked_by_hand(subject: Subject) -> list[Found] | None:
    """Look for rows that end in a constant, beside a mask made of them that masks nothing."""
    found: list[Found] | None = None
    for call, mask in by_hand(subject):
        found = found or []
        padded = _constant_ends(call.given) if call.given.ndim == 3 else None
        if padded is not None and mask.all():
            row, step = np.argwhere(padded)[0]
            where = f"batch {subject.batch.index}, row {row} from step {step}"
            found.append(
                Found(
                    f"rows end in the constant {_numbers(call.given[row, step])}, which the mask "
                    f"that {call.layer.name} is given does not mask",
                    f"layer {call.layer.name}, {where}",
                    f"{padded.sum()} steps in {padded.any(axis=1).sum()} of {len(padded)} rows "
                    "hold it, none is masked",
                )
            )
    return found


def _numbers(step: np.ndarray) -> str:
    return f"({', '.join(f'{one:.3g}' for one in step[:4])}{', …' if len(step) > 4 else ''})"


def _scaled_before(subject: Subject, call: Call, value: float) -> Found | None:
    """Look for rows that end in a constant which is not masked."""
    for batch, given in given_in(subject, call):
        padded = _constant_ends(given)
        if padded is None or blank_steps(given, value).any():
            continue
        apart = np.inf
        if call.place is not None:
            other = given.astype("float32") if given.dtype.kind in "iub" else given.copy()
            other[padded] = value
            apart = moved(run(subject, batch), run(subject, replaced(batch, call.place, other)))
        if apart > 1e-6:
            row, step = np.argwhere(padded)[0]
            effect = f"; answers move by {apart:.2g} if it is" if np.isfinite(apart) else ""
            return Found(
                f"rows end in the constant {_numbers(given[row, step])}, which "
                f"{call.layer.name} does not "
                f"mask: it masks {value:g}",
                f"layer {call.layer.name}, batch {batch.index}, row {row} from step {step}",
                f"{padded.sum()} steps in {padded.any(axis=1).sum()} of {len(padded)} rows hold "
                f"it, none is masked{effect}",
            )
    return None


def _scaled_within(subject: Subject, call: Call, value: float) -> Found | None:
    """Look for padding of an input that is masked no more where Masking stands."""
    if call.place is not None:
        return None
    padded = _padding(subject, subject.batch, call)
    if padded is None:
        return None
    through, when = padded & ~blank_steps(call.given, value), ""
    if not through.any():
        with shaken(subject.model):
            calls = watched(subject, [call.layer], subject.batch, training=True)
        if not calls or calls[0].given.shape[:2] != padded.shape:
            return None
        through, when = padded & ~blank_steps(calls[0].given, value), " once it is trained"
    if not through.any():
        return None
    return Found(
        f"a layer before {call.layer.name} changes the padding{when}, so that it is not masked",
        f"layer {call.layer.name}, batch {subject.batch.index}",
        f"{through.sum()} of {padded.sum()} padded steps are not {value:g} there{when}",
        "Put Masking before the layers that change values, or pass the mask on by hand.",
    )


def _padding(subject: Subject, batch: Looked, call: Call) -> np.ndarray | None:
    for one in subject.padding_of(batch):
        shape = subject.leaves[one.place].shape
        steps = shape[1]
        if len(shape) == 3 and shape[:2] == call.given.shape[:2]:
            place = np.arange(steps)[None, :]
            start = steps - one.lengths[:, None]
            padded = place < start if one.side == "pre" else place >= one.lengths[:, None]
            return padded if padded.any() else None
    return None


def _constant_ends(given: np.ndarray) -> np.ndarray | None:
    """Return the steps of the constant that ends or begins rows, if it is padding, else None."""
    rows, steps, features = given.shape
    if rows < 2 or steps < 3 or given.dtype.kind not in "fiu":
        return None
    for order in (given[:, ::-1], given):
        kinds, counts = np.unique(order[:, 0], axis=0, return_counts=True)
        alike = counts.max() > 1
        constant = kinds[counts.argmax()][None, None] if alike else order[:, :1]
        equal = (order == constant).all(axis=2)
        length = np.where(equal.all(axis=1), steps, np.argmin(equal, axis=1))
        padded = np.arange(steps)[None, :] < length[:, None]
        several = (length > 1).sum() > 1 and length.max() > 2
        enough = several if features == 1 or not alike else length.max() > 1
        if (equal & ~padded).any() or len(np.unique(length)) < 2 or not enough:
            continue
        if alike or _scaled_by_row(given, length):
            return padded if order is given else padded[:, ::-1]
    return None


def _scaled_by_row(given: np.ndarray, length: np.ndarray) -> bool:
    """Whether each padded row was standardised by itself, or scaled to 0 to 1."""
    rows = given[length > 1].astype("float64")
    if not np.isfinite(rows).all():
        return False
    for axes in (1, (1, 2)):
        standard = np.allclose(rows.mean(axis=axes), 0, atol=1e-3)
        standard &= np.allclose(rows.std(axis=axes), 1, atol=0.1)
        to_one = np.allclose(rows.min(axis=axes), 0) and np.allclose(rows.max(axis=axes), 1)
        if standard or to_one:
            return True
    return False


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Masking(), keras.layers.LSTM(3)])
    model.compile("sgd", "mse")
    return model


def _rows() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(5, 2, (length, 2)) for length in (6, 2, 4, 3)]


def _padded(rows: list[np.ndarray]) -> np.ndarray:
    return keras.utils.pad_sequences(rows, dtype="float32", padding="post")


def broken() -> dict:
    """Pad with 0, then standardise."""
    x = _padded(_rows())
    x = (x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1))
    return {"model": _model(), "data": (x, np.ones((4, 3), "float32"))}


def mended() -> dict:
    """Standardise the rows, then pad them with 0."""
    steps = np.concatenate(_rows())
    x = _padded([(row - steps.mean(axis=0)) / steps.std(axis=0) for row in _rows()])
    return {"model": _model(), "data": (x, np.ones((4, 3), "float32"))}
