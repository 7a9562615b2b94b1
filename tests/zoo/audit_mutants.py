"""Mutants of the mended programs of the audit's zoo: each breaks one of them in one place.

A mutation takes the arguments that `audit` is given, and returns others, or None where there is
nothing of its kind to break. It says which codes fit, as beginnings: ``"RE1"`` fits ``RE103``.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from helpers.auditing.feeds import feed


@dataclass(frozen=True)
class Mutation:
    """A way to break a program.

    Attributes:
        name: What it does.
        fits: Beginnings of the codes that name the fault.
        apply: Takes the arguments of `audit`, returns broken ones or None.
        seen: Whether a fault of this kind changes an answer or the loss on the batches at hand;
            where it changes neither, the mutant is no fault.
    """

    name: str
    fits: tuple[str, ...]
    apply: Callable[[dict], dict | None]
    seen: bool = False


MUTATIONS: list[Mutation] = []


def breaks_by(*fits, seen=False):
    def note(apply):
        MUTATIONS.append(Mutation(apply.__name__, fits, apply, seen))
        return apply

    return note


class Batches(keras.utils.PyDataset):
    """Batches that are kept, as they are or changed."""

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, i):
        return self.batches[i]


def batches_of(program, most=64):
    """Return all batches of the training data as lists ``[x, y, weight]``, or None."""
    try:
        looked = feed("data", program["data"], program.get("fit") or {}, most)
    except TypeError:
        return None
    if not looked.complete or looked.problem or not looked.looked:
        return None
    parts = [[copy.deepcopy(p) for p in (b.x, b.y, b.weight)] for b in looked.looked]
    plain = all(isinstance(leaf, np.ndarray) for b in parts for leaf in keras.tree.flatten(b[0]))
    return parts if plain else None


def packed(batch):
    return tuple(part for part in batch if part is not None) if batch[1] is not None else batch[0]


def with_batches(program, batches, **more):
    if isinstance(program.get("lengths"), list | np.ndarray):
        raise ValueError("lengths by row need arrays")
    fit = {k: v for k, v in (program.get("fit") or {}).items() if k != "batch_size"}
    fit |= more.pop("fit", {})
    known = {"data": Batches([packed(batch) for batch in batches]), "fit": fit}
    return {**program, **known, **more}


def first_leaf(tree, kinds, least=1):
    for leaf in keras.tree.flatten(tree):
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind in kinds and leaf.ndim >= least:
            return leaf
    return None


def alike(one, two):
    """Whether two batches hold the same."""
    one, two = keras.tree.flatten(one), keras.tree.flatten(two)
    return len(one) == len(two) and all(map(np.array_equal, one, two))


# The data


@breaks_by("RE108")
def nan_in_an_input(program):
    batches = batches_of(program)
    leaf = first_leaf(batches[-1][0], "f") if batches else None
    if leaf is None:
        return None
    leaf.flat[0] = np.nan
    return with_batches(program, batches)


@breaks_by("RE108")
def nan_in_a_target(program):
    batches = batches_of(program)
    leaf = first_leaf(batches[0][1], "f") if batches and batches[0][1] is not None else None
    if leaf is None:
        return None
    leaf.flat[-1] = np.nan
    return with_batches(program, batches)


@breaks_by("RE103")
def len_cut_by_one(program):
    batches = batches_of(program)
    if not batches or len(batches) < 2:
        return None
    rows = sum(len(keras.tree.flatten(batch[0])[0]) for batch in batches)
    return with_batches(program, batches[:-1], rows=rows)


@breaks_by("RE103")
def batch_shown_twice(program):
    batches = batches_of(program)
    if not batches:
        return None
    rows = sum(len(keras.tree.flatten(batch[0])[0]) for batch in batches)
    return with_batches(program, [*batches, batches[0]], rows=rows)


@breaks_by("RE105")
def batch_without_rows(program):
    batches = batches_of(program)
    if not batches:
        return None
    empty = [
        None if part is None else keras.tree.map_structure(lambda leaf: leaf[:0], part)
        for part in batches[-1]
    ]
    return with_batches(program, [*batches, empty])


@breaks_by("RE102")
def generator_of_one_epoch(program):
    batches = batches_of(program)
    if not batches:
        return None

    def generate():
        yield from (packed(batch) for batch in batches)

    changed = with_batches(program, batches, fit={"epochs": 3})
    return {**changed, "data": generate}


@breaks_by("RE102", "RE303")
def steps_beyond_the_generator(program):
    batches = batches_of(program)
    if not batches:
        return None

    def generate():
        yield from (packed(batch) for batch in batches)

    changed = with_batches(program, batches, fit={"steps_per_epoch": len(batches) + 2})
    return {**changed, "data": generate}


@breaks_by("RE303")
def steps_beyond_the_dataset(program):
    batches = batches_of(program)
    if not batches:
        return None
    return with_batches(program, batches, fit={"steps_per_epoch": 2 * len(batches) + 1})


@breaks_by("RE107")
def dtype_of_a_later_batch(program):
    batches = batches_of(program)
    if not batches or len(batches) < 2 or first_leaf(batches[-1][0], "f") is None:
        return None
    batches[-1][0] = keras.tree.map_structure(
        lambda leaf: leaf.astype("int64") if leaf.dtype.kind == "f" else leaf, batches[-1][0]
    )
    return with_batches(program, batches)


@breaks_by("RE107")
def weights_of_some_batches(program):
    batches = batches_of(program)
    if not batches or len(batches) < 2 or batches[0][1] is None:
        return None
    if batches[0][2] is not None:
        batches[-1][2] = None
    else:
        batches[-1][2] = np.ones(len(keras.tree.flatten(batches[-1][0])[0]), "float32")
    return with_batches(program, batches)


@breaks_by("RE109")
def target_of_a_row_is_missing(program):
    batches = batches_of(program)
    if not batches or batches[0][1] is None or len(keras.tree.flatten(batches[0][1])[0]) < 3:
        return None
    batches[0][1] = keras.tree.map_structure(lambda leaf: leaf[:-1], batches[0][1])
    return with_batches(program, batches)


@breaks_by("RE110")
def answers_differ_twice(program):
    batches = batches_of(program)
    if not batches or len(batches) < 2 or all(alike(batch, batches[0]) for batch in batches):
        return None

    class Shuffled(Batches):
        calls = 0

        def __getitem__(self, i):
            self.calls += 1
            return self.batches[(i + self.calls) % len(self.batches)]

    changed = with_batches(program, batches)
    return {**changed, "data": Shuffled(changed["data"].batches)}


def ids_of(program):
    """Return batches, and the ids among their inputs, if the model looks them up."""
    batches = batches_of(program)
    tables = [
        layer for layer in program["model"]._flatten_layers() if isinstance(layer, layers.Embedding)
    ]
    if not batches or not tables:
        return None, None
    leaves = keras.tree.flatten(batches[0][0])
    alone = len(leaves) == 1 and leaves[0].dtype.kind in "iu" and leaves[0].ndim == 2
    return (batches, leaves[0]) if alone else (None, None)


@breaks_by("RE114")
def id_beyond_the_table(program):
    batches, leaf = ids_of(program)
    if leaf is None or leaf.dtype.itemsize < 4:
        return None
    leaf.flat[0] = 10_000
    return with_batches(program, batches)


@breaks_by("RE114")
def ids_that_were_scaled(program):
    batches, leaf = ids_of(program)
    if leaf is None:
        return None
    for batch in batches:
        batch[0] = keras.tree.map_structure(lambda x: (x / 9).astype("float32"), batch[0])
    return with_batches(program, batches)


@breaks_by("RE108")
def arrays_of_objects(program):
    batches = batches_of(program)
    if not batches:
        return None
    for batch in batches:
        batch[0] = keras.tree.map_structure(lambda x: x.astype(object), batch[0])
    return with_batches(program, batches)


@breaks_by("RE301", "RE109")
def input_without_its_batch_axis(program):
    batches = batches_of(program)
    if not batches:
        return None
    batches[0][0] = keras.tree.map_structure(lambda x: x[0], batches[0][0])
    if any(x.ndim == 0 for x in keras.tree.flatten(batches[0][0])):
        return None
    return with_batches(program, batches[:1])


# Padding


def padded_inputs(program):
    """Return batches and their padded ids or vectors, if the model masks 0 at their end."""
    batches = batches_of(program)
    masks = any(
        (isinstance(layer, layers.Embedding) and layer.mask_zero)
        or (isinstance(layer, layers.Masking) and layer.mask_value == 0)
        for layer in program["model"]._flatten_layers()
    )
    if not batches or not masks or program.get("value") or program.get("lengths") is not None:
        return None, []
    found = []
    for batch in batches:
        for leaf in keras.tree.flatten(batch[0]):
            steps = leaf.reshape(*leaf.shape[:2], -1) if leaf.ndim in (2, 3) else None
            if steps is None or leaf.shape[1] < 2 or leaf.dtype.kind not in "iuf":
                continue
            blank = (steps == 0).all(axis=2)
            if blank[:, -1].any() and not blank.all(axis=1).any():
                found.append((leaf, blank))
    return batches, found


def shifted(program, value):
    batches, found = padded_inputs(program)
    if not found:
        return None
    known = [
        layer.input_dim
        for layer in program["model"]._flatten_layers()
        if isinstance(layer, layers.Embedding)
    ]
    for leaf, blank in found:
        unused = sorted(set(range(1, min(known, default=0))) - set(np.unique(leaf).tolist()))
        if leaf.dtype.kind != "f" and not unused:
            return None
        leaf[blank] = value if leaf.dtype.kind == "f" else unused[-1]
    return with_batches(program, batches)


@breaks_by("RE2", "RE112", "RE113", seen=True)
def padding_of_another_value(program):
    return shifted(program, -1.0)


@breaks_by("RE2", "RE113", seen=True)
def padding_scaled_with_the_data(program):
    """As if a mean of 0.3 had been taken off after padding."""
    if not padded_inputs(program)[1] or padded_inputs(program)[1][0][0].dtype.kind != "f":
        return None
    return shifted(program, -0.3)


@breaks_by("RE208")
def row_that_is_all_padding(program):
    batches, found = padded_inputs(program)
    if not found or len(keras.tree.flatten(batches[0][0])) != 1:
        return None
    found[0][0][0] = 0
    return with_batches(program, batches)


# The call


@breaks_by("RE304")
def batch_size_beside_a_dataset(program):
    batches = batches_of(program)
    size = 3 + len(keras.tree.flatten(batches[0][0])[0]) if batches else 0
    return with_batches(program, batches, fit={"batch_size": size}) if batches else None


# The targets and the loss


@breaks_by("RE401", "RE109")
def target_of_one_row(program):
    batches = batches_of(program)
    if not batches or batches[0][1] is None:
        return None
    leaves = keras.tree.flatten(batches[0][1])
    if len(leaves) != 1 or leaves[0].ndim < 2 or len(leaves[0]) < 2 or batches[0][2] is not None:
        return None
    for batch in batches:
        batch[1] = batch[1][:1]
    return with_batches(program, batches)


@breaks_by("RE401", "RE109")
def target_turned_on_its_side(program):
    batches = batches_of(program)
    y = batches[0][1] if batches else None
    if not isinstance(y, np.ndarray) or y.ndim != 2 or y.shape[1] != 1 or len(y) < 2:
        return None
    for batch in batches:
        batch[1] = batch[1].T
    return with_batches(program, batches)


@breaks_by("RE405")
def weights_dropped(program):
    batches = batches_of(program)
    weight = batches[0][2] if batches else None
    if not isinstance(weight, np.ndarray) or weight.ndim < 2 or (weight != 0).all():
        return None
    for batch in batches:
        batch[2] = None
    return with_batches(program, batches)


@breaks_by("RE116", "RE305", "RE109")
def weights_of_rows_for_a_loss_of_steps(program):
    batches = batches_of(program)
    weight = batches[0][2] if batches else None
    if not isinstance(weight, np.ndarray) or weight.ndim != 2:
        return None
    for batch in batches:
        batch[2] = batch[2][:1]
    return with_batches(program, batches)


def same(program, mutant):
    """Whether answers and loss of the two are the same on each batch of the data, row by row.

    Each row is also given alone without the padding that its batch adds, as `predict` may.
    """
    before, after = batches_of(program), batches_of(mutant)
    if not before or not after or len(before) != len(after):
        return False
    try:
        for one, two in zip(before, after, strict=True):
            answers = []
            for arguments, batch in ((program, one), (mutant, two)):
                model = arguments["model"]
                full = keras.tree.flatten(model(batch[0], training=False))
                alone = keras.tree.flatten(model(_shorter(batch[0]), training=False))
                answers.append([keras.ops.convert_to_numpy(a) for a in (*full, *alone)])
            for a, b in zip(*answers, strict=True):
                if a.shape != b.shape or not np.allclose(a, b, atol=1e-6, equal_nan=True):
                    return False
    except Exception:
        return False  # one of them cannot be called: no proof
    return True


def _shorter(x):
    """Return the first row of the inputs."""
    return keras.tree.map_structure(lambda leaf: leaf[:1], x)
