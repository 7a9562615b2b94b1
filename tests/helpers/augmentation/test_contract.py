"""The contract: what keeps it is counted, what breaks it is named."""

import itertools
import pickle

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.augmentation import ContractError, Declared, Kept, check_contract
from helpers.augmentation.fitting import pad_to_bucket
from helpers.batching import bucketed
from helpers.data import digit_strings, japanese_vowels
from helpers.feeding import PlannedDataset

pytestmark = pytest.mark.any_backend

# A batch of clips, their masks and sizes; targets and weights.
CLIPS = (
    {
        "images": Declared(("batch", "time", 8, (12, 16), 3), "float32", low=0, high=1),
        "masks": Declared(("batch", "time", 8, None), "int32", low=0),
    },
    Declared(("batch",), "int64", low=0, high=4),
    Declared(("batch",), "float32"),
)


def clips(batch=2, time=3, width=12):
    random = np.random.default_rng(0)
    return (
        {
            "images": random.random((batch, time, 8, width, 3)).astype("float32"),
            "masks": random.integers(0, 9, (batch, time, 8, width)).astype("int32"),
        },
        random.integers(0, 5, batch),
        np.ones(batch, "float32"),
    )


def x_of(batch, **changed):
    """The batch with other parts in x."""
    return ({**batch[0], **changed}, *batch[1:])


def broken(batches, declared=CLIPS, **options):
    with pytest.raises(ContractError) as caught:
        check_contract(batches, declared, **options)
    return caught.value


# What keeps it


def test_batches_and_rows_are_counted_and_shapes_collected():
    batches = [clips(2), clips(3, 5), clips(2), clips(2, width=16)]
    kept = check_contract(batches, CLIPS)
    assert isinstance(kept, Kept)
    assert (kept.batches, kept.rows, len(kept.shapes)) == (4, 9, 3)
    assert ((3, 5, 8, 12, 3), (3, 5, 8, 12), (3,), (3,)) in kept.shapes


def test_a_batch_of_one_and_of_none():
    kept = check_contract([clips(1, 1), clips(0)], CLIPS)
    assert (kept.batches, kept.rows) == (2, 1)


def test_the_batches_are_not_changed():
    batch, before = clips(), clips()

    def spoil(seen):
        seen[0]["more"] = 1

    check_contract([batch], CLIPS, rule=spoil)
    assert set(batch[0]) == {"images", "masks"}
    assert np.array_equal(batch[0]["images"], before[0]["images"])


def test_one_array_a_list_and_none():
    declared = Declared((2, None), "uint8")
    array = np.zeros((2, 3), "uint8")
    assert check_contract([array], declared) == Kept(1, 2, {((2, 3),)})
    assert check_contract([[array]], (declared,)).batches == 1
    assert check_contract([(array,)], [declared]).batches == 1
    assert check_contract([(array, None)], (declared, None)).shapes == {((2, 3),)}
    assert check_contract([np.float32(2)], Declared((), "float32")) == Kept(1, 1, {((),)})


def test_bounds_count_as_inside_in_the_dtype_of_the_part():
    for dtype in ("float16", "float32", "float64"):
        array = np.array([-0.1, 0.1], dtype)
        assert check_contract([array], Declared((2,), dtype, low=-0.1, high=0.1)).batches == 1
    array = np.array([0, 255], "uint8")
    assert check_contract([array], Declared((2,), "uint8", low=-1, high=300)).batches == 1
    assert check_contract([array], Declared((2,), "uint8", low=0, high=255)).batches == 1
    large = np.array([65504], "float16")
    assert check_contract([large], Declared((1,), "float16", high=1e6)).batches == 1
    flags = np.array([True, False])
    assert check_contract([flags], Declared((2,), "bool", low=0, high=1)).batches == 1


def test_a_name_stands_for_another_size_in_another_batch_only():
    declared = Declared(("side", "side"), "uint8")
    squares = [np.zeros((n, n), "uint8") for n in (1, 4, 3)]
    assert check_contract(squares, declared).rows == 8
    error = broken([*squares, np.zeros((2, 3), "uint8")], declared)
    assert (error.batch, error.axis) == (3, 1)
    assert "expected 2, which is 'side' in axis 0 of the batch, got 3" in str(error)


def test_tensors_of_the_backend():
    images = keras.ops.cast(keras.ops.ones((2, 3)), "bfloat16")
    ids = keras.ops.ones((2,), "int32")
    declared = (Declared(("rows", 3), "bfloat16", high=1), Declared(("rows",), "int32"))
    seen = []
    assert check_contract([(images, ids)], declared, rule=seen.append).rows == 2
    assert all(isinstance(array, np.ndarray) for array in seen[0])
    assert "got bfloat16" in str(broken([images], Declared((2, 3), "float32")))
    nan = keras.ops.convert_to_tensor([[1.0], [float("nan")]])
    error = broken([nan], Declared((None, 1), "float32"))
    assert "a finite number, got nan at (1, 0)" in str(error)


def test_tf_data():
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((tf.ones((5, 3)), tf.zeros(5, "int64"))).batch(2)
    declared = (Declared(("rows", 3), "float32"), Declared(("rows",), "int64"))
    assert check_contract(dataset, declared) == Kept(3, 5, {((2, 3), (2,)), ((1, 3), (1,))})
    walked = itertools.count()

    def stop(batch):
        assert next(walked) < 50, "walked on and on"

    assert check_contract(dataset.repeat(), declared, limit=7, rule=stop).batches == 7
    with pytest.raises(ValueError, match=r"^limit: expected.*never ends, got None"):
        check_contract(dataset.repeat(), declared)
    one = (Declared((2, 3), "float32"), declared[1])
    assert (broken(dataset, one).batch, broken(dataset, one).axis) == (2, 0)
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    error = broken([ragged], Declared((2, None), "float32"))
    assert "expected an array or a tensor, got RaggedTensor" in str(error)


def test_a_planned_dataset():
    rows, labels = japanese_vowels()
    plan = bucketed([len(row) for row in rows], 32, [16, 29], shuffle=0)
    dataset = PlannedDataset(plan, rows, labels)
    declared = (Declared(("batch", (16, 29), 12), "float32"), Declared(("batch",), "int64", 0, 8))
    kept = check_contract(dataset, declared)
    assert (kept.batches, kept.rows) == (len(plan), 270)
    assert dataset.epoch == 0  # walking is no epoch
    assert {shapes[0][:2] for shapes in kept.shapes} == set(plan.shapes)
    error = broken(dataset, (Declared((None, 29, 12), "float32"), declared[1]))
    assert (error.part, error.axis) == ("x", 1)


class Batches(keras.utils.PyDataset):
    """A dataset that a loop over its items would never leave."""

    count = 3

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        assert index < 50, "walked on and on"
        return (np.full((2, 1), index, "float32"),)


class Endless(Batches):
    @property
    def num_batches(self):
        return None


def test_a_dataset_is_walked_to_its_length():
    declared = (Declared((2, 1), "float32"),)
    assert check_contract(Batches(), declared).batches == 3
    assert check_contract(Batches(), declared, limit=2).batches == 2
    assert check_contract(Batches(), declared, limit=9).batches == 3
    assert check_contract(Endless(), declared, limit=5).batches == 5
    with pytest.raises(ValueError, match=r"^limit: .*PyDataset without a number"):
        check_contract(Endless(), declared)


def test_generators():
    def endless():
        for number in range(50):
            yield np.full((1,), number)
        raise AssertionError("walked on and on")

    declared = Declared((1,), "int64")
    walked = endless()
    assert check_contract(walked, declared, limit=3).batches == 3
    assert next(walked).tolist() == [3]  # not one more than was asked for
    assert check_contract(itertools.islice(endless(), 2), declared, limit=9).batches == 2
    for iterator in (endless(), iter([np.zeros(1, int)]), itertools.repeat(np.zeros(1, int), 50)):
        with pytest.raises(ValueError, match=r"^limit: .*iterator \(.*never end, got None"):
            check_contract(iterator, declared)


# What breaks it


@pytest.mark.parametrize(
    ("change", "part", "axis", "message"),
    [
        # structure
        (lambda b: b[:2], "", None, r"batch 1: expected a tuple of 3, got a tuple of 2"),
        (lambda b: b[0], "", None, r"batch 1: expected a tuple of 3, got a dict"),
        (lambda b: (b[0]["images"], *b[1:]), "x", None, r"dict with the keys.*ndarray of shape"),
        (lambda b: ({"images": b[0]["images"]}, *b[1:]), "x", None, r"got .*keys \['images'\]"),
        (lambda b: x_of(b, boxes=b[1]), "x", None, r"'boxes'\]$"),
        (lambda b: x_of(b, masks=None), "x['masks']", None, "an array or a tensor, got None"),
        (lambda b: (b[0], b[1].tolist(), b[2]), "y", None, "an array.*, got a list of 2"),
        (lambda b: (b[0], (b[1],), b[2]), "y", None, "an array.*, got a tuple of 1"),
        # dtypes
        (lambda b: (b[0], b[1].astype("int32"), b[2]), "y", None, "dtype int64, got int32"),
        (lambda b: (*b[:2], b[2].astype(float)), "sample_weight", None, "float32, got float64"),
        (lambda b: (b[0], np.array([None, 1]), b[2]), "y", None, "dtype int64, got object"),
        (lambda b: (b[0], np.array(["a", "b"]), b[2]), "y", None, "dtype int64, got <U1"),
        # axes
        (
            lambda b: (b[0], b[1][:, None], b[2]),
            "y",
            None,
            r"expected 1 axis, \('batch',\), got 2 axes, \(2, 1\)",
        ),
        (
            lambda b: x_of(b, images=b[0]["images"][0]),
            "x['images']",
            None,
            "expected 5 axes.*got 4 axes",
        ),
        (
            lambda b: x_of(b, images=b[0]["images"][:, :, :7]),
            "x['images']",
            2,
            r"expected 8, got 7 in shape \(2, 3, 7, 12, 3\)",
        ),
        (
            lambda b: x_of(b, images=b[0]["images"][:, :, :, :11]),
            "x['images']",
            3,
            "expected 12 or 16, got 11",
        ),
        (
            lambda b: x_of(b, masks=b[0]["masks"][:, :2]),
            "x['masks']",
            1,
            r"expected 3, which is 'time' in axis 1 of x\['images'\], got 2",
        ),
        (
            lambda b: (*b[:2], b[2][:1]),
            "sample_weight",
            0,
            r"expected 2, which is 'batch' in axis 0 of x\['images'\], got 1",
        ),
        # values
        (lambda b: x_of(b, images=b[0]["images"] * 255), "x['images']", None, "at most 1, got"),
        (lambda b: x_of(b, images=b[0]["images"] - 1), "x['images']", None, "at least 0, got -"),
        (
            lambda b: (b[0], b[1] * 0 + 5, b[2]),
            "y",
            None,
            r"at most 4, got 5 at \(0,\); 1 more of 2",
        ),
        (lambda b: x_of(b, masks=b[0]["masks"] * 0 - 1), "x['masks']", None, "at least 0, got -1"),
        (
            lambda b: (*b[:2], np.array([1, np.nan], "float32")),
            "sample_weight",
            None,
            r"a finite number, got nan at \(1,\)$",
        ),
        (
            lambda b: (*b[:2], np.array([-np.inf, 1], "float32")),
            "sample_weight",
            None,
            r"a finite number, got -inf at \(0,\)$",
        ),
    ],
)
def test_each_break_is_named(change, part, axis, message):
    error = broken([clips(), change(clips()), clips()])
    assert (error.batch, error.part, error.axis) == (1, part, axis)
    place = "batch 1" + (f", {part}" if part else "") + (f", axis {axis}" if axis else "")
    assert str(error).startswith(place)
    with pytest.raises(ValueError, match=message):
        raise error


LEAVES = [("images", np.float32), ("masks", np.int32), ("y", np.int64), ("w", np.float32)]


@settings(max_examples=60)
@given(data=st.data())
def test_any_one_wrong_axis_dtype_or_value_is_found(data):
    """Whatever is changed in whichever batch, that batch and that part are named."""
    batches = [
        list(clips(data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)))) for _ in "ab"
    ]
    at = data.draw(st.integers(0, 1))
    name, dtype = data.draw(st.sampled_from(LEAVES))
    holder, key = {"y": (batches[at], 1), "w": (batches[at], 2)}.get(name, (batches[at][0], name))
    array = holder[key]
    part = {"y": "y", "w": "sample_weight"}.get(name, f"x[{name!r}]")
    how = data.draw(st.sampled_from(["axis", "rank", "dtype", "low", "nan"]))
    axis = None
    if how == "axis":
        # the width of masks is free, and images name the others first
        free = {"masks": (3,), "images": (0, 1)}.get(name, ())
        axis = data.draw(st.sampled_from([i for i in range(array.ndim) if i not in free]))
        holder[key] = np.concatenate([array, array.take([0], axis)], axis)
    elif how == "rank":
        holder[key] = array[..., None]
    elif how == "dtype":
        wrong = data.draw(st.sampled_from([np.uint8, np.float64, np.bool_, np.int16]))
        holder[key] = array.astype(wrong)
    else:
        value = np.nan if dtype is np.float32 else -1
        place = data.draw(st.integers(0, array.size - 1))
        array.flat[place] = value
    error = broken(map(tuple, batches), limit=2)
    assert (error.batch, error.part, error.axis) == (at, part, axis)


def test_a_name_of_the_batch_is_that_of_its_first_part():
    error = broken([x_of(clips(), images=clips(3)[0]["images"])])
    assert (error.part, error.axis) == ("x['masks']", 0)


def test_places_of_longer_tuples_and_of_dicts_alone():
    array = np.zeros(2, "uint8")
    good, bad = Declared((2,), "uint8"), Declared((3,), "uint8")
    assert broken([(array,) * 4], (good, good, good, bad)).part == "[3]"
    assert broken([{"a": (array, array)}], {"a": (good, bad)}).part == "['a'][1]"
    assert str(broken([array], bad)).startswith("batch 0, axis 0: expected 3, got 2")
    assert broken([(array, array)], (good, None)).part == "y"


def test_the_error_can_be_sent_to_another_process():
    error = pickle.loads(pickle.dumps(broken([clips(time=2), clips()[:2]])))
    assert (type(error), error.batch, error.part) == (ContractError, 1, "")


def test_a_contract_is_only_kept_by_batches():
    for nothing in ([], (), iter(())):
        error = broken(nothing, limit=1)
        assert str(error) == "batches: expected at least one batch, got none"
        assert error.batch is None
    assert isinstance(error, ValueError)


def test_what_lies_behind_the_limit_is_not_checked():
    batches = [clips(), clips()[:2]]
    assert check_contract(batches, CLIPS, limit=1).batches == 1
    assert broken(batches, limit=2).batch == 1


# The rule


def test_a_rule_of_your_own():
    images, _ = digit_strings(40, seed=3)
    buckets = pad_to_bucket(images, [(8, 24), (8, 64)])
    batches = [(bucket.images, bucket.mask) for bucket in buckets]
    declared = (
        Declared(("batch", 8, (24, 64)), "uint8", low=0, high=16),
        Declared(("batch", 8, (24, 64)), "bool"),
    )

    def padding_is_zero(batch):
        array, mask = batch
        return None if (array[~mask] == 0).all() else "expected 0 in padding"

    assert check_contract(batches, declared, rule=padding_is_zero).rows == 40
    batches[1][0][0, 0, -1] = 3
    assert check_contract(batches, declared).rows == 40
    error = broken(batches, declared, rule=padding_is_zero)
    assert str(error) == "batch 1: expected 0 in padding"
    assert (error.batch, error.part, error.axis) == (1, "", None)


def test_a_rule_comes_after_the_rest_and_says_something():
    def never(batch):
        raise AssertionError

    assert broken([clips()[:2]], rule=never).batch == 0
    for answer in (True, False, 0):
        with pytest.raises(TypeError, match=f"^rule: expected None or a message.*got {answer}"):
            check_contract([clips()], CLIPS, rule=lambda batch, answer=answer: answer)
    assert str(broken([clips()], rule=lambda batch: "")) == "batch 0: "


# What is refused

ARRAY = np.zeros((2, 3), "float32")
ONE = Declared((2, 3), "float32")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_contract(ARRAY, ONE), TypeError, r"^batches: .*ndarray of.*\[batch\]"),
        (lambda: check_contract({"x": ARRAY}, ONE), TypeError, r"^batches: .*keys \['x'\]"),
        (lambda: check_contract("ab", ONE), TypeError, "^batches: .*iterable.*str"),
        (lambda: check_contract(5, ONE), TypeError, "^batches: .*iterable.*int"),
        (lambda: check_contract([ARRAY], (2, 3)), TypeError, r"^declared\[0\]: .*Declared.*int"),
        (lambda: check_contract([ARRAY], {"a": [5]}), TypeError, r"^declared\['a'\]\[0\]: "),
        (lambda: check_contract([ARRAY], "float32"), TypeError, "^declared: .*str"),
        (lambda: check_contract([()], ()), ValueError, "^declared: .*at least one.*none"),
        (lambda: check_contract([None], None), ValueError, "^declared: .*at least one.*none"),
        (lambda: check_contract([ARRAY], ONE, limit=0), ValueError, "^limit: .*at least 1.*0"),
        (lambda: check_contract([ARRAY], ONE, limit=1.0), TypeError, "^limit: .*float 1.0"),
        (lambda: check_contract([ARRAY], ONE, rule="no"), TypeError, "^rule: .*function.*str"),
        (lambda: Declared(5, "float32"), TypeError, "^shape: .*got 5"),
        (lambda: Declared("ab", "float32"), TypeError, "^shape: .*got 'ab'"),
        (lambda: Declared((2, -1), "float32"), ValueError, r"^shape\[1\]: .*at least 0, got -1"),
        (lambda: Declared((2, 3.0), "float32"), TypeError, r"^shape\[1\]: .*got 3.0"),
        (lambda: Declared((True,), "float32"), TypeError, r"^shape\[0\]: .*got True"),
        (lambda: Declared(((8, None),), "float32"), TypeError, r"^shape\[0\]: .*got None"),
        (lambda: Declared(((),), "float32"), ValueError, r"^shape\[0\]: .*got \(\)"),
        (lambda: Declared(("",), "float32"), ValueError, r"^shape\[0\]: .*name, got ''"),
        (lambda: Declared((2,), "float"), ValueError, "^dtype: .*got 'float'"),
        (lambda: Declared((2,), float), ValueError, "^dtype: .*class 'float'"),
        (lambda: Declared((2,), None), ValueError, "^dtype: .*got None"),
        (lambda: Declared((2,), "string"), ValueError, "^dtype: .*got 'string'"),
        (lambda: Declared((2,), "complex64"), ValueError, "^dtype: .*got 'complex64'"),
        (lambda: Declared((2,), "uint8", low="0"), TypeError, "^low: .*got str '0'"),
        (lambda: Declared((2,), "uint8", high=True), TypeError, "^high: .*got bool True"),
        (lambda: Declared((2,), "float32", high=float("nan")), ValueError, "^high: .*nan"),
        (lambda: Declared((2,), "float32", low=-np.inf), ValueError, "^low: .*finite.*-inf"),
        (lambda: Declared((2,), "float32", low=1, high=0), ValueError, "^low: .*high=0, got 1"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert not isinstance(caught.value, ContractError)


def test_declarations_are_equal_by_what_they_say():
    one = Declared([np.int64(2), [3, 4], None, "n"], np.dtype("float32"), 0)
    assert one == Declared((2, (3, 4), None, "n"), "float32", low=0)
    assert one.dtype == "float32"
    assert hash(one) == hash(Declared((2, (3, 4), None, "n"), np.float32, low=0))
    with pytest.raises(AttributeError):
        one.low = 1
