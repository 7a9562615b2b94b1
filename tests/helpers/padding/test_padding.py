"""Padding: nothing is cast, cut or lost, and what goes in comes out again."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers.batching import fixed, packed
from helpers.padding import pack, pad, unpack, unpad


@st.composite
def ragged(draw):
    kinds = st.sampled_from(
        ["bool", "int8", "uint8", "int64", "uint64", "float16", "float32", "float64", "complex64"]
    )
    dtype = np.dtype(draw(kinds))
    features = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    count = draw(st.integers(1, 6))
    return [draw(hnp.arrays(dtype, (draw(st.integers(0, 5)), *features))) for _ in range(count)]


@given(
    rows=ragged(),
    side=st.sampled_from(["pre", "post"]),
    value=st.sampled_from([0, 1]),
    extra=st.none() | st.integers(0, 4),
)
def test_unpad_gives_back_what_pad_took(rows, side, value, extra):
    longest = max(map(len, rows))
    length = None if extra is None else max(longest, 1) + extra
    array, mask = pad(rows, length, side=side, value=value)
    assert array.dtype == rows[0].dtype
    assert array.shape == (len(rows), longest if length is None else length, *rows[0].shape[1:])
    assert mask.dtype == bool
    assert mask.sum(axis=1).tolist() == [len(row) for row in rows]
    assert (array[~mask] == value).all()
    for before, after in zip(rows, unpad(array, mask), strict=True):
        np.testing.assert_array_equal(after, before, strict=True)


@given(rows=ragged(), length=st.integers(1, 6), side=st.sampled_from(["pre", "post"]))
def test_truncation_keeps_the_named_end(rows, length, side):
    for truncate, kept in (("pre", slice(-length, None)), ("post", slice(length))):
        array, mask = pad(rows, length, side=side, truncate=truncate)
        assert array.shape[1] == length
        for before, after in zip(rows, unpad(array, mask), strict=True):
            np.testing.assert_array_equal(after, before[kept], strict=True)


def test_pad_post_and_pre():
    array, mask = pad([[1, 2, 3], [4]], 4, value=-1)
    assert array.tolist() == [[1, 2, 3, -1], [4, -1, -1, -1]]
    assert mask.tolist() == [[True, True, True, False], [True, False, False, False]]
    array, mask = pad([[1, 2, 3], [4]], 4, side="pre", value=-1)
    assert array.tolist() == [[-1, 1, 2, 3], [-1, -1, -1, 4]]
    assert mask.tolist() == [[False, True, True, True], [False, False, False, True]]


def test_truncate_pre_cuts_the_front():
    assert pad([[1, 2, 3, 4], [5]], 2, truncate="pre")[0].tolist() == [[3, 4], [5, 0]]
    assert pad([[1, 2, 3, 4], [5]], 2, truncate="post")[0].tolist() == [[1, 2], [5, 0]]


def test_a_longer_row_is_an_error_that_names_it():
    message = "row 1 has 3 timesteps, more than length=2; truncate='pre' cuts its front"
    with pytest.raises(ValueError, match=message):
        pad([[1], [1, 2, 3]], 2)


def test_floats_stay_floats():
    assert pad([np.array([0.5, 1.5]), np.array([2.5])])[0].tolist() == [[0.5, 1.5], [2.5, 0.0]]


def test_nan_pads_floats():
    array, mask = pad([np.ones(2, "float32"), np.ones(1, "float32")], value=np.nan)
    assert np.isnan(array[~mask]).all()
    assert not np.isnan(array[mask]).any()


def test_bfloat16_is_kept():
    rows = [np.ones((2, 1), ml_dtypes.bfloat16), np.ones((1, 1), ml_dtypes.bfloat16)]
    assert pad(rows, value=-1)[0].dtype == ml_dtypes.bfloat16
    with pytest.raises(ValueError, match="bfloat16"):
        pad(rows, value=257)


def test_rows_in_one_array():
    array, mask = pad(np.arange(6).reshape(3, 2), 3)
    assert array.tolist() == [[0, 1, 0], [2, 3, 0], [4, 5, 0]]
    assert mask.sum() == 6


def test_an_empty_list_takes_the_dtype_and_shape_of_the_others():
    array, mask = pad([[], np.ones((2, 3), "uint8"), []])
    assert (array.dtype, array.shape) == (np.uint8, (3, 2, 3))
    assert mask.any(axis=1).tolist() == [False, True, False]
    assert pad([[], []])[0].shape == (2, 0)


def test_results_are_copies():
    row = np.ones(2)
    array, mask = pad([row])
    array[:] = 5
    assert row.tolist() == [1, 1]
    unpad(array, mask)[0][:] = 7
    assert array.tolist() == [[5, 5]]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (np.nan, "int64"),
        (0.5, "int64"),
        (300, "uint8"),
        (-1, "uint8"),
        (2, "bool"),
        (0.1, "float32"),
        (2**53 + 1, "float64"),
        (1j, "float64"),
        (np.inf, "int32"),
        (1e300, "float32"),
    ],
)
def test_a_value_the_dtype_cannot_hold_is_refused(value, dtype):
    with pytest.raises(ValueError, match=f"value: .* cannot be held exactly .* {dtype}"):
        pad([np.ones(1, dtype), np.ones(2, dtype)], value=value)


def test_the_nearest_value_can_be_asked_for():
    array, _ = pad([np.ones(1, "float32"), np.ones(2, "float32")], value=np.float32(0.1))
    assert array[0, 1] == np.float32(0.1)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([], ValueError, "rows: expected at least one row"),
        ((row for row in [[1]]), TypeError, "got generator; make it a list first"),
        (None, TypeError, "rows: expected a list of rows, got NoneType"),
        ([[1], 2], ValueError, r"rows\[1\]: .* got the scalar 2"),
        ([[1], [1.5]], TypeError, "got int64 in row 0 and float64 in row 1"),
        ([np.ones(1, "int32"), np.ones(1, "int64")], TypeError, "int32 in row 0 and int64"),
        (
            [np.ones((2, 3)), np.ones((2, 4))],
            ValueError,
            r"\(2, 3\) in row 0 and \(2, 4\) in row 1",
        ),
        ([np.ones((2, 3)), np.ones(2)], ValueError, r"\(2, 3\) in row 0 and \(2,\) in row 1"),
        ([[1], [[1, 2], [3]]], ValueError, r"rows\[1\]: expected one array"),
        ([[1], ["a"]], TypeError, r"rows\[1\]: expected numbers or bools, got dtype <U1"),
        ([[1], [None]], TypeError, r"rows\[1\]: .* got dtype object"),
        (np.array([[1], [1, 2]], dtype=object), TypeError, r"got an object array; pass list\(rows"),
    ],
)
def test_bad_rows_are_named(rows, error, message):
    with pytest.raises(error, match=message):
        pad(rows)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"length": 0}, ValueError, "length: expected at least 1, got 0"),
        ({"length": 2.0}, TypeError, "length: expected an integer or None, got 2.0"),
        ({"length": True}, TypeError, "length: .* got True"),
        ({"side": "left"}, ValueError, "side: expected 'pre' or 'post', got 'left'"),
        ({"truncate": True}, ValueError, "truncate: expected 'pre' or 'post', got True"),
        ({"value": "0"}, TypeError, "value: expected one number, got '0'"),
        ({"value": None}, TypeError, "value: expected one number, got None"),
        ({"value": [0, 0]}, TypeError, r"value: expected one number, got \[0, 0\]"),
    ],
)
def test_bad_options_are_named(options, error, message):
    with pytest.raises(error, match=message):
        pad([[1, 2], [3]], **options)


def test_unpad_keeps_an_empty_row_and_a_mask_of_no_steps():
    assert [len(row) for row in unpad(np.ones((2, 3)), np.zeros((2, 3), bool))] == [0, 0]
    assert [row.shape for row in unpad(np.ones((2, 0, 4)), np.ones((2, 0), bool))] == [(0, 4)] * 2


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        ([[True, True, True], [True, False, True]], ValueError, "got a hole in row 1"),
        ([[1, 1, 1], [1, 0, 0]], TypeError, "mask: expected bool, got dtype int64"),
        ([[True, True]], ValueError, r"which is \(2, 3\), got \(1, 2\)"),
    ],
)
def test_bad_masks_are_refused(mask, error, message):
    with pytest.raises(error, match=message):
        unpad(np.ones((2, 3, 4)), np.array(mask))


@st.composite
def images(draw):
    dtype = np.dtype(draw(st.sampled_from(["bool", "uint8", "int64", "float16", "float32"])))
    channels = draw(hnp.array_shapes(min_dims=0, max_dims=1, max_side=3))
    shapes = draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6))
    return [draw(hnp.arrays(dtype, (*shape, *channels))) for shape in shapes]


@given(
    images=images(),
    value=st.sampled_from([0, 1]),
    extra=st.none() | st.tuples(*[st.none() | st.integers(0, 4)] * 2),
)
def test_unpad_gives_back_the_images_that_pad_took(images, value, extra):
    most = [max(image.shape[axis] for image in images) for axis in (0, 1)]
    length = extra and tuple(
        None if more is None else max(side, 1) + more
        for side, more in zip(most, extra, strict=True)
    )
    array, mask = pad(images, length, axes=2, value=value)
    expected = [want or side for want, side in zip(length or (None, None), most, strict=True)]
    assert array.dtype == images[0].dtype
    assert array.shape == (len(images), *expected, *images[0].shape[2:])
    assert (mask.dtype, mask.shape) == (bool, array.shape[:3])
    assert mask.sum(axis=(1, 2)).tolist() == [np.prod(image.shape[:2]) for image in images]
    assert (array[~mask] == value).all()
    for before, after in zip(images, unpad(array, mask), strict=True):
        if before.shape[0] * before.shape[1]:
            np.testing.assert_array_equal(after, before, strict=True)
        else:
            assert after.shape == (0, 0, *before.shape[2:])


def test_images_are_padded_below_and_to_the_right():
    array, mask = pad([np.array([[1, 2, 3]]), np.array([[4], [5]])], (3, 4), axes=2, value=-1)
    assert array.tolist() == [
        [[1, 2, 3, -1], [-1, -1, -1, -1], [-1, -1, -1, -1]],
        [[4, -1, -1, -1], [5, -1, -1, -1], [-1, -1, -1, -1]],
    ]
    assert np.array_equal(mask, array != -1)


def test_an_integer_is_both_sides_of_an_image_and_none_is_the_largest():
    pictures = [np.ones((2, 3, 1)), np.ones((4, 2, 1))]
    for length, shape in [
        (None, (4, 3)),
        (5, (5, 5)),
        ((None, 7), (4, 7)),
        ([6, None], (6, 3)),
        ((np.int64(4), 3), (4, 3)),
    ]:
        assert pad(pictures, length, axes=2)[0].shape == (2, *shape, 1)
    assert pad(np.ones((2, 3, 3)), (4, 5), axes=2)[1].sum() == 18  # an array is a list of images


def test_images_are_cut_below_and_to_the_right_only_if_asked():
    picture = np.arange(12).reshape(3, 4)
    array, mask = pad([picture, picture[:1, :1]], (2, 5), axes=2, truncate="post")
    assert array[0].tolist() == [[0, 1, 2, 3, 0], [4, 5, 6, 7, 0]]
    assert mask.sum(axis=(1, 2)).tolist() == [8, 1]
    message = (
        r"rows: row 1 has height and width \(3, 4\), more than length=\(2, 5\); truncate='post'"
    )
    with pytest.raises(ValueError, match=message):
        pad([picture[:1, :1], picture], (2, 5), axes=2)
    with pytest.raises(ValueError, match=r"\(3, 4\), more than length=\(3, 3\)"):
        pad([picture], (None, 3), axes=2)  # too wide, not too high


def test_an_empty_list_is_an_image_without_pixels():
    array, mask = pad([[], np.ones((2, 3, 4), "uint8")], axes=2)
    assert (array.dtype, array.shape) == (np.uint8, (2, 2, 3, 4))
    assert mask.any(axis=(1, 2)).tolist() == [False, True]


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        ([[[1]], [1]], {}, ValueError, r"^rows\[1\]: expected an array \(height, width, ...\)"),
        ([[[1]], 1], {}, ValueError, r"^rows\[1\]: .* got the scalar 1"),
        ([[[1, 2], [3]]], {}, ValueError, r"^rows\[0\]: expected one array \(height, width"),
        (
            [np.ones((2, 2, 3)), np.ones((2, 2, 1))],
            {},
            ValueError,
            r"first two axes, got shape \(2, 2, 3\) in row 0 and \(2, 2, 1\) in row 1",
        ),
        ([np.ones((2, 2)), np.ones((2, 2, 1))], {}, ValueError, "first two axes"),
        ([[[1]], [[1.5]]], {}, TypeError, "int64 in row 0 and float64 in row 1"),
        ([], {}, ValueError, "^rows: expected at least one row"),
        ([[[1]]], {"length": (2,)}, ValueError, r"^length: .* pair .* got \(2,\)"),
        ([[[1]]], {"length": (2, 0)}, ValueError, r"^length: expected at least 1, got \(2, 0\)"),
        ([[[1]]], {"length": (2, 2.5)}, TypeError, r"^length: .* got \(2, 2.5\)"),
        ([[[1]]], {"length": (True, 2)}, TypeError, "^length: "),
        ([[[1]]], {"length": "23"}, TypeError, "^length: .* got '23'"),
        ([[[1]]], {"side": "pre"}, ValueError, "^side: expected 'post' with axes=2, got 'pre'"),
        ([[[1]]], {"side": "left"}, ValueError, "^side: expected 'pre' or 'post'"),
        (
            [[[1]]],
            {"truncate": "pre"},
            ValueError,
            "^truncate: expected 'post' or None with axes=2",
        ),
        ([[[1]]], {"axes": 3}, ValueError, "^axes: expected 1 or 2, got 3"),
        ([[[1]]], {"axes": True}, TypeError, "^axes: expected 1 or 2, got True"),
        ([[1]], {"axes": 1, "length": (2, 3)}, TypeError, r"^length: expected an integer or None"),
    ],
)
def test_bad_images_and_options_are_named(rows, options, error, message):
    with pytest.raises(error, match=message):
        pad(rows, **{"axes": 2} | options)


@pytest.mark.parametrize(
    "mask",
    [
        [[True, False], [True, True]],
        [[True, True], [False, True]],
        [[False, True], [False, True]],
        [[False, False], [True, True]],
    ],
)
def test_a_mask_of_pixels_is_a_rectangle_from_the_top_left(mask):
    masks = np.array([[[True, False], [True, False]], mask])
    with pytest.raises(
        ValueError, match="a rectangle from the top left, got another form in row 1"
    ):
        unpad(np.ones((2, 2, 2)), masks)


@st.composite
def packings(draw):
    dtype = np.dtype(draw(st.sampled_from(["bool", "uint8", "int64", "float16", "complex64"])))
    features = draw(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3))
    lengths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=12))
    rows = [draw(hnp.arrays(dtype, (length, *features))) for length in lengths]
    capacity = max(lengths) + draw(st.integers(0, 9))
    options = {
        "tail": draw(st.sampled_from(["keep", "pad"])),
        "shuffle": draw(st.none() | st.integers(0, 3)),
    }
    return rows, packed(lengths, capacity, draw(st.integers(1, 4)), **options).epoch(1)


@given(packings(), st.sampled_from([0, 1]))
def test_unpack_gives_back_what_pack_took(packing, value):
    rows, plan = packing
    outputs = []
    for i, indices in enumerate(plan):
        values, segments, positions = pack(rows, plan, i, value=value)
        assert values.dtype == rows[0].dtype
        assert values.shape == (plan.sizes[i], plan.capacity, *rows[0].shape[1:])
        assert segments.shape == positions.shape == values.shape[:2]
        assert segments.dtype == positions.dtype == np.int32
        assert (values[segments == 0] == value).all()
        assert (positions[segments == 0] == 0).all()
        outputs += unpack(values, plan, i)
        # The steps of a bin, in order, are its rows one after the other, and each counts from 0.
        assert sum(map(len, outputs[-len(indices) :])) == np.count_nonzero(segments)
        for line, counted in zip(segments, positions, strict=True):
            numbers, counts = np.unique(line[line > 0], return_counts=True)
            assert numbers.tolist() == list(range(1, len(numbers) + 1))
            assert (np.diff(line[line > 0]) >= 0).all()
            assert counted[line > 0].tolist() == [step for n in counts for step in range(n)]
    for before, after in zip(rows, plan.restore(outputs), strict=True):
        np.testing.assert_array_equal(after, before, strict=True)


def test_pack_lays_rows_one_after_the_other():
    plan = packed([3, 9, 1, 4, 10, 2], 10, 2, tail="pad")
    rows = [np.full(length, row, "int32") for row, length in enumerate([3, 9, 1, 4, 10, 2])]
    values, segments, positions = pack(rows, plan, 1, value=-1)
    assert values.tolist() == [[3, 3, 3, 3, 0, 0, 0, 5, 5, 2], [-1] * 10]
    assert segments.tolist() == [[1, 1, 1, 1, 2, 2, 2, 3, 3, 4], [0] * 10]
    assert positions.tolist() == [[0, 1, 2, 3, 0, 1, 2, 0, 1, 0], [0] * 10]
    assert pack(rows, plan, -1, value=-1).values.tolist() == values.tolist()
    unpacked = unpack(values, plan, 1)
    assert [row.tolist() for row in unpacked] == [rows[r].tolist() for r in (3, 0, 5, 2)]
    unpacked[0][:] = 7
    assert values[0, 0] == 3


def test_only_the_rows_of_a_batch_are_read_from_a_sequence():
    rows, asked = [np.arange(n) for n in (3, 1, 2)], []

    class OnDisk:
        def __len__(self):
            return len(rows)

        def __getitem__(self, row):
            asked.append(row)
            return rows[row]

    plan = packed([3, 1, 2], 3, 1)
    assert pack(OnDisk(), plan, 0).values.tolist() == pack(rows, plan, 0).values.tolist()
    assert asked == list(plan[0]) != [0, 1, 2]
    with pytest.raises(TypeError, match="rows: expected a list of rows, got generator"):
        pack((row for row in rows), plan, 0)


PLAN = packed([2, 3], 4, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pack([[1, 2]], PLAN, 0), ValueError, "^rows: expected the plan's 2 rows, got 1"),
        (lambda: pack([[1, 2], [3]], PLAN, 0), ValueError, "^rows: row 1 has 1 timesteps.* as 3"),
        (lambda: pack([[1, 2], [3, 4, 5.0]], PLAN, 0), TypeError, "^rows: .* float64 in row 1"),
        (lambda: pack([[1, 2], [3, 4, None]], PLAN, 0), TypeError, r"^rows\[1\]: "),
        (lambda: pack(np.array(3), PLAN, 0), TypeError, "^rows: expected a list .* got ndarray"),
        (lambda: pack([[1, 2], [3, 4, 5]], PLAN, 0, value=0.5), ValueError, "^value: 0.5"),
        (lambda: pack([[1, 2], [3, 4, 5]], PLAN, 1), IndexError, "batch 1 of a plan with 1"),
        (lambda: pack([[1, 2], [3, 4, 5]], fixed(2, 2), 0), TypeError, "^plan: .* got Plan"),
        (lambda: unpack(np.ones((2, 4)), fixed(2, 2), 0), TypeError, "^plan: .* got Plan"),
        (lambda: unpack(np.ones((1, 4)), PLAN, 0), ValueError, r"\(2, 4\) for batch 0, got .*1, 4"),
        (lambda: unpack(np.ones((2, 3, 1)), PLAN, 0), ValueError, r"^array: .* got shape"),
        (lambda: unpack(np.ones((2, 4)), PLAN, 1), IndexError, "batch 1 of a plan with 1"),
    ],
)
def test_bad_packing_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
